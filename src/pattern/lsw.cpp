// SPDX-License-Identifier: GPL-2.0-only

#include "pattern/lsw.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace turing_glass::pattern {

namespace {

double log_density(double r, double mu)
{
  const double m = 3.0 * mu;
  return std::log(4.0 / 9.0) + 2.0 * std::log(r / mu) - std::log(mu) +
      7.0 / 3.0 * std::log(m / (m + r)) + 11.0 / 3.0 * std::log(m / (m - 2.0 * r)) +
      2.0 * r / (2.0 * r - m);
}

double log_likelihood(const std::vector<double> &radii, double mu)
{
  double sum = 0.0;
  for (const double r : radii) sum += log_density(r, mu);
  return sum;
}

/// minus mu times the derivative of the log-likelihood with respect to mu, the left side of the equation in the header
/// with its sign turned
double descent(const std::vector<double> &radii, double mu)
{
  const double m = 3.0 * mu;
  double sum = 0.0;
  for (const double r : radii) {
    const double gap = m - 2.0 * r;
    sum += 3.0 - 7.0 / 3.0 * m / (m + r) - 11.0 / 3.0 * m / gap + m * 2.0 * r / (gap * gap);
  }
  return -sum;
}

}    // namespace

double lsw_density(double r, double mu)
{
  return r > 0.0 && r < 1.5 * mu ? std::exp(log_density(r, mu)) : 0.0;
}

LSWFit fit_lsw(const std::vector<double> &given)
{
  if (given.empty()) throw std::runtime_error("no radii to fit a distribution to");
  if (!std::all_of(given.begin(), given.end(),
                   [](double r) { return r > 0.0 && std::isfinite(r); }))
    throw std::runtime_error("radii must be above 0 and finite");
  // in units of the largest one, so that no power of them overflows
  const double unit = *std::max_element(given.begin(), given.end());
  std::vector<double> radii;
  for (const double r : given) radii.push_back(r / unit);
  // The likelihood vanishes at 2/3 of the largest radius and falls far above it. The best of a grid lies at its
  // highest maximum, next to which the equation is solved.
  const double bound = 2.0 / 3.0;
  constexpr double first = 1e-4, ratio = 1.05;    // of mu/bound - 1
  double best = first, highest = log_likelihood(radii, bound * (1.0 + first));
  for (double x = first * ratio; x < 10.0; x *= ratio) {
    const double here = log_likelihood(radii, bound * (1.0 + x));
    if (here > highest) {
      highest = here;
      best = x;
    }
  }
  double low = bound * (1.0 + best / ratio), high = bound * (1.0 + best * ratio);
  constexpr int halvings = 60;
  for (int k = 0; k < halvings; ++k) {
    const double middle = 0.5 * (low + high);
    (descent(radii, middle) < 0.0 ? low : high) = middle;
  }
  const double mu = 0.5 * (low + high), h = 1e-4 * mu;
  const double curvature =
      (descent(radii, mu + h) / (mu + h) - descent(radii, mu - h) / (mu - h)) / (2.0 * h);
  return {unit * mu, unit / std::sqrt(curvature)};
}

}    // namespace turing_glass::pattern
