// SPDX-License-Identifier: GPL-2.0-only

#include "aenet.h"

#include "text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace turing_glass::nnap {

namespace {

// Which record holds what, counted from 0.
enum Record {
  layer_count = 0,
  nodes = 4,
  activations = 5,
  weight_offsets = 6,
  weights = 8,
  central_element = 10,
  element_count = 11,
  element_symbols = 12,
  descriptor_kind = 15,
  descriptor_parameters = 19,
  feature_mean = 24,
  feature_mean_square = 25,
  energy_scale = 28,
  energy_shift = 29,
  atomic_energies = 32
};

constexpr std::int32_t activation_linear = 0, activation_silu = 6;
constexpr std::size_t symbol_length = 2;
constexpr std::int32_t most_layers = 100;
constexpr std::size_t most_records = 1000;    // such a file has 36

/// aenet itself drops features that vary less than this (Artrith, Urban, stp_normalize).
constexpr double smallest_deviation = 1e-10;

std::int32_t int_at(std::string_view bytes, std::size_t offset)
{
  std::int32_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

bool is_letter(char c)
{
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::string trimmed(std::string_view text)
{
  const std::size_t end = text.find_last_not_of(std::string_view(" \0", 2));
  return std::string(text.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

/// The records of one file. A record is length (4 bytes), data, length again.
class Records {
 public:
  explicit Records(const AenetFile &file) : name_(file.name)
  {
    const std::string_view content = file.content;
    for (std::size_t at = 0; at < content.size();) {
      if (records_.size() == most_records) fail("has too many records: not an aenet network");
      const std::string record = "record " + std::to_string(records_.size());
      if (content.size() - at < 8) fail(record + " is cut off: the file is truncated");
      const std::int32_t length = int_at(content, at);
      if (length < 0 || static_cast<std::size_t>(length) > content.size() - at - 8)
        fail(record + " claims " + std::to_string(length) +
             " bytes, the file ends before: truncated, or not an aenet network");
      if (int_at(content, at + 4 + length) != length)
        fail(record + " has different lengths at its two ends: damaged, or not an aenet network");
      records_.push_back(content.substr(at + 4, length));
      at += 8 + static_cast<std::size_t>(length);
    }
  }

  [[noreturn]] void fail(const std::string &what) const
  {
    throw PotentialError(name_ + ": " + what);
  }

  std::vector<std::int32_t> integers(Record k, const char *what, std::size_t count) const
  {
    return values<std::int32_t>(k, what, count);
  }
  std::vector<double> doubles(Record k, const char *what, std::size_t count) const
  {
    const std::vector<double> out = values<double>(k, what, count);
    for (const double v : out)
      if (!std::isfinite(v))
        fail(std::string(what) + " (record " + std::to_string(k) +
             ") holds a number that is not finite");
    return out;
  }
  std::string_view text(Record k, const char *what) const
  {
    if (static_cast<std::size_t>(k) >= records_.size())
      fail(std::string("has no ") + what + " (record " + std::to_string(k) +
           "): truncated, or not an aenet network");
    return records_[k];
  }

 private:
  template <class T> std::vector<T> values(Record k, const char *what, std::size_t count) const
  {
    const std::string_view bytes = text(k, what);
    if (bytes.size() < count * sizeof(T))
      fail(std::string(what) + " (record " + std::to_string(k) + ") has " +
           std::to_string(bytes.size()) + " bytes, " + std::to_string(count * sizeof(T)) +
           " are needed");
    std::vector<T> out(count);
    if (count > 0) std::memcpy(out.data(), bytes.data(), count * sizeof(T));
    return out;
  }

  std::string name_;
  std::vector<std::string_view> records_;
};

std::vector<Layer> read_network(const Records &records)
{
  const std::int32_t nlayers = records.integers(layer_count, "the number of layers", 1)[0];
  if (nlayers < 2 || nlayers > most_layers)
    records.fail("has " + std::to_string(nlayers) + " layers of nodes, not a usable network");
  const auto widths = records.integers(nodes, "the nodes per layer", nlayers);
  const auto functions = records.integers(activations, "the activation functions", nlayers - 1);
  const auto offsets = records.integers(weight_offsets, "the weight offsets", nlayers);
  const std::size_t stored = records.text(weights, "the weights").size() / sizeof(double);
  const auto values = records.doubles(weights, "the weights", stored);

  std::vector<Layer> network;
  std::size_t next = 0;    // where the weights of the layer begin
  for (int k = 0; k + 1 < nlayers; ++k) {
    const std::string here = "layer " + std::to_string(k + 1);
    Layer layer;
    layer.inputs = widths[k];
    layer.outputs = widths[k + 1];
    for (const int width : {layer.inputs, layer.outputs})
      if (width < 1 || width > ElementModel::largest_width)
        records.fail(here + " has " + std::to_string(width) + " nodes, supported are 1 to " +
                     std::to_string(ElementModel::largest_width));
    if (functions[k] != activation_linear && functions[k] != activation_silu)
      records.fail(here + " uses activation function " + std::to_string(functions[k]) +
                   ", supported are 0 (linear) and 6 (SiLU)");
    layer.silu = functions[k] == activation_silu;
    const std::size_t in = layer.inputs, out = layer.outputs;
    if (static_cast<std::size_t>(offsets[k]) != next ||
        static_cast<std::size_t>(offsets[k + 1]) != next + in * out + out)
      records.fail(here + " of " + std::to_string(in) + " x " + std::to_string(out) +
                   " nodes has weights " + std::to_string(offsets[k]) + " to " +
                   std::to_string(offsets[k + 1]) + " (record 6), which does not fit");
    if (in * out + out > stored - next)
      records.fail(here + " reaches beyond the " + std::to_string(stored) + " stored weights");
    const double *matrix = values.data() + next;    // column-major (out, in), then the biases
    next += in * out + out;
    layer.weight.resize(in * out);
    for (std::size_t i = 0; i < in; ++i)
      for (std::size_t o = 0; o < out; ++o) layer.weight[o * in + i] = matrix[i * out + o];
    layer.bias.assign(matrix + in * out, matrix + in * out + out);
    network.push_back(std::move(layer));
  }
  return network;
}

std::vector<std::string> read_elements(const Records &records)
{
  const std::int32_t count = records.integers(element_count, "the number of elements", 1)[0];
  const std::string_view symbols = records.text(element_symbols, "the element symbols");
  if (count < 1 || count > Potential::most_elements || symbols.size() != count * symbol_length)
    records.fail("lists " + std::to_string(count) + " elements in " +
                 std::to_string(symbols.size()) + " characters");
  std::vector<std::string> elements;
  for (std::int32_t t = 0; t < count; ++t) {
    const std::string symbol = trimmed(symbols.substr(t * symbol_length, symbol_length));
    if (symbol.empty() || !std::all_of(symbol.begin(), symbol.end(), is_letter))
      records.fail("element " + std::to_string(t + 1) + " has the symbol " + in_quotes(symbol) +
                   ", which is none");
    if (std::find(elements.begin(), elements.end(), symbol) != elements.end())
      records.fail("lists element " + symbol + " twice");
    elements.push_back(symbol);
  }
  return elements;
}

Basis read_basis(const Records &records, int ntypes)
{
  if (const std::string kind = trimmed(records.text(descriptor_kind, "the descriptor"));
      kind != "Spherical_Chebyshev")
    records.fail("descriptor " + in_quotes(kind) + " is not supported, only Spherical_Chebyshev");
  const auto parameters = records.doubles(descriptor_parameters, "the descriptor parameters", 3);
  const auto degree = [&](int k, const char *what, int largest) {
    const double value = parameters[k];
    if (value != std::floor(value) || value < 0 || value > largest)
      records.fail(std::string(what) + " must be an integer from 0 to " + std::to_string(largest));
    return static_cast<int>(value);
  };
  Basis basis;
  basis.nmax = degree(0, "nmax", Basis::largest_nmax);
  basis.lmax = degree(1, "lmax", Basis::largest_lmax);
  basis.rcut = parameters[2];
  if (ntypes == 1) {
    basis.wtype = WeightType::none;
    return basis;
  }
  basis.wtype = WeightType::exfuse;
  basis.fuse_size = 1;
  for (int t = 0; t < ntypes; ++t) {
    const int spin = t - ntypes / 2;
    basis.fuse_weight.push_back(ntypes % 2 == 0 && spin >= 0 ? spin + 1 : spin);
  }
  return basis;
}

/// A feature without variance in the training set carries no information: aenet drops it.
void drop_feature(ElementModel &model, int k)
{
  model.norm_mu[k] = 0.0;
  model.norm_sigma[k] = 1.0;
  Layer &first = model.network.front();
  for (int o = 0; o < first.outputs; ++o)
    first.weight[static_cast<std::size_t>(o) * first.inputs + k] = 0.0;
}

ElementModel read_model(const Records &records, const std::vector<std::string> &elements,
                        int element, const std::string &name)
{
  const int ntypes = static_cast<int>(elements.size());
  ElementModel model;
  model.basis = {read_basis(records, ntypes)};
  model.network = read_network(records);
  const int inputs = input_count(model.basis, ntypes, name);
  if (model.network.front().inputs != inputs)
    records.fail("the network expects " + std::to_string(model.network.front().inputs) +
                 " inputs but the descriptor gives " + std::to_string(inputs));

  model.norm_mu = records.doubles(feature_mean, "the mean of the features", inputs);
  const auto square =
      records.doubles(feature_mean_square, "the mean square of the features", inputs);
  model.norm_sigma.resize(inputs);
  for (int k = 0; k < inputs; ++k) {
    const double variance = square[k] - model.norm_mu[k] * model.norm_mu[k];
    const double deviation = variance > 0.0 ? std::sqrt(variance) : 0.0;
    if (deviation > smallest_deviation)
      model.norm_sigma[k] = deviation;
    else
      drop_feature(model, k);
  }
  const double scale = records.doubles(energy_scale, "the energy scale", 1)[0];
  if (scale == 0.0) records.fail("the energy scale (record 28) is zero");
  model.sigma_energy = 1.0 / scale;
  model.mu_energy = records.doubles(energy_shift, "the energy shift", 1)[0];
  model.reference_energy = records.doubles(atomic_energies, "the atomic energies", ntypes)[element];
  check(model, ntypes, name);
  return model;
}

}    // namespace

bool looks_like_aenet(std::string_view content)
{
  return content.size() >= 12 && int_at(content, 0) == 4 && int_at(content, 8) == 4;
}

Potential read_aenet(const std::vector<AenetFile> &files)
{
  Potential potential;
  potential.format = "aenet";
  for (const AenetFile &file : files) {
    const Records records(file);
    const std::vector<std::string> elements = read_elements(records);
    if (potential.elements.empty()) {
      potential.elements = elements;
      potential.models.resize(elements.size());
    } else if (elements != potential.elements) {
      records.fail("lists its elements differently from " + files.front().name +
                   ": the files are not of one potential");
    }
    const std::string symbol = trimmed(records.text(central_element, "the element"));
    const auto found = std::find(elements.begin(), elements.end(), symbol);
    if (found == elements.end())
      records.fail("describes element " + in_quotes(symbol) + ", which is not in its own list");
    const auto t = found - elements.begin();
    if (potential.models[t])
      records.fail("describes element " + symbol + ", as a file before it does");
    potential.models[t] = read_model(records, elements, static_cast<int>(t), file.name);
  }
  return potential;
}

}    // namespace turing_glass::nnap
