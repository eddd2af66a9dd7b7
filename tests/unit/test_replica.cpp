// SPDX-License-Identifier: GPL-2.0-only

// Acceptance of exchanges, ladders, the walk of replicas, the file of exchanges and demultiplexing.

#include "replica/acceptance.h"
#include "replica/demux.h"
#include "replica/exchange.h"
#include "replica/exchange_log.h"
#include "replica/schedule.h"
#include "replica/warm_up.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
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
  // regularized incomplete beta functions, computed elsewhere: 32 atoms between 1000, 1500, 2000 and 2500 K, with all 3N modes and with 3N - 3
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
  // 27 % take a ratio of 1.010 with 16,384 atoms, some 93 replicas from 1000 to 2500 K
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

TEST(WarmUp, PromisesWhatGammaDistributionsDo)
{
  // harmonic systems of 96 modes, whose replicas change their levels
  const std::vector<double> kt = {1.0, 1.3, 1.6};
  const double modes = 96.0;
  std::mt19937 random(2);
  std::gamma_distribution<double> gamma(modes / 2.0, 1.0);
  std::vector<Samples> replicas(3);
  for (int k = 0; k < 3000; ++k)
    for (int r = 0; r < 3; ++r) {
      const int level = (r + k / 10) % 3;
      replicas[r].levels.push_back(level);
      replicas[r].energies.push_back(kt[level] * gamma(random));
    }
  const Promise promise = promise_of(replicas, kt);
  EXPECT_LE(promise.energies, 1000U);
  EXPECT_GE(promise.energies, 500U);
  EXPECT_TRUE(promise.heated);
  ASSERT_EQ(promise.log_acceptance.size(), 2U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NEAR(promise.log_acceptance[i], log_acceptance(modes, kt[i], kt[i + 1]), 0.1);
    EXPECT_NEAR(promise.modes[i], modes, 0.05 * modes);
  }
  EXPECT_TRUE(moving_alike(replicas).empty());

  // by hand: means 1, 4 and 3 at kT = 1, 1.3 and 1.6
  const Promise cold =
      promise_of({{{0, 1}, {2.0, 4.0}}, {{1, 0}, {4.0, 0.0}}, {{2, 2}, {5.0, 1.0}}}, kt);
  EXPECT_FALSE(cold.heated);
  EXPECT_THAT(
      cold.modes,
      ElementsAre(::testing::DoubleNear(20.0, 1e-12), ::testing::DoubleNear(-20.0 / 3.0, 1e-12)));
  EXPECT_EQ(cold.energies, 2U);
}

