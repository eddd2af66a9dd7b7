// SPDX-License-Identifier: GPL-2.0-only

#include "model.h"

#include "nnap/harmonics.h"
#include "nnap/invariants.h"
#include "nnap/weight_tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>

namespace turing_glass::nnap::gpu {

namespace {

constexpr double pi = 3.14159265358979323846;

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

/// weight(input, output) gives its elements.
template <class Real, class Weight>
FlatMatrix<Real> flat_matrix(Builder &builder, int inputs, int outputs, Weight weight)
{
  constexpr int together = FlatMatrix<Real>::together;
  FlatMatrix<Real> flat;
  flat.inputs = inputs;
  flat.outputs = outputs;
  flat.padded = (outputs + together - 1) / together * together;
  std::vector<Real> rows(static_cast<std::size_t>(inputs) * flat.padded);
  for (int i = 0; i < inputs; ++i)
    for (int o = 0; o < outputs; ++o)
      rows[static_cast<std::size_t>(i) * flat.padded + o] = static_cast<Real>(weight(i, o));
  flat.weight = builder.add(rows);
  return flat;
}

template <class Real>
FlatNetwork<Real> flat_network(Builder &builder, const std::vector<Layer> &layers,
                               ModelSizes &sizes)
{
  std::vector<FlatLayer<Real>> flat;
  int nodes = 0, widest = 0;
  for (const Layer &layer : layers) {
    const auto weight = [&layer](int i, int o) {
      return layer.weight[static_cast<std::size_t>(o) * layer.inputs + i];
    };
    FlatLayer<Real> f;
    f.silu = layer.silu;
    f.forward = flat_matrix<Real>(builder, layer.inputs, layer.outputs, weight);
    f.backward = flat_matrix<Real>(builder, layer.outputs, layer.inputs,
                                   [&](int o, int i) { return weight(i, o); });
    std::vector<Real> bias = rounded<Real>(layer.bias);
    bias.resize(f.forward.padded);
    f.bias = builder.add(bias);
    flat.push_back(f);
    nodes += layer.outputs;
    widest = std::max(widest, layer.outputs);
  }
  sizes.nodes = std::max(sizes.nodes, nodes);
  sizes.widest = std::max(sizes.widest, widest);
  return {static_cast<int>(flat.size()), nodes, widest, builder.add(flat)};
}

/// The factor of a shift, where rows p .. p+nn-1 of W are a multiple of the unit matrix; they are given by p, then n.
std::optional<double> multiple_of_unity(const std::map<int, std::vector<double>> &rows, int p,
                                        int nn)
{
  std::optional<double> factor;
  for (int k = 0; k < nn; ++k) {
    const auto found = rows.find(p + k);
    if (found == rows.end()) return {};
    for (int n = 0; n < nn; ++n)
      if (n != k && found->second[n] != 0.0) return {};
    if (factor && *factor != found->second[k]) return {};
    factor = found->second[k];
  }
  return factor;
}

template <class Real>
void add_weights(Builder &builder, const WeightTensor &weights, int ntypes, FlatBasis<Real> &flat)
{
  std::vector<int> shift_begin, row_begin, row_channel;
  std::vector<int> shift_channel;
  std::vector<Real> shift_weight, row_weight;
  for (int t = 0; t < ntypes; ++t) {
    shift_begin.push_back(static_cast<int>(shift_channel.size()));
    row_begin.push_back(static_cast<int>(row_channel.size()));
    std::map<int, std::vector<double>> rows;
    for (const WeightTensor::Entry &e : weights.entries) {
      if (e.t != t || e.w == 0.0) continue;
      std::vector<double> &row = rows[e.p];
      row.resize(flat.nn, 0.0);
      row[e.n] += e.w;
    }
    for (int p = 0; p < weights.np;) {
      if (const auto factor = multiple_of_unity(rows, p, flat.nn)) {
        shift_channel.push_back(p);
        shift_weight.push_back(static_cast<Real>(*factor));
        p += flat.nn;
        continue;
      }
      if (const auto found = rows.find(p); found != rows.end()) {
        row_channel.push_back(p);
        row_weight.insert(row_weight.end(), found->second.begin(), found->second.end());
      }
      ++p;
    }
  }
  shift_begin.push_back(static_cast<int>(shift_channel.size()));
  row_begin.push_back(static_cast<int>(row_channel.size()));
  flat.shift_begin = builder.add(shift_begin);
  flat.shift_channel = builder.add(shift_channel);
  flat.shift_weight = builder.add(shift_weight);
  flat.row_begin = builder.add(row_begin);
  flat.row_channel = builder.add(row_channel);
  flat.row_weight = builder.add(row_weight);
}

template <class Real>
void add_invariants(Builder &builder, const Basis &basis, FlatBasis<Real> &flat)
{
  // from the order of Harmonics to that of the rows here
  const RowOrder order{flat.lmax};
  std::vector<int> row_of(flat.rows), degree(flat.rows);
  const bool radial = basis.kind == Basis::Kind::chebyshev;
  const std::vector<double> norm_of = Harmonics(flat.lmax).norm;
  std::vector<Real> norm(flat.rows, Real(1)), factor;
  for (int l = 0; l <= flat.lmax; ++l) {
    for (int m = -l; m <= l; ++m) {
      const int row =
          m == 0 ? order.zonal(l) : order.cosine(l, std::abs(m)) + (m < 0 ? order.to_sine() : 0);
      const int theirs = Harmonics::row(flat.lmax, l, m);
      row_of[theirs] = row;
      degree[row] = l;
      if (!radial) norm[row] = static_cast<Real>(norm_of[theirs]);
    }
    factor.push_back(static_cast<Real>(l < flat.quadratic ? 4.0 * pi / (2 * l + 1) : 0.0));
  }
  flat.degree = builder.add(degree);
  flat.norm = builder.add(norm);
  flat.factor = builder.add(factor);

  std::vector<FlatTerm<Real>> terms;
  std::vector<std::vector<FlatTerm<Real>>> slopes(flat.rows);
  std::vector<int> term_begin, slope_begin;
  const Invariants invariants(basis);
  int cubic = 0;
  for (const Invariants::Cubic &of : invariants.cubic()) {
    term_begin.push_back(static_cast<int>(terms.size()));
    for (const Invariants::Term &t : of.terms) {
      // there of harmonics without their norm
      const auto times = static_cast<Real>(t.factor / (norm_of[t.a] * norm_of[t.b] * norm_of[t.c]));
      const int a = row_of[t.a], b = row_of[t.b], c = row_of[t.c];
      terms.push_back({cubic, a, b, c, times});
      slopes[a].push_back({cubic, b, c, 0, times});
      slopes[b].push_back({cubic, a, c, 0, times});
      slopes[c].push_back({cubic, a, b, 0, times});
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
    sizes.numbers_of_basis = std::max(sizes.numbers_of_basis, b.channels * b.rows);
    first_P += b.channels * b.per_channel;
    if (sizes.rows > 0 && (sizes.nn != b.nn || sizes.lmax != b.lmax)) sizes.one_shape = false;
    sizes.nn = std::max(sizes.nn, b.nn);
    sizes.lmax = std::max(sizes.lmax, b.lmax);
    sizes.rows = std::max(sizes.rows, b.rows);
    bases.push_back(b);
  }
  flat.basis = builder.add(bases);
  std::vector<Real> inverse_sigma;
  for (const double sigma : model.norm_sigma)
    inverse_sigma.push_back(static_cast<Real>(1.0 / sigma));
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
