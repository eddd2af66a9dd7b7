// SPDX-License-Identifier: GPL-2.0-only

// What a data set says before any training: reference energies, normalization of the descriptors, and
// which frames do not belong.

#pragma once

#include "training_frame.h"

#include "nnap/potential.h"

#include <mpi.h>

#include <random>
#include <string>
#include <vector>

namespace turing_glass::train {

/// Shape of a potential to be trained; every element gets a network of its own.
struct ModelShape {
  std::vector<std::string> elements;
  std::vector<nnap::Basis> bases = {nnap::Basis()};
  std::vector<int> hidden = {16, 16, 16, 16};
};

/// A frame whose energy lies far from all others, by the residual of the reference energies.
struct Outlier {
  long frame = 0, line = 0;
  double residual = 0.0, sigma = 0.0;    ///< eV/atom: its own, and the spread of the others
};

/// Energies per atom of the elements (eV) that describe the frames' energies best, by least squares of
/// the energies per atom. Collective over `comm`; `frames` are those of this rank.
std::vector<double> reference_energies(const std::vector<TrainingFrame> &frames, int ntypes,
                                       MPI_Comm comm);

/// Frames of both sets more than ten standard deviations (of the others) away. Collective; same result
/// everywhere.
std::vector<Outlier> find_outliers(const std::vector<TrainingFrame> &training,
                                   const std::vector<TrainingFrame> &validation,
                                   const std::vector<double> &reference, MPI_Comm comm);

/// A network with one output, SiLU in its hidden layers, weights from a normal distribution with the variance 1/inputs, and
/// no biases.
std::vector<nnap::Layer> random_network(int inputs, const std::vector<int> &hidden,
                                        std::mt19937_64 &random);

/// A potential ready for training: reference energies, mean and spread of each descriptor component by
/// element, an energy scale from the forces, random weights (random_network(); of trainable type weights normal with
/// the variance 1).
/// Collective; depends on the frames and the seed alone.
nnap::Potential initial_potential(const ModelShape &shape, const std::vector<TrainingFrame> &frames,
                                  const std::vector<double> &reference, unsigned seed,
                                  MPI_Comm comm);

}    // namespace turing_glass::train
