// Acceptance of exchanges, ladders, the walk of replicas, the file of exchanges and demultiplexing.

#include "replica/acceptance.h"
#include "replica/demux.h"
#include "replica/exchange.h"
#include "replica/exchange_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <sstream>

using namespace turing_glass::replica;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

namespace fs = std::filesystem;

class Replica : public ::testing::Test {
 protected:
  Replica()
  {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Replica() override { fs::remove_all(folder_); }

  std::string path(const std::string &name) const { return (folder_ / name).string(); }
  void write(const std::string &name, const std::string &text) const
  {
    std::ofstream(path(name)) << text;
  }
  std::string read(const std::string &name) const
  {
    std::ostringstream text;
    text << std::ifstream(path(name)).rdbuf();
    return text.str();
  }

  template <class Action> static std::string message(Action &&action)
  {
    try {
      action();
    } catch (const std::runtime_error &e) {
      return e.what();
    }
    return "nothing thrown";
  }

 private:
  fs::path folder_ = fs::temp_directory_path() /
      (std::string("turing_glass_") +
       ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

}    // namespace

TEST(Acceptance, HarmonicSolids)
{
  // physics.md, section 1: 32 atoms between 1000, 1500, 2000 and 2500 K, with all 3N modes and with 3N - 3
  const double ladder[] = {1000.0, 1500.0, 2000.0, 2500.0};
  const double all[] = {0.048, 0.161, 0.276}, without_momentum[] = {0.052, 0.167, 0.284};
  for (int i = 0; i < 3; ++i) {
    EXPECT_NEAR(std::exp(log_acceptance(96.0, ladder[i], ladder[i + 1])), all[i], 5e-4);
    EXPECT_NEAR(std::exp(log_acceptance(93.0, ladder[i], ladder[i + 1])), without_momentum[i],
                5e-4);
  }
  // 16,384 atoms, far below the smallest double
  const double powers[] = {-437.0, -222.0, -134.0};
  for (int i = 0; i < 3; ++i)
    EXPECT_NEAR(log_acceptance(3.0 * 16384, ladder[i], ladder[i + 1]) / std::log(10.0), powers[i],
                0.5);
  // two modes: exponential distributions, P = 2 T1/(T1 + T2)
  EXPECT_NEAR(std::exp(log_acceptance(2.0, 1.0, 3.0)), 0.5, 1e-14);
  EXPECT_NEAR(log_acceptance(300.0, 700.0, 700.0), 0.0, 1e-10);
}

TEST(Acceptance, FromEnergiesDrawnFromGammaDistributions)
{
  std::mt19937 random(1);
  const double modes = 96.0, low = 1.0, high = 1.3;
  std::vector<double> first, second;
  std::gamma_distribution<double> gamma(modes / 2.0, 1.0);
  for (int k = 0; k < 2000; ++k) {
    first.push_back(low * gamma(random));
    second.push_back(high * gamma(random));
  }
  const double expected = log_acceptance(modes, low, high);
  EXPECT_NEAR(log_acceptance(first, low, second, high), expected, 0.05);
  // energies far apart do not underflow
  EXPECT_NEAR(log_acceptance({0.0, 1.0}, 1.0, {1e4, 1e4 + 1.0}, 2.0), -0.5 * (1e4 - 1.0), 1.0);
}

TEST(Acceptance, Ladders)
{
  // physics.md: 27 % take a ratio of 1.010 with 16,384 atoms, some 93 replicas from 1000 to 2500 K
  const double modes = 3.0 * 16384;
  const double ratio = temperature_ratio(modes, 0.27);
  EXPECT_NEAR(ratio, 1.010, 5e-4);
  EXPECT_NEAR(std::exp(log_acceptance(modes, 1000.0, 1000.0 * ratio)), 0.27, 1e-6);
  EXPECT_THAT(geometric_ladder(300.0, 1200.0, 3),
              ElementsAre(300.0, ::testing::DoubleNear(600.0, 1e-9), 1200.0));

  const std::vector<double> ladder = ladder_for({1000.0, 1500.0, 2500.0}, {modes, modes}, 0.27);
  EXPECT_NEAR(ladder.size(), 93, 2);
  EXPECT_EQ(ladder.front(), 1000.0);
  EXPECT_EQ(ladder.back(), 2500.0);
  for (std::size_t k = 0; k + 1 < ladder.size(); ++k)
    EXPECT_GE(std::exp(log_acceptance(modes, ladder[k], ladder[k + 1])), 0.27 - 1e-6);
  // with a quarter of the modes in the upper half steps are about twice as long there
  const std::vector<double> uneven = ladder_for({1.0, 2.0, 4.0}, {4000.0, 1000.0}, 0.3);
  const auto below = std::count_if(uneven.begin(), uneven.end(), [](double t) { return t < 2.0; });
  EXPECT_NEAR(static_cast<double>(below) / (uneven.size() - below), 2.0, 0.25);
  EXPECT_EQ(ladder_for({1.0, 1.001}, {3.0}, 0.2).size(), 2U);
}

TEST(Exchange, DetailedBalanceByEnumeration)
{
  // three replicas of a system with the energies 0, 1, 1.7: all joint states, both kinds of attempts
  const std::vector<double> kt = {0.5, 0.9, 2.0}, energies = {0.0, 1.0, 1.7};
  constexpr int n = 3;
  for (int kind = 0; kind < 2; ++kind)
    for (int state = 0; state < 27; ++state) {
      const std::vector<double> u = {energies[state % 3], energies[state / 3 % 3],
                                     energies[state / 9]};
      Exchange exchange(kt, 1, false);
      if (kind == 1) exchange.attempt({0.0, 1e6, 2e6});    // refused
      ASSERT_THAT(exchange.levels(), ElementsAre(0, 1, 2));
      const auto decisions = exchange.attempt(u);
      ASSERT_EQ(decisions.size(), 1U);
      const int i = decisions[0].level;
      EXPECT_EQ(i, kind);
      // the reverse move: energies of the pair swapped
      std::vector<double> swapped = u;
      std::swap(swapped[i], swapped[i + 1]);
      Exchange reverse(kt, 1, false);
      if (kind == 1) reverse.attempt({0.0, 1e6, 2e6});
      const auto back = reverse.attempt(swapped);
      const auto weight = [&](const std::vector<double> &v) {
        double exponent = 0.0;
        for (int k = 0; k < n; ++k) exponent -= v[k] / kt[k];
        return std::exp(exponent);
      };
      const auto chance = [](const Decision &d) { return std::min(1.0, std::exp(d.log_chance)); };
      EXPECT_NEAR(weight(u) * chance(decisions[0]), weight(swapped) * chance(back[0]), 1e-14);
    }
}

TEST(Exchange, AcceptsAsOftenAsItSays)
{
  // over many seeds the accepted fraction is the probability
  const std::vector<double> kt = {1.0, 1.5};
  const double expected = std::exp((1.0 - 1.0 / 1.5) * (0.0 - 3.0));
  int accepted = 0;
  constexpr int trials = 20000;
  for (int seed = 1; seed <= trials; ++seed)
    accepted += Exchange(kt, seed, false).attempt({0.0, 3.0})[0].accepted;
  EXPECT_NEAR(static_cast<double>(accepted) / trials, expected, 4.0 * std::sqrt(expected / trials));
}

TEST(Exchange, SamplesTheCanonicalEnsembleOfEveryTemperature)
{
  // replicas that jump to a state of the canonical ensemble of a two-state system with chance 0.1, else stay
  const std::vector<double> kt = {0.4, 0.8, 1.6, 3.2};
  constexpr int n = 4, attempts = 200000;
  Exchange exchange(kt, 42, false);
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform;
  std::vector<double> energy(n, 0.0), excited(n, 0.0);
  for (int k = 0; k < attempts; ++k) {
    for (int r = 0; r < n; ++r) {
      const double weight = std::exp(-1.0 / kt[exchange.level(r)]);
      if (uniform(random) < 0.1) energy[r] = uniform(random) < weight / (1.0 + weight) ? 1.0 : 0.0;
    }
    exchange.attempt(energy);
    std::vector<int> sorted = exchange.levels();
    std::sort(sorted.begin(), sorted.end());
    ASSERT_THAT(sorted, ElementsAre(0, 1, 2, 3));
    for (int r = 0; r < n; ++r) excited[exchange.level(r)] += energy[r];
  }
  for (int i = 0; i < n; ++i)
    EXPECT_NEAR(excited[i] / attempts, 1.0 / (1.0 + std::exp(1.0 / kt[i])), 0.006) << kt[i];
  for (const auto &walk : exchange.walks()) EXPECT_GT(walk.round_trips, 100);
}

TEST(Exchange, ForceMovesReplicasDownAndUp)
{
  Exchange exchange({1.0, 2.0, 3.0}, 7, true);
  const std::vector<double> u = {0.0, 1e9, 2e9};
  std::vector<std::vector<int>> walk = {exchange.levels()};
  for (int k = 0; k < 6; ++k) {
    for (const Decision &decision : exchange.attempt(u)) EXPECT_TRUE(decision.accepted);
    walk.push_back(exchange.levels());
  }
  EXPECT_THAT(walk,
              ElementsAre(ElementsAre(0, 1, 2), ElementsAre(1, 0, 2), ElementsAre(2, 0, 1),
                          ElementsAre(2, 1, 0), ElementsAre(1, 2, 0), ElementsAre(0, 2, 1),
                          ElementsAre(0, 1, 2)));
  EXPECT_EQ(exchange.walks()[0].round_trips, 1);
  EXPECT_EQ(exchange.walks()[2].round_trips, 0) << "it was never on the lowest level before";
  EXPECT_EQ(exchange.pairs()[0].attempts, 3);
  EXPECT_EQ(exchange.pairs()[1].accepted, 3);
  EXPECT_EQ(exchange.walks()[0].attempts, 4);
}

TEST(Exchange, GoesOnFromItsState)
{
  const std::vector<double> kt = {1.0, 1.2, 1.5, 2.0};
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  const auto energies = [&] {
    return std::vector<double>{normal(random), normal(random), normal(random), normal(random)};
  };
  Exchange exchange(kt, 9, false);
  for (int k = 0; k < 101; ++k) exchange.attempt(energies());
  Exchange other(kt, 9, false);
  ASSERT_TRUE(other.set_state(exchange.state()));
  for (int k = 0; k < 100; ++k) {
    const auto u = energies();
    exchange.attempt(u);
    other.attempt(u);
  }
  EXPECT_EQ(exchange.state(), other.state());

  auto state = exchange.state();
  EXPECT_FALSE(other.set_state({}));
  state[1] = 17.0;
  EXPECT_FALSE(other.set_state(state)) << "no such level";
  state[1] = state[9];
  EXPECT_FALSE(other.set_state(state)) << "two replicas on one level";
  EXPECT_EQ(exchange.state(), other.state());
}

TEST_F(Replica, LogIsReadAndGoneOnWith)
{
  const std::vector<double> ladder = {300.0, 350.5, 400.0};
  Exchange exchange({1.0, 2.0, 3.0}, 7, true);
  const std::vector<double> u = {-1.5, 2.0, 3.25};
  {
    ExchangeLog log(path("remd.log"), ladder, 0, false);
    EXPECT_TRUE(log.is_new());
    log.write(0, exchange, u, {});
    for (int step = 100; step <= 300; step += 100) {
      const auto decisions = exchange.attempt(u);
      log.write(step, exchange, u, decisions);
    }
  }
  EXPECT_EQ(
      read("remd.log"),
      "# replica exchange, temperatures 300 350.5 400\n"
      "# step, temperature index of each replica, potential energy of each replica, pairs of\n"
      "# temperatures: + exchanged, - not exchanged, . not tried\n"
      "0 1 2 3 -1.5 2 3.25 ..\n100 2 1 3 -1.5 2 3.25 +.\n200 3 1 2 -1.5 2 3.25 .+\n300 3 2 1 -1.5 2 3.25 +.\n");
  // from step 200 again, with a line that was not finished
  std::ofstream(path("remd.log"), std::ios::app) << "400 3 2";
  {
    ExchangeLog log(path("remd.log"), ladder, 200, true);
    EXPECT_FALSE(log.is_new());
    log.write(250, exchange, u, {});
  }
  ExchangeLogReader reader(path("remd.log"));
  EXPECT_EQ(reader.size(), 3);
  std::vector<std::int64_t> steps;
  while (reader.next()) steps.push_back(reader.step());
  EXPECT_THAT(steps, ElementsAre(0, 100, 200, 250));
  EXPECT_THAT(reader.levels(), ElementsAre(2, 1, 0));

  EXPECT_THAT(message([&] {
                ExchangeLog(path("remd.log"), {1.0, 2.0}, 0, true);
              }),
              HasSubstr("exchanges of 3 replicas, not of 2"));
  EXPECT_THAT(message([&] { ExchangeLog(path("none/remd.log"), ladder, 0, false); }),
              HasSubstr("No such file"));
}

TEST_F(Replica, DamagedLogs)
{
  const std::string head = "# replica exchange, temperatures 1 2\n# a\n# b\n";
  const auto why = [&](const std::string &text) {
    write("remd.log", text);
    return message([&] {
      ExchangeLogReader reader(path("remd.log"));
      while (reader.next()) {}
    });
  };
  EXPECT_THAT(why(""), HasSubstr("no file of fix remd/swap"));
  EXPECT_THAT(why("LAMMPS\n"), HasSubstr("line 1: no file of fix remd/swap"));
  EXPECT_THAT(why("# replica exchange, temperatures 1\n"), HasSubstr("fewer than two"));
  EXPECT_THAT(why(head + "0 1 1 x x ..\n"),
              HasSubstr("line 4: should begin with a step and 2 different"));
  EXPECT_THAT(why(head + "0 1 2 x x ..\n10 3 1 x x ..\n"), HasSubstr("line 5"));
  EXPECT_THAT(why(head + "10 1 2 x x ..\n0 1 2 x x ..\n"),
              HasSubstr("goes back from step 10 to 0"));
}

TEST_F(Replica, Demultiplex)
{
  // replica r writes the number 10 step + r, so that the result tells where each frame comes from
  const auto frame = [](int step, int replica) {
    return "ITEM: TIMESTEP\n" + std::to_string(step) +
        "\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
        "ITEM: ATOMS id q\n1 " +
        std::to_string(10 * step + replica) + "\n2 0\n";
  };
  write("remd.log",
        "# replica exchange, temperatures 1 2 3\n# a\n# b\n0 1 2 3 x\n100 2 1 3 x\n200 3 1 2 x\n");
  std::string dumps[3], expected[3];
  for (int r = 0; r < 3; ++r) dumps[r] = "ITEM: UNITS\nmetal\n";
  for (const int step : {0, 50, 100, 150, 150, 250})
    for (int r = 0; r < 3; ++r) dumps[r] += frame(step, r);
  dumps[1] += frame(300, 1).substr(0, frame(300, 1).size() - 2);    // killed while it wrote
  dumps[0] += frame(300, 0);
  dumps[2] += frame(300, 2);
  for (int r = 0; r < 3; ++r) write("dump." + std::to_string(r), dumps[r]);
  const auto files = [&](const std::string &name) {
    std::vector<std::string> all;
    for (int k = 0; k < 3; ++k) all.push_back(path(name + "." + std::to_string(k)));
    return all;
  };
  std::vector<std::int64_t> told;
  EXPECT_EQ(demultiplex(path("remd.log"), files("dump"), files("out"),
                        [&](std::int64_t step) { told.push_back(step); }),
            5);
  EXPECT_THAT(told, ElementsAre(0, 50, 100, 150, 250));
  const std::map<int, std::vector<int>> replica_at = {
      {0, {0, 1, 2}}, {50, {0, 1, 2}}, {100, {1, 0, 2}}, {150, {1, 0, 2}}, {250, {1, 2, 0}}};
  for (int level = 0; level < 3; ++level) {
    expected[level] = "ITEM: UNITS\nmetal\n";
    for (const auto &[step, replicas] : replica_at) expected[level] += frame(step, replicas[level]);
    EXPECT_EQ(read("out." + std::to_string(level)), expected[level]);
  }

  const auto why = [&](const std::string &log) {
    return message(
        [&] { demultiplex(path(log), files("dump"), files("out"), [](std::int64_t) {}); });
  };
  write("dump.2", frame(0, 2) + frame(60, 2));
  EXPECT_THAT(why("remd.log"), HasSubstr("a frame of step 60"));
  write("dump.2", frame(100, 2) + frame(0, 2));
  write("dump.1", frame(100, 2) + frame(150, 2));
  write("dump.0", frame(100, 2) + frame(150, 2));
  EXPECT_THAT(why("remd.log"), HasSubstr("goes back to step 0"));
  write("late.log", "# replica exchange, temperatures 1 2 3\n# a\n# b\n110 1 2 3 x\n");
  EXPECT_THAT(why("late.log"), HasSubstr("begins at step 110, the dumps at step 100"));
  write("dump.2", "3\nLattice\n");
  EXPECT_THAT(why("remd.log"), HasSubstr("dump.2, line 1: a frame of a text dump"));
  fs::remove(path("dump.2"));
  EXPECT_THAT(why("remd.log"), HasSubstr("dump.2: cannot be opened"));
  EXPECT_THAT(
      message([&] { demultiplex(path("remd.log"), files("dump"), {}, [](std::int64_t) {}); }),
      HasSubstr("of 3 replicas, but 3 dumps and 0 outputs"));
  write("dump.2", frame(100, 2));
  EXPECT_THAT(message([&] {
                demultiplex(path("remd.log"), files("dump"), files("dump"), [](std::int64_t) {});
              }),
              HasSubstr("is an input"));
}
