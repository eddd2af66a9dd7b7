// SPDX-License-Identifier: GPL-2.0-only

#include "nnap_json.h"

#include "text.h"

#include "weight_tensor.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

namespace turing_glass::nnap {

namespace {

using nlohmann::json;

constexpr int oldest_version = 4, newest_version = 6;
constexpr int first_common_scale = 5;    // from this version on

/// Objects in an NNAP file nest less than ten deep; beyond this the input is not one.
constexpr int deepest_nesting = 32;

/// Arrays and objects together: a file has one for each node of its networks, and a few more.
constexpr int most_containers = 1000000;

/// A JSON object together with the words that lead to it, for messages.
class Section {
 public:
  Section(const json &value, std::string where) : value_(value), where_(std::move(where))
  {
    if (!value.is_object()) fail("must be an object, is " + std::string(value.type_name()));
  }

  const std::string &where() const { return where_; }

  [[noreturn]] void fail(const std::string &what) const
  {
    throw PotentialError(where_ + ": " + what);
  }

  bool has(const char *key) const { return value_.contains(key) && !value_[key].is_null(); }

  const json &at(const char *key) const
  {
    if (!has(key)) fail(std::string("'") + key + "' is missing");
    return value_[key];
  }

  Section section(const char *key) const { return {at(key), where_ + ", " + key}; }

  double number(const char *key) const
  {
    const json &v = at(key);
    if (!v.is_number()) fail(std::string("'") + key + "' must be a number, is " + v.type_name());
    return v.get<double>();
  }
  double number(const char *key, double absent) const { return has(key) ? number(key) : absent; }

  int integer(const char *key) const
  {
    const double v = number(key);
    if (v != std::floor(v) || std::abs(v) > std::numeric_limits<int>::max())
      fail(std::string("'") + key + "' must be an integer");
    return static_cast<int>(v);
  }
  int integer(const char *key, int absent) const { return has(key) ? integer(key) : absent; }

  bool flag(const char *key) const
  {
    if (!has(key)) return false;
    if (!at(key).is_boolean()) fail(std::string("'") + key + "' must be true or false");
    return at(key).get<bool>();
  }

  std::string text(const char *key) const
  {
    if (!at(key).is_string()) fail(std::string("'") + key + "' must be a string");
    return at(key).get<std::string>();
  }
  std::string text(const char *key, const char *absent) const
  {
    return has(key) ? text(key) : absent;
  }

  const json &array(const char *key) const
  {
    if (!at(key).is_array()) fail(std::string("'") + key + "' must be an array");
    return at(key);
  }

  /// All numbers of a possibly nested array, in order.
  std::vector<double> numbers(const char *key) const
  {
    std::vector<double> out;
    flatten(array(key), key, out);
    return out;
  }

 private:
  void flatten(const json &values, const std::string &path, std::vector<double> &out) const
  {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string here = path + "[" + std::to_string(i) + "]";
      if (values[i].is_array())
        flatten(values[i], here, out);
      else if (values[i].is_number())
        out.push_back(values[i].get<double>());
      else
        fail("'" + here + "' must be a number, is " + values[i].type_name());
    }
  }

