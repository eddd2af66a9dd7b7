// SPDX-License-Identifier: GPL-2.0-only

// A neighbor as the sums see it, and the harmonics of its direction (harmonics.h), for one lane.
//
// Differences of positions, distances and f_c are found in double precision and then rounded, as on the host.

#pragma once

#include "model.h"

namespace turing_glass::nnap::gpu {

/// Sizes known to the compiler, or (N = 0) the largest there may be.
template <class Real, int N, int L> struct Shape {
  static constexpr bool known = N > 0;
  static constexpr int most_nn = known ? N : Basis::largest_nmax + 1;
  static constexpr int most_lmax = known ? L : Basis::largest_lmax;
  static constexpr int rows_per_lane =
      ((most_lmax + 1) * (most_lmax + 1) + lane_count - 1) / lane_count;

  static TG_LANES int nn(const FlatBasis<Real> &basis) { return known ? N : basis.nn; }
  static TG_LANES int lmax(const FlatBasis<Real> &basis) { return known ? L : basis.lmax; }
  static TG_LANES int rows(const FlatBasis<Real> &basis)
  {
    return known ? (L + 1) * (L + 1) : basis.rows;
  }
  /// body(k, row) for the rows of a lane.
  template <class Body> static TG_LANES void rows_of(int lane, int rows, Body body)
  {
    TG_UNROLL
    for (int k = 0; k < rows_per_lane; ++k) {
      const int row = k * lane_count + lane;
      if (row < rows) body(k, row);
    }
  }
};

/// What a lane sums up for its rows: A, or D.
template <class Sizes, class Real> struct RowSums {
  Real of[Sizes::rows_per_lane][Sizes::most_nn] = {};
};

/// 16 bytes at once.
template <class Real> struct alignas(16) Together {
  static constexpr int count = 16 / static_cast<int>(sizeof(Real));
  Real number[count];
};
template <class Real> TG_LANES Together<Real> fetch_together(const Real *from)
{
  Together<Real> to;
#ifdef __CUDACC__
  const int4 bits = __ldg(reinterpret_cast<const int4 *>(from));
  memcpy(&to, &bits, sizeof to);
#else
  to = *reinterpret_cast<const Together<Real> *>(from);
#endif
  return to;
}

/// `nn` numbers for each of many rows, so that a lane reads those of a row four at once, and lanes write those of
/// neighboring rows without waiting for each other: [n/4][row][4], then one by one [n][row].
template <class Real> struct Table {
  Real *numbers;
  int nn, rows;

  TG_LANES Real &at(int row, int n) const
  {
    return n < nn / 4 * 4 ? numbers[(n / 4 * rows + row) * 4 + n % 4] : numbers[n * rows + row];
  }
  TG_LANES Together<Real> together(int row, int n) const
  {
    return *reinterpret_cast<const Together<Real> *>(numbers + (n / 4 * rows + row) * 4 + n % 4);
  }
};

/// A row of a table in registers; where the compiler does not know its length (0), it stays where it is.
template <int count, class Real> struct Row {
  Real of[count];

  TG_LANES Row(const Table<Real> &table, int row)
  {
    constexpr int whole = count / 4 * 4;
    TG_UNROLL
    for (int n = 0; n < whole; n += Together<Real>::count) {
      const Together<Real> part = table.together(row, n);
      TG_UNROLL
      for (int i = 0; i < Together<Real>::count; ++i) of[n + i] = part.number[i];
    }
    TG_UNROLL
    for (int n = whole; n < count; ++n) of[n] = table.numbers[n * table.rows + row];
  }
  TG_LANES Real operator[](int n) const { return of[n]; }
};
template <class Real> struct Row<0, Real> {
  const Table<Real> table;
  int row;
  TG_LANES Row(const Table<Real> &table, int row) : table(table), row(row) {}
  TG_LANES Real operator[](int n) const { return table.at(row, n); }
};

/// A position, whole.
struct Position {
  double x = 0.0, y = 0.0, z = 0.0;
  Position() = default;
  TG_LANES Position(const double *all, int j) :
      x(fetch(all + 3L * j)), y(fetch(all + 3L * j + 1)), z(fetch(all + 3L * j + 2))
  {
  }
};

template <class Real> struct Bond {
  double dx, dy, dz;    ///< A
  Real x, y, z;         ///< unit vector
  Real inverse;         ///< 1/r
  Real fc, dfc, t;      ///< f_c, its slope along r, argument of T_n
  Real dt;              ///< slope of t

  TG_LANES Bond(const Position &from, const Position &to, double rcut)
  {
    dx = to.x - from.x, dy = to.y - from.y, dz = to.z - from.z;
    const double square = dx * dx + dy * dy + dz * dz;
    const double over = square > 1e-12 ? inverse_root(square) : 1e6, r = square * over;
    x = static_cast<Real>(dx * over), y = static_cast<Real>(dy * over),
    z = static_cast<Real>(dz * over);
    inverse = static_cast<Real>(over);
    const double scale = 1.0 / rcut, s = r * scale, u = s < 1.0 ? 1.0 - s * s : 0.0, u3 = u * u * u;
    fc = static_cast<Real>(u3 * u);
    dfc = static_cast<Real>(-8.0 * scale * u3 * s);
    t = static_cast<Real>(1.0 - 2.0 * s);
    dt = static_cast<Real>(-2.0 * scale);
  }
};

/// P_l(z), l = 0..lmax.
template <class Real> TG_LANES void legendre(int lmax, Real z, Real *P)
{
  Real below = 0, here = 1;
  TG_UNROLL
  for (int l = 0; l <= lmax; ++l) {
    P[l] = here;
    const Real up = static_cast<Real>((2.0 * l + 1.0) / (l + 1)),
               down = static_cast<Real>(static_cast<double>(l) / (l + 1));
    const Real above = up * z * here - down * below;
    below = here, here = above;
  }
}

/// Q_l,m from Q_l,m-1, l = m..lmax; may be in place.
template <class Real> TG_LANES void raise_order(int lmax, int m, const Real *lower, Real *Q)
{
  Real below = 0, here = 0, before = lower[m - 1];
  TG_UNROLL
  for (int l = m; l <= lmax; ++l) {
    const Real next = below + static_cast<Real>(2 * l - 1) * before;
    before = lower[l];
    Q[l] = next;
    below = here, here = next;
  }
}

}    // namespace turing_glass::nnap::gpu
