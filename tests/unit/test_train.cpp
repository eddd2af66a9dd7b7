// SPDX-License-Identifier: GPL-2.0-only

// Training in the core: gradient of the loss, what the data say before training, the optimizer,
// checkpoints. MPI is started once, on one rank; several ranks are a matter of the decks.

#include "environment.h"

#include "nnap/nnap_json.h"
#include "parallel.h"
#include "train/data_set.h"
#include "train/fit.h"
#include "train/frame_loss.h"
#include "train/soap.h"
#include "train/trainer.h"
#include "train/uncertainty.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <random>

using namespace turing_glass;
using namespace turing_glass::train;

namespace {

/// A frame labeled by a potential, its energy per atom shifted by `shift`; of random atoms where only a seed is given.
io::LabeledFrame labeled_frame(const nnap::Evaluator &teacher, const test::Structure &s,
                               unsigned number, double shift = 0.0)
{
  const test::Result result = test::evaluate(teacher, s);
  io::LabeledFrame frame;
  frame.cell = s.cell;
  frame.types = s.types;
  io::LabeledFrame::Matrix stress;
  const double volume = std::abs(io::volume(s.cell));
  for (std::size_t i = 0; i < s.positions.size(); ++i)
    for (int k = 0; k < 3; ++k) {
      frame.positions.push_back(s.positions[i][k]);
      frame.forces.push_back(result.forces[i][k]);
    }
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) stress[a][b] = -result.virial[a][b] / volume;
  frame.stress = stress;
  frame.energy = result.energy + shift * static_cast<double>(s.positions.size());
  frame.frame = number;
  return frame;
}

io::LabeledFrame labeled_frame(const nnap::Evaluator &teacher, int ntypes, unsigned seed,
                               double shift = 0.0)
{
  return labeled_frame(teacher, test::random_structure(10, ntypes, 0.05, 1.8, seed), seed, shift);
}

nnap::Basis small_basis()
{
  nnap::Basis basis;
  basis.nmax = 2;
  basis.lmax = 3;
  basis.rcut = 4.5;
  return basis;
}

nnap::Basis radial_basis()
{
  nnap::Basis basis = small_basis();
  basis.kind = nnap::Basis::Kind::chebyshev;
  basis.lmax = 0;
  return basis;
}

std::vector<TrainingFrame> some_frames(const nnap::Evaluator &teacher, int count, int ntypes,
                                       unsigned first = 100)
{
  std::vector<TrainingFrame> frames;
  for (int k = 0; k < count; ++k)
    frames.push_back(
        make_training_frame(labeled_frame(teacher, ntypes, first + k), teacher.cutoff()));
  return frames;
}

/// A frame labeled by a Morse potential between all pairs, smoothly cut off at `rc` (A).
io::LabeledFrame morse_frame(unsigned seed, double rc)
{
  const test::Structure s = test::random_structure(20, 2, 0.06, 2.1, seed);
  // the neighbor search of the tests needs a workspace, but no potential
  nnap::Workspace workspace;
  io::LabeledFrame frame;
  frame.cell = s.cell;
  frame.types = s.types;
  frame.frame = seed;
  double energy = 0.0;
  for (int i = 0; i < static_cast<int>(s.positions.size()); ++i) {
    double force[3] = {};
    test::find_neighbors(s, i, 2, rc, workspace);
    const nnap::Neighbors &n = workspace.neighbors;
    n.each([&](int k, int type) {
      const double depth = 0.3, steep = 1.4, r0 = s.types[i] + type == 1 ? 2.6 : 2.8;
      const double r = std::sqrt(n.d[k].rsq), e = std::exp(-steep * (r - r0)),
                   u = 1.0 - r * r / (rc * rc);
      const double well = depth * (e * e - 2.0 * e), slope = -2.0 * depth * steep * (e * e - e);
      energy += 0.5 * well * u * u;
      const double derivative = slope * u * u - well * 4.0 * u * r / (rc * rc);
      const double d[3] = {n.d[k].x, n.d[k].y, n.d[k].z};
      for (int a = 0; a < 3; ++a) force[a] += derivative * d[a] / r;
    });
    for (int a = 0; a < 3; ++a) {
      frame.positions.push_back(s.positions[i][a]);
      frame.forces.push_back(force[a]);
    }
  }
  frame.energy = energy;
  return frame;
}

TrainingOptions quick_options()
{
  TrainingOptions options;
  options.epochs = 6;
  options.batch = 4;
  options.average = 0.9;
  return options;
}

}    // namespace

