// SPDX-License-Identifier: GPL-2.0-only

#include "trainer.h"

#include "collective.h"
#include "finite.h"
#include "nnap/nnap_json.h"
#include "parallel.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace turing_glass::train {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int warm_up_steps = 200;       // the learning rate rises over these
constexpr double largest_jump = 10.0;    // gradients longer than this many times their mean are cut
constexpr double norm_decay = 0.99;      // of that mean
constexpr double energy_switch = 0.5;    // part of the training after which energies count more

constexpr const char *record_kind = "nnap train";
constexpr int record_version = 1;

}    // namespace

// ---- errors -------------------------------------------------------------------------------------

void ErrorSums::add(const FrameErrors &errors, bool has_stress)
{
  loss += errors.loss;
  frames += 1.0;
  energy_abs += std::abs(errors.energy);
  energy_square += errors.energy * errors.energy;
  for (const double f : errors.forces) force_abs += std::abs(f), force_square += f * f;
  forces += static_cast<double>(errors.forces.size());
  if (!has_stress) return;
  for (const double s : errors.stress) stress_abs += std::abs(s), stress_square += s * s;
  stresses += static_cast<double>(errors.stress.size());
}

void ErrorSums::sum_over_ranks(MPI_Comm comm)
{
  double *all[] = {&loss,         &frames, &energy_abs, &energy_square, &force_abs,
                   &force_square, &forces, &stress_abs, &stress_square, &stresses};
  for (double *value : all) MPI_Allreduce(MPI_IN_PLACE, value, 1, MPI_DOUBLE, MPI_SUM, comm);
}

double ErrorSums::energy_rmse() const
{
  return std::sqrt(energy_square / frames);
}

double ErrorSums::force_rmse() const
{
  return std::sqrt(force_square / forces);
}

ErrorSums measure(const nnap::Evaluator &evaluator, const std::vector<TrainingFrame> &frames,
                  const LossWeights &weights,
                  const std::function<void(const TrainingFrame &, const FrameErrors &)> &visit)
{
  ErrorSums sums;
  FrameLoss loss;
  for (const TrainingFrame &frame : frames) {
    const FrameErrors &errors = loss.evaluate(evaluator, frame, weights, nullptr);
    sums.add(errors, frame.data.stress.has_value());
    if (visit) visit(frame, errors);
  }
  return sums;
}

// ---- training -----------------------------------------------------------------------------------

namespace {

/// Kept descriptors stay as they are.
nnap::Evaluator evaluator_for(const nnap::Potential &potential, const TrainingOptions &options)
{
  nnap::Evaluator evaluator(potential);
  if (options.memory > 0.0) evaluator.freeze_bases();
  return evaluator;
}

/// Of all that a frame brings to the training.
io::Checksum checksum_of(const io::LabeledFrame &frame, bool validation)
{
  io::Checksum sum;
  const auto add = [&sum](double value) { sum.add(&value, sizeof value); };
  const auto add_matrix = [&](const io::LabeledFrame::Matrix &matrix) {
    for (const auto &row : matrix)
      for (const double value : row) add(value);
  };
  add(validation ? 1.0 : 0.0);
  add(static_cast<double>(frame.frame));
  add_matrix(frame.cell);
  for (const bool periodic : frame.periodic) add(periodic ? 1.0 : 0.0);
  add(static_cast<double>(frame.atoms()));
  sum.add(frame.types).add(frame.positions).add(frame.forces);
  add(frame.energy.value_or(0.0));
  add(frame.stress.has_value() ? 1.0 : 0.0);
  if (frame.stress) add_matrix(*frame.stress);
  add(frame.weight);
  return sum;
}

/// Of the frames of all ranks, whichever rank has which. Collective.
std::string checksum_of(const std::vector<TrainingFrame> &training,
                        const std::vector<TrainingFrame> &validation, MPI_Comm comm)
{
  std::uint64_t sum = 0;
  for (const TrainingFrame &frame : training) sum += checksum_of(frame.data, false).value();
  for (const TrainingFrame &frame : validation) sum += checksum_of(frame.data, true).value();
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, comm);
  return io::Checksum().add(&sum, sizeof sum).text();
}

}    // namespace