  const json &value_;
  std::string where_;
};

/// Numbers [rows][columns], given either flat or as one array per row.
std::vector<double> rows_or_flat(const Section &section, const char *key, std::size_t nrows,
                                 std::size_t ncolumns)
{
  const json &values = section.array(key);
  const std::vector<double> out = section.numbers(key);
  const std::string shape = std::to_string(nrows) + " x " + std::to_string(ncolumns);
  for (const json &row : values)
    if (row.is_array() != values[0].is_array() || (row.is_array() && row.size() != ncolumns))
      section.fail(std::string("'") + key + "' must have " + shape +
                   " numbers, its rows have other lengths");
  if (out.size() != nrows * ncolumns)
    section.fail(std::string("'") + key + "' has " + std::to_string(out.size()) + " numbers, " +
                 shape + " are needed");
  return out;
}

/// Matrix [rows][columns]; the shape of every row is checked.
std::vector<double> matrix(const Section &section, const std::string &key, const json &rows,
                           int nrows, int ncolumns)
{
  const auto complain = [&](const std::string &what) { section.fail("'" + key + "' " + what); };
  if (!rows.is_array() || rows.size() != static_cast<std::size_t>(nrows))
    complain("must have " + std::to_string(nrows) + " rows");
  std::vector<double> out;
  for (int i = 0; i < nrows; ++i) {
    if (!rows[i].is_array() || rows[i].size() != static_cast<std::size_t>(ncolumns))
      complain("row " + std::to_string(i + 1) + " must have " + std::to_string(ncolumns) +
               " numbers");
    for (const json &v : rows[i]) {
      if (!v.is_number())
        complain("row " + std::to_string(i + 1) + " holds something that is not a number");
      out.push_back(v.get<double>());
    }
  }
  return out;
}

WeightType weight_type(const Section &section)
{
  constexpr WeightType all[] = {WeightType::none,   WeightType::standard, WeightType::full,
                                WeightType::exfull, WeightType::fuse,     WeightType::rfuse,
                                WeightType::exfuse};
  if (!section.has("wtype")) return WeightType::standard;
  if (section.at("wtype").is_number()) {
    const int code = section.integer("wtype");
    for (const WeightType type : all)
      if (static_cast<int>(type) == code) return type;
    section.fail("wtype " + std::to_string(code) +
                 " is not known (-1 none, 0 default, 2 full, 3 exfull, 4 fuse, 5 rfuse, 6 exfuse)");
  }
  const std::string word = section.text("wtype");
  for (const WeightType type : all)
    if (word == name(type)) return type;
  section.fail("wtype " + in_quotes(word) +
               " is not known (none, default, full, exfull, fuse, exfuse, rfuse)");
}

void read_fuse_weights(const Section &section, int ntypes, Basis &basis)
{
  const bool by_type = section.has("fuse_size");
  const std::size_t count = section.numbers("fuse_weight").size();
  basis.fuse_size = section.integer("fuse_size", static_cast<int>(count / ntypes));
  if (basis.fuse_size < 1 || basis.fuse_size > Basis::largest_fuse)
    section.fail("fuse_size is " + std::to_string(basis.fuse_size) + " (fuse_weight has " +
                 std::to_string(count) + " numbers), supported are 1 to " +
                 std::to_string(Basis::largest_fuse));
  if (by_type) {
    basis.fuse_weight = rows_or_flat(section, "fuse_weight", ntypes, basis.fuse_size);
    return;
  }
  // files from before fuse_size hold one column per k: [k][type]
  const std::vector<double> columns = rows_or_flat(section, "fuse_weight", basis.fuse_size, ntypes);
  basis.fuse_weight.resize(count);
  for (int t = 0; t < ntypes; ++t)
    for (int k = 0; k < basis.fuse_size; ++k)
      basis.fuse_weight[t * basis.fuse_size + k] = columns[k * ntypes + t];
}

void read_rfuse_weights(const Section &section, int ntypes, Basis &basis)
{
  const int nn = basis.nmax + 1;
  basis.rfuse_weight = section.numbers("rfuse_weight");
  const std::size_t count = basis.rfuse_weight.size();
  basis.rfuse_size = section.integer("rfuse_size", static_cast<int>(count / (ntypes * nn)));
  if (basis.rfuse_size < 1 || count != static_cast<std::size_t>(ntypes) * basis.rfuse_size * nn)
    section.fail("rfuse_weight has " + std::to_string(count) + " numbers, " +
                 std::to_string(ntypes) + " elements x rfuse_size x " + std::to_string(nn) +
                 " are needed");
  const int np = basis.rfuse_size;
  std::vector<double> scale(np, section.number("rfuse_scale", 1.0));
  if (section.flag("weight_standardization") || section.flag("ws")) {
    constexpr double floor = 1e-5;
    for (int p = 0; p < np; ++p) {
      double sum = floor;
      for (int t = 0; t < ntypes; ++t)
        for (int n = 0; n < nn; ++n) sum += std::abs(basis.rfuse_weight[(t * np + p) * nn + n]);
      scale[p] *= ntypes * nn / sum;
    }
  }
  for (std::size_t i = 0; i < count; ++i) basis.rfuse_weight[i] *= scale[i / nn % np];
}

Basis read_basis(const Section &section, int ntypes)
{
  Basis basis;
  const std::string type = section.text("type", "spherical_chebyshev");
  if (type == "chebyshev")
    basis.kind = Basis::Kind::chebyshev;
  else if (type != "spherical_chebyshev")
    section.fail("basis type " + in_quotes(type) +
                 " is not supported (spherical_chebyshev, chebyshev, merge, share)");
  // what other writers of the format may ask for and would change the numbers
  for (const char *key : {"noradial", "layer_norm", "ln"})
    if (section.flag(key)) section.fail(std::string("'") + key + "' is not supported");
  for (const char *key : {"l3cross", "l4cross"})
    if (section.has(key) && !section.flag(key))
      section.fail(std::string("'") + key + "' false is not supported");
  for (const char *key : {"mirror", "rfunc_scales", "system_scales"})
    if (section.has(key)) section.fail(std::string("'") + key + "' is not supported");
  if (const std::string style = section.text("fuse_style", "limited"); style != "limited")
    section.fail("fuse_style " + in_quotes(style) + " is not supported, only 'limited'");

  basis.nmax = section.integer("nmax", basis.nmax);
  if (basis.nmax < 0 || basis.nmax > Basis::largest_nmax)
    section.fail("nmax is " + std::to_string(basis.nmax) + ", supported are 0 to " +
                 std::to_string(Basis::largest_nmax));
  basis.rcut = section.number("rcut", basis.rcut);
  if (basis.kind == Basis::Kind::spherical_chebyshev) {
    basis.lmax = section.integer("lmax", basis.lmax);
    basis.l3max = section.integer("l3max", 0);
    if (section.integer("l4max", 0) > 0)
      section.fail("l4max > 0 (four-body products) is not supported");
  } else {
    basis.lmax = 0;
  }

  basis.wtype = weight_type(section);
  if (basis.wtype == WeightType::fuse || basis.wtype == WeightType::exfuse)
    read_fuse_weights(section, ntypes, basis);
  if (basis.wtype == WeightType::rfuse) read_rfuse_weights(section, ntypes, basis);
  const bool has_post_fuse = section.has("post_fuse_weight") || section.has("post_fuse_size");
  if (section.has("post_fuse") ? section.flag("post_fuse") : has_post_fuse) {
    const double scale = section.number("post_fuse_scale", 1.0);
    basis.post_fuse_weight = section.numbers("post_fuse_weight");
    const int np = channel_rows(basis, ntypes);
    basis.post_fuse_size = section.integer(
        "post_fuse_size", static_cast<int>(basis.post_fuse_weight.size()) / std::max(np, 1));
    if (basis.post_fuse_size < 1 || basis.post_fuse_weight.empty())
      section.fail("post_fuse_size must be at least 1");
    for (double &w : basis.post_fuse_weight) w *= scale;
  }
  return basis;
}

/// The bases of model `index` (from 0), following merge and share.
std::vector<Basis> read_bases(const std::vector<Section> &models, std::size_t index,
                              std::size_t hops = 0)
{
  const int ntypes = static_cast<int>(models.size());
  const Section &model = models[index];
  if (!model.has("basis"))
    return {read_basis(Section(json::object(), model.where() + ", basis"), ntypes)};
  const Section section = model.section("basis");
  const std::string type = section.text("type", "spherical_chebyshev");
  if (type == "share") {
    const int target = section.integer("share");
    if (target < 1 || target > ntypes)
      section.fail("share must be a model number from 1 to " + std::to_string(ntypes));
    if (hops == models.size()) section.fail("share refers back to itself");
    return read_bases(models, target - 1, hops + 1);
  }
  if (type != "merge") return {read_basis(section, ntypes)};

  std::vector<Basis> parts;
  const json &list = section.array("basis");
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Section part(list[i], section.where() + " " + std::to_string(i + 1));
    for (const char *nested : {"merge", "share"})
      if (part.text("type", "") == nested)
        part.fail(std::string("'") + nested + "' inside a merge is not supported");
    parts.push_back(read_basis(part, ntypes));
  }
  if (parts.empty()) section.fail("merge of nothing");
  return parts;
}

