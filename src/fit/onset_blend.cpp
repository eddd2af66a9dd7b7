// SPDX-License-Identifier: GPL-2.0-only

#include "onset_blend.h"

#include <cmath>

namespace turing_glass::fit {

namespace {

/// Where f is largest within `reach` of the center: on a grid, then on the parabola through its neighbors.
template <class F> double maximum_near(double center, double reach, F &&f)
{
  constexpr int points = 400;
  const double step = 2.0 * reach / points;
  double best = center - reach;
  for (int k = 1; k <= points; ++k) {
    const double x = center - reach + k * step;
    if (f(x) > f(best)) best = x;
  }
  const double left = f(best - step), here = f(best), right = f(best + step);
  const double bend = left - 2.0 * here + right;
  return bend < 0.0 ? best + 0.5 * step * (left - right) / bend : best;
}

constexpr double reach = 5.0;    // widths

}    // namespace

double Blend::fraction(double x, double center, double width)
{
  return 1.0 / (1.0 + std::exp(-(x - center) / width));
}

double Blend::h(double x) const
{
  const double s = fraction(x, center(), width());
  return (1.0 - s) * branch(GLASS, x, 0) + s * branch(LIQUID, x, 0);
}

double Blend::slope(double x) const
{
  const double s = fraction(x, center(), width()), ds = s * (1.0 - s) / width();
  return glass(x) + s * (liquid(x) - glass(x)) + ds * (branch(LIQUID, x, 0) - branch(GLASS, x, 0));
}

double Blend::bend(double x) const
{
  const double s = fraction(x, center(), width()), ds = s * (1.0 - s) / width(),
               dds = ds * (1.0 - 2.0 * s) / width();
  return (1.0 - s) * branch(GLASS, x, 2) + s * branch(LIQUID, x, 2) +
      2.0 * ds * (liquid(x) - glass(x)) + dds * (branch(LIQUID, x, 0) - branch(GLASS, x, 0));
}

double Blend::steepest() const
{
  return maximum_near(center(), reach * width(), [this](double x) { return bend(x); });
}

double Blend::peak() const
{
  return maximum_near(center(), reach * width(), [this](double x) { return slope(x); });
}

double Blend::onset() const
{
  const double x = steepest();
  return x - (slope(x) - glass(x)) / (bend(x) - branch(GLASS, x, 2));
}

double Blend::branch(Branch which, double x, int derivative) const
{
  const double *c = p_.data() + POLYNOMIALS + which * (degree_ + 1);
  double sum = 0.0;
  for (int k = degree_; k >= derivative; --k) {
    double factor = c[k];
    for (int j = 0; j < derivative; ++j) factor *= k - j;
    sum = sum * (x - 0.5) + factor;
  }
  return sum;
}

}    // namespace turing_glass::fit
