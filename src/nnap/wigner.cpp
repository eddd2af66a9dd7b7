// SPDX-License-Identifier: GPL-2.0-only

#include "wigner.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace turing_glass::nnap {

double wigner_3j(int l1, int l2, int l3, int m1, int m2, int m3)
{
  if (m1 + m2 + m3 != 0 || std::abs(m1) > l1 || std::abs(m2) > l2 || std::abs(m3) > l3) return 0.0;
  if (l3 < std::abs(l1 - l2) || l3 > l1 + l2) return 0.0;

  const auto factorial = [](int k) { return std::tgamma(k + 1.0); };
  const double triangle = factorial(l1 + l2 - l3) * factorial(l1 - l2 + l3) *
      factorial(-l1 + l2 + l3) / factorial(l1 + l2 + l3 + 1);
  const double projections = factorial(l1 + m1) * factorial(l1 - m1) * factorial(l2 + m2) *
      factorial(l2 - m2) * factorial(l3 + m3) * factorial(l3 - m3);

  const int first = std::max({0, l2 - l3 - m1, l1 - l3 + m2});
  const int last = std::min({l1 + l2 - l3, l1 - m1, l2 + m2});
  double sum = 0.0;
  for (int k = first; k <= last; ++k)
    sum += (k % 2 ? -1.0 : 1.0) /
        (factorial(k) * factorial(l1 + l2 - l3 - k) * factorial(l1 - m1 - k) *
         factorial(l2 + m2 - k) * factorial(l3 - l2 + m1 + k) * factorial(l3 - l1 - m2 + k));
  const int phase = l1 - l2 - m3;
  return (phase % 2 ? -1.0 : 1.0) * std::sqrt(triangle * projections) * sum;
}

}    // namespace turing_glass::nnap
