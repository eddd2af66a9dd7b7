// SPDX-License-Identifier: GPL-2.0-only

#pragma once

namespace turing_glass::nnap {

/// Wigner 3j symbol (l1 l2 l3; m1 m2 m3) for integer degrees, by Racah's sum
/// (Edmonds, Angular Momentum in Quantum Mechanics, eq. 3.6.10). Zero where the triangle or
/// m rules forbid it. Accurate to rounding for the small degrees (l <= 12) used here.
double wigner_3j(int l1, int l2, int l3, int m1, int m2, int m3);

}    // namespace turing_glass::nnap
