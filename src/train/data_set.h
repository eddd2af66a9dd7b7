#pragma once

#include "training_frame.h"

#include <mpi.h>

#include <string>
#include <vector>

namespace turing_glass::train {

/// This rank's share of a file of labelled frames, and the whole file's counts.
struct DataSet {
  std::vector<TrainingFrame> training, validation;
  long frames = 0, validation_frames = 0, atoms = 0;    ///< in the whole file
};

/// Reads an extended XYZ file on every rank and keeps this rank's share, balanced by atoms. Whole
/// trajectories (key traj; without it single frames), drawn by `seed`, make up about `fraction` of the
/// frames and become the validation set. Throws io::ExtendedXYZError, and std::runtime_error for a
/// frame without energy or forces; on all ranks alike.
DataSet read_data_set(const std::string &path, const std::vector<std::string> &elements,
                      double cutoff, double fraction, unsigned seed, MPI_Comm comm);

}    // namespace turing_glass::train
