// SPDX-License-Identifier: GPL-2.0-only

#include "model.h"

#include "nnap/harmonics.h"
#include "nnap/invariants.h"
#include "nnap/weight_tensor.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

namespace turing_glass::nnap::gpu {

namespace {

/// Appends arrays to a block, each on a boundary of 16 bytes.
class Builder {
 public:
  explicit Builder(std::vector<char> &block) : block_(block) {}
  template <class T> In<T> add(const std::vector<T> &values)
  {
    const std::size_t at = (block_.size() + 15) / 16 * 16, size = values.size() * sizeof(T);
    block_.resize(at + size);
    if (size > 0) std::memcpy(block_.data() + at, values.data(), size);
    return {static_cast<std::uint32_t>(at)};
  }

 private:
  std::vector<char> &block_;
};

template <class Real> std::vector<Real> rounded(const std::vector<double> &values)
{
  return std::vector<Real>(values.begin(), values.end());
}

template <class Real>
FlatNetwork<Real> flat_network(Builder &builder, const std::vector<Layer> &layers,
                               ModelSizes &sizes)
{
  std::vector<FlatLayer<Real>> flat;
  int room = 0;
  for (const Layer &layer : layers) {
    FlatLayer<Real> f;
    f.inputs = layer.inputs;
    f.outputs = layer.outputs;
    f.silu = layer.silu;
    const std::vector<Real> by_output = rounded<Real>(layer.weight);
    std::vector<Real> by_input(by_output.size());
    for (int o = 0; o < layer.outputs; ++o)
      for (int i = 0; i < layer.inputs; ++i)
        by_input[static_cast<std::size_t>(i) * layer.outputs + o] =
            by_output[static_cast<std::size_t>(o) * layer.inputs + i];
    f.by_output = builder.add(by_output);
    f.by_input = builder.add(by_input);
    f.bias = builder.add(rounded<Real>(layer.bias));
    flat.push_back(f);
    room += 2 * layer.outputs;
  }
  sizes.network = std::max(sizes.network, room);
  return {static_cast<int>(flat.size()), builder.add(flat)};
}

template <class Real>
void add_weights(Builder &builder, const WeightTensor &weights, int ntypes, FlatBasis<Real> &flat)
{
  std::vector<int> begin, channel;
  std::vector<Real> weight;
  for (int t = 0; t < ntypes; ++t) {
    begin.push_back(static_cast<int>(channel.size()));
    std::map<int, std::vector<double>> by_channel;
    for (const WeightTensor::Entry &e : weights.entries) {
      if (e.t != t || e.w == 0.0) continue;
      std::vector<double> &row = by_channel[e.p];
      row.resize(flat.nn, 0.0);
      row[e.n] += e.w;
    }
    for (const auto &[p, row] : by_channel) {
      channel.push_back(p);
      weight.insert(weight.end(), row.begin(), row.end());
    }
  }
  begin.push_back(static_cast<int>(channel.size()));
  flat.begin = builder.add(begin);
  flat.channel = builder.add(channel);
  flat.weight = builder.add(weight);
}

template <class Real>
void add_invariants(Builder &builder, const Basis &basis, FlatBasis<Real> &flat)
{
  const std::vector<double> by_row = Invariants::quadratic_factors(basis);
  std::vector<int> degree(flat.rows);
  for (int l = 0; l <= flat.lmax; ++l)
    for (int m = -l; m <= l; ++m) degree[Harmonics::row(flat.lmax, l, m)] = l;
  flat.degree = builder.add(degree);
  flat.factor = builder.add(rounded<Real>(by_row));

  std::vector<FlatTerm<Real>> terms;
  std::vector<std::vector<FlatTerm<Real>>> slopes(flat.rows);
  std::vector<int> term_begin, slope_begin;
  const Invariants invariants(basis);
  int cubic = 0;
  for (const Invariants::Cubic &of : invariants.cubic()) {
    term_begin.push_back(static_cast<int>(terms.size()));
    for (const Invariants::Term &t : of.terms) {
      const auto factor = static_cast<Real>(t.factor);
      terms.push_back({cubic, t.a, t.b, t.c, factor});
      slopes[t.a].push_back({cubic, t.b, t.c, 0, factor});
      slopes[t.b].push_back({cubic, t.a, t.c, 0, factor});
      slopes[t.c].push_back({cubic, t.a, t.b, 0, factor});
    }
    ++cubic;
  }
  term_begin.push_back(static_cast<int>(terms.size()));
  std::vector<FlatTerm<Real>> slope;
  for (const auto &of_row : slopes) {
    slope_begin.push_back(static_cast<int>(slope.size()));
    slope.insert(slope.end(), of_row.begin(), of_row.end());
  }
  slope_begin.push_back(static_cast<int>(slope.size()));
  flat.cubic = cubic;
  flat.term_begin = builder.add(term_begin);
  flat.term = builder.add(terms);
  flat.slope_begin = builder.add(slope_begin);
  flat.slope = builder.add(slope);
}

template <class Real>
FlatElement<Real> flat_element(Builder &builder, const ElementModel &model, int ntypes,
                               ModelSizes &sizes)
{
  FlatElement<Real> flat;
  flat.inputs = model.inputs();
  flat.bases = static_cast<int>(model.basis.size());
  flat.energy_scale = model.sigma_energy;
  flat.energy_shift = model.mu_energy + model.reference_energy;
  std::vector<FlatBasis<Real>> bases;
  int first_P = 0;
  for (const Basis &basis : model.basis) {
    FlatBasis<Real> b;
    const WeightTensor weights = make_weight_tensor(basis, ntypes);
    b.nn = basis.nmax + 1;
    b.lmax = Invariants::degree(basis);
    b.rows = Harmonics::row_count(b.lmax);
    b.channels = weights.np;
    b.per_channel = Invariants::per_channel(basis);
    b.quadratic = basis.kind == Basis::Kind::chebyshev ? 0 : basis.lmax + 1;
    b.first_c = flat.numbers_c;
    b.first_P = first_P;
    b.rcut = basis.rcut;
    add_weights(builder, weights, ntypes, b);
    add_invariants(builder, basis, b);
    flat.numbers_c += b.channels * b.rows;
    first_P += b.channels * b.per_channel;
    if (sizes.rows > 0 && (sizes.nn != b.nn || sizes.lmax != b.lmax)) sizes.one_shape = false;
    sizes.nn = std::max(sizes.nn, b.nn);
    sizes.lmax = std::max(sizes.lmax, b.lmax);
    sizes.rows = std::max(sizes.rows, b.rows);
    bases.push_back(b);
  }
  flat.basis = builder.add(bases);
  std::vector<Real> inverse_sigma;
  for (const double sigma : model.norm_sigma) inverse_sigma.push_back(static_cast<Real>(1.0 / sigma));
  flat.mu = builder.add(rounded<Real>(model.norm_mu));
  flat.inverse_sigma = builder.add(inverse_sigma);
  flat.network = flat_network<Real>(builder, model.network, sizes);
  flat.uncertainty = flat_network<Real>(builder, model.uncertainty, sizes);
  sizes.numbers_c = std::max(sizes.numbers_c, flat.numbers_c);
  sizes.inputs = std::max(sizes.inputs, flat.inputs);
  return flat;
}

}    // namespace

template <class Real>
Model<Real>::Model(const Potential &potential) :
    elements_(static_cast<int>(potential.elements.size())), cutoff_(potential.cutoff())
{
  Builder builder(block);
  std::vector<FlatElement<Real>> elements;
  for (int t = 0; t < elements_; ++t) {
    const auto &model = potential.models[t];
    has_model.push_back(model.has_value());
    if (!model) {
      elements.emplace_back();
      continue;
    }
    check(*model, elements_, "element " + potential.elements[t]);
    knows_uncertainty = knows_uncertainty && !model->uncertainty.empty();
    elements.push_back(flat_element<Real>(builder, *model, elements_, sizes));
  }
  element_ = builder.add(elements);
}

template <class Real> ModelView<Real> Model<Real>::view(const char *at) const
{
  ModelView<Real> view;
  view.block = at;
  view.elements = elements_;
  view.cutoff = cutoff_;
  view.element = element_;
  return view;
}

template struct Model<double>;
template struct Model<float>;

}    // namespace turing_glass::nnap::gpu