std::vector<Layer> read_network(const Section &section, int inputs)
{
  const std::string type = section.text("type", "feed_forward");
  if (type != "feed_forward")
    section.fail("network type " + in_quotes(type) + " is not supported (feed_forward)");
  if (section.has("input_dim") && section.integer("input_dim") != inputs)
    section.fail("input_dim is " + std::to_string(section.integer("input_dim")) +
                 " but the basis gives " + std::to_string(inputs) + " numbers");

  std::vector<int> widths;
  if (section.has("hidden_dims"))
    for (const double width : section.numbers("hidden_dims")) {
      if (width != std::floor(width) || width < 1 || width > ElementModel::largest_width)
        section.fail("hidden_dims must be integers from 1 to " +
                     std::to_string(ElementModel::largest_width));
      widths.push_back(static_cast<int>(width));
    }
  const auto list = [&](const char *key) -> const json & {
    const json &values = section.array(key);
    if (values.size() != widths.size())
      section.fail(std::string("'") + key + "' has " + std::to_string(values.size()) +
                   " layers, hidden_dims " + std::to_string(widths.size()));
    return values;
  };

  if (widths.empty())
    for (const char *key : {"hidden_weights", "hidden_biases"})
      if (section.has(key)) list(key);

  std::vector<Layer> layers;
  if (!widths.empty()) {
    const json &weights = list("hidden_weights"), &biases = list("hidden_biases");
    for (std::size_t k = 0; k < widths.size(); ++k) {
      Layer layer;
      layer.inputs = k == 0 ? inputs : widths[k - 1];
      layer.outputs = widths[k];
      layer.silu = true;
      const std::string index = "[" + std::to_string(k) + "]";
      layer.weight =
          matrix(section, "hidden_weights" + index, weights[k], layer.outputs, layer.inputs);
      layer.bias =
          matrix(section, "hidden_biases" + index, json::array({biases[k]}), 1, layer.outputs);
      layers.push_back(std::move(layer));
    }
  }
  Layer output;
  output.inputs = widths.empty() ? inputs : widths.back();
  output.outputs = 1;
  output.weight = matrix(section, "output_weight", json::array({section.array("output_weight")}), 1,
                         output.inputs);
  output.bias = {section.number("output_bias", 0.0)};
  layers.push_back(std::move(output));
  return layers;
}

