// SPDX-License-Identifier: GPL-2.0-only

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
std::vector<Hold> holds_of(const std::function<double(double)> &H, double step, double error,
                           unsigned seed = 1)
{
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  std::vector<Hold> holds;
  for (double T = 300.0; T <= 1300.0; T += step)
    holds.push_back({T, H(T) + error * normal(generator), error, 10, -0.1});
  return holds;
}

std::string refusal(const std::vector<Hold> &holds, int degree = 1)
{
  try {
    fit_onset(holds, degree, 20, 1);
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
          holds_of([&](double T) { return crossing_lines(T, T_c, w); }, 20.0, 0.0), 1, 0, 1);
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
  const auto fit = fit_onset(holds_of(H, 20.0, 0.0), 2, 0, 1);
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
        fit_onset(holds_of([&](double T) { return crossing_lines(T, T_c, w); }, 10.0, error, seed),
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
  const std::vector<Hold> mean = average({{{300.0, 1.0, 0.3, 4, 0.1}, {400.0, 2.0, 0.4, 4, 0.2}},
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
  EXPECT_THAT(refusal(holds_of([](double T) { return solid_cp * T; }, 20.0, 2e-4)),
              testing::HasSubstr("no transition lies within the isothermal holds, 300 to 1300"));
  EXPECT_THAT(refusal(holds_of(lines(1600.0), 20.0, 2e-4)), testing::HasSubstr("no transition"));
  EXPECT_THAT(refusal(holds_of(lines(1290.0), 20.0, 2e-4)), testing::HasSubstr("no transition"));
  EXPECT_THAT(refusal(holds_of(lines(800.0), 200.0, 2e-4)),
              testing::HasSubstr("at least 9 isothermal holds"));
  EXPECT_THAT(refusal(std::vector<Hold>(12, {500.0, 1.0, 0.1, 4, 0.0})),
              testing::HasSubstr("all isothermal holds are at 500"));
  auto correlated = holds_of(lines(800.0), 20.0, 2e-4);
  for (Hold &hold : correlated) hold.correlation = 0.6;
  EXPECT_THAT(refusal(correlated), testing::HasSubstr("holds are too short"));
  // the steps of two transitions, equal and far apart
  EXPECT_THAT(
      refusal(holds_of([&](double T) { return lines(550.0)(T) + lines(1050.0)(T); }, 20.0, 2e-4)),
      testing::HasSubstr("no transition"));
  // so much noise that a transition elsewhere fits as well
  int ambiguous = 0;
  for (unsigned seed = 1; seed <= 10; ++seed)
    ambiguous +=
        refusal(holds_of(lines(800.0), 20.0, 6e-3, seed)).find("not unique") != std::string::npos;
  EXPECT_GE(ambiguous, 1);
  EXPECT_EQ(refusal(holds_of(lines(800.0), 20.0, 2e-4)), "none");
}

/// Straight branches pass for bent ones in as few samples as the level of the test says, 1 %; bent ones are found.
TEST(Onset, SignificantDegree)
{
  int straight = 0, bent = 0;
  for (unsigned seed = 1; seed <= 30; ++seed) {
    const auto lines = [](double T) { return crossing_lines(T, 820.0, 30.0); };
    const auto bow = [&](double T) { return lines(T) + 1e-7 * (T - 820.0) * (T - 820.0); };
    straight += significant_degree(holds_of(lines, 25.0, 5e-4, seed)) == 1 ? 1 : 0;
    bent += significant_degree(holds_of(bow, 25.0, 5e-4, seed)) == 2 ? 1 : 0;
    EXPECT_EQ(significant_degree(holds_of(bow, 120.0, 5e-4, seed)), 1);    // nine holds are too few
  }
  EXPECT_GE(straight, 28);
  EXPECT_EQ(bent, 30);
}

class HoldFiles : public testing::Test {
 protected:
  std::string path = testing::TempDir() + "onset_holds.dat";

  HoldFile read(const std::string &text) const
  {
    std::ofstream(path, std::ios::binary) << text;
    return read_holds(path);
  }
  std::string failure(const std::string &text) const
  {
    try {
      read(text);
    } catch (const std::runtime_error &e) {
      return e.what();
    }
    return "none";
  }
};

TEST_F(HoldFiles, Blocks)
{
  const auto holds =
      read("# Time-averaged data\n  # TimeStep T H\n\n \t\n100 400 1.0\n200 400 +3.0\r\n"
           "300 400 2.0\n400 300 -1 7\n")
          .holds;
  ASSERT_EQ(holds.size(), 2);
  EXPECT_EQ(holds[0].T, 300.0);
  EXPECT_EQ(holds[0].error, 0.0);
  EXPECT_EQ(holds[1].H, 2.0);
  EXPECT_EQ(holds[1].blocks, 3);
  EXPECT_DOUBLE_EQ(holds[1].error, std::sqrt(1.0 / 3.0));
  EXPECT_DOUBLE_EQ(holds[1].correlation, -0.5);
}

TEST_F(HoldFiles, EqualBlocksHaveNoScatter)
{
  std::string text;
  for (int k = 0; k < 7; ++k) text += std::to_string(k) + " 300 -5.1200001\n";
  const Hold hold = read(text).holds.at(0);
  EXPECT_EQ(hold.H, -5.1200001);
  EXPECT_EQ(hold.error, 0.0);
  EXPECT_EQ(hold.correlation, 0.0);
}

/// A run killed after the step 300 and resumed from a restart file of the step 100 writes 200 and 300 again.
TEST_F(HoldFiles, ResumedRunReplacesItsSteps)
{
  const HoldFile file = read("100 300 1\n200 300 5\n300 300 6\n200 300 2\n300 300 3\n400 300 4\n"
                             "100 310 7\n50 300 9\n");
  EXPECT_EQ(file.replaced, 2);
  ASSERT_EQ(file.holds.size(), 3);
  EXPECT_EQ(file.holds[0].blocks, 4);
  EXPECT_EQ(file.holds[0].H, 2.5);
  EXPECT_EQ(file.holds[1].H, 9.0);    // another hold at the same temperature
}

TEST_F(HoldFiles, Mistakes)
{
  for (const auto &[line, message] : {
           std::pair{"200 four 1", "'four' is not a number"},
           std::pair{"200 400", "step, temperature and enthalpy are needed"},
           std::pair{" x# 200 400 1", "'x#' is not a number"},
           std::pair{"200 400 1.5x", "'1.5x' is not a number"},
           std::pair{"200 400 1 # block", "'#' is not a number"},
           std::pair{"200 400 nan", "'nan' is not a number"},
           std::pair{"200 inf 1", "'inf' is not a number"},
           std::pair{"200 400 1e300", "'1e300' is not a number of at most 1e100"},
           std::pair{"200 400 1e999", "'1e999' is not a number of at most 1e100"},
           std::pair{"200 -1 1", "the temperature is below 0"},
       })
    EXPECT_THAT(failure(std::string("100 400 1.0\n") + line + "\n"),
                testing::HasSubstr(path + ", line 2: " + message));
  EXPECT_THAT(failure("100 400 1.0\n200 400 1.2"),
              testing::HasSubstr("line 2: the last line has no end"));
}

/// Equal blocks, as of a formula: no blocks that depend on each other, and the exact onset.
TEST_F(HoldFiles, ExactData)
{
  for (const int digits : {8, 17})
    for (const int degree : {1, 2}) {
      std::string text;
      for (double T = 300.0; T <= 1100.0; T += 25.0)
        for (int block = 0; block < 10; ++block) {
          char line[80];
          std::snprintf(line, sizeof line, "%d %g %.*g\n", static_cast<int>(10 * T) + block, T,
                        digits, crossing_lines(T, 700.0, 30.0));
          text += line;
        }
      const OnsetFit fit = fit_onset(read(text).holds, degree, 50, 1);
      EXPECT_NEAR(fit.onset.value, 670.0, digits == 8 ? 0.5 : 1e-6);
      EXPECT_FALSE(fit.errors_from_blocks);
    }
}

/// The result does not depend on the units.
TEST(Onset, Units)
{
  const auto H = [](double T) { return crossing_lines(T, 805.0, 30.0); };
  const std::vector<Hold> holds = holds_of(H, 20.0, 2e-4);
  const OnsetFit expected = fit_onset(holds, 1, 20, 1);
  for (const double T_unit : {1e-3, 1e90})
    for (const double H_unit : {1e-90, 1e-19, 1e95}) {
      std::vector<Hold> other = holds;
      for (Hold &hold : other) {
        hold.T *= T_unit;
        hold.H *= H_unit;
        hold.error *= H_unit;
      }
      const OnsetFit fit = fit_onset(other, 1, 20, 1);
      EXPECT_NEAR(fit.onset.value / T_unit, expected.onset.value, 1e-4);
      EXPECT_NEAR(fit.onset.error / T_unit, expected.onset.error, 1e-3);
      EXPECT_NEAR(fit.lines.value / T_unit, expected.lines.value, 1e-4);
      EXPECT_NEAR(fit.glass.value / H_unit * T_unit, expected.glass.value, 1e-9);
      EXPECT_NEAR(fit.chi_squared, expected.chi_squared, 1e-6);
    }
  EXPECT_NEAR(expected.onset.value, 775.0, 4.0 * expected.onset.error);
}

TEST(Onset, DegenerateData)
{
  EXPECT_THAT(refusal(holds_of([](double) { return -5.0; }, 20.0, 0.0)),
              testing::HasSubstr("the enthalpy is the same in all isothermal holds"));
  for (const double offset : {0.0, -5.0, 1e3})
    for (const double slope : {2.6e-4, 1e95, -1e-3})
      for (const int degree : {1, 2})
        EXPECT_NE(
            refusal(holds_of([=](double T) { return offset + slope * T; }, 20.0, 0.0), degree),
            "none");
  std::vector<Hold> two = holds_of([](double T) { return T; }, 20.0, 0.0);
  for (Hold &hold : two) hold.T = hold.T < 800.0 ? 700.0 : 900.0;
  EXPECT_THAT(refusal(two), testing::HasSubstr("at 6 temperatures or more, they are at 2"));
  std::vector<Hold> close = holds_of([](double T) { return T; }, 20.0, 0.0);
  for (Hold &hold : close) hold.T = 500.0 + 1e-9 * hold.T;
  EXPECT_THAT(refusal(close), testing::HasSubstr("all isothermal holds are at 500"));
  EXPECT_THROW(corner(close), Refusal);
  // one hold far from all others
  std::vector<Hold> wild =
      holds_of([](double T) { return crossing_lines(T, 800.0, 20.0); }, 20.0, 0.0);
  wild[20].H = 1e100;
  EXPECT_NE(refusal(wild), "none");
}