TEST(WarmUp, FindsReplicasThatMoveAlike)
{
  // energies with a part c in common have changes of the correlation c^2/(c^2 + 1)
  std::mt19937 random(4);
  std::normal_distribution<double> normal;
  for (const double c : {1.5, 2.5}) {    // 0.69, 0.86
    std::vector<Samples> replicas(3);
    for (int k = 0; k < 2000; ++k) {
      const double common = c * normal(random);
      for (int r : {0, 2}) replicas[r].energies.push_back(common + normal(random));
      replicas[1].energies.push_back(normal(random));
    }
    const auto alike = moving_alike(replicas);
    if (c > 2.0)
      EXPECT_THAT(alike, ElementsAre(std::pair<int, int>(0, 2)));
    else
      EXPECT_TRUE(alike.empty());
    for (Samples &samples : replicas) samples.energies.resize(19);
    EXPECT_TRUE(moving_alike(replicas).empty()) << "too few to tell";
  }
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

TEST(Exchange, AttemptsOfASchedule)
{
  // enumerated: 20 steps without, 30 with attempts, from step 5 on; the last step of a stage belongs to it
  const Schedule hybrid = {10, 20, 30, 5};
  std::vector<std::int64_t> steps;
  for (std::int64_t step = hybrid.next_attempt(5); step < 160; step = hybrid.next_attempt(step))
    steps.push_back(step);
  EXPECT_THAT(steps, ElementsAre(30, 40, 50, 80, 90, 100, 130, 140, 150));
  for (std::int64_t step = 6; step < 160; ++step)
    EXPECT_EQ(hybrid.attempt_at(step), std::count(steps.begin(), steps.end(), step) == 1) << step;

  const Schedule always = {50};
  EXPECT_EQ(always.next_attempt(0), 50);
  EXPECT_EQ(always.next_attempt(49), 50);
  EXPECT_EQ(always.next_attempt(50), 100);
  // one attempt in each stage, whatever the phase
  const Schedule rare = {7, 1000, 7, 3};
  for (std::int64_t step = 3, cycle = 1; cycle < 100; ++cycle) {
    step = rare.next_attempt(step);
    EXPECT_EQ((step - 3 - 1) / 1007 + 1, cycle);
    EXPECT_EQ(step % 7, 0);
  }
}

TEST(Exchange, RefusesEnergiesThatAreNoNumbers)
{
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  for (const bool force : {false, true})
    for (const double bad : {nan, inf, -inf}) {
      Exchange exchange({1.0, 2.0, 3.0}, 1, force);
      const auto before = exchange.state();
      // that of a replica which would not even take part in the attempt
      EXPECT_THROW(exchange.attempt({0.0, 1.0, bad}), std::runtime_error);
      EXPECT_EQ(exchange.state(), before);
    }
}

TEST_F(Replica, LogIsReadAndGoneOnWith)
{
  const std::vector<double> ladder = {300.0, 350.5, 400.0};
  const Schedule schedule = {100};
  Exchange exchange({1.0, 2.0, 3.0}, 7, true), restarted = exchange;
  const std::vector<double> u = {-1.5, 2.0, 3.25};
  {
    ExchangeLog log(path("remd.log"), ladder, schedule, exchange, 0, false);
    EXPECT_TRUE(log.is_new());
    log.write(0, exchange, u, {});
    for (int step = 100; step <= 300; step += 100) {
      const auto decisions = exchange.attempt(u);
      log.write(step, exchange, u, decisions);
      if (step == 200) restarted = exchange;
    }
  }
  const std::string begin =
      "# replica exchange, temperatures 300 350.5 400\n"
      "# step, temperature index of each replica, potential energy of each replica, pairs of\n"
      "# temperatures: + exchanged, - not exchanged, . not tried\n"
      "# from step 0: an attempt every 100 steps\n"
      "0 1 2 3 -1.5 2 3.25 ..\n100 2 1 3 -1.5 2 3.25 +.\n200 3 1 2 -1.5 2 3.25 .+\n";
  EXPECT_EQ(read("remd.log"), begin + "300 3 2 1 -1.5 2 3.25 +.\n");

  // from step 220 again, with a line that was not finished
  std::ofstream(path("remd.log"), std::ios::app) << "400 3 2";
  {
    ExchangeLog log(path("remd.log"), ladder, schedule, restarted, 220, true);
    EXPECT_FALSE(log.is_new());
    log.write(300, restarted, u, restarted.attempt(u));
  }
  ExchangeLogReader reader(path("remd.log"));
  EXPECT_EQ(reader.size(), 3);
  std::vector<std::int64_t> steps;
  while (reader.next()) steps.push_back(reader.step());
  EXPECT_THAT(steps, ElementsAre(0, 100, 200, 300));
  EXPECT_THAT(reader.levels(), ElementsAre(2, 1, 0));
  EXPECT_EQ(reader.next_attempt(), 400);
  ASSERT_EQ(reader.begins().size(), 2U);
  EXPECT_EQ(reader.begins()[1].step, 220);
  EXPECT_TRUE(reader.begins()[1].continued);

  // once more, from a step before the first attempt of that run: it is told that this run was there
  ExchangeLog(
      path("remd.log"), ladder, {25, 50, 100, 10},
      exchange =
          [&] {
            Exchange at_200({1.0, 2.0, 3.0}, 7, true);
            at_200.attempt(u);
            at_200.attempt(u);
            return at_200;
          }(),
      230, true);
  EXPECT_EQ(
      read("remd.log"),
      begin +
          "# continued from step 220: an attempt every 100 steps\n"
          "# continued from step 230: an attempt every 25 steps, hybrid 50 100 from step 10\n");

  const auto why = [&](const std::vector<double> &temperatures, std::int64_t step) {
    return message(
        [&] { ExchangeLog(path("remd.log"), temperatures, schedule, restarted, step, true); });
  };
  const std::string kept = read("remd.log");
  EXPECT_THAT(why({1.0, 2.0}, 230), HasSubstr("exchanges of 3 replicas, not of 2"));
  EXPECT_THAT(why(ladder, 230), HasSubstr("has the replicas at other temperatures at step 230"));
  EXPECT_THAT(why(ladder, 400), HasSubstr("ends at step 200, long before step 400"));
  EXPECT_EQ(read("remd.log"), kept) << "a file of other exchanges stays as it is";
  EXPECT_THAT(
      message([&] { ExchangeLog(path("none/remd.log"), ladder, schedule, exchange, 0, false); }),
      HasSubstr("No such file"));
  EXPECT_THAT(message([&] { ExchangeLog("/dev/full", ladder, schedule, exchange, 0, false); }),
              HasSubstr("/dev/full: No space left"));
}

TEST_F(Replica, DamagedLogs)
{
  const std::string head = "# replica exchange, temperatures 1 2\n# a\n# b\n",
                    every = "# from step 0: an attempt every 10 steps\n",
                    good = "0 1 2 -1 -2 .\n10 2 1 -1 -2 +\n20 2 1 -1 -2 .\n";
  const auto why = [&](const std::string &text) {
    write("remd.log", text);
    return message([&] {
      ExchangeLogReader reader(path("remd.log"));
      while (reader.next()) {}
    });
  };
  EXPECT_EQ(why(head + good), "nothing thrown") << "files without comments on attempts";
  EXPECT_EQ(why(head + every + good), "nothing thrown");
  EXPECT_THAT(why(""), HasSubstr("no file of fix remd/swap"));
  EXPECT_THAT(why("LAMMPS\n"), HasSubstr("line 1: no file of fix remd/swap"));
  EXPECT_THAT(why(std::string("\x1f\x8b\x08\0\0", 5)), HasSubstr("gzip file is cut off"));
  EXPECT_THAT(why("# replica exchange, temperatures 1\n"), HasSubstr("fewer than two"));
  EXPECT_THAT(why("# replica exchange, temperatures 1 2x\n"), HasSubstr("'2x' is no temperature"));
  EXPECT_THAT(why(head + "0 1 1 0 0 .\n"),
              HasSubstr("line 4: should begin with a step and 2 different"));
  EXPECT_THAT(why(head + "0 1 2 0 0 .\n10 3 1 0 0 .\n"), HasSubstr("line 5"));
  EXPECT_THAT(why(head + "10 1 2 0 0 .\n0 1 2 0 0 .\n"), HasSubstr("goes back from step 10 to 0"));
  for (const char *line :
       {"0 1", "0 1 2 0 .", "0 1 2 0 nan .", "0 1 2 0 x .", "99999999999999999999 1 2 0 0 .",
        "0.5 1 2 0 0 .", "-1 1 2 0 0 .", "0 1 2 0 0 0 .", "", "0 1 2 0 0 . .", "1e3 1 2 0 0 ."})
    EXPECT_THAT(why(head + line + "\n"), HasSubstr("line 4: should hold a step")) << line;
  for (const char *pairs : {"..", "x", ""})
    EXPECT_THAT(why(head + "0 1 2 0 0 " + pairs + "\n"), HasSubstr("line 4: should")) << pairs;
  EXPECT_THAT(why("# replica exchange, temperatures 1 2 3\n# a\n# b\n0 2 3 1 0 0 0 ++\n"),
              HasSubstr("line 4: should end with one of"));
  // a line that is lost, has another step, or other levels than the exchanges of the line
  EXPECT_THAT(why(head + every + "0 1 2 -1 -2 .\n20 2 1 -1 -2 .\n"),
              HasSubstr("line 6: the line of the attempt at step 10 is missing"));
  EXPECT_THAT(why(head + every + "0 1 2 -1 -2 .\n5 2 1 -1 -2 +\n"),
              HasSubstr("no attempt was due at step 5"));
  EXPECT_THAT(why(head + "0 1 2 -1 -2 .\n10 2 1 -1 -2 -\n"),
              HasSubstr("replica 1 cannot have come from temperature 1 to 2 by the exchanges -"));
  for (const char *comment : {"x: an attempt every 10 steps", "0: an attempt every 0 steps",
                              "0: an attempt every 9999999999999999999 steps", "0: an attempt",
                              "0: an attempt every 10 steps, hybrid 10 5 from step 0",
                              "0: an attempt every 10 steps, hybrid 10 50 from step 10"})
    EXPECT_THAT(why(head + "# from step " + comment + "\n"), HasSubstr("line 4: should tell"))
        << comment;
}

namespace {

/// Text dumps whose second atom tells by its numbers which frame of which run and replica it is of.
std::string frame(int step, int replica, int run = 1)
{
  return "ITEM: TIMESTEP\n" + std::to_string(step) +
      "\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BOUNDS pp pp pp\n0 1\n0 1\n0 1\n"
      "ITEM: ATOMS id q\n1 0\n2 " +
      std::to_string(100000 * run + 10 * step + replica) + "\n";
}

std::string frames(const std::vector<int> &steps, int replica, int run = 1)
{
  std::string text;
  for (const int step : steps) text += frame(step, replica, run);
  return text;
}

std::vector<int> steps_from(int first, int last, int every)
{
  std::vector<int> steps;
  for (int step = first; step <= last; step += every) steps.push_back(step);
  return steps;
}

}    // namespace

class Demux : public Replica {
 protected:
  /// Three replicas, exchanges at steps 100 and 200.
  void write_log(const std::string &more = "") const
  {
    write("remd.log",
          "# replica exchange, temperatures 1 2 3\n# a\n# b\n"
          "0 1 2 3 0 0 0 ..\n100 2 1 3 0 0 0 +.\n200 3 1 2 0 0 0 .+\n" +
              more);
  }
  std::vector<std::string> files(const std::string &name, int n) const
  {
    std::vector<std::string> all;
    for (int k = 0; k < n; ++k) all.push_back(path(name + "." + std::to_string(k)));
    return all;
  }
  DemuxReport demux(int n = 3, const std::vector<std::string> &names = {"dump"}) const
  {
    std::vector<std::vector<std::string>> inputs(n);
    for (const std::string &name : names)
      for (int r = 0; r < n; ++r) inputs[r].push_back(files(name, n)[r]);
    return demultiplex(path("remd.log"), inputs, files("out", n),
                       [](const char *, std::int64_t) {});
  }
  std::string why() const
  {
    return message([this] { demux(); });
  }
};

TEST_F(Demux, FramesByTemperature)
{
  write_log();
  std::string dumps[3], expected[3];
  for (int r = 0; r < 3; ++r) dumps[r] = "ITEM: UNITS\nmetal\n";
  for (const int step : {0, 50, 100, 150, 150, 250})
    for (int r = 0; r < 3; ++r) dumps[r] += frame(step, r);
  dumps[1] += frame(300, 1).substr(0, frame(300, 1).size() - 2);    // killed while it wrote
  dumps[0] += frame(300, 0);
  dumps[2] += frame(300, 2);
  for (int r = 0; r < 3; ++r) write("dump." + std::to_string(r), dumps[r]);
  std::vector<std::int64_t> told;
  std::vector<std::vector<std::string>> inputs;
  for (const auto &file : files("dump", 3)) inputs.push_back({file});
  const DemuxReport report = demultiplex(path("remd.log"), inputs, files("out", 3),
                                         [&](const char *what, std::int64_t step) {
                                           if (what == std::string("writes")) told.push_back(step);
                                         });
  EXPECT_EQ(report.steps, 5);
  EXPECT_EQ(report.repeated, 3);
  EXPECT_EQ(report.discarded, 0);
  EXPECT_EQ(report.incomplete, 1);
  EXPECT_THAT(told, ElementsAre(0, 50, 100, 150, 250));
  const std::map<int, std::vector<int>> replica_at = {
      {0, {0, 1, 2}}, {50, {0, 1, 2}}, {100, {1, 0, 2}}, {150, {1, 0, 2}}, {250, {1, 2, 0}}};
  for (int level = 0; level < 3; ++level) {
    expected[level] = "ITEM: UNITS\nmetal\n";
    for (const auto &[step, replicas] : replica_at) expected[level] += frame(step, replicas[level]);
    EXPECT_EQ(read("out." + std::to_string(level)), expected[level]);
  }
}

TEST_F(Demux, FramesOfADeadBranch)
{
  // Killed at step 1000, continued from 500 to 800. Of the dead run nothing later than step 500 stays, neither what
  // the second run has written again nor what it has not come to.
  const std::string title = "# replica exchange, temperatures 1 2\n# a\n# b\n",
                    begin = "# from step 0: an attempt every 400 steps\n",
                    lines = "0 1 2 0 0 .\n400 2 1 0 0 +\n";
  const auto live = [](int replica, int from, int every) {
    return frames(steps_from(from, 800, every), replica, 2);
  };
  const auto old = [](int replica, int last = 1000) {
    return frames(steps_from(0, last, 50), replica);
  };
  const auto expect = [&](int restart, int every) {
    const int first = (restart / every + (restart % every != 0)) * every;
    for (int level = 0; level < 2; ++level) {
      std::string expected;
      for (int step = 0; step < (restart % every ? restart : first); step += 50)
        expected += frame(step, step < 400 ? level : 1 - level);
      for (int step = first; step < 800; step += every) expected += frame(step, 1 - level, 2);
      expected += frame(800, level, 2);
      EXPECT_EQ(read("out." + std::to_string(level)), expected) << restart << ' ' << every;
    }
  };
  const auto log = [&](int restart) {
    write("remd.log",
          title + begin + lines + "# continued from step " + std::to_string(restart) +
              ": an attempt every 400 steps\n800 1 2 0 0 +\n");
  };

  for (const bool told : {false, true}) {    // where runs began, which earlier versions did not
    if (told)
      log(500);
    else
      write("remd.log", title + lines + "800 1 2 0 0 +\n");
    for (int r = 0; r < 2; ++r) write("dump." + std::to_string(r), old(r) + live(r, 500, 50));
    DemuxReport report = demux(2);
    EXPECT_EQ(report.steps, 17);
    EXPECT_EQ(report.discarded, 20);
    EXPECT_EQ(report.repeated, 2);
    expect(500, 50);

    // in files of their own, the one gzipped away in the middle of a frame or line, or not as far in one replica
    for (int r = 0; r < 2; ++r) {
      const std::string text = old(r, r ? 1000 : 950);
      write("first." + std::to_string(r), text.substr(0, text.size() - 4));
      write("second." + std::to_string(r), live(r, 500, 50));
      write("dump." + std::to_string(r),
            text.substr(0, text.size() - (r ? 3 : 40)) + live(r, 500, 50));
    }
    for (const auto &names : {std::vector<std::string>{"first", "second"}, {"dump"}}) {
      report = demux(2, names);
      EXPECT_EQ(report.discarded, 19);
      EXPECT_EQ(report.incomplete, 0);
      expect(500, 50);
    }
  }

  // continued between frames, with frames less often: what the dead run wrote in between goes, too
  log(620);
  for (int r = 0; r < 2; ++r) write("dump." + std::to_string(r), old(r) + live(r, 800, 200));
  EXPECT_EQ(demux(2).discarded, 2 * 8);
  expect(620, 200);

  // twice
  log(500);
  for (int r = 0; r < 2; ++r)
    write("dump." + std::to_string(r),
          old(r) + frames(steps_from(700, 1200, 50), r, 3) + live(r, 500, 50));
  EXPECT_EQ(demux(2).discarded, 2 * (10 + 11));
  expect(500, 50);
}

TEST_F(Demux, FilesOfExchangesOfAnotherRun)
{
  // killed at 300, continued from 100 and again from 50, or begun anew; whose exchanges does the file hold?
  const auto log = [this](const std::string &comments, const std::string &last = "") {
    write(
        "remd.log",
        "# replica exchange, temperatures 1 2\n# a\n# b\n# from step 0: an attempt every 400 steps\n"
        "0 1 2 0 0 .\n" +
            comments + last);
  };
  const auto continued = [](int step) {
    return "# continued from step " + std::to_string(step) + ": an attempt every 400 steps\n";
  };
  const auto dumps = [this](const std::vector<int> &steps) {
    for (int r = 0; r < 2; ++r) write("dump." + std::to_string(r), frames(steps, r));
  };
  const auto steps = [&] { return demux(2).steps; };
  const std::vector<int> once = {0, 100, 200, 300, 100, 200},
                         twice = {0, 100, 200, 300, 100, 200, 50},
                         anew = {0, 100, 200, 300, 100, 200, 0, 50};
  log("");
  for (const auto &wrong : {once, twice}) {
    dumps(wrong);
    EXPECT_THAT(message([&] { demux(2); }), HasSubstr("but no run of this file was continued"));
  }
  dumps(anew);
  EXPECT_EQ(steps(), 2);
  log(continued(100));
  dumps(once);
  EXPECT_EQ(steps(), 3);
  EXPECT_EQ(demux(2).discarded, 2 * 2);
  EXPECT_EQ(demux(2).repeated, 2);
  dumps(twice);
  EXPECT_THAT(message([&] { demux(2); }), HasSubstr("dump.0 goes back to step 50"));
  log(continued(50));
  EXPECT_EQ(steps(), 2);

  // a file that begins with the second run: of earlier steps nothing is known
  write(
      "remd.log",
      "# replica exchange, temperatures 1 2\n# a\n# b\n# continued from step 100: an attempt every 400 steps\n"
      "100 1 2 0 0 .\n");
  dumps(once);
  EXPECT_EQ(steps(), 2);
  EXPECT_EQ(demux(2).unknown, 1);
}

TEST_F(Demux, StepsThatAreNotThereInFull)
{
  write_log();
  // the frame of step 150 of one replica was cut off by a kill, and the run continued after it
  for (int r = 0; r < 3; ++r) {
    std::string text = frames({100, 150}, r);
    if (r == 1) text.resize(text.size() - 12);
    write("dump." + std::to_string(r), text + frames({160, 200}, r));
  }
  DemuxReport report = demux();
  EXPECT_EQ(report.steps, 3);
  EXPECT_EQ(report.incomplete, 1);
  EXPECT_EQ(read("out.0"), frame(100, 1) + frame(160, 1) + frame(200, 1));
  // cut off anywhere, the frame is either whole or away; never are lines of two frames mixed
  const std::string tail = frames({160, 200}, 1);
  for (std::size_t cut = 1; cut < frame(150, 1).size(); ++cut) {
    write("dump.1", frame(100, 1) + frame(150, 1).substr(0, cut) + tail);
    ASSERT_EQ(demux().steps, 3) << cut;
    ASSERT_EQ(read("out.0"), frame(100, 1) + frame(160, 1) + frame(200, 1)) << cut;
  }

  // the file of exchanges ends before
  write(
      "remd.log",
      "# replica exchange, temperatures 1 2 3\n# a\n# b\n# from step 0: an attempt every 50 steps\n"
      "0 1 2 3 0 0 0 ..\n50 2 1 3 0 0 0 +.\n100 2 1 3 0 0 0 ..\n150 3");
  for (int r = 0; r < 3; ++r) write("dump." + std::to_string(r), frames({100, 149, 150, 200}, r));
  report = demux();
  EXPECT_EQ(report.steps, 2);
  EXPECT_EQ(report.unknown, 2);
}

TEST_F(Demux, Refuses)
{
  write_log();
  const auto dumps = [&](const std::string &text) {
    for (int r = 0; r < 3; ++r) write("dump." + std::to_string(r), text);
  };
  dumps(frame(100, 0));
  write("out.0", "as before");
  write("dump.2", frame(150, 2));
  EXPECT_THAT(why(), HasSubstr("no step can be written: 2 steps are not whole"));
  EXPECT_EQ(read("out.0"), "as before");
  for (int r = 0; r < 3; ++r) write("dump." + std::to_string(r), frames({100, 105}, r));
  write("remd.log", "# replica exchange, temperatures 1 2 3\n# a\n# b\n110 1 2 3 0 0 0 ..\n");
  EXPECT_THAT(
      why(),
      HasSubstr(
          "no step can be written: 0 steps are not whole in the dumps of all replicas, 2 are not"));
  write("remd.log", "# replica exchange, temperatures 1 2 3\n# a\n# b\n");
  EXPECT_THAT(why(), HasSubstr("holds no exchange"));
  write_log();
  const std::map<std::string, std::string> damaged = {
      {"3\nLattice\n", "dump.0, line 1: a frame of a text dump"},
      {frame(100, 0) + "3 0\n", "dump.0, line 12: a frame of a text dump"},
      {"ITEM: TIMESTEP\nx\n", "line 2: 'x' should be a number"},
      {"ITEM: TIMESTEP\n-5\n", "line 2: '-5' should be a number"},
      {"ITEM: TIMESTEP\n99999999999999999999\n", "should be a number"},
      {"ITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n1e9\n", "line 4: '1e9' should be a number"},
      {"ITEM: NUMBER OF ATOMS\n2\nITEM: ATOMS id\n", "line 3: no step"},
      {std::string("\x1f\x8b\x08\0\0\0\0\0", 8), "dump.0, line 1: the gzip file is cut off"},
      {"ITEM: TIMESTEP\n5\nITEM: NUMBER OF ATOMS\n4000000000000000000\nITEM: ATOMS id\n1\n2\n",
       "no step can be written: 1 steps are not whole"}};
  for (const auto &[text, words] : damaged) {
    dumps(text);
    EXPECT_THAT(why(), HasSubstr(words));
  }
  dumps(frame(100, 0));
  EXPECT_THAT(message([&] {
                demultiplex(path("remd.log"), {{path("dump.0")}}, {},
                            [](const char *, std::int64_t) {});
              }),
              HasSubstr("of 3 replicas, but dumps of 1 and 0 outputs"));
  EXPECT_THAT(message([&] {
                demultiplex(path("remd.log"),
                            {{path("dump.0")}, {path("dump.1")}, {path("dump.2")}},
                            files("dump", 3), [](const char *, std::int64_t) {});
              }),
              HasSubstr("is an input"));
  fs::remove(path("dump.2"));
  EXPECT_THAT(why(), HasSubstr("dump.2: cannot be opened"));
}