Trainer::Trainer(nnap::Potential initial, std::vector<TrainingFrame> training,
                 std::vector<TrainingFrame> validation, const TrainingOptions &options,
                 MPI_Comm comm) :
    potential_(std::move(initial)),
    evaluator_(evaluator_for(potential_, options)), training_(std::move(training)),
    validation_(std::move(validation)), options_(options), comm_(comm), losses_(options.threads),
    gradients_(options.threads), soap_(evaluator_.parameter_blocks())
{
  total_frames_ = static_cast<double>(training_.size());
  for (const TrainingFrame &frame : training_) total_weight_ += frame.data.weight;
  MPI_Allreduce(MPI_IN_PLACE, &total_frames_, 1, MPI_DOUBLE, MPI_SUM, comm_);
  MPI_Allreduce(MPI_IN_PLACE, &total_weight_, 1, MPI_DOUBLE, MPI_SUM, comm_);
  if (total_frames_ < 1.0 || total_weight_ == 0.0)
    throw std::runtime_error("there is no frame to train on, or all have the weight 0");
  steps_per_epoch_ = std::max(1, static_cast<int>(total_frames_ / options_.batch));
  std::seed_seq seeds{options_.seed, static_cast<unsigned>(rank_of(comm_))};
  random_.seed(seeds);
  parameters_.resize(evaluator_.parameter_count());
  evaluator_.copy_parameters_to(parameters_.data());
  average_ = best_ = parameters_;
  labels_ = checksum_of(training_, validation_, comm_);
  initial_ = io::Checksum().add(nnap::write_nnap_json(potential_)).text();
  keep_descriptors();
}

void Trainer::keep_descriptors()
{
  std::vector<TrainingFrame *> kept;
  double left = options_.memory;
  for (auto *frames : {&training_, &validation_})
    for (TrainingFrame &frame : *frames)
      if (const auto bytes = static_cast<double>(kept_bytes(evaluator_, frame)); bytes <= left) {
        left -= bytes;
        kept.push_back(&frame);
      }
  kept_frames_ = static_cast<long>(kept.size());
  for_each_parallel(options_.threads, kept_frames_,
                    [&](long k) { train::keep_descriptors(evaluator_, *kept[k]); });
  MPI_Allreduce(MPI_IN_PLACE, &kept_frames_, 1, MPI_LONG, MPI_SUM, comm_);
}

bool Trainer::finished() const
{
  return epoch_ >= options_.epochs ||
      (options_.patience > 0 && epoch_ - best_epoch_ >= options_.patience);
}

Trainer::Progress Trainer::progress() const
{
  const double done =
      static_cast<double>(step_) / (static_cast<double>(steps_per_epoch_) * options_.epochs);
  const double cosine = 0.5 * (1.0 + std::cos(pi * std::min(done, 1.0)));
  const double warm = std::min(1.0, (step_ + 1.0) / warm_up_steps);
  return {warm * (options_.final_rate + (options_.rate - options_.final_rate) * cosine),
          done < energy_switch ? options_.energy : options_.final_energy};
}

double Trainer::add_batch(const std::vector<int> &frames, const LossWeights &weights,
                          std::vector<double> &gradient)
{
  const int count = static_cast<int>(frames.size()), threads = options_.threads;
  std::vector<double> loss(threads, 0.0);
  std::vector<int> bad(threads, -1);
  for_each_share(threads, [&](int thread) {
    gradients_[thread].assign(parameters_.size(), 0.0);
    for (int k = thread; k < count; k += threads) {
      const double l =
          losses_[thread]
              .evaluate(evaluator_, training_[frames[k]], weights, gradients_[thread].data())
              .loss;
      if (!std::isfinite(l)) bad[thread] = frames[k];
      loss[thread] += l;
    }
  });
  gradient.assign(parameters_.size(), 0.0);
  double sum = 0.0;
  for (int thread = 0; thread < threads; ++thread) {
    sum += loss[thread];
    for (std::size_t k = 0; k < gradient.size(); ++k) gradient[k] += gradients_[thread][k];
  }
  for (const int frame : bad)    // frames count from 1
    if (frame >= 0) return -static_cast<double>(training_[frame].data.frame);
  return sum;
}

