// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include "training_frame.h"

#include <mpi.h>

#include <string>
#include <vector>

namespace turing_glass::train {

/// What the whole file says of stress.
struct StressLabels {
  long frames = 0;    ///< that have one
  /// Medians over these frames of the root mean square of the components of sigma (eV/A^3) and of sigma V/N (eV/atom).
  double typical = 0.0, typical_energy = 0.0;
  /// Keys of the other frames that are not read and look like a stress, in quotes, with commas; empty if there are none.
  std::string similar_keys;

  /// sigma V is of the order of the forces between neighbors times their distance: for an atom some eV, no more than
  /// its cohesion. Values in GPa (eV/A^3 / 160), kbar or bar are far beyond.
  bool in_other_units() const { return typical_energy > largest_plausible; }
  static constexpr double largest_plausible = 5.0;    ///< eV/atom
};

/// This rank's share of a file of labeled frames, and the whole file's counts.
struct DataSet {
  std::vector<TrainingFrame> training, validation;
  long frames = 0, validation_frames = 0, atoms = 0;    ///< in the whole file
  StressLabels stress;
};

/// Reads an extended XYZ file on every rank and keeps this rank's share, balanced by atoms. Whole
/// trajectories (key traj; without it single frames), drawn by `seed`, make up about `fraction` of the
/// frames and become the validation set. Throws std::runtime_error where the file cannot be read on one of the ranks,
/// and for a frame without energy or forces; on all ranks alike. Collective.
DataSet read_data_set(const std::string &path, const std::vector<std::string> &elements,
                      double cutoff, double fraction, unsigned seed, MPI_Comm comm);

}    // namespace turing_glass::train
