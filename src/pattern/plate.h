// SPDX-License-Identifier: GPL-2.0-only

// Masks over plates of atoms, and plates turned into masks again (Liu et al., 2.5).

#pragma once

#include "pattern/grid_file.h"
#include "pattern/mask.h"

#include <mpi.h>

#include <array>
#include <string>

namespace turing_glass::pattern {

/// The axes of the cell (0, 1, 2 for x, y, z) along which a mask lies, from their names; std::runtime_error if they are not
/// two different ones.
std::array<int, 2> plate_axes(const std::string &first, const std::string &second);

/// The pixel, of n along a side, in which s lies; those at the ends for s outside [0, 1).
int pixel_at(double s, int n);

/// The mask as it lies over a plate of so long sides. `pixel` 0: the whole mask, scaled to the plate, of which the aspect
/// ratio may differ from the mask's by 5 %; otherwise the side of a pixel, and the window that the plate covers, from the
/// mask's first corner, rounded to whole pixels. std::runtime_error if it does not fit.
Mask over_plate(const Mask &mask, double lx, double ly, double pixel);

/// The mean of u in a stationary pattern, where delta u + v is the same everywhere and <u + v> = tau. The paper gives no
/// delta: 0.0614 is inferred from its threshold (see default_threshold in mask.h); at a planar front the level is then
/// 1.0132.
constexpr double stationary_mean(double tau)
{
  constexpr double delta = 0.0614, level = 1.0132;
  return (tau - level) / (1.0 - delta);
}

/// The density u of slow particles on the pixels of a plate of lx by ly, of which as many as fit best lie along each side:
/// their number in a pixel, in units in which it is `mean` on average. Collective, the same on all ranks.
/// `slow`: positions of those of this rank, in [0, 1) along both sides. 0 where there are none at all. Throws
/// std::runtime_error where that would be too many pixels.
Field2D slow_density(const std::vector<std::array<double, 2>> &slow, double lx, double ly,
                     double pixel, double mean, MPI_Comm comm);

/// r = pixel sqrt(N_c) of each patch of N_c pixels.
std::vector<double> patch_radii(const Patches &patches, double pixel);

}    // namespace turing_glass::pattern
