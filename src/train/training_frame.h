#pragma once

#include "io/extended_xyz.h"

#include <cstdint>
#include <vector>

namespace turing_glass::train {

/// A labelled frame with its neighbours, ready for training.
struct TrainingFrame {
  /// Atom `atom` in the periodic image shifted by shift . cell.
  struct Neighbor {
    std::int32_t atom;
    std::int8_t shift[3];
  };
  io::LabelledFrame data;
  double volume = 0.0;                ///< A^3
  std::vector<Neighbor> neighbors;    ///< of atom 0, then of atom 1, ...
  std::vector<std::int32_t> first;    ///< begin of each atom's neighbours, and the end

  int atoms() const { return static_cast<int>(data.types.size()); }
};

/// Finds all neighbours closer than `cutoff` (A), periodic images included: cells may be smaller than
/// the cutoff.
TrainingFrame make_training_frame(io::LabelledFrame frame, double cutoff);

}    // namespace turing_glass::train
