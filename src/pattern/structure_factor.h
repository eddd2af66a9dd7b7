// SPDX-License-Identifier: GPL-2.0-only

// Radially averaged structure factor of a field on a periodic grid.
//
//     S(k) = |sum_r (u(r) - <u>) e^(-ikr)|^2 / N        (physics convention: k includes 2 pi)
//
// averaged over the modes of a shell, N the number of cells; the sum over all modes divided by N is the variance.

#pragma once

#include <vector>

namespace turing_glass::pattern {

struct StructureFactor {
  double k;     ///< mean |k| of the shell's modes, in 1/length
  double S;     ///< mean over the modes, in the field's unit squared
  int modes;    ///< in the shell, k and -k both
};

/// False where this was built without FFTW.
bool has_structure_factor();

/// field: [ny][nx], cells of the edge dx. Shells have the width 2 pi/(L dx), L the longer edge in cells; empty
/// shells and k = 0 are left out. std::runtime_error where this was built without FFTW.
std::vector<StructureFactor> structure_factor(const std::vector<double> &field, int nx, int ny,
                                              double dx);

}    // namespace turing_glass::pattern
