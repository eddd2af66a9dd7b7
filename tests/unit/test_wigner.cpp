// SPDX-License-Identifier: GPL-2.0-only

#include "nnap/wigner.h"

#include <gtest/gtest.h>

#include <cmath>

using turing_glass::nnap::wigner_3j;

TEST(Wigner3j, TabulatedValues)
{
  // Edmonds, table 2, and Varshalovich et al., section 8.15
  EXPECT_NEAR(wigner_3j(1, 1, 2, 0, 0, 0), std::sqrt(2.0 / 15.0), 1e-15);
  EXPECT_NEAR(wigner_3j(1, 1, 2, 1, 1, -2), std::sqrt(1.0 / 5.0), 1e-15);
  EXPECT_NEAR(wigner_3j(1, 1, 0, 0, 0, 0), -std::sqrt(1.0 / 3.0), 1e-15);
  EXPECT_NEAR(wigner_3j(2, 2, 2, 0, 0, 0), -std::sqrt(2.0 / 35.0), 1e-15);
  EXPECT_NEAR(wigner_3j(2, 2, 2, 1, 1, -2), -std::sqrt(3.0 / 35.0), 1e-15);
  EXPECT_NEAR(wigner_3j(1, 2, 3, 0, 0, 0), -std::sqrt(3.0 / 35.0), 1e-15);
  EXPECT_NEAR(wigner_3j(4, 4, 4, 0, 0, 0), 3.0 * std::sqrt(2.0 / 1001.0), 1e-15);
  EXPECT_EQ(wigner_3j(1, 2, 2, 0, 0, 0), 0.0);     // odd sum
  EXPECT_EQ(wigner_3j(1, 1, 3, 0, 0, 0), 0.0);     // no triangle
  EXPECT_EQ(wigner_3j(2, 2, 2, 1, 1, -1), 0.0);    // m do not sum to zero
  EXPECT_EQ(wigner_3j(1, 2, 2, 2, 0, -2), 0.0);    // m beyond l
}

TEST(Wigner3j, Orthogonality)
{
  // sum over m1, m2 of (2 l3 + 1) (l1 l2 l3; m1 m2 m3)^2 = 1 for every m3
  for (int l1 = 0; l1 <= 4; ++l1)
    for (int l2 = 0; l2 <= 4; ++l2)
      for (int l3 = std::abs(l1 - l2); l3 <= l1 + l2; ++l3)
        for (int m3 = -l3; m3 <= l3; ++m3) {
          double sum = 0.0;
          for (int m1 = -l1; m1 <= l1; ++m1) {
            const double w = wigner_3j(l1, l2, l3, m1, -m1 - m3, m3);
            sum += (2 * l3 + 1) * w * w;
          }
          EXPECT_NEAR(sum, 1.0, 1e-13) << l1 << l2 << l3 << m3;
        }
}
