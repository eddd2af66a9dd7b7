// The onset of the glass transition from data with known answers.

#include "fit/onset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>

using namespace turing_glass::fit;

namespace {

constexpr double solid_cp = 2.6e-4, step_cp = 1.2e-4;    // eV/atom/K

/// Straight branches that cross at T_c, joined by a logistic of width w.
double crossing_lines(double T, double T_c, double w)
{
  const double s = 1.0 / (1.0 + std::exp(-(T - T_c) / w));
  return -5.0 + solid_cp * T + s * step_cp * (T - T_c);
}

/// Stays every `step` from 300 K to 1300 K; noise of the means as the errors say.
std::vector<Stay> stays_of(const std::function<double(double)> &H, double step, double error,
                           unsigned seed = 1)
{
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<Stay> stays;
  for (double T = 300.0; T <= 1300.0; T += step)
    stays.push_back({T, H(T) + error * normal(generator), error, 10, -0.1});
  return stays;
}

std::string refusal(const std::vector<Stay> &stays, int degree = 1)
{
  try {
    fit_onset(stays, degree, 20, 1);
  } catch (const std::runtime_error &e) {
    return e.what();
  }
  return "none";
}

}    // namespace

/// Physics of the construction: crossing lines have their onset at T_c - w exactly, and the blend overshoots by 9.98 %.
TEST(Onset, CrossingLines)
{
  for (const double w : {15.0, 40.0})
    for (const double T_c : {750.0, 905.0}) {
      const auto fit = fit_onset(
          stays_of([&](double T) { return crossing_lines(T, T_c, w); }, 20.0, 0.0), 1, 0, 1);
      EXPECT_NEAR(fit.onset.value, T_c - w, 1e-3);
      EXPECT_NEAR(fit.steepest, T_c, 1e-3);
      EXPECT_NEAR(fit.center.value, T_c, 1e-6);
      EXPECT_NEAR(fit.width.value, w, 1e-6);
      EXPECT_NEAR(fit.glass.value, solid_cp, 1e-9);
      EXPECT_NEAR(fit.liquid.value, solid_cp + step_cp, 1e-9);
      EXPECT_NEAR((fit.peak - fit.liquid.value) / step_cp, 0.0998, 1e-4);
      EXPECT_NEAR(fit.H(T_c), crossing_lines(T_c, T_c, w), 1e-9);
      const double h = 0.1;
      EXPECT_NEAR(
          fit.C_p(T_c + 17.0),
          (crossing_lines(T_c + 17.0 + h, T_c, w) - crossing_lines(T_c + 17.0 - h, T_c, w)) /
              (2 * h),
          1e-9);
      // two straight lines meet elsewhere only by what the blend takes from them: nothing, by symmetry
      EXPECT_NEAR(fit.lines.value, T_c, 6.0);
    }
}

TEST(Onset, CurvedBranches)
{
  const auto glass = [](double T) { return -5.0 + 2.5e-4 * T + 2e-8 * T * T; };
  const auto liquid = [&](double T) {
    return glass(800.0) + 4.2e-4 * (T - 800.0) - 3e-8 * (T - 800.0) * (T - 800.0);
  };
  const double w = 25.0;
  const auto H = [&](double T) {
    const double s = 1.0 / (1.0 + std::exp(-(T - 800.0) / w));
    return (1.0 - s) * glass(T) + s * liquid(T);
  };
  const auto fit = fit_onset(stays_of(H, 20.0, 0.0), 2, 0, 1);
  EXPECT_NEAR(fit.center.value, 800.0, 1e-4);
  EXPECT_NEAR(fit.width.value, w, 1e-4);
  EXPECT_NEAR(fit.glass.value, 2.5e-4 + 4e-8 * fit.onset.value, 1e-9);
  // the tangent, drawn by differences of H alone
  const auto C_p = [&](double T) { return (H(T + 0.05) - H(T - 0.05)) / 0.1; };
  double steepest = 700.0, rise = 0.0;
  for (double T = 700.0; T < 900.0; T += 0.05) {
    const double slope = (C_p(T + 1.0) - C_p(T - 1.0)) / 2.0;
    if (slope > rise) {
      rise = slope;
      steepest = T;
    }
  }
  double T = steepest;
  while (C_p(steepest) + rise * (T - steepest) > 2.5e-4 + 4e-8 * T) T -= 0.01;
  EXPECT_NEAR(fit.onset.value, T, 0.5);
}

