// SPDX-License-Identifier: GPL-2.0-only

// Amplitudes of very many wave vectors at once: density on a grid, one fast Fourier transform.

#pragma once

#include "scattering/structure_factor.h"

#include <mpi.h>

namespace turing_glass::scattering {

/// False where this was built without FFTW.
bool has_grid_amplitudes();

/// As add_amplitudes, to some 1e-5 of sqrt(N). Each atom is spread over 8^3 points of a grid with 1.5 times as many
/// points as the waves need, and the transform is divided by that of the spreading: a non-uniform transform of the first
/// type (A. H. Barnett, J. Magland, L. af Klinteberg, SIAM J. Sci. Comput. 41, C479, 2019; their "exponential of
/// semicircle"). Collective: one rank does the transform of a type, and it alone gets all of that type's amplitudes,
/// of the atoms of all ranks. Each rank has a grid of 27 n_x n_y n_z numbers, n the largest of all vectors.
/// std::runtime_error where that is more than MPI can count, or where this was built without FFTW.
void add_grid_amplitudes(const std::vector<WaveVector> &vectors, const std::vector<Vector> &places,
                         const std::vector<int> &types, int type_count,
                         std::vector<double> &amplitudes, MPI_Comm comm);

}    // namespace turing_glass::scattering
