// SPDX-License-Identifier: GPL-2.0-only

// Least squares and the laws of relaxation times.

#include "fit/least_squares.h"
#include "fit/relaxation_laws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

using namespace turing_glass::fit;

namespace {

double vft(double t, double tau0, double b, double t0)
{
  return tau0 * std::exp(b * t0 / (t - t0));
}

}    // namespace

/// A straight line, whose parameters and errors have formulas.
TEST(LeastSquares, StraightLine)
{
  const std::vector<double> x = {0.0, 1.0, 2.5, 3.0, 7.0}, y = {1.1, 2.9, 6.2, 6.8, 15.1},
                            error = {0.1, 0.1, 0.3, 0.2, 0.4};
  const auto fit = least_squares(
      [&](const Parameters &p) {
        std::vector<double> r;
        for (std::size_t i = 0; i < x.size(); ++i)
          r.push_back((p[0] + p[1] * x[i] - y[i]) / error[i]);
        return r;
      },
      {0.0, 0.0}, true);
  double s = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double w = 1.0 / (error[i] * error[i]);
    s += w;
    sx += w * x[i];
    sy += w * y[i];
    sxx += w * x[i] * x[i];
    sxy += w * x[i] * y[i];
  }
  const double det = s * sxx - sx * sx;
  EXPECT_NEAR(fit.parameters[0], (sxx * sy - sx * sxy) / det, 1e-8);
  EXPECT_NEAR(fit.parameters[1], (s * sxy - sx * sy) / det, 1e-8);
  const double scale = std::max(1.0, fit.chi_squared / 3.0);
  EXPECT_NEAR(fit.covariance[0], scale * sxx / det, 1e-8);
  EXPECT_NEAR(fit.covariance[1], -scale * sx / det, 1e-8);
  const Estimate there = fit.estimate([](const Parameters &p) { return p[0] + 4.0 * p[1]; });
  EXPECT_NEAR(there.error, std::sqrt(scale * (sxx - 8.0 * sx + 16.0 * s) / det), 1e-8);
}

TEST(LeastSquares, RefusesWhatIsNotDetermined)
{
  const auto same = [](const Parameters &p) {
    return std::vector<double>{p[0] + p[1] - 1.0, p[0] + p[1] - 1.1, p[0] + p[1] - 0.9};
  };
  EXPECT_THROW(least_squares(same, {0.0, 0.0}, true), std::runtime_error);
  EXPECT_THROW(
      least_squares([](const Parameters &p) { return std::vector<double>{p[0]}; }, {0.0}, true),
      std::runtime_error);
}

TEST(RelaxationLaws, VftIsRecovered)
{
  std::vector<Point> points;
  for (const double t : {1100.0, 1050.0, 1000.0, 950.0, 900.0, 850.0, 800.0})
    points.push_back({t, vft(t, 0.02, 3.1, 640.0), 0.0});
  const VftLaw law = fit_vft(points, 1e4);
  EXPECT_NEAR(law.tau0.value, 0.02, 1e-7);
  EXPECT_NEAR(law.strength.value, 3.1, 1e-5);
  EXPECT_NEAR(law.t0.value, 640.0, 1e-3);
  EXPECT_NEAR(vft(law.tg.value, 0.02, 3.1, 640.0), 1e4, 1.0);
  // m = d log10 tau / d(Tg/T) by differences
  const double tg = law.tg.value, h = 1e-5;
  const auto angell = [tg](double y) { return std::log10(vft(tg / y, 0.02, 3.1, 640.0)); };
  EXPECT_NEAR(law.fragility.value, (angell(1.0 + h) - angell(1.0 - h)) / (2.0 * h), 1e-3);
  EXPECT_THROW(fit_vft({points.begin(), points.begin() + 3}, 1e4), std::runtime_error);
  for (Point &p : points) p.tau = 1.0 / p.tau;
  EXPECT_THROW(fit_vft(points, 1e4), std::runtime_error);
}

