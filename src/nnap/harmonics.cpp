// SPDX-License-Identifier: GPL-2.0-only

#include "harmonics.h"

#include <cmath>

namespace turing_glass::nnap {

Harmonics::Harmonics(int lmax) : lmax(lmax), norm(row_count(lmax))
{
  constexpr double pi = 3.14159265358979323846;
  for (int m = 0; m <= lmax; ++m)
    for (int l = m; l <= lmax; ++l) {
      const double factorials = std::tgamma(l - m + 1.0) / std::tgamma(l + m + 1.0);
      const double n = std::sqrt((2 * l + 1) / (4.0 * pi) * factorials * (m == 0 ? 1.0 : 2.0));
      norm[row(lmax, l, m)] = n;
      norm[row(lmax, l, -m)] = n;
    }
}

}    // namespace turing_glass::nnap
