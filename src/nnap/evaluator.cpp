// SPDX-License-Identifier: GPL-2.0-only

#include "evaluator.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace turing_glass::nnap {

std::size_t Workspace::bytes() const
{
  std::size_t sum = neighbors.bytes();
  for (const AlignedVector *a : {&P, &x, &dP, &network, &xt, &v})
    sum += a->capacity() * sizeof(double);
  sum += displacements.capacity() * sizeof(float);
  for (const Descriptor::Scratch &s : scratch) sum += s.bytes();
  return sum;
}

Evaluator::Evaluator(const Potential &potential, const Kernel &kernel) :
    kernel_(kernel), cutoff_(potential.cutoff())
{
  const int ntypes = static_cast<int>(potential.elements.size());
  for (int t = 0; t < ntypes; ++t) {
    const auto &model = potential.models[t];
    if (!model) {
      models_.emplace_back();
      continue;
    }
    const std::string where = "element " + potential.elements[t];
    check(*model, ntypes, where);
    std::vector<Descriptor> descriptors;
    for (const Basis &basis : model->basis) descriptors.emplace_back(basis, ntypes, cutoff_);
    std::vector<double> inverse_sigma;
    for (const double sigma : model->norm_sigma) inverse_sigma.push_back(1.0 / sigma);
    models_.emplace_back(Model{std::move(descriptors), Network(model->network, kernel_),
                               model->inputs(), model->norm_mu, std::move(inverse_sigma),
                               model->mu_energy + model->reference_energy, model->sigma_energy,
                               std::nullopt});
    if (!model->uncertainty.empty())
      models_.back()->uncertainty.emplace(model->uncertainty, kernel_);
  }
}

const double *Evaluator::descriptor(int type, Workspace &ws) const
{
  const Model &model = *models_[type];
  ws.P.reserve_at_least(model.inputs);
  if (ws.scratch.size() < model.descriptors.size()) ws.scratch.resize(model.descriptors.size());
  double *P = ws.P.data();
  for (std::size_t k = 0; k < model.descriptors.size(); ++k) {
    model.descriptors[k].forward(kernel_, ws.neighbors, ws.scratch[k], P);
    P += model.descriptors[k].size();
  }
  return ws.P.data();
}

void Evaluator::normalize(const Model &model, Workspace &ws) const
{
  ws.x.reserve_at_least(model.network.inputs_padded());
  const double *P = ws.P.data();
  double *x = ws.x.data();
  for (int k = 0; k < model.inputs; ++k) x[k] = (P[k] - model.mu[k]) * model.inverse_sigma[k];
}

double Evaluator::evaluate_network(const Model &model, Workspace &ws) const
{
  normalize(model, ws);
  ws.dP.reserve_at_least(model.network.inputs_padded());
  ws.network.reserve_at_least(model.network.scratch_size());
  double *dP = ws.dP.data();
  const double energy = model.network.evaluate(ws.x.data(), dP, ws.network.data());
  for (int k = 0; k < model.inputs; ++k) dP[k] *= model.energy_scale * model.inverse_sigma[k];
  return model.energy_scale * energy + model.energy_shift;
}

double Evaluator::evaluate(int type, Workspace &ws) const
{
  const Model &model = *models_[type];
  descriptor(type, ws);
  const double energy = evaluate_network(model, ws);
  const double *dP = ws.dP.data();
  for (std::size_t k = 0; k < model.descriptors.size(); ++k) {
    model.descriptors[k].backward(kernel_, ws.neighbors, ws.scratch[k], dP, k > 0);
    dP += model.descriptors[k].size();
  }
  return energy;
}

double Evaluator::evaluate(int type, Workspace &ws, const KeptDescriptor &kept) const
{
  const Model &model = *models_[type];
  ws.P.reserve_at_least(model.inputs);
  std::copy_n(kept.P, model.inputs, ws.P.data());
  const double energy = evaluate_network(model, ws);
  Neighbors &nb = ws.neighbors;
  const int count = nb.count(), stride = kept_stride(count);
  ws.displacements.resize(stride);
  const float *g = ws.displacements.data();
  kernel_.contract(kept.dP, model.inputs, stride, ws.dP.data(), ws.displacements.data());
  nb.each([&](int slot, int) {
    nb.gx[slot] = g[0];
    nb.gy[slot] = g[count];
    nb.gz[slot] = g[2 * count];
    ++g;
  });
  return energy;
}

void Evaluator::keep(int type, Workspace &ws, double *P, float *dP) const
{
  const Model &model = *models_[type];
  std::copy_n(descriptor(type, ws), model.inputs, P);
  Neighbors &nb = ws.neighbors;
  const int count = nb.count(), stride = kept_stride(count);
  for (std::size_t k = 0; k < model.descriptors.size(); ++k) {
    const Descriptor &d = model.descriptors[k];
    std::vector<double> unit(d.size(), 0.0);
    for (int component = 0; component < d.size(); ++component, dP += stride) {
      unit[component] = 1.0;
      d.backward(kernel_, nb, ws.scratch[k], unit.data(), false);
      unit[component] = 0.0;
      std::fill_n(dP, stride, 0.0F);
      float *to = dP;
      nb.each([&](int slot, int) {
        to[0] = static_cast<float>(nb.gx[slot]);
        to[count] = static_cast<float>(nb.gy[slot]);
        to[2 * count] = static_cast<float>(nb.gz[slot]);
        ++to;
      });
    }
  }
}

