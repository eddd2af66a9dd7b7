// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include "io/extended_xyz.h"

#include <array>
#include <cstdint>
#include <vector>

namespace turing_glass::train {

/// A labeled frame with its neighbors, ready for training.
struct TrainingFrame {
  /// Atom `atom` in the periodic image shifted by shift . cell.
  struct Neighbor {
    std::int32_t atom;
    std::int8_t shift[3];
  };
  io::LabeledFrame data;
  double volume = 0.0;                ///< A^3
  std::vector<Neighbor> neighbors;    ///< of atom 0, then of atom 1, ...
  std::vector<std::int32_t> first;    ///< begin of each atom's neighbors, and the end

  /// The atoms' descriptors and derivatives (nnap::KeptDescriptor), one after the other; empty where they
  /// are computed anew each time.
  std::vector<double> kept_P;
  std::vector<float> kept_dP;

  int atoms() const { return static_cast<int>(data.types.size()); }
};

/// TrainingFrame::Neighbor counts images to either side up to this.
constexpr int most_images = 127;

/// Periodic images to either side in which an atom of the cell may have neighbors closer than
/// `cutoff` (A), for each lattice vector; more than most_images for a cell too thin to be used.
std::array<int, 3> images_needed(const io::LabeledFrame &frame, double cutoff);

/// Finds all neighbors closer than `cutoff` (A), periodic images included: cells may be smaller than
/// the cutoff, as far as images_needed() allows.
TrainingFrame make_training_frame(io::LabeledFrame frame, double cutoff);

}    // namespace turing_glass::train