TEST(Parallel, ExceptionsLeaveTheLoopAfterItsEnd)
{
  std::vector<int> done(4, 0);
  const auto work = [&](long k) {
    done[k] = 1;
    if (k % 2 == 1) throw std::length_error("too long");
  };
  EXPECT_THROW(for_each_share(4, work), std::length_error);
  EXPECT_EQ(done, (std::vector<int>{1, 1, 1, 1}));
  done.assign(4, 0);
  EXPECT_THROW(for_each_parallel(2, 4, work), std::length_error);
  EXPECT_EQ(done, (std::vector<int>{1, 1, 1, 1}));
  EXPECT_NO_THROW(for_each_parallel(2, 1, work));
}

TEST(FrameLoss, ErrorsVanishForTheLabelingPotential)
{
  // labels come from a neighbor search of the test's own, over all images
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 3, 4));
  FrameLoss loss;
  for (unsigned seed = 1; seed < 5; ++seed) {
    const TrainingFrame frame =
        make_training_frame(labeled_frame(teacher, 3, seed), teacher.cutoff());
    const FrameErrors &errors = loss.evaluate(teacher, frame, {}, nullptr);
    EXPECT_NEAR(errors.energy, 0.0, 1e-12);
    for (const double f : errors.forces) EXPECT_NEAR(f, 0.0, 1e-12);
    for (const double s : errors.stress) EXPECT_NEAR(s, 0.0, 1e-13);
  }
}

TEST(FrameLoss, GradientAgainstFiniteDifferences)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 3, 4));
  nnap::Basis cubic = small_basis(), radial = radial_basis();
  cubic.l3max = 3;
  std::vector<nnap::Potential> potentials;
  for (const nnap::Basis &basis : {small_basis(), cubic, radial})
    for (const nnap::Basis &added : test::with_every_weight_type(basis, 3, 5))
      potentials.push_back(test::random_potential(added, 3, 9));
  // two bases, both with trained weights
  nnap::Basis angular = small_basis();
  angular.wtype = radial.wtype = nnap::WeightType::rfuse;
  angular.rfuse_size = radial.rfuse_size = 3;
  potentials.push_back(initial_potential({{"Cu", "Zr", "O"}, {angular, radial}, {8}},
                                         some_frames(teacher, 3, 3), {0, 0, 0}, 1, MPI_COMM_SELF));
  for (const nnap::Potential &potential : potentials)
    for (const LossWeights &weights :
         {LossWeights{1, 0, 0, 2}, LossWeights{0, 1, 0, 2}, LossWeights{0, 0, 1, 2},
          LossWeights{4, 1, 0.1, 0.5, 0.2}, LossWeights{4, 1, 0.1, 0.5, 0.2, 0.03}}) {
      const TrainingFrame frame = make_training_frame(labeled_frame(teacher, 3, 7), 4.5);
      nnap::Evaluator student(potential);
      FrameLoss loss;
      std::vector<double> parameters(student.parameter_count()), gradient(parameters.size(), 0.0);
      student.copy_parameters_to(parameters.data());
      loss.evaluate(student, frame, weights, gradient.data());
      double largest = 0.0;
      for (const double g : gradient) largest = std::max(largest, std::abs(g));
      ASSERT_GT(largest, 0.0);
      for (std::size_t k = 0; k < parameters.size(); k += 5) {
        const auto at = [&](double h) {
          std::vector<double> moved = parameters;
          moved[k] += h;
          student.set_parameters(moved.data());
          return loss.evaluate(student, frame, weights, nullptr).loss;
        };
        constexpr double h = 1e-3;
        const double slope = (8.0 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12.0 * h);
        EXPECT_NEAR(gradient[k], slope, 1e-6 * largest)

            << "parameter " << k << ", wtype " << name(potential.models[0]->basis[0].wtype);
      }
    }
}

TEST(FrameLoss, KeptDescriptorsGiveTheSame)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 3, 4));
  nnap::Basis cubic = small_basis(), radial = radial_basis();
  cubic.l3max = 3;
  radial.rcut = 5.5;
  const std::vector<TrainingFrame> frames = some_frames(teacher, 3, 3);
  const nnap::Potential potential = initial_potential({{"Cu", "Zr", "O"}, {cubic, radial}, {8}},
                                                      frames, {0, 0, 0}, 1, MPI_COMM_SELF);
  for (const nnap::Kernel *const *kernel = nnap::runnable_kernels(); *kernel; ++kernel) {
    const nnap::Evaluator student(potential, **kernel);
    for (const TrainingFrame &frame : frames) {
      TrainingFrame keeping = make_training_frame(frame.data, student.cutoff());
      const TrainingFrame plain = keeping;
      keep_descriptors(student, keeping);
      EXPECT_EQ(kept_bytes(student, plain),
                keeping.kept_P.size() * sizeof(double) + keeping.kept_dP.size() * sizeof(float));
      const LossWeights weights = {4, 1, 0.1, 2};
      FrameLoss one, other;
      std::vector<double> expected(student.parameter_count(), 0.0), gradient = expected;
      const FrameErrors a = one.evaluate(student, plain, weights, expected.data());
      const FrameErrors b = other.evaluate(student, keeping, weights, gradient.data());
      EXPECT_EQ(a.energy, b.energy);
      // single precision
      EXPECT_NEAR(a.loss, b.loss, 1e-5 * a.loss);
      for (std::size_t k = 0; k < a.forces.size(); ++k) EXPECT_NEAR(a.forces[k], b.forces[k], 1e-5);
      double largest = 0.0;
      for (const double g : expected) largest = std::max(largest, std::abs(g));
      for (std::size_t k = 0; k < gradient.size(); ++k)
        EXPECT_NEAR(gradient[k], expected[k], 1e-5 * largest);
    }
  }
}