/// With noise: right on average, scatter as the bootstrap says.
TEST(Onset, Noise)
{
  constexpr double T_c = 820.0, w = 30.0, error = 2e-4;
  std::vector<double> values, errors;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const auto fit =
        fit_onset(stays_of([&](double T) { return crossing_lines(T, T_c, w); }, 10.0, error, seed),
                  1, 60, seed);
    values.push_back(fit.onset.value);
    errors.push_back(fit.onset.error);
    EXPECT_LT(fit.failed, 6);
  }
  const double n = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  double squares = 0.0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double scatter = std::sqrt(squares / (n - 1.0));
  const double told = std::accumulate(errors.begin(), errors.end(), 0.0) / n;
  EXPECT_NEAR(mean, T_c - w, 4.0 * scatter / std::sqrt(n));
  EXPECT_GT(told, 0.6 * scatter);
  EXPECT_LT(told, 1.7 * scatter);
  RecordProperty("scatter", std::to_string(scatter));
  RecordProperty("bootstrap", std::to_string(told));
}

TEST(Onset, AverageOfSamples)
{
  const std::vector<Stay> mean = average({{{300.0, 1.0, 0.3, 4, 0.1}, {400.0, 2.0, 0.4, 4, 0.2}},
                                          {{300.0, 2.0, 0.4, 3, 0.3}, {400.0, 5.0, 0.3, 9, 0.0}}});
  ASSERT_EQ(mean.size(), 2);
  EXPECT_DOUBLE_EQ(mean[0].H, 1.5);
  EXPECT_DOUBLE_EQ(mean[1].H, 3.5);
  EXPECT_DOUBLE_EQ(mean[0].error, 0.25);    // 3-4-5
  EXPECT_EQ(mean[0].blocks, 3);
  EXPECT_DOUBLE_EQ(mean[0].correlation, 0.2);
  EXPECT_THROW(average({{{300.0, 1.0, 0.0, 1, 0.0}}, {{310.0, 1.0, 0.0, 1, 0.0}}}),
               std::runtime_error);
  EXPECT_THROW(average({{{300.0, 1.0, 0.0, 1, 0.0}}, {}}), std::runtime_error);
}

TEST(Onset, Refusals)
{
  const auto lines = [](double T_c) {
    return [T_c](double T) { return crossing_lines(T, T_c, 20.0); };
  };
  EXPECT_THAT(refusal(stays_of([](double T) { return solid_cp * T; }, 20.0, 2e-4)),
              testing::HasSubstr("no transition lies within the stays, 300 K to 1300 K"));
  EXPECT_THAT(refusal(stays_of(lines(1600.0), 20.0, 2e-4)), testing::HasSubstr("no transition"));
  EXPECT_THAT(refusal(stays_of(lines(1290.0), 20.0, 2e-4)), testing::HasSubstr("no transition"));
  EXPECT_THAT(refusal(stays_of(lines(800.0), 200.0, 2e-4)), testing::HasSubstr("stays at least"));
  EXPECT_THAT(refusal(std::vector<Stay>(12, {500.0, 1.0, 0.1, 4, 0.0})),
              testing::HasSubstr("all stays are at 500 K"));
  auto correlated = stays_of(lines(800.0), 20.0, 2e-4);
  for (Stay &stay : correlated) stay.correlation = 0.6;
  EXPECT_THAT(refusal(correlated), testing::HasSubstr("stays are too short"));
  // the steps of two transitions, equal and far apart
  EXPECT_THAT(
      refusal(stays_of([&](double T) { return lines(550.0)(T) + lines(1050.0)(T); }, 20.0, 2e-4)),
      testing::HasSubstr("no transition"));
  // so much noise that a transition elsewhere fits as well
  int ambiguous = 0;
  for (unsigned seed = 1; seed <= 10; ++seed)
    ambiguous +=
        refusal(stays_of(lines(800.0), 20.0, 6e-3, seed)).find("not unique") != std::string::npos;
  EXPECT_GE(ambiguous, 1);
  EXPECT_EQ(refusal(stays_of(lines(800.0), 20.0, 2e-4)), "none");
}

TEST(Onset, ReadsBlocks)
{
  const std::string path = testing::TempDir() + "onset_stays.dat";
  {
    std::ofstream file(path);
    file
        << "# Time-averaged data\n# TimeStep T H\n100 400 1.0\n200 400 3.0\n300 400 2.0\n400 300 -1 7\n";
  }
  const auto stays = read_stays(path);
  ASSERT_EQ(stays.size(), 2);
  EXPECT_EQ(stays[0].T, 300.0);
  EXPECT_EQ(stays[0].error, 0.0);
  EXPECT_EQ(stays[1].H, 2.0);
  EXPECT_EQ(stays[1].blocks, 3);
  EXPECT_DOUBLE_EQ(stays[1].error, std::sqrt(1.0 / 3.0));
  EXPECT_DOUBLE_EQ(stays[1].correlation, -0.5);
  {
    std::ofstream file(path);
    file << "100 400 1.0\n200 four\n";
  }
  try {
    read_stays(path);
    FAIL();
  } catch (const std::runtime_error &e) {
    EXPECT_THAT(e.what(), testing::HasSubstr(path + ", line 2"));
  }
}
