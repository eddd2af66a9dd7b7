// Least squares and the laws of relaxation times.

#include "fit/least_squares.h"
#include "fit/relaxation_laws.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(RelaxationLaws, Files)
{
  const std::string path = ::testing::TempDir() + "points.dat";
  std::ofstream(path) << "# something\n1 2 3 4\n\n# tau of\n0.5 1.5 0.1\n0.7 0 0\n0.9 1.25\n";
  const auto block = read_points(path, "# tau");
  ASSERT_EQ(block.size(), 2U);
  EXPECT_EQ(block[0].error, 0.1);
  EXPECT_EQ(block[1].tau, 1.25);
  EXPECT_EQ(read_points(path, "# none").size(), 3U);
  std::ofstream(path) << "1 2\nT tau\n";
  try {
    read_points(path, "# tau");
    FAIL();
  } catch (const std::runtime_error &e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("points.dat, line 2: two numbers"));
  }
  EXPECT_THROW(read_points(path + ".none", ""), std::runtime_error);
}