TEST(FrameLoss, ViolentAndLightFramesCountLess)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 2, 4));
  TrainingFrame frame = make_training_frame(labeled_frame(teacher, 2, 3, 0.25), 4.5);
  double square = 0.0;
  for (const double f : frame.data.forces)
    square += f * f / static_cast<double>(frame.data.forces.size());
  FrameLoss loss;
  // only the energy is wrong, by 0.25 eV/atom
  const double rms = std::sqrt(square);
  EXPECT_NEAR(loss.evaluate(teacher, frame, {1, 1, 1, rms}, nullptr).loss, 0.0625 / 2, 1e-12);
  EXPECT_NEAR(loss.evaluate(teacher, frame, {1, 1, 1, rms / 3}, nullptr).loss, 0.0625 / 10, 1e-12);
  frame.data.weight = 0.1;
  EXPECT_NEAR(loss.evaluate(teacher, frame, {1, 1, 1, rms}, nullptr).loss, 0.00625 / 2, 1e-13);
}

TEST(Fit, ReferenceEnergiesOfALinearModel)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 3, 4));
  std::vector<TrainingFrame> frames = some_frames(teacher, 12, 3);
  const double exact[] = {-3.5, -8.25, -4.0};
  for (TrainingFrame &frame : frames) {
    frame.data.energy = 0.0;
    for (const int t : frame.data.types) *frame.data.energy += exact[t];
  }
  const std::vector<double> found = reference_energies(frames, 3, MPI_COMM_SELF);
  for (int t = 0; t < 3; ++t) EXPECT_NEAR(found[t], exact[t], 1e-10);
  EXPECT_TRUE(find_outliers(frames, {}, found, MPI_COMM_SELF).empty());
}

TEST(Fit, OneFrameFarOffIsNamed)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 2, 4));
  std::vector<TrainingFrame> frames = some_frames(teacher, 60, 2);
  *frames[17].data.energy += 10 * 5.0;    // a label wrong by 5 eV/atom
  const auto outliers =
      find_outliers(frames, {}, reference_energies(frames, 2, MPI_COMM_SELF), MPI_COMM_SELF);
  ASSERT_EQ(outliers.size(), 1u);
  EXPECT_EQ(outliers[0].frame, 117);
}

TEST(Fit, NormalizedDescriptorsHaveMeanZeroAndSpreadOne)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 2, 4));
  const std::vector<TrainingFrame> frames = some_frames(teacher, 10, 2);
  const ModelShape shape = {{"Cu", "Zr"}, {small_basis()}, {4}};
  const nnap::Potential potential =
      initial_potential(shape, frames, {-1.0, -2.0}, 1, MPI_COMM_SELF);
  nnap::check(*potential.models[0], 2, "initial");
  const nnap::Evaluator evaluator(potential);
  nnap::Workspace workspace;
  const nnap::ElementModel &model = *potential.models[1];
  std::vector<double> mean(model.inputs(), 0.0), square(model.inputs(), 0.0);
  double count = 0.0;
  for (const TrainingFrame &frame : frames)
    for (int i = 0; i < frame.atoms(); ++i) {
      if (frame.data.types[i] != 1) continue;
      set_neighbors(evaluator, frame, i, workspace.neighbors);
      const double *P = evaluator.descriptor(1, workspace);
      count += 1.0;
      for (int k = 0; k < model.inputs(); ++k) {
        const double x = (P[k] - model.norm_mu[k]) / model.norm_sigma[k];
        mean[k] += x;
        square[k] += x * x;
      }
    }
  for (int k = 0; k < model.inputs(); ++k) {
    EXPECT_NEAR(mean[k] / count, 0.0, 1e-8);
    EXPECT_NEAR(square[k] / count, 1.0, 1e-6);
  }
}

// ---- uncertainty ----

