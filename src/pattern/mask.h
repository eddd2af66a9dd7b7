// SPDX-License-Identifier: GPL-2.0-only

// Masks of patches: where the field is above a threshold (Liu et al., 2.5), and the patches as clusters of pixels.
//
// A pixel is known by its number x + NX y. Lengths are in pixels; the center of the pixel (x, y) is at
// (x + 1/2, y + 1/2).

#pragma once

#include "grid_file.h"

#include <optional>
#include <string>
#include <vector>

namespace turing_glass::pattern {

/// The paper's threshold u_- (Liu et al., 2.5). The paper does not give delta: 0.0614, the default of Model, is the value
/// for which this threshold is the unstable root of the stationary state.
constexpr double default_threshold = 4.37;

struct Mask {
  int nx = 0, ny = 0;
  std::vector<unsigned char> inside;    ///< 0 or 1, row by row, row 0 at y = 0
};

/// field: [ny][nx]; inside is what is above the threshold.
Mask mask_of(const Field2D &field, double threshold = default_threshold);
/// From a .png (white inside: 128 and above) or .npy (integers and bools: other than 0; floating: above the
/// threshold, which such a file needs). std::runtime_error where the file cannot be such a mask.
Mask read_mask(const std::string &path, std::optional<double> threshold = {});
/// As .png (white inside) or .npy.
void write_mask(const std::string &path, const Mask &mask);

double area_fraction(const Mask &mask);

struct Patch {
  int pixels = 0;
  /// Mean position of the pixels of the patch put together over the periodic faces, moved into the grid; along an
  /// axis in which the patch is infinite it depends on where it was cut.
  double x = 0.0, y = 0.0;
  bool infinite_x = false, infinite_y = false;
};

struct Patches {
  std::vector<Patch>
      patches;               ///< largest first; of equal ones first the one with the lowest pixel
  std::vector<int> label;    ///< of each pixel: which of `patches`; -1 outside
};

/// Clusters by the von Neumann neighborhood (pixels that share an edge), periodic.
Patches find_patches(const Mask &mask);

}    // namespace turing_glass::pattern
