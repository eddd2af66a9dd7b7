// SPDX-License-Identifier: GPL-2.0-only

// How the neighborhood of an atom has deformed: D^2_min, strain, rotation, and the gradient of the deformation.
//
// D_j: vector from the atom to its neighbor j in the reference, d_j: the same two atoms now. Both in units of length,
// D2min in their square, G and eta in their inverse. F_ij = d x_i / d X_j; matrices are stored by rows, symmetric
// ones as xx, yy, zz, xy, xz, yz (tensor components, no factor 2). Angles in radians.
//
// M. L. Falk, J. S. Langer, Phys. Rev. E 57, 7192 (1998), eq. 2.11-2.14; F. Shimizu, S. Ogata, J. Li, Mater. Trans.
// 48, 2923 (2007). The model with second gradients is this package's own definition.

#pragma once

#include "geometry/cell.h"

#include <array>
#include <vector>

namespace turing_glass::strain {

using geometry::Vector;
using Matrix = std::array<double, 9>;
using Symmetric = std::array<double, 6>;

/// When a fit of P unknowns for each component counts as determined. The singular values are those of its design matrix,
/// one row for each neighbor.
template <int P> struct FitLimits;
/// F: with one neighbor more than unknowns there is a residual; the extent of the neighborhood along its shortest axis
/// is at least a tenth of that along its longest.
template <> struct FitLimits<3> {
  static constexpr std::size_t neighbors = 4;
  static constexpr double singular_values = 0.1;    ///< smallest over largest, at least
};
/// F and G: twice as many neighbors as unknowns. Glasses and the shells of lattices have 0.15 to 0.31, half a shell at a
/// surface 0.1.
template <> struct FitLimits<9> {
  static constexpr std::size_t neighbors = 18;
  static constexpr double singular_values = 0.05;
};

struct Strain {
  Symmetric E{};              ///< (F^T F - 1)/2, Green and Lagrange
  double mises = 0.0;         ///< sqrt(s:s/2), s = E - (tr E/3) 1
  double volumetric = 0.0;    ///< tr E/3
  /// Angle of R in F = R U, 0 to pi; where det F < 0 of the proper R nearest to F.
  double rotation = 0.0;
};
Strain strain(const Matrix &F);

struct Deformation {
  bool determined = false;    ///< by FitLimits<3>; where not, the rest is 0
  double d2min = 0.0;         ///< min over F of sum_j |d_j - F D_j|^2
  Matrix F{};
  Strain strain;
  /// Mean over j of F D_j - d_j: how far the atom is from where its neighbors' motion puts it.
  Vector nonaffine{};
};
/// D and d have the same number of vectors, any number.
Deformation deformation(const std::vector<Vector> &D, const std::vector<Vector> &d);

struct SecondGradient {
  bool determined = false;    ///< by FitLimits<9>; where not, the rest is 0
  Matrix F{};
  std::array<double, 18> G{};    ///< G_i,jk = d^2 x_i / d X_j d X_k: for each i the six of jk
  double eta = 0.0;              ///< sqrt(G:G)/2, the sum over all 27
  /// Root mean square of the eta that neighbors scattering as the residuals do give where there is no gradient. All
  /// atoms scatter alike, the one in the center too, so that the covariance of the d_j is s^2 (1 + 1 1^T); with X the
  /// design matrix, C = (X^T X)^-1, c = X^T 1, and N neighbors
  ///     s^2 = sum of squared residuals/(3 (N - 9 + N - c^T C c)),
  ///     scatter^2 = (3/4) s^2 sum_jk [C + (C c)(C c)^T]_jk,jk   (over all nine jk).
  double scatter = 0.0;
  Strain strain;    ///< of this F
};
/// The least squares fit of d_i = F_ij D_j + G_ijk D_j D_k/2.
SecondGradient second_gradient(const std::vector<Vector> &D, const std::vector<Vector> &d);

/// Lambda = sqrt(eta_Mises^2 + (l eta)^2), with l a length.
double effective_strain(const SecondGradient &gradient, double l);

/// Whether Lambda is above the threshold by more than scatter explains:
///     eta_Mises^2 + l^2 max(0, eta^2 - 2 scatter^2) > threshold^2.
/// The eta^2 of scatter alone is a sum over three equal components; at most one time in nine it is beyond twice its mean.
bool exceeds(const SecondGradient &gradient, double l, double threshold);

}    // namespace turing_glass::strain