/// Takes the events of a first pass over the text, which stores no values: whether it is JSON at all,
/// of a shape that is worth storing, and without keys that the parser would replace by later ones. (The parser's callback for that is quadratic in the number of
/// objects in an array.)
class Inspection {
 public:
  explicit Inspection(const std::string &name) : name_(name) {}

  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(json::number_integer_t) { return true; }
  bool number_unsigned(json::number_unsigned_t) { return true; }
  bool number_float(json::number_float_t, const std::string &) { return true; }
  bool string(std::string &) { return true; }
  template <class Binary> bool binary(Binary &) { return true; }
  bool key(std::string &key)
  {
    if (!keys_.back().insert(key).second)
      throw PotentialError(name_ + ": has the key " + in_quotes(key) + " twice in one object");
    return true;
  }
  bool start_object(std::size_t)
  {
    keys_.emplace_back();
    return open();
  }
  bool start_array(std::size_t) { return open(); }
  bool end_object()
  {
    keys_.pop_back();
    return close();
  }
  bool end_array() { return close(); }
  bool parse_error(std::size_t, const std::string &, const json::exception &e)
  {
    // the parser's words end with what it read last, which may be the whole file
    constexpr std::size_t longest = 200;
    std::string reason(e.what(), std::min(std::strlen(e.what()), longest));
    std::replace_if(
        reason.begin(), reason.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    throw PotentialError(name_ + ": not valid JSON, truncated or another kind of file: " + reason);
  }

 private:
  bool open()
  {
    if (++depth_ > deepest_nesting)
      throw PotentialError(name_ + ": nested too deeply for an NNAP file");
    if (++containers_ > most_containers)
      throw PotentialError(name_ + ": has too many arrays and objects for an NNAP file");
    return true;
  }
  bool close()
  {
    --depth_;
    return true;
  }

  const std::string &name_;
  int depth_ = 0, containers_ = 0;
  std::vector<std::set<std::string>> keys_;    // of the objects that are open
};

json parse(std::string_view text, const std::string &name)
{
  Inspection inspection(name);
  json::sax_parse(text.begin(), text.end(), &inspection);
  return json::parse(text.begin(), text.end());
}

}    // namespace

