// SPDX-License-Identifier: GPL-2.0-only

// SOAP: Adam in the slowly turning eigenbasis of Shampoo's preconditioner.
// N. Vyas et al., SOAP: Improving and Stabilizing Shampoo using Adam, arXiv:2409.11321, algorithm 3.
//
// For each weight matrix with gradient G (rows x columns) it follows
//
//     L = <G G^T>,  R = <G^T G>            (running means)
//     Q_L, Q_R: their eigenvectors, refreshed by one step of orthogonal iteration every few steps
//     G' = Q_L^T G Q_R,  V = <G'^2>,  M = <G>
//     W -= rate * Q_L [ (Q_L^T M Q_R) / sqrt(V) ] Q_R^T
//
// Networks of interatomic potentials are small and badly conditioned: the eigenbasis costs little and
// saves most of the steps that plain Adam needs (measured: training theory page).

#pragma once

#include "nnap/network.h"

#include <vector>

namespace turing_glass::train {

class Soap {
 public:
  explicit Soap(const std::vector<nnap::ParameterBlock> &blocks);
  ~Soap();
  Soap(Soap &&) noexcept;

  /// One step down `gradient` with the given learning rate.
  void step(const std::vector<double> &gradient, double rate, std::vector<double> &parameters);

  /// Everything the next step depends on, as plain numbers, for checkpoints; and back.
  std::vector<double> state() const;
  void set_state(const std::vector<double> &state);

 private:
  struct Matrix;
  std::vector<Matrix> matrices_;
  long steps_ = 0;
};

}    // namespace turing_glass::train