TEST(Uncertainty, DisturbedEnvironmentsAreOthersWithinTheCutoff)
{
  const test::Structure structure = test::random_structure(60, 2, 0.05, 1.8, 3);
  constexpr double cutoff = 5.0;
  nnap::Workspace workspace;
  test::find_neighbors(structure, 0, 2, cutoff, workspace);
  std::mt19937_64 random(1);
  int fewer = 0, exchanged = 0, denser = 0, same_as_before = 0;
  for (int k = 0; k < 400; ++k) {
    const nnap::Neighbors &before = workspace.neighbors, after = disturbed(before, cutoff, random);
    ASSERT_EQ(after.elements(), 2);
    double closest[2] = {cutoff, cutoff};
    bool same = after.count(0) == before.count(0) && after.count(1) == before.count(1);
    after.each([&](int slot, int) {
      const auto &[x, y, z, r2] = after.d[slot];
      EXPECT_LT(r2, cutoff * cutoff);
      EXPECT_NEAR(r2, x * x + y * y + z * z, 1e-12);
      closest[1] = std::min(closest[1], std::sqrt(r2));
    });
    before.each([&](int slot, int) {
      closest[0] = std::min(closest[0], std::sqrt(before.d[slot].rsq));
      if (same) {
        const int at = slot - before.first(slot < before.next[0] ? 0 : 1) +
            after.first(slot < before.next[0] ? 0 : 1);
        same = after.d[at].x == before.d[slot].x;
      }
    });
    same_as_before += same;
    fewer += after.count() < before.count() / 2;
    exchanged += after.count() == before.count() && after.count(0) != before.count(0);
    denser += after.count() > 0 && closest[1] < 0.9 * closest[0];
  }
  for (const int kind : {fewer, exchanged, denser}) EXPECT_GT(kind, 4);
  EXPECT_LT(same_as_before, 8) << "a radius beyond all neighbors is rare";
}

/// Frames with forces that differ from those of `potential` by random vectors, longer in denser neighborhoods: of
/// 0.05 eV/A exp(2 (s - 2.5)), s = sum_j f_c(r_ij), times a spread of 30 %.
class KnownErrors {
 public:
  explicit KnownErrors(const nnap::Evaluator &evaluator) : evaluator_(evaluator) {}

  double typical(const TrainingFrame &frame, int i)
  {
    set_neighbors(evaluator_, frame, i, workspace_.neighbors);
    double sum = 0.0;
    const double rc = evaluator_.cutoff();
    workspace_.neighbors.each([&](int slot, int) {
      sum += std::pow(1.0 - workspace_.neighbors.d[slot].rsq / (rc * rc), 4);
    });
    return 0.05 * std::exp(2.0 * (sum - 2.5));
  }

  /// Of a simple cubic crystal whose atoms are displaced by 0.15 A.
  std::vector<TrainingFrame> frames(int count)
  {
    constexpr int n = 3;
    constexpr double a = 2.6;
    std::vector<TrainingFrame> out;
    std::normal_distribution<double> normal;
    for (int k = 0; k < count; ++k) {
      test::Structure s;
      for (int axis = 0; axis < 3; ++axis) s.cell[axis][axis] = n * a;
      for (int i = 0; i < n * n * n; ++i) {
        s.types.push_back(static_cast<int>(random_() % 2));
        const double site[3] = {a * (i % n), a * (i / n % n), a * (i / (n * n))};
        s.positions.push_back({});
        for (int axis = 0; axis < 3; ++axis)
          s.positions.back()[axis] = site[axis] + 0.15 * normal(random_);
      }
      out.push_back(make_training_frame(labeled_frame(evaluator_, s, k), evaluator_.cutoff()));
    }
    for (TrainingFrame &frame : out)
      for (int i = 0; i < frame.atoms(); ++i) {
        double direction[3], square = 0.0;
        for (double &d : direction) d = normal(random_), square += d * d;
        const double length = typical(frame, i) * std::exp(0.3 * normal(random_));
        for (int a = 0; a < 3; ++a)
          frame.data.forces[3 * i + a] += direction[a] / std::sqrt(square) * length;
      }
    return out;
  }

 private:
  const nnap::Evaluator &evaluator_;
  nnap::Workspace workspace_;
  std::mt19937_64 random_{5};
};