EpochReport Trainer::run_epoch()
{
  std::vector<int> order(training_.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = static_cast<int>(k);
  std::shuffle(order.begin(), order.end(), random_);

  EpochReport report;
  double epoch_loss = 0.0;
  std::vector<double> gradient;
  const long mine = static_cast<long>(order.size());
  for (int s = 0; s < steps_per_epoch_; ++s) {
    const Progress now = progress();
    const LossWeights weights = {now.energy,      options_.force, options_.stress,
                                 options_.soften, options_.huber, options_.huber_energy};
    const std::vector<int> batch(order.begin() + mine * s / steps_per_epoch_,
                                 order.begin() + mine * (s + 1) / steps_per_epoch_);
    const double loss = add_batch(batch, weights, gradient);

    // loss, number of frames, and the number of a frame gone wrong travel with the gradient
    gradient.push_back(std::max(loss, 0.0));
    gradient.push_back(static_cast<double>(batch.size()));
    MPI_Allreduce(MPI_IN_PLACE, gradient.data(), static_cast<int>(gradient.size()), MPI_DOUBLE,
                  MPI_SUM, comm_);
    double wrong = loss;
    MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_DOUBLE, MPI_MIN, comm_);
    if (wrong < 0.0)
      throw std::runtime_error(
          "the loss of frame " + std::to_string(static_cast<long>(-wrong)) +
          " is not a finite number: lower the learning rate, or look at that frame");
    const double frames = gradient.back();
    gradient.pop_back();
    epoch_loss += gradient.back();
    gradient.pop_back();

    double square = 0.0;
    for (std::size_t k = 0; k < gradient.size(); ++k) {
      gradient[k] = gradient[k] / frames + 2.0 * options_.l2 / total_frames_ * parameters_[k];
      square += gradient[k] * gradient[k];
    }
    const double norm = std::sqrt(square);
    gradient_norm_ = step_ == 0 ? norm
                                : norm_decay * gradient_norm_ +
            (1.0 - norm_decay) * std::min(norm, largest_jump * gradient_norm_);
    if (norm > largest_jump * gradient_norm_)
      for (double &g : gradient) g *= largest_jump * gradient_norm_ / norm;

    soap_.step(gradient, now.rate, parameters_);
    evaluator_.set_parameters(parameters_.data());
    ++step_;
    // a short memory in the beginning, when the weights still run
    const double keep = std::min(options_.average, (1.0 + step_) / (10.0 + step_));
    for (std::size_t k = 0; k < parameters_.size(); ++k)
      average_[k] = keep * average_[k] + (1.0 - keep) * parameters_[k];
    report.rate = now.rate;
  }

  report.epoch = ++epoch_;
  report.training_loss = epoch_loss / total_frames_;
  report.validation = validate();
  const double loss = report.validation.loss;
  if (!std::isfinite(loss))
    throw std::runtime_error(
        "the loss of the validation frames is not a finite number: lower the learning rate, or look at those frames");
  report.best = best_epoch_ == 0 || loss < best_loss_;
  if (report.best) {
    best_loss_ = loss;
    best_epoch_ = epoch_;
    best_ = average_;
  }
  return report;
}

ErrorSums Trainer::validate()
{
  evaluator_.set_parameters(average_.data());
  // the final weights of the loss, so that all epochs are measured alike
  const LossWeights weights = {options_.final_energy, options_.force, options_.stress,
                               options_.soften,       options_.huber, options_.huber_energy};
  ErrorSums sums = measure(evaluator_, validation_, weights);
  sums.sum_over_ranks(comm_);
  evaluator_.set_parameters(parameters_.data());
  return sums;
}

nnap::Potential Trainer::potential() const
{
  nnap::Potential out = potential_;
  nnap::Evaluator best = evaluator_for(out, options_);
  best.set_parameters(best_.data());
  best.store_weights(out);
  return out;
}

