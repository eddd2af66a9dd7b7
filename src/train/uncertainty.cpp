// SPDX-License-Identifier: GPL-2.0-only

#include "uncertainty.h"

#include "fit.h"
#include "frame_loss.h"
#include "soap.h"

#include "collective.h"
#include "parallel.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace turing_glass::train {

nnap::Neighbors disturbed(const nnap::Neighbors &neighbors, double cutoff, std::mt19937_64 &random)
{
  const int elements = neighbors.elements();
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<double> normal;
  const auto from_to = [&](double low, double high) {
    return low + (high - low) * uniform(random);
  };

  enum Change { missing, radius, plane, scale, displace, exchange, changes };
  std::array<bool, changes> make;
  do
    for (bool &change : make) change = uniform(random) < 0.4;
  while (
      std::none_of(make.begin(), make.end() - (elements == 1), [](bool change) { return change; }));
  const double kept = make[missing] ? uniform(random) : 1.0,
               reach = make[radius] ? from_to(0.0, cutoff) : cutoff,
               factor = make[scale] ? 0.65 * std::pow(1.5 / 0.65, uniform(random)) : 1.0,
               width = make[displace] ? from_to(0.3, 1.2) : 0.0,
               behind = make[plane] ? from_to(-0.5, 2.5) : cutoff;
  double direction[3], square = 0.0;
  for (double &d : direction) d = normal(random), square += d * d;
  for (double &d : direction) d /= std::sqrt(square);

  nnap::Neighbors out;
  out.start(elements, neighbors.count());
  neighbors.each([&](int slot, int element) {
    const auto &[x, y, z, r2] = neighbors.d[slot];
    if (uniform(random) >= kept || r2 >= reach * reach) return;
    if (x * direction[0] + y * direction[1] + z * direction[2] > behind) return;
    double d[3] = {factor * x, factor * y, factor * z};
    for (double &value : d) value += width * normal(random);
    const double length2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    if (length2 >= cutoff * cutoff) return;
    out.push(d[0], d[1], d[2], length2,
             make[exchange] ? static_cast<int>(random() % elements) : element);
  });
  return out;
}

std::vector<double> force_uncertainties(const nnap::Evaluator &evaluator,
                                        const TrainingFrame &frame)
{
  std::vector<double> each;
  if (!evaluator.knows_uncertainty()) return each;
  nnap::Workspace workspace;
  for (int i = 0; i < frame.atoms(); ++i) {
    set_neighbors(evaluator, frame, i, workspace.neighbors);
    evaluator.descriptor(frame.data.types[i], workspace);
    each.push_back(evaluator.force_uncertainty(frame.data.types[i], workspace));
  }
  return each;
}

namespace {

const std::vector<int> hidden = {16, 16};
constexpr int steps = 5000, batch = 512;    // environments a step, over all ranks
constexpr int looks = 25;                   // at the validation set
constexpr double rate = 5e-3, final_rate = 1e-5;
constexpr double floor_part = 0.05;    // of the mean error: errors below count as equal
constexpr double pi = 3.14159265358979323846;

/// Environments of one element: inputs of the network, and the logarithm of the error that belongs to them.
struct Environments {
  int inputs = 0;
  std::vector<float> x, error;    // [environment][input], [environment]
  std::vector<double> weight;     // of the frame, in the loss of the potential
  long known = 0;                 // the first ones are of frames, the others are disturbed