Potential read_nnap_json(std::string_view text, const std::string &name)
{
  const json document = parse(text, name);
  const Section top(document, name);

  const int version = top.integer("version");
  if (version < oldest_version || version > newest_version)
    top.fail("NNAP version " + std::to_string(version) + " is not supported, versions " +
             std::to_string(oldest_version) + " to " + std::to_string(newest_version) + " are");
  if (const std::string units = top.text("units", "metal"); units != "metal")
    top.fail("units " + in_quotes(units) + " are not supported, only 'metal'");

  const json &list = top.array("models");
  if (list.empty()) top.fail("'models' is empty");
  if (list.size() > Potential::most_elements)
    top.fail("'models' has " + std::to_string(list.size()) + " elements, supported are " +
             std::to_string(Potential::most_elements));
  Potential potential;
  potential.format = "NNAP JSON, version " + std::to_string(version);
  std::vector<Section> models;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Section model(list[i], name + ", model " + std::to_string(i + 1));
    const std::string symbol = model.text("symbol");
    if (symbol.empty()) model.fail("'symbol' is empty");
    if (std::find(potential.elements.begin(), potential.elements.end(), symbol) !=
        potential.elements.end())
      model.fail("element " + in_quotes(symbol) + " is listed twice");
    potential.elements.push_back(symbol);
    models.emplace_back(list[i], model.where() + " (element " + in_quotes(symbol) + ")");
  }

  const int ntypes = static_cast<int>(models.size());
  // one energy scale for all elements: the first model that has one gives it (before version 5 each its own)
  double mu_energy = 0.0, sigma_energy = 1.0;
  for (auto model = models.rbegin(); model != models.rend(); ++model) {
    mu_energy = model->number("norm_mu_eng", mu_energy);
    sigma_energy = model->number("norm_sigma_eng", sigma_energy);
  }

  for (int i = 0; i < ntypes; ++i) {
    const Section &model = models[i];
    for (const char *key : {"torch", "mirror"})
      if (model.has(key)) model.fail(std::string("'") + key + "' is not supported");
    ElementModel element;
    element.basis = read_bases(models, i);
    const int inputs = input_count(element.basis, ntypes, model.where());
    element.norm_mu =
        model.has("norm_mu") ? model.numbers("norm_mu") : std::vector<double>(inputs, 0.0);
    const char *sigma = model.has("norm_sigma") ? "norm_sigma" : "norm_vec";
    element.norm_sigma = model.has(sigma) ? model.numbers(sigma) : std::vector<double>(inputs, 1.0);
    const bool own_scale = version < first_common_scale;
    element.mu_energy = own_scale ? model.number("norm_mu_eng", mu_energy) : mu_energy;
    element.sigma_energy = own_scale ? model.number("norm_sigma_eng", sigma_energy) : sigma_energy;
    element.reference_energy = model.number("ref_eng", 0.0);
    element.network = read_network(model.section("nn"), inputs);
    if (model.has("uncertainty"))
      element.uncertainty = read_network(model.section("uncertainty"), inputs);
    check(element, ntypes, model.where());
    potential.models.emplace_back(std::move(element));
  }
  potential.uncertainty_limit = top.number("uncertainty_limit", 0.0);
  if (potential.uncertainty_limit < 0.0) top.fail("'uncertainty_limit' is negative");
  return potential;
}