TEST(Uncertainty, FindsErrorsThatAreKnown)
{
  nnap::Potential potential = test::random_potential(small_basis(), 2, 4);
  const nnap::Evaluator plain(potential);
  KnownErrors known(plain);
  const std::vector<TrainingFrame> frames = known.frames(200);
  potential = [&] {    // its weights, normalized as a training does it
    nnap::Potential out = initial_potential({{"A", "B"}, {small_basis()}, {4}}, frames, {0.0, 0.0},
                                            1, MPI_COMM_WORLD);
    for (int t = 0; t < 2; ++t) {
      const nnap::ElementModel &model = *potential.models[t];
      nnap::ElementModel &scaled = *out.models[t];
      scaled.network = model.network;
      nnap::Layer &first = scaled.network.front();
      for (int o = 0; o < first.outputs; ++o)
        for (int k = 0; k < first.inputs; ++k) {
          double &w = first.weight[o * first.inputs + k];
          first.bias[o] += w * (scaled.norm_mu[k] - model.norm_mu[k]) / model.norm_sigma[k];
          w *= scaled.norm_sigma[k] / model.norm_sigma[k];
        }
      scaled.mu_energy = model.mu_energy;
      scaled.sigma_energy = model.sigma_energy;
      scaled.reference_energy = model.reference_energy;
    }
    return out;
  }();
  fit_uncertainty(potential, frames, known.frames(30), 1, 1, MPI_COMM_WORLD);

  const nnap::Evaluator evaluator(nnap::read_nnap_json(nnap::write_nnap_json(potential), "again"));
  ASSERT_TRUE(evaluator.knows_uncertainty());
  nnap::Workspace workspace;
  const auto likely = [&](const TrainingFrame &frame, int i) {
    set_neighbors(evaluator, frame, i, workspace.neighbors);
    evaluator.descriptor(frame.data.types[i], workspace);
    return evaluator.force_uncertainty(frame.data.types[i], workspace);
  };
  // on frames that the fit has not seen: ln u is the mean of ln error, a standard deviation of 0.3 around it
  double sum = 0.0, square = 0.0, count = 0.0;
  double spread = 0.0;
  for (const TrainingFrame &frame : known.frames(50))
    for (int i = 0; i < frame.atoms(); ++i) {
      spread += std::pow(std::log(known.typical(frame, i) / 0.05), 2);
      const double off = std::log(likely(frame, i) / known.typical(frame, i));
      sum += off, square += off * off, count += 1.0;
    }
  EXPECT_NEAR(sum / count, 0.0, 0.05);
  EXPECT_LT(square, 0.01 * spread) << "all but 1 % of the variance is explained";

  // one in a thousand of the training atoms is beyond the limit
  double beyond = 0.0, atoms = 0.0, weights = 0.0, forces = 0.0;
  for (const TrainingFrame &frame : frames)
    for (int i = 0; i < frame.atoms(); ++i) {
      const double w = loss_weight(frame, LossWeights().soften);
      beyond += likely(frame, i) > potential.uncertainty_limit ? w : 0.0;
      weights += w;
      atoms += 1.0;
      for (int a = 0; a < 3; ++a)
        forces += frame.data.forces[3 * i + a] * frame.data.forces[3 * i + a];
    }
  EXPECT_NEAR(beyond, part_beyond_limit * weights, 1.0);

  // where there are no frames, the error is that of the disturbed environments
  const double unknown = unknown_error * std::sqrt(forces / atoms);
  TrainingFrame alone = frames[0];
  for (int i = 0; i < alone.atoms(); ++i) alone.first[i + 1] = 0;
  TrainingFrame dense = frames[0];
  for (auto &row : dense.data.cell)
    for (double &value : row) value *= 0.6;
  for (double &value : dense.data.positions) value *= 0.6;
  dense = make_training_frame(dense.data, evaluator.cutoff());
  for (int i = 0; i < dense.atoms(); ++i) {
    EXPECT_GT(likely(alone, i), 0.4 * unknown);
    EXPECT_LT(likely(alone, i), 2.0 * unknown);
    EXPECT_GT(likely(dense, i), potential.uncertainty_limit);
  }
}

TEST(Soap, SolvesAnIllConditionedLeastSquares)
{
  // ||A W B - C||^2 with condition numbers of 1e3: plain gradient descent would need 1e6 steps and more
  constexpr int rows = 6, columns = 4;
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<double> a(rows), b(columns), target(rows * columns), w(rows * columns, 0.0);
  for (int i = 0; i < rows; ++i) a[i] = std::pow(10.0, -3.0 * i / (rows - 1));
  for (int k = 0; k < columns; ++k) b[k] = std::pow(10.0, -3.0 * k / (columns - 1));
  for (double &t : target) t = normal(random);
  Soap soap({{0, rows, columns}});
  for (int step = 0; step < 2000; ++step) {
    std::vector<double> gradient(w.size());
    for (int i = 0; i < rows; ++i)
      for (int k = 0; k < columns; ++k)
        gradient[i * columns + k] =
            a[i] * a[i] * b[k] * b[k] * (w[i * columns + k] - target[i * columns + k]);
    soap.step(gradient, 0.02 * (1.0 - step / 2000.0), w);
  }
  for (std::size_t k = 0; k < w.size(); ++k) EXPECT_NEAR(w[k], target[k], 1e-3) << k;
}

