// SPDX-License-Identifier: GPL-2.0-only

#include "frame_loss.h"

#include <cmath>

namespace turing_glass::train {

double loss_weight(const TrainingFrame &frame, double soften)
{
  double square = 0.0;
  for (const double f : frame.data.forces) square += f * f;
  return frame.data.weight / (1.0 + square / (3 * frame.atoms()) / (soften * soften));
}

void set_neighbors(const nnap::Evaluator &evaluator, const TrainingFrame &frame, int atom,
                   nnap::Neighbors &neighbors)
{
  const auto &cell = frame.data.cell;
  const double *xi = frame.data.positions.data() + 3 * atom;
  neighbors.start(evaluator.ntypes(), frame.first[atom + 1] - frame.first[atom]);
  for (int k = frame.first[atom]; k < frame.first[atom + 1]; ++k) {
    const auto &[j, shift] = frame.neighbors[k];
    const double *xj = frame.data.positions.data() + 3 * j;
    double d[3];
    for (int a = 0; a < 3; ++a)
      d[a] = xj[a] - xi[a] + shift[0] * cell[0][a] + shift[1] * cell[1][a] + shift[2] * cell[2][a];
    neighbors.push(d[0], d[1], d[2], d[0] * d[0] + d[1] * d[1] + d[2] * d[2], frame.data.types[j],
                   j);
  }
}

namespace {

int inputs(const nnap::Evaluator &evaluator, const TrainingFrame &frame, int atom)
{
  return evaluator.descriptor_size(frame.data.types[atom]);
}

std::size_t kept_floats(const nnap::Evaluator &evaluator, const TrainingFrame &frame, int atom)
{
  const int neighbors = frame.first[atom + 1] - frame.first[atom];
  return static_cast<std::size_t>(inputs(evaluator, frame, atom)) *
      nnap::Evaluator::kept_stride(neighbors);
}

/// rho of an error, from its square: its value, and rho'(f)/(2 f).
struct Rho {
  Rho(double square, double delta)
  {
    const double root = std::sqrt(1.0 + square / (delta * delta));
    value = 2.0 * square / (1.0 + root);    // without a difference of large numbers
    slope = 1.0 / root;
  }
  double value, slope;
};

}    // namespace

std::size_t kept_bytes(const nnap::Evaluator &evaluator, const TrainingFrame &frame)
{
  std::size_t bytes = 0;
  for (int i = 0; i < frame.atoms(); ++i)
    bytes += inputs(evaluator, frame, i) * sizeof(double) +
        kept_floats(evaluator, frame, i) * sizeof(float);
  return bytes;
}

void keep_descriptors(const nnap::Evaluator &evaluator, TrainingFrame &frame)
{
  std::size_t numbers = 0, floats = 0;
  for (int i = 0; i < frame.atoms(); ++i) {
    numbers += inputs(evaluator, frame, i);
    floats += kept_floats(evaluator, frame, i);
  }
  frame.kept_P.resize(numbers);
  frame.kept_dP.resize(floats);
  nnap::Workspace workspace;
  double *P = frame.kept_P.data();
  float *dP = frame.kept_dP.data();
  for (int i = 0; i < frame.atoms(); ++i) {
    set_neighbors(evaluator, frame, i, workspace.neighbors);
    evaluator.keep(frame.data.types[i], workspace, P, dP);
    P += inputs(evaluator, frame, i);
    dP += kept_floats(evaluator, frame, i);
  }
}

const FrameErrors &FrameLoss::evaluate(const nnap::Evaluator &evaluator, const TrainingFrame &frame,
                                       const LossWeights &weights, double *gradient)
{
  const int n = frame.atoms();
  if (static_cast<int>(atoms_.size()) < n) atoms_.resize(n);
  const io::LabeledFrame &label = frame.data;

  // prediction minus label
  errors_.forces.assign(3 * n, 0.0);
  std::array<double, 9> &stress = errors_.stress;
  stress.fill(0.0);
  double energy = 0.0;
  const bool keeps = !frame.kept_P.empty();
  kept_.clear();
  nnap::KeptDescriptor next = {frame.kept_P.data(), frame.kept_dP.data()};
  for (int i = 0; i < n; ++i) {
    nnap::Workspace &workspace = atoms_[i];
    nnap::Neighbors &nb = workspace.neighbors;
    set_neighbors(evaluator, frame, i, nb);
    if (keeps) {
      energy += evaluator.evaluate(label.types[i], workspace, next);
      kept_.push_back(next);
      next.P += inputs(evaluator, frame, i);
      next.dP += kept_floats(evaluator, frame, i);
    } else
      energy += evaluator.evaluate(label.types[i], workspace);
    nb.each([&](int k, int) {
      const int j = nb.tag[k];
      const double d[3] = {nb.d[k].x, nb.d[k].y, nb.d[k].z}, g[3] = {nb.gx[k], nb.gy[k], nb.gz[k]};
      for (int a = 0; a < 3; ++a) {
        errors_.forces[3 * i + a] += g[a];
        errors_.forces[3 * j + a] -= g[a];
        for (int b = 0; b < 3; ++b) stress[3 * a + b] += d[a] * g[b] / frame.volume;
      }
    });
  }
  errors_.energy = (energy - *label.energy) / n;
  double force_loss = 0.0, stress_square = 0.0;
  slopes_.resize(n);
  for (int i = 0; i < n; ++i) {
    double square = 0.0;
    for (int k = 3 * i; k < 3 * i + 3; ++k) {
      errors_.forces[k] -= label.forces[k];
      square += errors_.forces[k] * errors_.forces[k];
    }
    const Rho rho(square, weights.huber);
    force_loss += rho.value;
    slopes_[i] = rho.slope;
  }
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) {
      double &s = stress[3 * a + b];
      s = label.stress ? s - (*label.stress)[a][b] : 0.0;
      stress_square += s * s;
    }

  const double w = loss_weight(frame, weights.soften), per_atom = frame.volume / n;
  const Rho energy_rho(errors_.energy * errors_.energy, weights.huber_energy);
  errors_.loss = w *
      (weights.energy * energy_rho.value + weights.force * force_loss / (3 * n) +
       weights.stress * per_atom * per_atom * stress_square / 9);
  if (!gradient) return errors_;

  // derivatives of the loss by energy, forces and stress
  const double a = 2.0 * w * weights.energy * energy_rho.slope * errors_.energy / n;
  const double force_factor = 2.0 * w * weights.force / (3 * n);
  const double stress_factor = 2.0 * w * weights.stress * per_atom * per_atom / 9 / frame.volume;
  for (int i = 0; i < n; ++i) {
    nnap::Neighbors &nb = atoms_[i].neighbors;
    nb.reserve_tangent();
    nb.each([&](int k, int) {
      const int j = nb.tag[k];
      const double d[3] = {nb.d[k].x, nb.d[k].y, nb.d[k].z};
      double t[3];
      for (int c = 0; c < 3; ++c)
        t[c] = -force_factor *
                (slopes_[j] * errors_.forces[3 * j + c] - slopes_[i] * errors_.forces[3 * i + c]) +
            stress_factor * (d[0] * stress[c] + d[1] * stress[3 + c] + d[2] * stress[6 + c]);
      nb.tx[k] = t[0], nb.ty[k] = t[1], nb.tz[k] = t[2];
    });
    evaluator.add_parameter_gradient(label.types[i], atoms_[i], a, gradient,
                                     keeps ? &kept_[i] : nullptr);
  }
  return errors_;
}

}    // namespace turing_glass::train
