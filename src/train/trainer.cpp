#include "trainer.h"

#include "nnap/nnap_json.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>
#include <stdexcept>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace turing_glass::train {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int warm_up_steps = 200;       // the learning rate rises over these
constexpr double largest_jump = 10.0;    // gradients longer than this many times their mean are cut
constexpr double norm_decay = 0.99;      // of that mean
constexpr double energy_switch = 0.5;    // part of the training after which energies count more

template <class T> void put(std::ostream &out, const T &value)
{
  out.write(reinterpret_cast<const char *>(&value), sizeof value);
}

void put(std::ostream &out, const std::vector<double> &values)
{
  put(out, values.size());
  out.write(reinterpret_cast<const char *>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(double)));
}

void put(std::ostream &out, const std::string &text)
{
  put(out, text.size());
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

[[noreturn]] void damaged()
{
  throw std::runtime_error("the checkpoint is damaged or cut off: remove it to start anew");
}

template <class T> void take(std::istream &in, T &value)
{
  if (!in.read(reinterpret_cast<char *>(&value), sizeof value)) damaged();
}

void take(std::istream &in, std::vector<double> &values, std::size_t expected)
{
  std::size_t size = 0;
  take(in, size);
  if (size != expected) damaged();
  values.resize(size);
  if (!in.read(reinterpret_cast<char *>(values.data()),
               static_cast<std::streamsize>(size * sizeof(double))))
    damaged();
}

std::string take_text(std::istream &in)
{
  constexpr std::size_t longest = 1 << 20;
  std::size_t size = 0;
  take(in, size);
  if (size > longest) damaged();
  std::string text(size, '\0');
  if (!in.read(text.data(), static_cast<std::streamsize>(size))) damaged();
  return text;
}

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
  int rank = 0;
  MPI_Comm_rank(comm_, &rank);
  std::seed_seq seeds{options_.seed, static_cast<unsigned>(rank)};
  random_.seed(seeds);
  parameters_.resize(evaluator_.parameter_count());
  evaluator_.copy_parameters_to(parameters_.data());
  average_ = best_ = parameters_;
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
#if defined(_OPENMP)
#pragma omp parallel for num_threads(options_.threads) schedule(dynamic)
#endif
  for (long k = 0; k < kept_frames_; ++k) train::keep_descriptors(evaluator_, *kept[k]);
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
#if defined(_OPENMP)
#pragma omp parallel for num_threads(threads) schedule(static, 1)
#endif
  for (int thread = 0; thread < threads; ++thread) {
    gradients_[thread].assign(parameters_.size(), 0.0);
    for (int k = thread; k < count; k += threads) {
      const double l =
          losses_[thread]
              .evaluate(evaluator_, training_[frames[k]], weights, gradients_[thread].data())
              .loss;
      if (!std::isfinite(l)) bad[thread] = frames[k];
      loss[thread] += l;
    }
  }
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
    const LossWeights weights = {now.energy, options_.force, options_.stress, options_.soften,
                                 options_.huber};
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
                               options_.soften, options_.huber};
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

std::string Trainer::fingerprint() const
{
  int size = 0;
  MPI_Comm_size(comm_, &size);
  std::ostringstream out;
  out.precision(17);
  out << size << ' ' << options_.epochs << ' ' << options_.batch << ' ' << options_.rate << ' '
      << options_.final_rate << ' ' << options_.energy << ' ' << options_.final_energy << ' '
      << options_.force << ' ' << options_.stress << ' ' << options_.soften << ' ' << options_.huber
      << ' ' << options_.l2 << ' ' << options_.average << ' ' << options_.memory << ' '
      << options_.seed << ' ' << total_frames_ << ' ' << total_weight_ << ' ' << parameters_.size();
  // basis, shape, and what the data gave: reference energies, normalisation
  out << ' ' << std::hash<std::string>{}(nnap::write_nnap_json(potential_));
  return out.str();
}

std::string Trainer::checkpoint() const
{
  // ranks differ in nothing but their random numbers: all of them go in, in order
  std::ostringstream state;
  state << random_;
  std::string mine = state.str();
  int size = 0, length = static_cast<int>(mine.size());
  MPI_Comm_size(comm_, &size);
  MPI_Allreduce(MPI_IN_PLACE, &length, 1, MPI_INT, MPI_MAX, comm_);
  mine.resize(length, ' ');
  std::string randoms(static_cast<std::size_t>(length) * size, ' ');
  MPI_Allgather(mine.data(), length, MPI_CHAR, randoms.data(), length, MPI_CHAR, comm_);

  std::ostringstream out;
  put(out, fingerprint());
  put(out, step_);
  put(out, epoch_);
  put(out, best_epoch_);
  put(out, best_loss_);
  put(out, gradient_norm_);
  put(out, randoms);
  put(out, parameters_);
  put(out, average_);
  put(out, best_);
  put(out, soap_.state());
  return out.str();
}

void Trainer::restore(const std::string &checkpoint)
{
  std::istringstream in(checkpoint);
  if (take_text(in) != fingerprint())
    throw std::runtime_error(
        "the checkpoint is of a training with other options, data, shape or number of ranks: "
        "repeat those, or remove it to start anew");
  take(in, step_);
  take(in, epoch_);
  take(in, best_epoch_);
  take(in, best_loss_);
  take(in, gradient_norm_);
  const std::string randoms = take_text(in);
  int size = 0, rank = 0;
  MPI_Comm_size(comm_, &size);
  MPI_Comm_rank(comm_, &rank);
  std::istringstream state(randoms.substr(randoms.size() / size * rank, randoms.size() / size));
  if (!(state >> random_)) damaged();
  take(in, parameters_, parameters_.size());
  take(in, average_, average_.size());
  take(in, best_, best_.size());
  std::vector<double> soap;
  take(in, soap, soap_.state().size());
  soap_.set_state(soap);
  evaluator_.set_parameters(parameters_.data());
}

}    // namespace turing_glass::train