bool Evaluator::knows_uncertainty() const
{
  return std::none_of(models_.begin(), models_.end(), [](const std::optional<Model> &model) {
    return model && !model->uncertainty;
  });
}

const double *Evaluator::uncertainty_input(int type, Workspace &ws) const
{
  const Model &model = *models_[type];
  normalize(model, ws);
  double *x = ws.x.data();
  for (int k = 0; k < model.inputs; ++k) x[k] = std::asinh(x[k]);
  return x;
}

double Evaluator::force_uncertainty(int type, Workspace &ws) const
{
  const Network &network = *models_[type]->uncertainty;
  const double *x = uncertainty_input(type, ws);
  ws.dP.reserve_at_least(network.inputs_padded());
  ws.network.reserve_at_least(network.scratch_size());
  const double error = std::exp(network.evaluate(x, ws.dP.data(), ws.network.data()));
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

int Evaluator::first_parameter(int type) const
{
  int count = 0;
  for (int t = 0; t < type; ++t)
    if (models_[t]) {
      count += models_[t]->network.parameter_count();
      for (const Descriptor &d : models_[t]->descriptors) count += d.trainable().count();
    }
  return count;
}

int Evaluator::parameter_count() const
{
  return first_parameter(ntypes());
}

void Evaluator::freeze_bases()
{
  for (auto &model : models_)
    if (model)
      for (Descriptor &d : model->descriptors) d.freeze();
}

void Evaluator::copy_parameters_to(double *parameters) const
{
  for (const auto &model : models_) {
    if (!model) continue;
    model->network.copy_parameters_to(parameters);
    parameters += model->network.parameter_count();
    for (const Descriptor &d : model->descriptors) {
      d.copy_parameters_to(parameters);
      parameters += d.trainable().count();
    }
  }
}

void Evaluator::set_parameters(const double *parameters)
{
  for (auto &model : models_) {
    if (!model) continue;
    model->network.set_parameters(parameters);
    parameters += model->network.parameter_count();
    for (Descriptor &d : model->descriptors) {
      d.set_parameters(parameters);
      parameters += d.trainable().count();
    }
  }
}

void Evaluator::add_parameter_gradient(int type, Workspace &ws, double a, double *gradient,
                                       const KeptDescriptor *kept) const
{
  const Model &model = *models_[type];
  const Neighbors &nb = ws.neighbors;
  ws.xt.reserve_at_least(model.network.inputs_padded());
  ws.v.reserve_at_least(model.network.inputs_padded());
  double *xt = ws.xt.data(), *v = ws.v.data();
  if (kept != nullptr) {
    const int count = nb.count(), stride = kept_stride(count);
    ws.displacements.assign(stride, 0.0F);
    float *t = ws.displacements.data();
    nb.each([&](int slot, int) {
      t[0] = static_cast<float>(nb.tx[slot]);
      t[count] = static_cast<float>(nb.ty[slot]);
      t[2 * count] = static_cast<float>(nb.tz[slot]);
      ++t;
    });
    kernel_.project(kept->dP, model.inputs, stride, ws.displacements.data(), xt);
  } else {
    for (std::size_t k = 0; k < model.descriptors.size(); ++k) {
      model.descriptors[k].tangent(kernel_, nb, ws.scratch[k], xt);
      xt += model.descriptors[k].size();
    }
    xt = ws.xt.data();
  }
  for (int k = 0; k < model.inputs; ++k) xt[k] *= model.inverse_sigma[k] * model.energy_scale;
  gradient += first_parameter(type);
  model.network.add_gradient(ws.x.data(), xt, a * model.energy_scale, gradient, v,
                             ws.network.data());
  gradient += model.network.parameter_count();

  for (int k = 0; k < model.inputs; ++k) v[k] *= model.inverse_sigma[k];
  const double *u = ws.dP.data();
  for (std::size_t k = 0; k < model.descriptors.size(); ++k) {
    const Descriptor &d = model.descriptors[k];
    if (d.trainable().count() > 0) d.add_gradient(kernel_, u, v, ws.scratch[k], gradient);
    gradient += d.trainable().count();
    u += d.size();
    v += d.size();
  }
}

std::vector<ParameterBlock> Evaluator::parameter_blocks() const
{
  std::vector<ParameterBlock> blocks;
  int offset = 0;
  for (const auto &model : models_) {
    if (!model) continue;
    for (ParameterBlock block : model->network.parameter_blocks()) {
      block.offset += offset;
      blocks.push_back(block);
    }
    offset += model->network.parameter_count();
    for (const Descriptor &d : model->descriptors) {
      const TrainableWeights &w = d.trainable();
      if (w.count() > 0) blocks.push_back({offset, w.rows, w.columns});
      offset += w.count();
    }
  }
  return blocks;
}

void Evaluator::store_weights(Potential &potential) const
{
  for (int t = 0; t < ntypes(); ++t) {
    if (!models_[t]) continue;
    ElementModel &model = *potential.models[t];
    model.network = models_[t]->network.layers();
    for (std::size_t k = 0; k < model.basis.size(); ++k) {
      const Descriptor &d = models_[t]->descriptors[k];
      if (d.trainable().count() > 0)
        d.copy_parameters_to((model.basis[k].*d.trainable().values).data());
    }
  }
}

}    // namespace turing_glass::nnap
