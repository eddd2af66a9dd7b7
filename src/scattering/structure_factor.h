// SPDX-License-Identifier: GPL-2.0-only

// Static structure factor by exact sums over the wave vectors that fit the periodic cell.
//
// With rho_a(q) = sum over the atoms of type a of exp(i q.r), N atoms, concentrations c_a (Liu et al., SI 1):
//   S(q)    = < |rho(q)|^2 > / N                                              total, all atoms alike
//   S_ab(q) = 1 + ( < Re rho_a(q) rho_b(q)* > / N - c_a delta_ab ) / (c_a c_b)  partial, Faber and Ziman
// so that S = 1 + sum_ab c_a c_b (S_ab - 1), and all are 1 in an ideal gas. < > is the mean over the vectors of a
// bin of |q|.
//
// q = 2 pi H^-T n with whole n, H the matrix of the cell vectors: 2 pi is included. Of q and -q one is taken.

#pragma once

#include "geometry/cell.h"

#include <vector>

namespace turing_glass::scattering {

using geometry::Cell;
using geometry::Vector;

struct WaveVector {
  std::array<int, 3> n;
  int bin;
  double length;    ///< (inverse length)
};

/// All with 0 < |q| < `q_max`, in `bins` bins of equal width. Of a bin with more than `most` so many are taken, in
/// a disorder that depends on n alone, so that they are the same for cells that differ a little.
/// std::runtime_error where there are more than 1e9, or where the cell has no volume.
std::vector<WaveVector> wave_vectors(const Cell &cell, double q_max, int bins, int most);

/// Adds rho_a of these atoms to `amplitudes` [vector][type][real, imaginary]; `types` from 1 to `type_count`,
/// `places` fractional.
void add_amplitudes(const std::vector<WaveVector> &vectors, const std::vector<Vector> &places,
                    const std::vector<int> &types, int type_count, std::vector<double> &amplitudes);

struct StructureFactorBin {
  double q = 0.0;    ///< mean length of its vectors
  int vectors = 0;
  double total = 0.0;
  std::vector<double> partial;    ///< 11, 12, ..., 1T, 22, ...; 0 if a type has no atoms
};

/// `atoms`: of each type, [type_count]. Bins without vectors are all 0.
std::vector<StructureFactorBin> structure_factor(const std::vector<WaveVector> &vectors, int bins,
                                                 const std::vector<double> &amplitudes,
                                                 const std::vector<double> &atoms);

}    // namespace turing_glass::scattering