/// The errors that a fit reports are the scatter of many fits of data with the errors that it is told, or is not.
TEST(RelaxationLaws, ErrorsOfVft)
{
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  for (const bool told : {true, false}) {
    double sum[3] = {}, square[3] = {}, reported[3] = {};
    const int fits = 300;
    for (int k = 0; k < fits; ++k) {
      std::vector<Point> points;
      for (double t = 800.0; t <= 1200.0; t += 25.0) {
        const double tau = vft(t, 0.02, 3.1, 640.0);
        points.push_back({t, tau * std::exp(0.02 * normal(random)), told ? 0.02 * tau : 0.0});
      }
      const VftLaw law = fit_vft(points, 1e4);
      const Estimate *estimates[] = {&law.t0, &law.tg, &law.fragility};
      for (int i = 0; i < 3; ++i) {
        sum[i] += estimates[i]->value / fits;
        square[i] += std::pow(estimates[i]->value, 2) / fits;
        reported[i] += estimates[i]->error / fits;
      }
    }
    for (int i = 0; i < 3; ++i) {
      const double scatter = std::sqrt(square[i] - sum[i] * sum[i]);
      EXPECT_NEAR(reported[i] / scatter, told ? 1.13 : 1.0, 0.2)
          << i;    // told, chi^2 below 1 does not make errors smaller
      EXPECT_NEAR(sum[i],
                  i == 0       ? 640.0
                      : i == 1 ? 640.0 * (1.0 + 3.1 / std::log(1e4 / 0.02))
                               : sum[i],
                  scatter);
    }
  }
}

TEST(RelaxationLaws, Slices)
{
  std::vector<Point> a, b;
  for (int k = 0; k < 20; ++k) {
    const double d = 0.75 * (k + 0.5);
    // bulk 3.6 and a decay over 2.2 beyond; ln tau cross at 3.75
    a.push_back({d, d < 9.0 ? 3.6 * std::exp((9.0 - d) / 2.2) : 3.6, 0.0});
    b.push_back({d, a.back().tau * std::exp(0.3 * (d - 3.75)), 0.0});
    a.back().error = 0.01 * a.back().tau;
    b.back().error = 0.02 * b.back().tau;
  }
  EXPECT_NEAR(plateau(a, 9.5).value, 3.6, 1e-9);
  EXPECT_NEAR(plateau(a, 9.5).error, 0.036 / std::sqrt(7.0), 1e-4);
  EXPECT_NEAR(decay_length(a, 3.75, 8.7).value, 2.2, 1e-7);
  const auto d0 = crossing(a, b);
  ASSERT_TRUE(d0);
  EXPECT_NEAR(d0->value, 3.75, 1e-9);
  EXPECT_NEAR(d0->error, std::hypot(0.01, 0.02) / std::sqrt(2.0) / 0.3,
              1e-6);    // halfway between two points
  EXPECT_FALSE(crossing(a, a));
  EXPECT_THROW(plateau(a, 20.0), std::runtime_error);
  EXPECT_THROW(decay_length(a, 3.0, 4.0), std::runtime_error);
}

/// The same points in any order give the same.
TEST(RelaxationLaws, OrderOfRows)
{
  std::vector<Point> a, b, far;
  for (int k = 0; k < 20; ++k) {
    const double d = 0.75 * (k + 0.5), bulk = 10.0 + 110.0 * std::exp(-d / 1.3);
    a.push_back({d, bulk, 0.02 * bulk});
    const double other = bulk * std::exp(0.3 * std::tanh(d - 3.6));    // crosses at 3.6 alone
    b.push_back({d, other, 0.02 * other});
  }
  const auto expected = crossing(a, b);
  const Estimate length = decay_length(a, 1.0, 6.0);
  EXPECT_NEAR(expected->value, 3.6, 0.02);
  std::mt19937 random(4);
  for (int k = 0; k < 20; ++k) {
    std::shuffle(a.begin(), a.end(), random);
    std::shuffle(b.begin(), b.end(), random);
    const auto d0 = crossing(a, b);
    ASSERT_TRUE(d0);
    EXPECT_EQ(d0->value, expected->value);
    EXPECT_EQ(d0->error, expected->error);
    EXPECT_GT(d0->error, 0.0);
    EXPECT_NEAR(decay_length(a, 1.0, 6.0).value, length.value, 1e-6);
    EXPECT_GT(decay_length(a, 1.0, 6.0).error, 0.0);
  }
}