TEST(Trainer, LearnsAMorsePotential)
{
  constexpr double rc = 4.5;
  std::vector<TrainingFrame> training, validation;
  for (int k = 0; k < 220; ++k)
    (k < 200 ? training : validation).push_back(make_training_frame(morse_frame(100 + k, rc), rc));
  nnap::Basis basis;
  basis.nmax = 4;
  basis.lmax = 3;
  basis.rcut = rc;
  const auto reference = reference_energies(training, 2, MPI_COMM_SELF);
  const nnap::Potential initial =
      initial_potential({{"Cu", "Zr"}, {basis}, {8, 8}}, training, reference, 1, MPI_COMM_SELF);
  double square = 0.0, count = 0.0;
  for (const TrainingFrame &frame : validation)
    for (const double f : frame.data.forces) square += f * f, count += 1.0;
  TrainingOptions options = quick_options();
  options.epochs = 200;
  options.average = 0.99;
  Trainer trainer(initial, training, validation, options, MPI_COMM_SELF);
  while (!trainer.finished()) trainer.run_epoch();
  const ErrorSums errors = measure(nnap::Evaluator(trainer.potential()), validation);
  // frames never seen: force errors a few percent of the forces, energies to some meV/atom
  EXPECT_LT(errors.force_rmse(), 0.1 * std::sqrt(square / count));
  EXPECT_LT(errors.energy_rmse(), 0.005);
}

TEST(Trainer, InterruptedAndRestoredGivesTheSameWeights)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 2, 4));
  const std::vector<TrainingFrame> training = some_frames(teacher, 12, 2),
                                   validation = some_frames(teacher, 4, 2, 500);
  const ModelShape shape = {{"Cu", "Zr"}, {small_basis()}, {4, 4}};
  const nnap::Potential initial = initial_potential(shape, training, {0.0, 0.0}, 1, MPI_COMM_SELF);
  TrainingOptions options = quick_options();
  const auto weights = [](const Trainer &trainer) {
    const nnap::Evaluator evaluator(trainer.potential());
    std::vector<double> out(evaluator.parameter_count());
    evaluator.copy_parameters_to(out.data());
    return out;
  };
  for (const int threads : {1, 2}) {
    options.threads = threads;
    Trainer whole(initial, training, validation, options, MPI_COMM_SELF);
    std::string checkpoint;
    while (!whole.finished())
      if (whole.run_epoch().epoch == 3) checkpoint = whole.checkpoint();

    Trainer resumed(initial, training, validation, options, MPI_COMM_SELF);
    resumed.restore(checkpoint);
    EXPECT_EQ(resumed.run_epoch().epoch, 4);
    while (!resumed.finished()) resumed.run_epoch();
    EXPECT_EQ(weights(resumed), weights(whole));
  }
}

namespace {

/// Twelve frames to train on, four for validation, and a training of them.
struct SmallTraining {
  nnap::Evaluator teacher{test::random_potential(small_basis(), 2, 4)};
  std::vector<TrainingFrame> training = some_frames(teacher, 12, 2),
                             validation = some_frames(teacher, 4, 2, 500);
  TrainingOptions options = quick_options();
  nnap::Potential initial = initial_potential({{"Cu", "Zr"}, {small_basis()}, {4, 4}}, training,
                                              {0.0, 0.0}, 1, MPI_COMM_SELF);

  Trainer trainer() const { return {initial, training, validation, options, MPI_COMM_SELF}; }
};

/// What restore() has to say of a checkpoint; empty where it takes it.
std::string refusal(Trainer trainer, const std::string &checkpoint)
{
  const std::string before = trainer.checkpoint();
  try {
    trainer.restore(checkpoint);
    return {};
  } catch (const std::runtime_error &e) {
    EXPECT_EQ(trainer.checkpoint(), before) << "a refused checkpoint has changed the training";
    return e.what();
  }
}

/// The record with the first number (or integer) called `name` replaced, and checksums that fit.
template <class Number>
std::string forged(std::string record, const std::string &name, Number value)
{
  constexpr std::size_t head = 32;
  const std::uint64_t length = name.size();
  const std::string entry =
      std::string(reinterpret_cast<const char *>(&length), sizeof length) + name;
  const std::size_t at =
      record.find(entry, head) + entry.size() + sizeof length;    // behind the count
  record.replace(at, sizeof value, reinterpret_cast<const char *>(&value), sizeof value);
  const std::uint64_t body = io::Checksum().add(std::string_view(record).substr(head)).value();
  record.replace(16, 8, reinterpret_cast<const char *>(&body), 8);
  const std::uint64_t sum = io::Checksum().add(record.data(), 24).value();
  return record.replace(24, 8, reinterpret_cast<const char *>(&sum), 8);
}

}    // namespace

