// SPDX-License-Identifier: GPL-2.0-only

// Training of an NNAP potential on labeled frames, spread over the ranks of a communicator.
//
// Stochastic descent with SOAP (soap.h): `batch` frames a step, the learning rate rising over the first
// steps and falling as a cosine to `final_rate`; half-way the energies' weight changes from `energy` to
// `final_energy`. What is kept is a running average of the weights, and of those the ones
// with the smallest loss on the validation frames.
//
// Everything random comes from the seed and the number of ranks: the same call gives the same weights.

#pragma once

#include "frame_loss.h"
#include "soap.h"

#include "io/state_record.h"
#include "nnap/evaluator.h"

#include <mpi.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace turing_glass::train {

struct TrainingOptions {
  int epochs = 100;
  int batch = 4;    ///< frames a step, over all ranks
  double rate = 1e-2, final_rate = 1e-5;
  double energy = 4.0, final_energy = 40.0;    ///< weight of the squared energy error per atom
  double force = 1.0, stress = 0.1;    ///< weights of squared force and virial-per-atom errors
  double soften = 2.0;                 ///< LossWeights::soften (eV/A)
  double huber = std::numeric_limits<double>::infinity();           ///< LossWeights::huber (eV/A)
  double huber_energy = std::numeric_limits<double>::infinity();    ///< eV/atom
  double l2 = 0.005;          ///< sum of squared weights, beside the sum of the frames' losses
  double average = 0.9995;    ///< decay of the running average of the weights, by step
  double memory = 0.0;        ///< for descriptors and their derivatives, on each rank (bytes)
  int patience = 0;    ///< stop after so many epochs without a better validation loss; 0: never
  int threads = 1;
  unsigned seed = 1;
};

/// Errors over many frames.
struct ErrorSums {
  double loss = 0.0, frames = 0.0;
  double energy_abs = 0.0, energy_square = 0.0;                    ///< eV/atom, by frame
  double force_abs = 0.0, force_square = 0.0, forces = 0.0;        ///< eV/A, by component
  double stress_abs = 0.0, stress_square = 0.0, stresses = 0.0;    ///< eV/A^3, by component

  void add(const FrameErrors &errors, bool has_stress);
  void sum_over_ranks(MPI_Comm comm);
  double energy_mae() const { return energy_abs / frames; }
  double energy_rmse() const;
  double force_mae() const { return force_abs / forces; }
  double force_rmse() const;
  double stress_mae() const { return stresses > 0.0 ? stress_abs / stresses : 0.0; }
};

struct EpochReport {
  int epoch = 0;    ///< from 1
  double training_loss = 0.0;
  ErrorSums validation;
  bool best = false;
  double rate = 0.0;    ///< learning rate
};

class Trainer {
 public:
  /// `training` and `validation` are this rank's share. Collective.
  Trainer(nnap::Potential initial, std::vector<TrainingFrame> training,
          std::vector<TrainingFrame> validation, const TrainingOptions &options, MPI_Comm comm);

  /// Runs one epoch and returns its report, the same on every rank. Collective. Throws
  /// std::runtime_error, naming the frame, where the loss is not a finite number.
  EpochReport run_epoch();

  bool finished() const;

  /// Frames of all ranks, training and validation, whose descriptors are kept.
  long kept_frames() const { return kept_frames_; }

  /// This rank's share of the frames.
  const std::vector<TrainingFrame> &training() const { return training_; }
  const std::vector<TrainingFrame> &validation() const { return validation_; }

  /// The potential with the best averaged weights so far.
  nnap::Potential potential() const;

  /// Whether the result has been written for good, in this command or in the one that left the checkpoint.
  bool complete() const { return complete_; }
  void set_complete() { complete_ = true; }

  /// A StateRecord with everything needed to go on as if never interrupted, and back. restore() throws
  /// io::StateError, and changes nothing, where the checkpoint is damaged or belongs to other options, data (any
  /// position, label or weight of a frame), shape or number of ranks. Collective.
  std::string checkpoint() const;
  void restore(const std::string &checkpoint);

 private:
  struct Progress {
    double rate, energy;
  };
  Progress progress() const;
  double add_batch(const std::vector<int> &frames, const LossWeights &weights,
                   std::vector<double> &gradient);
  void keep_descriptors();
  ErrorSums validate();
  io::StateRecord identity() const;

  nnap::Potential potential_;
  nnap::Evaluator evaluator_;
  std::vector<TrainingFrame> training_, validation_;
  TrainingOptions options_;
  MPI_Comm comm_;
  std::vector<FrameLoss> losses_;                 ///< one per thread
  std::vector<std::vector<double>> gradients_;    ///< one per thread
  int steps_per_epoch_ = 0;
  double total_frames_ = 0.0, total_weight_ = 0.0;
  long kept_frames_ = 0;
  std::string labels_, initial_;    ///< checksums of the frames and of the potential at the start

  // what a checkpoint holds
  long step_ = 0;
  int epoch_ = 0, best_epoch_ = 0;
  bool complete_ = false;
  double best_loss_ = 0.0, gradient_norm_ = 0.0;
  std::mt19937_64 random_;
  std::vector<double> parameters_, average_, best_;
  Soap soap_;
};

/// Errors of `evaluator` on this rank's frames; `visit` (if given) sees each frame. Not collective.
ErrorSums
measure(const nnap::Evaluator &evaluator, const std::vector<TrainingFrame> &frames,
        const LossWeights &weights = {},
        const std::function<void(const TrainingFrame &, const FrameErrors &)> &visit = {});

}    // namespace turing_glass::train
