// SPDX-License-Identifier: GPL-2.0-only

#include "acceptance.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace turing_glass::replica {

namespace {

/// ln I_x(a, a) for x <= 1/2: the continued fraction of the incomplete beta function (Abramowitz and Stegun,
/// 26.5.8) by Lentz's method. It converges within about sqrt(a) terms.
double log_incomplete_beta(double a, double x)
{
  constexpr double smallest = 1e-300, enough = 1e-15;
  const auto nonzero = [](double value) { return std::abs(value) < smallest ? smallest : value; };
  double c = 1.0, d = 1.0 / nonzero(1.0 - 2.0 * a * x / (a + 1.0)), fraction = d;
  for (double m = 1.0;; m += 1.0) {
    for (const double term :
         {m * (a - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
          -(a + m) * (2.0 * a + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0))}) {
      d = 1.0 / nonzero(1.0 + term * d);
      c = nonzero(1.0 + term / c);
      fraction *= c * d;
    }
    if (std::abs(c * d - 1.0) < enough) break;
  }
  const double log_beta = 2.0 * std::lgamma(a) - std::lgamma(2.0 * a);
  return a * (std::log(x) + std::log1p(-x)) - log_beta - std::log(a) + std::log(fraction);
}

}    // namespace

double log_acceptance(double modes, double low, double high)
{
  return std::min(0.0, std::log(2.0) + log_incomplete_beta(0.5 * modes, low / (low + high)));
}

double log_acceptance(const std::vector<double> &first, double kt_first,
                      const std::vector<double> &second, double kt_second)
{
  // the exponents relative to the largest one, so that not all of them underflow
  const double slope = 1.0 / kt_first - 1.0 / kt_second;
  const auto exponent = [&](double u1, double u2) { return std::min(0.0, slope * (u1 - u2)); };
  double largest = -std::numeric_limits<double>::infinity();
  for (const double u1 : first)
    for (const double u2 : second) largest = std::max(largest, exponent(u1, u2));
  if (std::isinf(largest)) return largest;
  double sum = 0.0;
  for (const double u1 : first)
    for (const double u2 : second) sum += std::exp(exponent(u1, u2) - largest);
  return largest + std::log(sum / (static_cast<double>(first.size()) * second.size()));
}

double temperature_ratio(double modes, double acceptance)
{
  // the acceptance falls monotonically with the logarithm of the ratio
  const double wanted = std::log(acceptance);
  double close = 0.0, far = 1.0;
  while (log_acceptance(modes, 1.0, std::exp(far)) > wanted) far *= 2.0;
  constexpr int halvings = 60;
  for (int k = 0; k < halvings; ++k) {
    const double middle = 0.5 * (close + far);
    (log_acceptance(modes, 1.0, std::exp(middle)) > wanted ? close : far) = middle;
  }
  return std::exp(close);
}

std::vector<double> geometric_ladder(double low, double high, int count)
{
  std::vector<double> ladder;
  for (int k = 0; k < count; ++k)
    ladder.push_back(low * std::pow(high / low, static_cast<double>(k) / (count - 1)));
  ladder.back() = high;
  return ladder;
}

std::vector<double> ladder_for(const std::vector<double> &ladder, const std::vector<double> &modes,
                               double acceptance)
{
  // lengths in units of the wanted step, from the lowest temperature to each
  std::vector<double> length = {0.0};
  for (std::size_t k = 0; k + 1 < ladder.size(); ++k)
    length.push_back(length.back() +
                     std::log(ladder[k + 1] / ladder[k]) /
                         std::log(temperature_ratio(modes[k], acceptance)));
  constexpr double rounding = 1e-9;
  const int steps = std::max(1, static_cast<int>(std::ceil(length.back() - rounding)));
  std::vector<double> wanted = {ladder.front()};
  for (std::size_t k = 0; static_cast<int>(wanted.size()) < steps;) {
    const double at = length.back() * static_cast<double>(wanted.size()) / steps;
    while (length[k + 1] < at) ++k;
    const double part = (at - length[k]) / (length[k + 1] - length[k]);
    wanted.push_back(ladder[k] * std::pow(ladder[k + 1] / ladder[k], part));
  }
  wanted.push_back(ladder.back());
  return wanted;
}

}    // namespace turing_glass::replica
