// SPDX-License-Identifier: GPL-2.0-only

// Real orthonormal spherical harmonics from Cartesian recursions: no angles, no poles.
//
// On the unit vector (x, y, z), for 0 <= m <= l (nnap theory page, eqs. 8-11):
//
//     Y_l,m  = N_lm Q_lm(z) a_m(x, y)        (m >= 0, "cosine")
//     Y_l,-m = N_lm Q_lm(z) b_m(x, y)        (m >  0, "sine")
//     a_m + i b_m = (x + i y)^m
//     Q_lm = d^m P_l / dz^m,  so that  dQ_lm/dz = Q_l,m+1
//     l P_l = (2l-1) z P_l-1 - (l-1) P_l-2,    Q_lm = Q_l-2,m + (2l-1) Q_l-1,m-1
//
// with the Legendre polynomials P_l. Positive sign convention: no Condon-Shortley phase in the real harmonics.
//
// Storage order ("rows"): m outermost; the cosines l = m..lmax, then (m > 0) the sines l = m..lmax.
// Q has one element per (l, m >= 0), m outermost, l = m..lmax ("pairs").

#pragma once

#include <vector>

namespace turing_glass::nnap {

struct Harmonics {
  explicit Harmonics(int lmax);

  static constexpr int row_count(int lmax) { return (lmax + 1) * (lmax + 1); }
  static constexpr int pair_count(int lmax) { return (lmax + 1) * (lmax + 2) / 2; }
  /// Index of the pair (l, m), m >= 0.
  static constexpr int pair(int lmax, int l, int m)
  {
    return m * (lmax + 1) - m * (m - 1) / 2 + l - m;
  }
  /// Row of Y_l,m; m < 0 are the sines.
  static constexpr int row(int lmax, int l, int m)
  {
    const int order = m < 0 ? -m : m;
    // the orders before hold (lmax+1) + 2 sum_{k=1}^{order-1} (lmax+1-k) rows
    const int before = order == 0 ? 0 : 2 * pair(lmax, order, order) - (lmax + 1);
    return before + (m < 0 ? lmax + 1 - order : 0) + l - order;
  }

  int lmax;
  std::vector<double> norm;    ///< N by row
};

}    // namespace turing_glass::nnap
