// How the neighbourhood of an atom has deformed: D^2_min, strain, rotation, and the gradient of the deformation.
//
// D_j: vector from the atom to its neighbour j in the reference, d_j: the same two atoms now. Both in units of length,
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

/// A sum of squares this small a part of the largest one, along the axes of a neighbourhood, counts as none: its
/// extent along this axis is 1e-4 of that along the longest.
static constexpr double rank_tolerance = 1e-8;

struct Strain {
  Symmetric E{};              ///< (F^T F - 1)/2, Green and Lagrange
  double mises = 0.0;         ///< sqrt(s:s/2), s = E - (tr E/3) 1
  double volumetric = 0.0;    ///< tr E/3
  /// Angle of R in F = R U, 0 to pi; where det F < 0 of the proper R nearest to F.
  double rotation = 0.0;
};
Strain strain(const Matrix &F);

struct Deformation {
  bool determined = false;    ///< whether the D_j span three dimensions; where not, the rest is 0
  double d2min = 0.0;         ///< min over F of sum_j |d_j - F D_j|^2
  Matrix F{};
  Strain strain;
  /// Mean over j of F D_j - d_j: how far the atom is from where its neighbours' motion puts it.
  Vector nonaffine{};
};
/// D and d have the same number of vectors, any number.
Deformation deformation(const std::vector<Vector> &D, const std::vector<Vector> &d);

struct SecondGradient {
  /// Whether the nine monomials of D_j are independent; where not, the rest is 0.
  bool determined = false;
  Matrix F{};
  std::array<double, 18> G{};    ///< G_i,jk = d^2 x_i / d X_j d X_k: for each i the six of jk
  double eta = 0.0;              ///< sqrt(G:G)/2, the sum over all 27
  Strain strain;                 ///< of this F
};
/// The least squares fit of d_i = F_ij D_j + G_ijk D_j D_k/2.
SecondGradient second_gradient(const std::vector<Vector> &D, const std::vector<Vector> &d);

/// Lambda = sqrt(eta_Mises^2 + (l eta)^2), with l a length.
double effective_strain(const SecondGradient &gradient, double l);

}    // namespace turing_glass::strain