// ---- checkpoints --------------------------------------------------------------------------------

/// The record that a checkpoint of this training begins with: whose state it is.
io::StateRecord Trainer::identity() const
{
  io::StateRecord record(record_kind, record_version);
  record.setting("ranks", ranks_of(comm_));
  record.setting("epochs", options_.epochs);
  record.setting("batch", options_.batch);
  record.setting("rate", options_.rate);
  record.setting("final rate", options_.final_rate);
  record.setting("energy", options_.energy);
  record.setting("final energy", options_.final_energy);
  record.setting("force", options_.force);
  record.setting("stress", options_.stress);
  record.setting("soften", options_.soften);
  record.setting("huber", options_.huber);
  record.setting("huber of energies", options_.huber_energy);
  record.setting("l2", options_.l2);
  record.setting("average", options_.average);
  record.setting("memory", options_.memory);
  record.setting("seed", options_.seed);
  record.setting("frames and labels with checksum", labels_);
  record.setting("shape, normalization and first weights with checksum", initial_);
  return record;
}

std::string Trainer::checkpoint() const
{
  // ranks differ in nothing but their random numbers: all of them go in, in order
  std::ostringstream state;
  state << random_ << ' ';
  io::StateRecord record = identity();
  record.put("random", gather_all(state.str(), comm_));
  record.put("step", std::int64_t(step_));
  record.put("epoch", std::int64_t(epoch_));
  record.put("best epoch", std::int64_t(best_epoch_));
  record.put("complete", std::int64_t(complete_));
  record.put("best loss", best_loss_);
  record.put("gradient norm", gradient_norm_);
  record.put("weights", parameters_);
  record.put("averaged weights", average_);
  record.put("best weights", best_);
  record.put("optimizer", soap_.state());
  return record.bytes();
}

void Trainer::restore(const std::string &checkpoint)
{
  const auto stored = io::StateRecord::parse(checkpoint, record_kind, record_version);
  if (const std::string other = stored.differences(identity()); !other.empty())
    throw io::StateError("is of another training (" + other + ")");

  const auto require = [](bool sound, const char *what) {
    if (!sound) throw io::StateError(std::string("holds ") + what + " that cannot be");
  };
  const auto step = stored.integer("step"), epoch = stored.integer("epoch"),
             best_epoch = stored.integer("best epoch"), complete = stored.integer("complete");
  require(epoch >= 0 && epoch <= options_.epochs && step == epoch * steps_per_epoch_, "a step");
  require(best_epoch >= 0 && best_epoch <= epoch && (complete == 0 || complete == 1), "an epoch");
  const std::size_t count = parameters_.size();
  const auto &optimizer = stored.numbers("optimizer", soap_.state().size());
  for (const char *name : {"weights", "averaged weights", "best weights"})
    require(all_finite(stored.numbers(name, count)), "weights");
  require(all_finite(optimizer) && optimizer[0] == static_cast<double>(step),
          "a state of the optimizer");
  const double best_loss = stored.number("best loss"),
               gradient_norm = stored.number("gradient norm");
  require(std::isfinite(best_loss) && std::isfinite(gradient_norm) && gradient_norm >= 0.0,
          "a loss");
  std::istringstream states(stored.text("random"));
  std::mt19937_64 random;
  for (int rank = 0; rank <= rank_of(comm_); ++rank)
    require(static_cast<bool>(states >> random), "random numbers");

  // all of it is sound
  step_ = static_cast<long>(step);
  epoch_ = static_cast<int>(epoch);
  best_epoch_ = static_cast<int>(best_epoch);
  complete_ = complete != 0;
  best_loss_ = best_loss;
  gradient_norm_ = gradient_norm;
  random_ = random;
  parameters_ = stored.numbers("weights");
  average_ = stored.numbers("averaged weights");
  best_ = stored.numbers("best weights");
  soap_.set_state(optimizer);
  evaluator_.set_parameters(parameters_.data());
}

}    // namespace turing_glass::train