TEST(Trainer, DamagedCheckpointsAreRefused)
{
  const SmallTraining small;
  Trainer trainer = small.trainer();
  trainer.run_epoch();
  const std::string checkpoint = trainer.checkpoint();
  EXPECT_EQ(refusal(small.trainer(), checkpoint), "");
  for (const std::size_t length :
       {std::size_t(0), std::size_t(5), checkpoint.size() / 2, checkpoint.size() - 1})
    EXPECT_NE(refusal(small.trainer(), checkpoint.substr(0, length)), "") << length;
  EXPECT_NE(refusal(small.trainer(), checkpoint + '\0'), "");
  EXPECT_NE(refusal(small.trainer(), checkpoint + checkpoint), "");
  for (std::size_t at = 0; at < checkpoint.size(); at += checkpoint.size() / 97) {
    std::string flipped = checkpoint;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    EXPECT_NE(refusal(small.trainer(), flipped), "") << at;
  }
}

TEST(Trainer, CheckpointsOfWhatCannotBeAreRefused)
{
  const SmallTraining small;
  Trainer trainer = small.trainer();
  trainer.run_epoch();
  const std::string checkpoint = trainer.checkpoint();
  const double nan = std::nan("");
  EXPECT_EQ(refusal(small.trainer(), forged(checkpoint, "best loss", 3.0)), "");
  for (const char *name :
       {"weights", "averaged weights", "best weights", "optimizer", "best loss", "gradient norm"})
    EXPECT_NE(refusal(small.trainer(), forged(checkpoint, name, nan)), "") << name;
  for (const std::int64_t number : {-1, 2, 1000000})
    for (const char *name : {"step", "epoch", "best epoch", "complete"})
      EXPECT_NE(refusal(small.trainer(), forged(checkpoint, name, number)), "") << name << number;
}

TEST(Trainer, CheckpointsOfAnotherTrainingAreRefused)
{
  const SmallTraining small;
  Trainer trainer = small.trainer();
  trainer.run_epoch();
  const std::string checkpoint = trainer.checkpoint();
  const auto refused = [&](auto change) {
    SmallTraining other;
    change(other);
    return refusal(other.trainer(), checkpoint);
  };
  using testing::HasSubstr;
  EXPECT_EQ(refused([](SmallTraining &) {}), "");
  EXPECT_EQ(refused([](SmallTraining &t) { t.options.patience = 3, t.options.threads = 2; }), "");
  EXPECT_THAT(refused([](SmallTraining &t) { t.options.rate *= 2; }),
              HasSubstr("rate 0.01, now 0.02"));
  EXPECT_THAT(refused([](SmallTraining &t) { t.options.epochs = 7; }),
              HasSubstr("epochs 6, now 7"));
  EXPECT_NE(refused([](SmallTraining &t) { t.initial.models[0]->reference_energy += 1e-9; }), "");
  // a single label of a single frame
  const auto data = [&](auto change) {
    for (const bool validation : {false, true})
      EXPECT_THAT(refused([&](SmallTraining &t) {
                    change((validation ? t.validation : t.training).at(3).data);
                  }),
                  HasSubstr("frames and labels"));
  };
  data([](io::LabeledFrame &frame) { frame.forces[7] = -frame.forces[7]; });
  data([](io::LabeledFrame &frame) { frame.positions[0] += 1e-12; });
  data([](io::LabeledFrame &frame) { *frame.energy += 1e-9; });
  data([](io::LabeledFrame &frame) { (*frame.stress)[1][2] += 1e-12; });
  data([](io::LabeledFrame &frame) { frame.stress.reset(); });
  data([](io::LabeledFrame &frame) { frame.weight = 0.5; });
  data([](io::LabeledFrame &frame) { frame.types[0] = 1 - frame.types[0]; });
  data([](io::LabeledFrame &frame) { frame.cell[2][2] += 1e-12; });
  // a frame that goes from one set to the other, or is left out
  EXPECT_NE(refused([](SmallTraining &t) { std::swap(t.training[0], t.validation[0]); }), "");
  EXPECT_NE(refused([](SmallTraining &t) { t.training.pop_back(); }), "");
  // which rank has which frame does not matter, and neither does their order there
  EXPECT_EQ(refused([](SmallTraining &t) { std::swap(t.training[0], t.training[5]); }), "");
}

TEST(Trainer, ALossThatIsNoNumberNamesItsFrame)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 2, 4));
  std::vector<TrainingFrame> training = some_frames(teacher, 8, 2);
  const nnap::Potential initial = initial_potential({{"Cu", "Zr"}, {small_basis()}, {4}}, training,
                                                    {0.0, 0.0}, 1, MPI_COMM_SELF);
  *training[5].data.energy = std::nan("");
  TrainingOptions options = quick_options();
  for (const int threads : {1, 2, 3})
    for (const unsigned seed : {1u, 2u, 3u}) {
      options.threads = threads;
      options.seed = seed;
      Trainer trainer(initial, training, training, options, MPI_COMM_SELF);
      try {
        trainer.run_epoch();
        FAIL() << "a NaN went unnoticed";
      } catch (const std::runtime_error &e) {
        EXPECT_NE(std::string(e.what()).find("frame 105"), std::string::npos) << e.what();
      }
    }
}

