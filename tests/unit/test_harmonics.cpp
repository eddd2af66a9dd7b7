// SPDX-License-Identifier: GPL-2.0-only

// Storage order and values of the harmonics, for every kernel this processor runs.

#include "nnap/aligned.h"
#include "nnap/harmonics.h"
#include "nnap/kernel.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>

using namespace turing_glass::nnap;

TEST(Harmonics, RowsAndPairsAreBijections)
{
  for (int lmax = 0; lmax <= 12; ++lmax) {
    std::set<int> rows, pairs;
    for (int l = 0; l <= lmax; ++l)
      for (int m = -l; m <= l; ++m) {
        rows.insert(Harmonics::row(lmax, l, m));
        if (m >= 0) pairs.insert(Harmonics::pair(lmax, l, m));
      }
    EXPECT_EQ(static_cast<int>(rows.size()), Harmonics::row_count(lmax));
    EXPECT_EQ(*rows.begin(), 0);
    EXPECT_EQ(*rows.rbegin(), Harmonics::row_count(lmax) - 1);
    EXPECT_EQ(static_cast<int>(pairs.size()), Harmonics::pair_count(lmax));
    EXPECT_EQ(*pairs.rbegin(), Harmonics::pair_count(lmax) - 1);
  }
}

namespace {

/// Real orthonormal harmonic from the standard library's Legendre functions.
double reference(int l, int m, double theta, double phi)
{
  const int order = std::abs(m);
  const double condon_shortley =
      order % 2 ? -1.0 : 1.0;    // std::sph_legendre has it, ours has not
  const double polar = condon_shortley * std::sph_legendre(l, order, theta);
  if (m == 0) return polar;
  return std::sqrt(2.0) * polar * (m > 0 ? std::cos(order * phi) : std::sin(order * phi));
}

}    // namespace

TEST(Harmonics, ValuesOfOneNeighbor)
{
  constexpr double rcut = 5.0, r = 2.0;
  const double fc = std::pow(1.0 - r * r / (rcut * rcut), 4);
  for (auto kernel = runnable_kernels(); *kernel; ++kernel)
    for (int lmax = 0; lmax <= 12; ++lmax) {
      const Harmonics harmonics(lmax);
      const int rows = KernelBasis::rows_of(lmax), width = (*kernel)->width;
      const KernelBasis basis = {1, lmax, rows, rcut};
      AlignedVector x(width), y(width), z(width), distance(width), inverse(width), A(rows);
      AlignedVector planes((*kernel)->plane_bytes(basis));
      for (int direction = 0; direction < 4; ++direction) {
        // the last one is the pole, where angles are singular and the recursions are not
        const double theta = direction == 3 ? 0.0 : 0.3 + 0.9 * direction,
                     phi = 1.1 + 1.7 * direction;
        for (int lane = 0; lane < width; ++lane) {
          x[lane] = std::sin(theta) * std::cos(phi);
          y[lane] = std::sin(theta) * std::sin(phi);
          z[lane] = std::cos(theta);
          distance[lane] = lane == 0 ? r : rcut;    // the others are padding
          inverse[lane] = 1.0 / distance[lane];
        }
        (*kernel)->forward(basis,
                           {1, x.data(), y.data(), z.data(), distance.data(), inverse.data()},
                           planes.data(), A.data());
        for (int l = 0; l <= lmax; ++l)
          for (int m = -l; m <= l; ++m) {
            const int row = Harmonics::row(lmax, l, m);
            EXPECT_NEAR(harmonics.norm[row] * A[row], fc * reference(l, m, theta, phi), 2e-13)
                << (*kernel)->name << " lmax " << lmax << " l " << l << " m " << m;
          }
      }
    }
}