TEST(RelaxationLaws, RefusesWhatIsNotDefined)
{
  const std::vector<Point> rising = {
      {1.0, 1.0, 0.1}, {2.0, 2.0, 0.1}, {3.0, 3.5, 0.1}, {4.0, 6.0, 0.1}};
  EXPECT_THROW(decay_length(rising, 0.0, 5.0), std::runtime_error);
  EXPECT_THROW(by_distance({{1.0, 1.0, 0.1}, {3.0, 2.0, 0.1}, {1.0, 2.0, 0.1}}),
               std::runtime_error);
  EXPECT_THROW(by_distance({{-1.0, 1.0, 0.1}}), std::runtime_error);
  EXPECT_THROW(crossing(rising, {{1.5, 1.0, 0.1}, {2.5, 2.0, 0.1}, {3.0, 1.0, 0.1}}),
               std::runtime_error);
  EXPECT_THROW(crossing({{1.0, 1.0, 0.1}, {1.0, 2.0, 0.1}}, rising), std::runtime_error);

  std::vector<Point> points;
  for (const double t : {800.0, 900.0, 1000.0, 1100.0, 1200.0})
    points.push_back({t, vft(t, 0.02, 3.1, 640.0), 0.0});
  // T_g lies where the law has glass: above T0 for all above tau0, nowhere for others
  EXPECT_GT(fit_vft(points, 0.021).tg.value, 640.0);
  for (const double glass : {0.02 * (1.0 - 1e-6), 1e-3, 1e-300})
    EXPECT_THROW(fit_vft(points, glass), std::runtime_error) << glass;
  // three temperatures, one of them measured three times
  EXPECT_THROW(fit_vft({points[0], points[1], points[2], points[2], points[2]}, 1e4),
               std::runtime_error);
  points.push_back(
      {1000.0, 1.1 * vft(1000.0, 0.02, 3.1, 640.0), 0.0});    // two samples at one temperature
  std::reverse(points.begin(), points.end());
  EXPECT_NEAR(fit_vft(points, 1e4).t0.value, 640.0, 30.0);
}

/// Errors of what is hardly determined are large, and never negative or no numbers.
TEST(RelaxationLaws, ErrorsAreNotNegative)
{
  std::mt19937 random(7);
  std::normal_distribution<double> normal;
  int fits = 0;
  for (int k = 0; k < 400; ++k) {
    std::vector<Point> points;
    for (const double t : {1000.0, 1010.0, 1020.0, 1030.0, 1040.0}) {
      const double tau = vft(t, 0.02, 3.1, 640.0) * std::exp(0.05 * normal(random));
      points.push_back({t, tau, k % 2 ? 0.05 * tau : 0.0});
    }
    try {
      const VftLaw law = fit_vft(points, 1e4);
      ++fits;
      for (const Estimate &e : {law.tau0, law.strength, law.t0, law.tg, law.fragility}) {
        EXPECT_TRUE(std::isfinite(e.value));
        EXPECT_TRUE(std::isfinite(e.error) && e.error >= 0.0);
      }
    } catch (const std::runtime_error &) {    // not determined
    }
  }
  EXPECT_GT(fits, 20);
}

TEST(RelaxationLaws, Files)
{
  const std::string path = ::testing::TempDir() + "points.dat";
  std::ofstream(path) << "# something\n1 2 3 4\n\n# tau of\n0.5 1.5 0.1\n0.7 0 0\n0.9 1.25\n";
  const auto block = read_points(path, "# tau");
  ASSERT_EQ(block.points.size(), 2U);
  EXPECT_EQ(block.points[0].error, 0.1);
  EXPECT_EQ(block.points[1].tau, 1.25);
  EXPECT_EQ(block.not_reached, 1);
  EXPECT_EQ(block.too_short, 0);
  EXPECT_TRUE(block.block);
  const auto all = read_points(path, "# none");
  EXPECT_EQ(all.points.size(), 3U);
  EXPECT_FALSE(all.block);
  std::ofstream(path) << "  # T tau\r\n \t\r\n1\t+2 0.1 words\r\n2 -0.2 0\r\n";
  const auto other = read_points(path, "# tau");
  ASSERT_EQ(other.points.size(), 1U);
  EXPECT_EQ(other.points[0].tau, 2.0);
  EXPECT_EQ(other.too_short, 1);
  const std::pair<const char *, const char *> wrong[] = {
      {"1 2\nT tau\n", "points.dat, line 2: the first column"},
      {"1 2\n3\n", "line 2: the second column (tau) must be a number, not ''"},
      {"1 nan\n", "line 1: the second column (tau) must be a number, not 'nan'"},
      {"1 inf\n", "'inf'"},
      {"inf 1\n", "'inf'"},
      {"1 1e999\n", "'1e999'"},
      {"1 2 abc\n", "the third column (the error of tau) must be a number, not 'abc'"},
      {"1 2 nan\n", "'nan'"},
      {"1 2 -0.1\n", "line 1: the error of tau, -0.1, is below 0"},
      {"1 2,5\n", "'2,5'"},
      {"", "points.dat: no row has a relaxation time"},
      {"# only\n1 0 0\n2 -1 0\n", "no row has a relaxation time (2 rows"},
      {"1 2 3\n# tau of\n", "no row has a relaxation time"}};
  for (const auto &[text, words] : wrong) {
    std::ofstream(path) << text;
    try {
      read_points(path, "# tau");
      ADD_FAILURE() << text;
    } catch (const std::runtime_error &e) {
      EXPECT_THAT(e.what(), ::testing::HasSubstr(words));
    }
  }
  EXPECT_THROW(read_points(path + ".none", ""), std::runtime_error);
}