TEST(DataSet, TrajectoriesStayTogetherAndUnlabeledFramesAreNamed)
{
  const nnap::Evaluator teacher(test::random_potential(small_basis(), 2, 4));
  const std::string path = testing::TempDir() + "/data_set.extxyz";
  const auto write = [&](int without_energy, int without_forces) {
    io::ExtendedXYZWriter writer(path, {"Cu", "Zr"});
    for (int k = 0; k < 40; ++k) {
      io::LabeledFrame frame = labeled_frame(teacher, 2, 200 + k);
      frame.trajectory = "run" + std::to_string(k / 4);
      if (k == without_energy) frame.energy.reset();
      if (k == without_forces) frame.forces.clear();
      writer.write(frame);
    }
    writer.close();
  };
  write(-1, -1);
  const DataSet set = read_data_set(path, {"Cu", "Zr"}, 4.5, 0.2, 1, MPI_COMM_SELF);
  EXPECT_EQ(set.frames, 40);
  EXPECT_EQ(set.validation_frames, 8);    // two trajectories of four
  EXPECT_EQ(set.atoms, 400);
  for (const TrainingFrame &a : set.validation)
    for (const TrainingFrame &b : set.training) EXPECT_NE(a.data.trajectory, b.data.trajectory);

  for (const bool energy : {true, false}) {
    write(energy ? 6 : -1, energy ? -1 : 6);
    try {
      read_data_set(path, {"Cu", "Zr"}, 4.5, 0.2, 1, MPI_COMM_SELF);
      FAIL() << "a frame without labels was accepted";
    } catch (const std::runtime_error &e) {
      EXPECT_NE(std::string(e.what()).find("frame 7"), std::string::npos) << e.what();
      EXPECT_NE(std::string(e.what()).find(energy ? "no energy" : "no forces"), std::string::npos)
          << e.what();
    }
  }
  std::remove(path.c_str());

  std::ofstream(path) << "1\nLattice=\"2 0 0 0 4 0 0 0 4\" REF_energy=-1\nCu 0 0 0\n";
  try {
    read_data_set(path, {"Cu"}, 4.5, 0.0, 1, MPI_COMM_SELF);
    FAIL() << "a frame without an energy was accepted";
  } catch (const std::runtime_error &e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("if 'REF_energy' is meant"));
  }
  std::remove(path.c_str());
}

TEST(DataSet, SaysWhatTheFramesKnowOfStress)
{
  const std::string path = testing::TempDir() + "/stress.extxyz";
  const auto read = [&](const std::vector<std::string> &keys) {
    std::ofstream file(path);
    for (const std::string &key : keys)    // 16 A^3 an atom
      file
          << "2\nLattice=\"2 0 0 0 4 0 0 0 4\" Properties=species:S:1:pos:R:3:forces:R:3 energy=-1 "
          << key << "\nCu 0 0 0 0 0 0\nCu 0 2 2 0 0 0\n";
    file.close();
    const DataSet set = read_data_set(path, {"Cu"}, 4.5, 0.0, 1, MPI_COMM_SELF);
    std::remove(path.c_str());
    return set.stress;
  };
  StressLabels stress = read({"", ""});
  EXPECT_EQ(stress.frames, 0);
  EXPECT_EQ(stress.similar_keys, "");
  EXPECT_FALSE(stress.in_other_units());
  stress = read({"REF_stress=\"1 2 3 4 5 6\"", "dft_virial=7", "stress=\"0 0 0 0 0 0\" Stress=3",
                 "free_energy=1"});
  EXPECT_EQ(stress.frames, 1);
  EXPECT_EQ(stress.similar_keys, "'REF_stress', 'dft_virial'");
  // a pressure p has three of nine components: rms p/sqrt(3)
  const auto pressure = [](double p) {
    const std::string text = std::to_string(-p);
    return "stress=\"" + text + " " + text + " " + text + " 0 0 0\"";
  };
  stress = read({pressure(0.1), pressure(0.3), pressure(90.0)});    // one violent frame
  EXPECT_NEAR(stress.typical, 0.3 / std::sqrt(3.0), 1e-9);
  EXPECT_NEAR(stress.typical_energy, 16.0 * 0.3 / std::sqrt(3.0), 1e-9);
  EXPECT_FALSE(stress.in_other_units());
  EXPECT_TRUE(read({pressure(1.0), pressure(5.0), pressure(-4.0)}).in_other_units());    // GPa
  EXPECT_FALSE(read({pressure(1.0 / 160.0), pressure(5.0 / 160.0)}).in_other_units());
}
