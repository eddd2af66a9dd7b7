// SPDX-License-Identifier: GPL-2.0-only

// The distribution of Lifshitz, Slyozov and Wagner against its known moments, and its fit against samples.

#include "pattern/lsw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace turing_glass::pattern;

TEST(LSW, Moments)
{
  const double mu = 2.3;
  double norm = 0.0, mean = 0.0, square = 0.0, cube = 0.0, mode = 0.0, highest = 0.0;
  const int n = 200000;
  const double h = 1.5 * mu / n;
  for (int k = 0; k < n; ++k) {
    const double r = (k + 0.5) * h, g = lsw_density(r, mu);
    norm += h * g;
    mean += h * g * r;
    square += h * g * r * r;
    cube += h * g * r * r * r;
    if (g > highest) {
      highest = g;
      mode = r;
    }
  }
  const double variance = square - mean * mean, sd = std::sqrt(variance);
  EXPECT_NEAR(norm, 1.0, 1e-6);
  EXPECT_NEAR(mean, mu, 1e-6 * mu);
  EXPECT_NEAR(sd, 0.2151 * mu, 5e-5 * mu);
  EXPECT_NEAR((cube - 3.0 * mean * variance - mean * mean * mean) / (variance * sd), -0.920, 5e-4);
  EXPECT_NEAR(mode, 1.135 * mu, 5e-4 * mu);
  EXPECT_EQ(lsw_density(0.0, mu), 0.0);
  EXPECT_EQ(lsw_density(1.5 * mu, mu), 0.0);
}

TEST(LSW, FitFindsTheMeanOfSamples)
{
  // by rejection; pulls of independent fits are standard normal if the errors are right
  const double mu = 6.8;
  std::mt19937 generator(11);
  std::uniform_real_distribution<double> uniform;
  const double top = lsw_density(1.135 * mu, mu) * 1.001;
  double sum = 0.0, squares = 0.0;
  constexpr int fits = 200;
  for (int fit = 0; fit < fits; ++fit) {
    std::vector<double> radii;
    while (radii.size() < 400) {
      const double r = 1.5 * mu * uniform(generator);
      if (top * uniform(generator) < lsw_density(r, mu)) radii.push_back(r);
    }
    const LSWFit found = fit_lsw(radii);
    const double pull = (found.mu - mu) / found.error;
    sum += pull;
    squares += pull * pull;
  }
  EXPECT_NEAR(sum / fits, 0.0, 4.0 / std::sqrt(fits));
  EXPECT_NEAR(std::sqrt(squares / fits), 1.0, 0.2);
}

TEST(LSW, OneRadiusAndNone)
{
  double best = 0.0;
  for (double mu = 3.4; mu < 8.0; mu += 1e-4)
    if (lsw_density(5.0, mu) > lsw_density(5.0, best)) best = mu;
  EXPECT_NEAR(fit_lsw({5.0}).mu, best, 2e-4);
  // in any unit of length
  for (const double unit : {1e-250, 1e250}) {
    const LSWFit fit = fit_lsw({5.0 * unit, 4.0 * unit}), same = fit_lsw({5.0, 4.0});
    EXPECT_NEAR(fit.mu / unit, same.mu, 1e-9);
    EXPECT_NEAR(fit.error / unit, same.error, 1e-6);
    EXPECT_NEAR(lsw_density(5.0 * unit, fit.mu) * unit, lsw_density(5.0, same.mu), 1e-9);
  }
  EXPECT_THROW(fit_lsw({}), std::runtime_error);
  EXPECT_THROW(fit_lsw({1.0, HUGE_VAL}), std::runtime_error);
  EXPECT_THROW(fit_lsw({1.0, 0.0}), std::runtime_error);
}
