// SPDX-License-Identifier: GPL-2.0-only

#include "fit.h"

#include "frame_loss.h"

#include "collective.h"
#include "nnap/evaluator.h"
#include "nnap/weight_tensor.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <random>

namespace turing_glass::train {

namespace {

/// Rattled structures have forces of the size of the energy over this length (A); it sets the scale on
/// which a network's output is of order one.
constexpr double force_length = 0.3;

constexpr double outlier_sigmas = 10.0;

/// Floor of a component's spread, relative to 1 + |mean|: what hardly varies is not blown up.
constexpr double smallest_spread = 1e-6;

double residual(const TrainingFrame &frame, const std::vector<double> &reference)
{
  double energy = *frame.data.energy;
  for (const int t : frame.data.types) energy -= reference[t];
  return energy / frame.atoms();
}

}    // namespace

std::vector<double> reference_energies(const std::vector<TrainingFrame> &frames, int ntypes,
                                       MPI_Comm comm)
{
  Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(ntypes, ntypes);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(ntypes);
  for (const TrainingFrame &frame : frames) {
    Eigen::VectorXd fraction = Eigen::VectorXd::Zero(ntypes);
    for (const int t : frame.data.types) fraction[t] += 1.0 / frame.atoms();
    normal += fraction * fraction.transpose();
    right += fraction * (*frame.data.energy / frame.atoms());
  }
  sum_over_ranks(normal.data(), ntypes * ntypes, comm);
  sum_over_ranks(right.data(), ntypes, comm);
  // least norm where compositions do not tell elements apart
  const Eigen::VectorXd solution = normal.completeOrthogonalDecomposition().solve(right);
  return std::vector<double>(solution.data(), solution.data() + ntypes);
}

std::vector<Outlier> find_outliers(const std::vector<TrainingFrame> &training,
                                   const std::vector<TrainingFrame> &validation,
                                   const std::vector<double> &reference, MPI_Comm comm)
{
  double sums[3] = {};    // count, sum, sum of squares
  for (const auto *frames : {&training, &validation})
    for (const TrainingFrame &frame : *frames) {
      const double r = residual(frame, reference);
      sums[0] += 1.0, sums[1] += r, sums[2] += r * r;
    }
  sum_over_ranks(sums, 3, comm);

  std::vector<Outlier> mine;
  const double others = sums[0] - 1.0;
  for (const auto *frames : {&training, &validation})
    for (const TrainingFrame &frame : *frames) {
      if (others < 2.0) break;
      const double r = residual(frame, reference), mean = (sums[1] - r) / others;
      const double sigma = std::sqrt(std::max((sums[2] - r * r) / others - mean * mean, 0.0));
      if (std::abs(r - mean) > outlier_sigmas * sigma)
        mine.push_back({frame.data.frame, frame.data.line, r - mean, sigma});
    }

  std::vector<Outlier> outliers = gather_all(mine, comm);
  std::sort(outliers.begin(), outliers.end(),
            [](const Outlier &a, const Outlier &b) { return a.frame < b.frame; });
  return outliers;
}

std::vector<nnap::Layer> random_network(int inputs, const std::vector<int> &hidden,
                                        std::mt19937_64 &random)
{
  std::normal_distribution<double> normal;
  std::vector<int> widths = hidden;
  widths.insert(widths.begin(), inputs);
  widths.push_back(1);
  std::vector<nnap::Layer> network;
  for (std::size_t k = 0; k + 1 < widths.size(); ++k) {
    nnap::Layer layer;
    layer.inputs = widths[k];
    layer.outputs = widths[k + 1];
    layer.silu = k + 2 < widths.size();
    layer.weight.resize(static_cast<std::size_t>(layer.inputs) * layer.outputs);
    for (double &w : layer.weight) w = normal(random) / std::sqrt(layer.inputs);
    layer.bias.assign(layer.outputs, 0.0);
    network.push_back(std::move(layer));
  }
  return network;
}

nnap::Potential initial_potential(const ModelShape &shape, const std::vector<TrainingFrame> &frames,
                                  const std::vector<double> &reference, unsigned seed,
                                  MPI_Comm comm)
{
  const int ntypes = static_cast<int>(shape.elements.size());
  int inputs = 0;
  for (const nnap::Basis &basis : shape.bases) inputs += nnap::descriptor_size(basis, ntypes);

  double force[2] = {};    // sum of squares, count
  for (const TrainingFrame &frame : frames)
    for (const double f : frame.data.forces) force[0] += f * f, force[1] += 1.0;
  sum_over_ranks(force, 2, comm);
  const double rms = force[1] > 0.0 ? std::sqrt(force[0] / force[1]) : 0.0;

  nnap::Potential potential;
  potential.format = "trained";
  potential.elements = shape.elements;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (int t = 0; t < ntypes; ++t) {
    nnap::ElementModel model;
    model.basis = shape.bases;
    for (nnap::Basis &basis : model.basis)
      if (const auto trainable = nnap::trainable_weights(basis, ntypes); trainable.count() > 0) {
        std::vector<double> &weights = basis.*trainable.values;
        weights.resize(trainable.count());
        for (double &w : weights) w = normal(random);
      }
    model.norm_mu.assign(inputs, 0.0);
    model.norm_sigma.assign(inputs, 1.0);
    model.reference_energy = reference[t];
    model.sigma_energy = rms > 0.0 ? force_length * rms : 1.0;
    model.network = random_network(inputs, shape.hidden, random);
    potential.models.emplace_back(std::move(model));
  }

  // mean and spread of the descriptor, by element: [type][count, sums, sums of squares]
  const nnap::Evaluator evaluator(potential);
  const int stride = 2 * inputs + 1;
  std::vector<double> sums(static_cast<std::size_t>(ntypes) * stride, 0.0);
  nnap::Workspace workspace;
  for (const TrainingFrame &frame : frames)
    for (int i = 0; i < frame.atoms(); ++i) {
      set_neighbors(evaluator, frame, i, workspace.neighbors);
      const int t = frame.data.types[i];
      const double *P = evaluator.descriptor(t, workspace);
      double *s = sums.data() + static_cast<std::size_t>(t) * stride;
      s[0] += 1.0;
      for (int k = 0; k < inputs; ++k) {
        s[1 + k] += P[k];
        s[1 + inputs + k] += P[k] * P[k];
      }
    }
  sum_over_ranks(sums.data(), static_cast<int>(sums.size()), comm);
  for (int t = 0; t < ntypes; ++t) {
    const double *s = sums.data() + static_cast<std::size_t>(t) * stride;
    if (s[0] == 0.0) continue;
    nnap::ElementModel &model = *potential.models[t];
    for (int k = 0; k < inputs; ++k) {
      const double mean = s[1 + k] / s[0];
      const double spread = std::sqrt(std::max(s[1 + inputs + k] / s[0] - mean * mean, 0.0));
      model.norm_mu[k] = mean;
      model.norm_sigma[k] = std::max(spread, smallest_spread * (1.0 + std::abs(mean)));
    }
  }
  return potential;
}

}    // namespace turing_glass::train