  long count() const { return static_cast<long>(error.size()); }
  void add(const double *values, double its_error, double its_weight)
  {
    x.insert(x.end(), values, values + inputs);
    error.push_back(static_cast<float>(its_error));
    weight.push_back(its_weight);
  }
  void append(const Environments &other)
  {
    x.insert(x.end(), other.x.begin(), other.x.end());
    error.insert(error.end(), other.error.begin(), other.error.end());
    weight.insert(weight.end(), other.weight.begin(), other.weight.end());
  }
};

/// By element, with errors in eV/A; those of the disturbed are `unknown`.
std::vector<Environments> collect(const nnap::Evaluator &evaluator,
                                  const std::vector<TrainingFrame> &frames, double unknown,
                                  std::mt19937_64 &random)
{
  std::vector<Environments> known(evaluator.ntypes()), disturbances;
  for (std::size_t t = 0; t < known.size(); ++t)
    known[t].inputs = evaluator.descriptor_size(static_cast<int>(t));
  disturbances = known;
  std::uniform_real_distribution<double> uniform;
  FrameLoss loss;
  nnap::Workspace workspace;
  for (const TrainingFrame &frame : frames) {
    const double weight = loss_weight(frame, LossWeights().soften);
    const std::vector<double> &errors = loss.evaluate(evaluator, frame, {}, nullptr).forces;
    for (int i = 0; i < frame.atoms(); ++i) {
      const int t = frame.data.types[i];
      const auto add_to = [&](Environments &environments, double error) {
        evaluator.descriptor(t, workspace);
        environments.add(evaluator.uncertainty_input(t, workspace), error, weight);
      };
      set_neighbors(evaluator, frame, i, workspace.neighbors);
      add_to(known[t], std::hypot(errors[3 * i], errors[3 * i + 1], errors[3 * i + 2]));
      if (uniform(random) >= disturbed_part) continue;
      workspace.neighbors = disturbed(workspace.neighbors, evaluator.cutoff(), random);
      add_to(disturbances[t], unknown);
    }
  }
  for (std::size_t t = 0; t < known.size(); ++t) {
    known[t].known = known[t].count();
    known[t].append(disturbances[t]);
  }
  return known;
}

/// The network of one element while it is fitted. What is collective says so.
class ErrorFit {
 public:
  ErrorFit(std::vector<nnap::Layer> layers, int threads, MPI_Comm comm) :
      network_(std::move(layers), nnap::best_kernel()), threads_(threads), comm_(comm),
      soap_(network_.parameter_blocks()), parameters_(network_.parameter_count()), x_(threads),
      dx_(threads), scratch_(threads), gradients_(threads)
  {
    network_.copy_parameters_to(parameters_.data());
    for (int k = 0; k < threads; ++k) {
      x_[k].resize(network_.inputs_padded());
      dx_[k].resize(network_.inputs_padded());
      scratch_[k].resize(network_.scratch_size());
    }
    zero_.resize(network_.inputs_padded());
  }

  /// ln u of one environment.
  double predict(const Environments &environments, long k, int thread = 0)
  {
    const float *row = environments.x.data() + k * environments.inputs;
    std::copy_n(row, environments.inputs, x_[thread].data());
    return network_.evaluate(x_[thread].data(), dx_[thread].data(), scratch_[thread].data());
  }

  /// All steps with `total` environments of all ranks; ends with the weights of the smallest loss on `measured`.
  /// Collective.
  void run(const Environments &environments, double total, const Environments &measured,
           std::mt19937_64 &random)
  {
    double best_loss = std::numeric_limits<double>::infinity();
    std::vector<double> best = parameters_;
    for (int done = 0; done < steps;) {
      const double cosine = 0.5 * (1.0 + std::cos(pi * done / steps));
      step(environments, total, final_rate + (rate - final_rate) * cosine, random);
      if (++done % (steps / looks) != 0) continue;
      if (const double now = loss(measured); now < best_loss) {
        best_loss = now;
        best = parameters_;
      }
    }
    parameters_ = best;
    network_.set_parameters(parameters_.data());
  }

  /// One step with environments drawn from all ranks. Collective.
  void step(const Environments &environments, double total, double learning_rate,
            std::mt19937_64 &random)
  {
    const long mine = environments.count();
    const long share = mine == 0 ? 0 : std::max(1L, std::lround(batch * (mine / total)));
    std::vector<long> drawn(share);
    for (long &k : drawn) k = static_cast<long>(random() % mine);
    for_each_share(threads_, [&](int thread) {
      gradients_[thread].assign(parameters_.size(), 0.0);
      for (long k = share * thread / threads_; k < share * (thread + 1) / threads_; ++k) {
        const double residual =
            predict(environments, drawn[k], thread) - environments.error[drawn[k]];
        network_.add_gradient(x_[thread].data(), zero_.data(), 2.0 * residual,
                              gradients_[thread].data(), dx_[thread].data(),
                              scratch_[thread].data());
      }
    });
    std::vector<double> gradient(parameters_.size() + 1, 0.0);
    for (const std::vector<double> &part : gradients_)
      for (std::size_t k = 0; k < part.size(); ++k) gradient[k] += part[k];
    gradient.back() = static_cast<double>(share);
    sum_over_ranks(gradient.data(), static_cast<int>(gradient.size()), comm_);
    const double count = gradient.back();
    gradient.pop_back();
    for (double &g : gradient) g /= count;
    soap_.step(gradient, learning_rate, parameters_);
    network_.set_parameters(parameters_.data());
  }

  /// Mean square error of ln u. Collective.
  double loss(const Environments &environments)
  {
    double sums[2] = {0.0, static_cast<double>(environments.count())};
    for (long k = 0; k < environments.count(); ++k) {
      const double residual = predict(environments, k) - environments.error[k];
      sums[0] += residual * residual;
    }
    sum_over_ranks(sums, 2, comm_);
    return sums[0] / sums[1];
  }

