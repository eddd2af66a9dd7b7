// SPDX-License-Identifier: GPL-2.0-only

#include "potential.h"

#include "invariants.h"
#include "weight_tensor.h"

#include <algorithm>
#include <cmath>

namespace turing_glass::nnap {

const char *name(WeightType type)
{
  switch (type) {
    case WeightType::none:
      return "none";
    case WeightType::standard:
      return "default";
    case WeightType::full:
      return "full";
    case WeightType::exfull:
      return "exfull";
    case WeightType::fuse:
      return "fuse";
    case WeightType::rfuse:
      return "rfuse";
    case WeightType::exfuse:
      return "exfuse";
  }
  return "?";
}

double Potential::cutoff() const
{
  double largest = 0.0;
  for (const auto &model : models)
    if (model)
      for (const Basis &basis : model->basis) largest = std::max(largest, basis.rcut);
  return largest;
}

int descriptor_size(const Basis &basis, int ntypes)
{
  const int np =
      basis.post_fuse_weight.empty() ? channel_rows(basis, ntypes) : basis.post_fuse_size;
  return np * Invariants::per_channel(basis);
}

namespace {

[[noreturn]] void fail(const std::string &where, const std::string &what)
{
  throw PotentialError(where + ": " + what);
}

void check_range(const std::string &where, const char *word, int value, int low, int high)
{
  if (value < low || value > high)
    fail(where,
         std::string(word) + " is " + std::to_string(value) + ", supported are " +
             std::to_string(low) + " to " + std::to_string(high));
}

void check_numbers(const std::string &where, const char *word, const std::vector<double> &values,
                   size_t expected)
{
  if (values.size() != expected)
    fail(where,
         std::string(word) + " has " + std::to_string(values.size()) + " numbers, " +
             std::to_string(expected) + " are needed");
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      fail(where, std::string(word) + "[" + std::to_string(i) + "] is not a finite number");
}

void check_basis(const Basis &basis, int ntypes, const std::string &where)
{
  check_range(where, "nmax", basis.nmax, 0, Basis::largest_nmax);
  check_range(where, "lmax", basis.lmax, 0, Basis::largest_lmax);
  check_range(where, "l3max", basis.l3max, 0, Basis::largest_l3max);
  if (!std::isfinite(basis.rcut) || basis.rcut <= 0.0)
    fail(where, "rcut must be a positive length in A");

  const bool fuses = basis.wtype == WeightType::fuse || basis.wtype == WeightType::exfuse;
  const size_t nn = basis.nmax + 1, types = ntypes;
  if (fuses) check_range(where, "fuse_size", basis.fuse_size, 1, Basis::largest_fuse);
  check_numbers(where, "fuse_weight", basis.fuse_weight, fuses ? types * basis.fuse_size : 0);
  const bool radial_fuse = basis.wtype == WeightType::rfuse;
  if (radial_fuse) check_range(where, "rfuse_size", basis.rfuse_size, 1, Basis::largest_fuse);
  check_numbers(where, "rfuse_weight", basis.rfuse_weight,
                radial_fuse ? types * basis.rfuse_size * nn : 0);
  if (!basis.post_fuse_weight.empty()) {
    check_range(where, "post_fuse_size", basis.post_fuse_size, 1, Basis::largest_fuse);
    check_numbers(where, "post_fuse_weight", basis.post_fuse_weight,
                  static_cast<size_t>(basis.post_fuse_size) * channel_rows(basis, ntypes));
  }
}

void check_network(const std::vector<Layer> &network, int inputs, const std::string &where)
{
  if (network.empty()) fail(where, "the network has no layer");
  int width = inputs;
  for (size_t k = 0; k < network.size(); ++k) {
    const Layer &layer = network[k];
    const std::string here = where + ", layer " + std::to_string(k + 1);
    check_range(here, "the number of nodes", layer.outputs, 1, ElementModel::largest_width);
    if (layer.inputs != width)
      fail(here,
           "expects " + std::to_string(layer.inputs) + " inputs but " +
               (k ? "the layer before" : "the basis") + " gives " + std::to_string(width));
    check_numbers(here, "weights", layer.weight, static_cast<size_t>(layer.inputs) * layer.outputs);
    check_numbers(here, "biases", layer.bias, layer.outputs);
    width = layer.outputs;
  }
  if (width != 1)
    fail(where, "the last layer must have one output, it has " + std::to_string(width));
}

}    // namespace

int input_count(const std::vector<Basis> &bases, int ntypes, const std::string &where)
{
  if (bases.empty()) fail(where, "no basis");
  int inputs = 0;
  for (size_t i = 0; i < bases.size(); ++i) {
    const std::string here =
        bases.size() == 1 ? where + ", basis" : where + ", basis " + std::to_string(i + 1);
    check_basis(bases[i], ntypes, here);
    inputs += descriptor_size(bases[i], ntypes);
    if (inputs > ElementModel::largest_width)
      fail(here, "gives more than " + std::to_string(ElementModel::largest_width) + " numbers");
  }
  return inputs;
}

void check(const ElementModel &model, int ntypes, const std::string &where)
{
  const int inputs = input_count(model.basis, ntypes, where);
  check_numbers(where, "norm_mu", model.norm_mu, inputs);
  check_numbers(where, "norm_sigma", model.norm_sigma, inputs);
  for (int k = 0; k < inputs; ++k)
    if (!std::isfinite(1.0 / model.norm_sigma[k]))
      fail(where, "norm_sigma[" + std::to_string(k) + "] is zero");
  check_numbers(where, "energy normalization",
                {model.mu_energy, model.sigma_energy, model.reference_energy}, 3);
  check_network(model.network, inputs, where + ", nn");
  if (!model.uncertainty.empty()) check_network(model.uncertainty, inputs, where + ", uncertainty");
}

}    // namespace turing_glass::nnap