namespace {

json write_basis(const Basis &basis)
{
  const bool spherical = basis.kind == Basis::Kind::spherical_chebyshev;
  json out = {{"type", spherical ? "spherical_chebyshev" : "chebyshev"},
              {"nmax", basis.nmax},
              {"rcut", basis.rcut},
              {"wtype", name(basis.wtype)}};
  if (spherical) out["lmax"] = basis.lmax;
  if (basis.l3max > 0) out["l3max"] = basis.l3max;
  if (!basis.fuse_weight.empty()) {
    out["fuse_size"] = basis.fuse_size;
    out["fuse_weight"] = basis.fuse_weight;
  }
  if (!basis.rfuse_weight.empty()) {
    out["rfuse_size"] = basis.rfuse_size;
    out["rfuse_scale"] = 1.0;
    out["rfuse_weight"] = basis.rfuse_weight;
  }
  if (!basis.post_fuse_weight.empty()) {
    out["post_fuse"] = true;
    out["post_fuse_size"] = basis.post_fuse_size;
    out["post_fuse_scale"] = 1.0;
    out["post_fuse_weight"] = basis.post_fuse_weight;
  }
  return out;
}

json write_network(const std::vector<Layer> &network, int inputs, const std::string &element)
{
  json dims = json::array(), weights = json::array(), biases = json::array();
  for (std::size_t k = 0; k + 1 < network.size(); ++k) {
    const Layer &layer = network[k];
    if (!layer.silu)
      throw PotentialError("element " + in_quotes(element) +
                           ": NNAP JSON has no linear hidden layer");
    dims.push_back(layer.outputs);
    json rows = json::array();
    for (int o = 0; o < layer.outputs; ++o) {
      const auto begin = layer.weight.begin() + static_cast<std::ptrdiff_t>(o) * layer.inputs;
      rows.push_back(std::vector<double>(begin, begin + layer.inputs));
    }
    weights.push_back(std::move(rows));
    biases.push_back(layer.bias);
  }
  if (network.back().silu)
    throw PotentialError("element " + in_quotes(element) + ": NNAP JSON has no SiLU on the output");
  return {{"type", "feed_forward"},
          {"input_dim", inputs},
          {"hidden_dims", dims},
          {"hidden_weights", weights},
          {"hidden_biases", biases},
          {"output_weight", network.back().weight},
          {"output_bias", network.back().bias[0]}};
}

}    // namespace

std::string write_nnap_json(const Potential &potential)
{
  json models = json::array();
  for (std::size_t t = 0; t < potential.elements.size(); ++t) {
    const std::string &symbol = potential.elements[t];
    if (!potential.models[t])
      throw PotentialError("element " + in_quotes(symbol) +
                           " has no model: give the files of all elements (" +
                           std::to_string(potential.elements.size()) + ")");
    ElementModel model = *potential.models[t];
    json basis;
    if (model.basis.size() == 1) {
      basis = write_basis(model.basis[0]);
    } else {
      basis = {{"type", "merge"}, {"basis", json::array()}};
      for (const Basis &part : model.basis) basis["basis"].push_back(write_basis(part));
    }
    // readers take one energy scale for all elements, so what differs goes into reference and output layer
    const double scale = potential.models[0]->sigma_energy, shift = potential.models[0]->mu_energy;
    if (model.sigma_energy != scale) {
      for (double &w : model.network.back().weight) w *= model.sigma_energy / scale;
      for (double &b : model.network.back().bias) b *= model.sigma_energy / scale;
    }
    model.reference_energy += model.mu_energy - shift;
    check(model, static_cast<int>(potential.elements.size()),
          "element " + in_quotes(symbol) + ", with the energy scale of the first");
    models.push_back({{"symbol", symbol},
                      {"ref_eng", model.reference_energy},
                      {"norm_mu_eng", shift},
                      {"norm_sigma_eng", scale},
                      {"norm_mu", model.norm_mu},
                      {"norm_sigma", model.norm_sigma},
                      {"basis", basis},
                      {"nn", write_network(model.network, model.inputs(), symbol)}});
    if (!model.uncertainty.empty())
      models.back()["uncertainty"] = write_network(model.uncertainty, model.inputs(), symbol);
  }
  json document = {{"version", 5}, {"units", "metal"}, {"models", models}};
  if (potential.uncertainty_limit > 0.0)
    document["uncertainty_limit"] = potential.uncertainty_limit;
  return document.dump() + "\n";
}

}    // namespace turing_glass::nnap