  /// Mean of label minus prediction over environments of frames; 0 without any. Collective.
  double bias(const Environments &environments)
  {
    double sums[2] = {0.0, static_cast<double>(environments.known)};
    for (long k = 0; k < environments.known; ++k)
      sums[0] += environments.error[k] - predict(environments, k);
    sum_over_ranks(sums, 2, comm_);
    return sums[1] > 0.0 ? sums[0] / sums[1] : 0.0;
  }

  std::vector<nnap::Layer> layers() const { return network_.layers(); }

 private:
  nnap::Network network_;
  int threads_;
  MPI_Comm comm_;
  Soap soap_;
  std::vector<double> parameters_;
  nnap::AlignedVector zero_;
  std::vector<nnap::AlignedVector> x_, dx_, scratch_;    // by thread
  std::vector<std::vector<double>> gradients_;           // by thread
};

/// The value that `part` of the values of all ranks exceed, each with its weight. Collective.
double upper_quantile(const std::vector<double> &values, const std::vector<double> &weights,
                      double part, MPI_Comm comm)
{
  double range[2] = {std::numeric_limits<double>::max(), std::numeric_limits<double>::lowest()};
  for (const double value : values)
    range[0] = std::min(range[0], value), range[1] = std::max(range[1], value);
  MPI_Allreduce(MPI_IN_PLACE, &range[0], 1, MPI_DOUBLE, MPI_MIN, comm);
  MPI_Allreduce(MPI_IN_PLACE, &range[1], 1, MPI_DOUBLE, MPI_MAX, comm);
  double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  sum_over_ranks(&total, 1, comm);
  for (int halving = 0; halving < 50; ++halving) {
    const double middle = 0.5 * (range[0] + range[1]);
    double above = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k)
      if (values[k] > middle) above += weights[k];
    sum_over_ranks(&above, 1, comm);
    range[above > part * total ? 0 : 1] = middle;
  }
  return range[1];
}

}    // namespace

void fit_uncertainty(nnap::Potential &potential, const std::vector<TrainingFrame> &training,
                     const std::vector<TrainingFrame> &validation, unsigned seed, int threads,
                     MPI_Comm comm)
{
  double force[2] = {};    // sum of squares, atoms
  for (const TrainingFrame &frame : training) {
    for (const double f : frame.data.forces) force[0] += f * f;
    force[1] += frame.atoms();
  }
  sum_over_ranks(force, 2, comm);
  const double unknown = unknown_error * std::sqrt(force[0] / force[1]);

  std::mt19937_64 common(seed);
  std::seed_seq seeds{seed, static_cast<unsigned>(rank_of(comm))};
  std::mt19937_64 mine(seeds);
  const nnap::Evaluator evaluator(potential);
  std::vector<Environments> known = collect(evaluator, training, unknown, mine),
                            kept_out = collect(evaluator, validation, unknown, mine);

  // the logarithm of errors, above a floor
  double mean[2] = {};
  for (const Environments &e : known) {
    for (long k = 0; k < e.known; ++k) mean[0] += e.error[k];
    mean[1] += static_cast<double>(e.known);
  }
  sum_over_ranks(mean, 2, comm);
  const double floor =
      std::max(floor_part * mean[0] / mean[1], std::numeric_limits<float>::min() * 1.0);
  for (auto *sets : {&known, &kept_out})
    for (Environments &e : *sets)
      for (float &error : e.error) error = static_cast<float>(std::log(error + floor));

  std::vector<double> likely, weights;    // u of this rank's training atoms
  for (std::size_t t = 0; t < known.size(); ++t) {
    const Environments &environments = known[t];
    double counts[2] = {static_cast<double>(environments.count()),
                        static_cast<double>(kept_out[t].count())};
    sum_over_ranks(counts, 2, comm);
    std::vector<nnap::Layer> layers = random_network(environments.inputs, hidden, common);
    if (counts[0] == 0.0) {    // no frame has this element
      std::fill(layers.back().weight.begin(), layers.back().weight.end(), 0.0);
      layers.back().bias[0] = std::log(unknown);
      potential.models[t]->uncertainty = std::move(layers);
      continue;
    }
    ErrorFit fit(std::move(layers), threads, comm);
    fit.run(environments, counts[0], counts[1] > 0.0 ? kept_out[t] : environments, mine);
    const double shift = fit.bias(kept_out[t]);
    for (long k = 0; k < environments.known; ++k)
      likely.push_back(std::exp(fit.predict(environments, k) + shift));
    weights.insert(weights.end(), environments.weight.begin(),
                   environments.weight.begin() + environments.known);
    potential.models[t]->uncertainty = fit.layers();
    potential.models[t]->uncertainty.back().bias[0] += shift;
  }
  potential.uncertainty_limit = upper_quantile(likely, weights, part_beyond_limit, comm);
}

}    // namespace turing_glass::train
