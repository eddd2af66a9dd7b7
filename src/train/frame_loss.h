// SPDX-License-Identifier: GPL-2.0-only

// The loss of one frame and its gradient by the weights, without automatic differentiation.
//
//     L = w [ w_E rho(dE/N) + w_F sum_i rho(|dF_i|)/(3N) + w_S |V dsigma/N|^2/9 ]     (training theory page, eq. 1)
//     rho(f) = 2 delta^2 [sqrt(1 + f^2/delta^2) - 1]      a square for f << delta, a straight line beyond;
//                                                    delta of its own for energies and for forces
//
// dE, dF, dsigma: prediction minus label of energy (eV), forces (eV/A), stress (eV/A^3, tension
// positive). With these errors fixed, dL/dweights is that of
//
//     sum_i [ a E_i + sum_j (dE_i/dr_j) . t_ij ],    a = dL/dE,    t_ij = -(lambda_j - lambda_i) + (tau/V) r_ij
//
// lambda_k = dL/dF_k, tau = dL/dsigma: one directional derivative of each atom's energy (eqs. 3-5).

#pragma once

#include "nnap/evaluator.h"
#include "training_frame.h"

#include <limits>
#include <vector>

namespace turing_glass::train {

struct LossWeights {
  double energy = 1.0, force = 1.0, stress = 0.0;
  /// Frames with violent forces count less: w = weight/(1 + (force rms / soften)^2), force rms of the
  /// labels (eV/A), weight of the frame in its file.
  double soften = 2.0;
  /// delta of forces (eV/A) and of energies (eV/atom); infinite for plain squares.
  double huber = std::numeric_limits<double>::infinity();
  double huber_energy = std::numeric_limits<double>::infinity();
};

/// Errors of one frame (prediction minus label).
struct FrameErrors {
  double loss = 0.0;
  double energy = 0.0;                  ///< per atom (eV)
  std::vector<double> forces;           ///< 3N (eV/A)
  std::array<double, 9> stress = {};    ///< eV/A^3
};

/// w of a frame: its weight in the file, less where its forces are violent (LossWeights::soften).
double loss_weight(const TrainingFrame &frame, double soften);

/// The neighbors of one atom of a frame.
void set_neighbors(const nnap::Evaluator &evaluator, const TrainingFrame &frame, int atom,
                   nnap::Neighbors &neighbors);

/// Bytes that keep_descriptors() would need for a frame.
std::size_t kept_bytes(const nnap::Evaluator &evaluator, const TrainingFrame &frame);
/// Keeps the descriptors of all atoms in the frame: FrameLoss then uses them instead of computing them.
void keep_descriptors(const nnap::Evaluator &evaluator, TrainingFrame &frame);

/// Energy, forces and stress of a frame, with the memory they need; one per thread.
class FrameLoss {
 public:
  /// Prediction minus label; where `gradient` is given, adds the derivative of the loss by
  /// Evaluator's parameters to it.
  const FrameErrors &evaluate(const nnap::Evaluator &evaluator, const TrainingFrame &frame,
                              const LossWeights &weights, double *gradient);

 private:
  FrameErrors errors_;
  std::vector<double> slopes_;
  std::vector<nnap::Workspace> atoms_;
  std::vector<nnap::KeptDescriptor> kept_;
};

}    // namespace turing_glass::train
