// SPDX-License-Identifier: GPL-2.0-only

// The NNAP JSON reader and writer. What a file means is worked out here from the format's own words:
// weight tensors by hand, energies of two atoms from the formulas (a single neighbor makes every
// angular invariant the square of a radial function). What is wrong with a file must be said by a
// PotentialError naming file, element and field.

#include "environment.h"

#include "nnap/nnap_json.h"
#include "nnap/weight_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>

using namespace turing_glass;
using nlohmann::json;
using nnap::Potential;
using testing::HasSubstr;

using turing_glass::test::dimer_energy;

namespace {

const std::string file_name = "CuZr.json";
constexpr std::size_t hundred_megabytes = 100'000'000;

// ---- documents ----

/// Numbers that look like nothing in particular, the same on every machine.
class Numbers {
 public:
  explicit Numbers(unsigned seed) : random_(seed) {}
  double operator()() { return random_() / 4294967296.0 - 0.5; }
  json operator()(int count)
  {
    json out = json::array();
    for (int i = 0; i < count; ++i) out.push_back((*this)());
    return out;
  }
  json operator()(int rows, int columns)
  {
    json out = json::array();
    for (int i = 0; i < rows; ++i) out.push_back((*this)(columns));
    return out;
  }

 private:
  std::mt19937 random_;
};

json network(int inputs, const std::vector<int> &hidden, unsigned seed)
{
  Numbers number(seed);
  json nn = {{"type", "feed_forward"}, {"input_dim", inputs}, {"hidden_dims", hidden}};
  nn["hidden_weights"] = json::array();
  nn["hidden_biases"] = json::array();
  for (const int width : hidden) {
    nn["hidden_weights"].push_back(number(width, inputs));
    nn["hidden_biases"].push_back(number(width));
    inputs = width;
  }
  nn["output_weight"] = number(inputs);
  nn["output_bias"] = number();
  return nn;
}

json element(const std::string &symbol, const json &basis, int inputs,
             const std::vector<int> &hidden = {3, 2})
{
  const unsigned seed = symbol[0];
  Numbers number(seed + 100);
  json norm_sigma = number(inputs);
  for (json &sigma : norm_sigma) sigma = sigma.get<double>() + 1.0;
  return {{"symbol", symbol},          {"ref_eng", -3.5},
          {"norm_mu", number(inputs)}, {"norm_sigma", norm_sigma},
          {"norm_mu_eng", -0.25},      {"basis", basis},
          {"norm_sigma_eng", 0.75},    {"nn", network(inputs, hidden, seed)}};
}

json document(const json &models, int version = 5)
{
  return {{"version", version}, {"units", "metal"}, {"models", models}};
}

json radial_basis(const std::string &wtype = "none")
{
  return {{"type", "chebyshev"}, {"nmax", 1}, {"rcut", 5.0}, {"wtype", wtype}};
}

/// Two elements, a radial basis of two numbers each.
json small_document()
{
  return document({element("Cu", radial_basis(), 2), element("Zr", radial_basis(), 2)});
}

/// `ntypes` linear models of one basis; only the basis matters.
json document_of_basis(const json &basis, int ntypes, int inputs)
{
  json models = json::array();
  for (const char *symbol : {"Cu", "Zr", "O"})
    if (static_cast<int>(models.size()) < ntypes)
      models.push_back(element(symbol, basis, inputs, {}));
  return document(models);
}

Potential read(const json &document)
{
  return nnap::read_nnap_json(document.dump(), file_name);
}

nnap::Basis read_basis(const json &basis, int ntypes, int inputs)
{
  return read(document_of_basis(basis, ntypes, inputs)).models[0]->basis.at(0);
}

// ---- what the documents mean ----

using Tensor = std::vector<std::vector<std::vector<double>>>;    // [type][p][n]

Tensor tensor_of(const nnap::Basis &basis, int ntypes)
{
  const nnap::WeightTensor w = nnap::make_weight_tensor(basis, ntypes);
  Tensor out(ntypes, {static_cast<std::size_t>(w.np), std::vector<double>(basis.nmax + 1, 0.0)});
  for (const auto &entry : w.entries) out[entry.t][entry.p][entry.n] += entry.w;
  return out;
}

void expect_near(const Tensor &found, const Tensor &expected)
{
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t t = 0; t < expected.size(); ++t) {
    ASSERT_EQ(found[t].size(), expected[t].size()) << "type " << t;
    for (std::size_t p = 0; p < expected[t].size(); ++p) {
      ASSERT_EQ(found[t][p].size(), expected[t][p].size()) << "type " << t << " row " << p;
      for (std::size_t n = 0; n < expected[t][p].size(); ++n)
        EXPECT_NEAR(found[t][p][n], expected[t][p][n], 1e-14)
            << "type " << t << " row " << p << " n " << n;
    }
  }
}

/// f_c(r) T_n(1 - 2 r/r_c)
double radial(int n, double r, double rcut)
{
  const double x = r / rcut;
  return std::pow(1.0 - x * x, 4) * std::cos(n * std::acos(1.0 - 2.0 * x));
}

/// Output of the network of a model as the document holds it.
double network_output(const json &nn, std::vector<double> x)
{
  for (std::size_t k = 0; k < nn["hidden_weights"].size(); ++k) {
    std::vector<double> y;
    for (std::size_t o = 0; o < nn["hidden_weights"][k].size(); ++o) {
      double v = nn["hidden_biases"][k][o];
      for (std::size_t i = 0; i < x.size(); ++i)
        v += nn["hidden_weights"][k][o][i].get<double>() * x[i];
      y.push_back(v / (1.0 + std::exp(-v)));
    }
    x = y;
  }
  double v = nn["output_bias"];
  for (std::size_t i = 0; i < x.size(); ++i) v += nn["output_weight"][i].get<double>() * x[i];
  return v;
}

/// E_i for descriptor P, norms and network from the document, energy scale and shift as given.
double energy_of(const json &model, const std::vector<double> &P, double scale, double shift)
{
  std::vector<double> x;
  for (std::size_t k = 0; k < P.size(); ++k)
    x.push_back((P[k] - model["norm_mu"][k].get<double>()) / model["norm_sigma"][k].get<double>());
  return scale * network_output(model["nn"], x) + shift + model.value("ref_eng", 0.0);
}

/// Text of the PotentialError that reading `text` throws; empty where it reads.
std::string error_of(std::string_view text)
{
  try {
    nnap::read_nnap_json(text, file_name);
  } catch (const nnap::PotentialError &e) {
    EXPECT_THAT(e.what(), HasSubstr(file_name));
    EXPECT_LT(std::string(e.what()).size(), 500u) << "a message, not the file";
    return e.what();
  }
  return {};
}

void expect_error(const json &document, const std::vector<std::string> &words)
{
  const std::string message = error_of(document.dump());
  EXPECT_NE(message, "") << "was read without complaint";
  for (const std::string &word : words) EXPECT_THAT(message, HasSubstr(word));
}

}    // namespace

// ================ what files mean ================

TEST(NnapJson, ReadsVersions4To6)
{
  for (const int version : {4, 5, 6}) {
    json file = small_document();
    file["version"] = version;
    const Potential potential = read(file);
    EXPECT_THAT(potential.format, HasSubstr(std::to_string(version)));
    EXPECT_EQ(potential.elements, (std::vector<std::string>{"Cu", "Zr"}));
    ASSERT_TRUE(potential.models[0] && potential.models[1]);
    EXPECT_EQ(potential.cutoff(), 5.0);
    for (int i = 0; i < 2; ++i) {
      // wtype none: both elements count alike
      const std::vector<double> P = {radial(0, 2.6, 5.0), radial(1, 2.6, 5.0)};
      EXPECT_NEAR(dimer_energy(potential, i, 1 - i, 2.6),
                  energy_of(file["models"][i], P, 0.75, -0.25), 1e-13);
    }
  }
}

TEST(NnapJson, AbsentKeysTakeTheirDefaults)
{
  // 2 channels x 6 radial functions x 7 degrees
  const int inputs = 84;
  json output_weight = Numbers(1)(inputs);
  json models = {
      {{"symbol", "Cu"}, {"nn", {{"output_weight", output_weight}}}},
      {{"symbol", "Zr"}, {"basis", json::object()}, {"nn", {{"output_weight", output_weight}}}},
      {{"symbol", "O"},
       {"basis", {{"type", "chebyshev"}}},
       {"nn", {{"output_weight", Numbers(2)(12)}}}}};
  const Potential potential = read({{"version", 5}, {"models", models}});
  for (int t = 0; t < 3; ++t) {
    ASSERT_TRUE(potential.models[t]);
    const nnap::ElementModel &model = *potential.models[t];
    ASSERT_EQ(model.basis.size(), 1u);
    const nnap::Basis &basis = model.basis[0];
    const bool spherical = t < 2;
    EXPECT_EQ(basis.kind == nnap::Basis::Kind::spherical_chebyshev, spherical);
    EXPECT_EQ(basis.nmax, 5);
    EXPECT_EQ(basis.lmax, spherical ? 6 : 0);
    EXPECT_EQ(basis.l3max, 0);
    EXPECT_EQ(basis.rcut, 6.0);
    EXPECT_EQ(basis.wtype, nnap::WeightType::standard);
    EXPECT_EQ(model.norm_mu, std::vector<double>(spherical ? inputs : 12, 0.0));
    EXPECT_EQ(model.norm_sigma, std::vector<double>(spherical ? inputs : 12, 1.0));
    EXPECT_EQ(model.mu_energy, 0.0);
    EXPECT_EQ(model.sigma_energy, 1.0);
    EXPECT_EQ(model.reference_energy, 0.0);
    ASSERT_EQ(model.network.size(), 1u);
    EXPECT_EQ(model.network[0].bias, std::vector<double>{0.0});
    EXPECT_FALSE(model.network[0].silu);
  }

  // the paper's weights for a neighbor of the second element, Zr: 1 and -2
  double energy = 0.0;
  for (int c = 0, k = 0; c < 2; ++c)
    for (int n = 0; n < 6; ++n)
      for (int l = 0; l < 7; ++l, ++k)
        energy +=
            output_weight[k].get<double>() * std::pow((c ? -2.0 : 1.0) * radial(n, 3.1, 6.0), 2);
  EXPECT_NEAR(dimer_energy(potential, 0, 1, 3.1), energy, 1e-12 * std::abs(energy));
}

TEST(NnapJson, NullMeansAbsent)
{
  json file = small_document();
  file["units"] = nullptr;
  for (const char *key : {"ref_eng", "norm_mu", "norm_sigma", "norm_mu_eng", "norm_sigma_eng"})
    for (json &model : file["models"]) model[key] = nullptr;
  const Potential potential = read(file);
  EXPECT_EQ(potential.models[1]->reference_energy, 0.0);
  EXPECT_EQ(potential.models[1]->norm_sigma, (std::vector<double>{1.0, 1.0}));
  EXPECT_EQ(potential.models[1]->sigma_energy, 1.0);
}

TEST(NnapJson, WeightTypesByWordAndByNumber)
{
  struct Case {
    const char *word;
    int code;
    Tensor expected;    // three elements, nmax 0
  };
  const json fuse_weight = {0.5, -1.5, 2.0, 0.25, -0.75, 3.0};    // [type][k]
  const json rfuse_weight = {1.0, 2.0, 3.0, 4.0, 5.0, 6.0};       // [type][p][n]
  const std::vector<Case> cases = {
      {"none", -1, {{{1}}, {{1}}, {{1}}}},
      {"default", 0, {{{1}, {1}}, {{1}, {-2}}, {{1}, {3}}}},
      {"full", 2, {{{1}, {0}, {0}}, {{0}, {1}, {0}}, {{0}, {0}, {1}}}},
      {"exfull", 3, {{{1}, {1}, {0}, {0}}, {{1}, {0}, {1}, {0}}, {{1}, {0}, {0}, {1}}}},
      {"fuse", 4, {{{0.5}, {-1.5}}, {{2.0}, {0.25}}, {{-0.75}, {3.0}}}},
      {"rfuse", 5, {{{1}, {2}}, {{3}, {4}}, {{5}, {6}}}},
      {"exfuse", 6, {{{1}, {0.5}, {-1.5}}, {{1}, {2.0}, {0.25}}, {{1}, {-0.75}, {3.0}}}}};
  for (const Case &c : cases) {
    SCOPED_TRACE(c.word);
    const int rows = static_cast<int>(c.expected[0].size());
    json basis = {{"nmax", 0},
                  {"lmax", 1},
                  {"fuse_size", 2},
                  {"rfuse_size", 2},
                  {"fuse_weight", fuse_weight},
                  {"rfuse_weight", rfuse_weight}};
    for (const json &wtype : {json(c.word), json(c.code)}) {
      basis["wtype"] = wtype;
      const nnap::Basis read = read_basis(basis, 3, 2 * rows);
      EXPECT_STREQ(nnap::name(read.wtype), c.word);
      expect_near(tensor_of(read, 3), c.expected);
    }
  }
}

TEST(NnapJson, WeightsAreDiagonalInN)
{
  const json basis = {{"nmax", 1}, {"lmax", 0}};
  expect_near(tensor_of(read_basis(basis, 2, 4), 2),
              {{{1, 0}, {0, 1}, {1, 0}, {0, 1}}, {{1, 0}, {0, 1}, {-2, 0}, {0, -2}}});
}

TEST(NnapJson, WithOneElementDefaultFullAndExfullMeanNone)
{
  for (const char *wtype : {"none", "default", "full", "exfull"}) {
    const nnap::Basis basis = read_basis({{"nmax", 1}, {"lmax", 2}, {"wtype", wtype}}, 1, 6);
    expect_near(tensor_of(basis, 1), {{{1, 0}, {0, 1}}});
  }
}

TEST(NnapJson, FuseWeightsFlatByRowsAndInTheOldColumns)
{
  const Tensor expected = {{{0.5}, {-1.5}}, {{2.0}, {0.25}}, {{-0.75}, {3.0}}};
  json basis = {{"nmax", 0}, {"lmax", 0}, {"wtype", "fuse"}, {"fuse_size", 2}};
  basis["fuse_weight"] = {0.5, -1.5, 2.0, 0.25, -0.75, 3.0};
  expect_near(tensor_of(read_basis(basis, 3, 2), 3), expected);
  basis["fuse_weight"] = {{0.5, -1.5}, {2.0, 0.25}, {-0.75, 3.0}};
  expect_near(tensor_of(read_basis(basis, 3, 2), 3), expected);
  basis.erase("fuse_size");
  basis["fuse_weight"] = {{0.5, 2.0, -0.75}, {-1.5, 0.25, 3.0}};
  expect_near(tensor_of(read_basis(basis, 3, 2), 3), expected);
}

TEST(NnapJson, RowsWhereColumnsAreMeantAreRefused)
{
  // as many numbers as needed, in the other order: must not be taken
  json basis = {{"nmax", 0}, {"lmax", 0}, {"wtype", "fuse"}};
  basis["fuse_weight"] = {{1, 2}, {3, 4}, {5, 6}};
  expect_error(document_of_basis(basis, 3, 2),
               {"model 1 (element 'Cu'), basis", "fuse_weight", "2 x 3"});
  basis["fuse_size"] = 2;
  basis["fuse_weight"] = {{1, 2, 3}, {4, 5, 6}};
  expect_error(document_of_basis(basis, 3, 2),
               {"model 1 (element 'Cu'), basis", "fuse_weight", "3 x 2"});
}

TEST(NnapJson, RadialFuseWithScale)
{
  json basis = {
      {"nmax", 1}, {"lmax", 0}, {"wtype", "rfuse"}, {"rfuse_size", 2}, {"rfuse_scale", 0.5}};
  basis["rfuse_weight"] = {1, -2, 3, 4, 5, 6, -7, 8};    // (t*2 + p)*2 + n
  const Tensor expected = {{{0.5, -1.0}, {1.5, 2.0}}, {{2.5, 3.0}, {-3.5, 4.0}}};
  expect_near(tensor_of(read_basis(basis, 2, 2), 2), expected);
  basis.erase("rfuse_size");
  expect_near(tensor_of(read_basis(basis, 2, 2), 2), expected);
}

TEST(NnapJson, RadialFuseWithWeightStandardization)
{
  json basis = {
      {"nmax", 1}, {"lmax", 0}, {"wtype", "rfuse"}, {"rfuse_size", 2}, {"rfuse_scale", 0.5}};
  basis["rfuse_weight"] = {1, -2, 3, 4, 5, 6, -7, 8};
  // mean |W| of row 0: (1e-5 + 1+2+5+6)/4, of row 1: (1e-5 + 3+4+7+8)/4
  const double a = 0.5 / (14.00001 / 4), b = 0.5 / (22.00001 / 4);
  const Tensor expected = {{{a, -2 * a}, {3 * b, 4 * b}}, {{5 * a, 6 * a}, {-7 * b, 8 * b}}};
  for (const char *key : {"weight_standardization", "ws"}) {
    json standardized = basis;
    standardized[key] = true;
    expect_near(tensor_of(read_basis(standardized, 2, 2), 2), expected);
  }
}

TEST(NnapJson, PostFuseIsFoldedIn)
{
  json basis = {{"nmax", 1},
                {"lmax", 0},
                {"wtype", "default"},
                {"post_fuse", true},
                {"post_fuse_size", 1},
                {"post_fuse_scale", 2.0},
                {"post_fuse_weight", {1, 10, 100, 1000}}};
  // rows before: (1,0) (0,1) w(1,0) w(0,1) with w = 1 for the first element, -2 for the second
  const Tensor expected = {{{2 * (1 + 100), 2 * (10 + 1000)}}, {{2 * (1 - 200), 2 * (10 - 2000)}}};
  expect_near(tensor_of(read_basis(basis, 2, 1), 2), expected);
  basis.erase("post_fuse_size");
  expect_near(tensor_of(read_basis(basis, 2, 1), 2), expected);
  // weights without the flag are used, with the flag false they are not
  basis.erase("post_fuse");
  expect_near(tensor_of(read_basis(basis, 2, 1), 2), expected);
  basis["post_fuse"] = false;
  expect_near(tensor_of(read_basis(basis, 2, 4), 2),
              {{{1, 0}, {0, 1}, {1, 0}, {0, 1}}, {{1, 0}, {0, 1}, {-2, 0}, {0, -2}}});
}

TEST(NnapJson, PostFuseOfSeveralRows)
{
  const json basis = {
      {"nmax", 0},           {"lmax", 0},
      {"wtype", "full"},     {"post_fuse", true},
      {"post_fuse_size", 3}, {"post_fuse_weight", {1, 2, 3, 4, 5, 6}}};    // [p'][p]
  expect_near(tensor_of(read_basis(basis, 2, 3), 2), {{{1}, {3}, {5}}, {{2}, {4}, {6}}});
}

TEST(NnapJson, MergeConcatenatesBasesWithTheirOwnCutoffs)
{
  const json merge = {{"type", "merge"},
                      {"basis",
                       {{{"type", "chebyshev"}, {"nmax", 1}, {"rcut", 6.0}, {"wtype", "exfull"}},
                        {{"type", "spherical_chebyshev"},
                         {"nmax", 0},
                         {"lmax", 2},
                         {"rcut", 4.0},
                         {"wtype", "none"}}}}};
  // radial: 3 channels x 2; angular: 3
  const json file = document({element("Cu", merge, 9), element("Zr", merge, 9)});
  const Potential potential = read(file);
  EXPECT_EQ(potential.cutoff(), 6.0);
  for (const double r : {2.5, 5.0}) {
    const double a = radial(0, r, 6.0), b = radial(1, r, 6.0),
                 c = r < 4.0 ? std::pow(radial(0, r, 4.0), 2) : 0.0;
    // a Cu neighbor: in the channel of all and in that of Cu
    EXPECT_NEAR(dimer_energy(potential, 1, 0, r),
                energy_of(file["models"][1], {a, b, a, b, 0, 0, c, c, c}, 0.75, -0.25), 1e-13);
  }
}

TEST(NnapJson, ShareTakesTheBasisOfAModelCountedFromOne)
{
  json file = document({element("Cu", radial_basis("default"), 4), element("Zr", radial_basis(), 2),
                        element("O", {{"type", "share"}, {"share", 1}}, 4)});
  EXPECT_EQ(read(file).models[2]->basis[0].wtype, nnap::WeightType::standard);
  // a chain, backward and forward, of a merge
  file["models"][0]["basis"] = {{"type", "share"}, {"share", 2}};
  file["models"][1] =
      element("Zr", {{"type", "merge"}, {"basis", {radial_basis(), radial_basis()}}}, 4);
  const Potential potential = read(file);
  for (const auto &model : potential.models) EXPECT_EQ(model->basis.size(), 2u);
}

TEST(NnapJson, TheFirstModelWithAnEnergyScaleGivesItToAll)
{
  for (const int version : {5, 6}) {
    json file = document({element("Cu", radial_basis(), 2), element("Zr", radial_basis(), 2),
                          element("O", radial_basis(), 2)},
                         version);
    file["models"][0].erase("norm_mu_eng");
    file["models"][0].erase("norm_sigma_eng");
    file["models"][1]["norm_mu_eng"] = 1.5;
    file["models"][1].erase("norm_sigma_eng");
    file["models"][2]["norm_mu_eng"] = 99.0;
    file["models"][2]["norm_sigma_eng"] = 0.5;
    const Potential potential = read(file);
    const std::vector<double> P = {radial(0, 2.0, 5.0), radial(1, 2.0, 5.0)};
    for (int i = 0; i < 3; ++i)
      EXPECT_NEAR(dimer_energy(potential, i, 0, 2.0), energy_of(file["models"][i], P, 0.5, 1.5),
                  1e-13);
  }
}

TEST(NnapJson, BeforeVersion5EveryModelHasItsOwnEnergyScale)
{
  json file = document({element("Cu", radial_basis(), 2), element("Zr", radial_basis(), 2)}, 4);
  file["models"][1]["norm_mu_eng"] = 1.5;
  file["models"][1]["norm_sigma_eng"] = 0.5;
  const Potential potential = read(file);
  const std::vector<double> P = {radial(0, 2.0, 5.0), radial(1, 2.0, 5.0)};
  EXPECT_NEAR(dimer_energy(potential, 0, 0, 2.0), energy_of(file["models"][0], P, 0.75, -0.25),
              1e-13);
  EXPECT_NEAR(dimer_energy(potential, 1, 0, 2.0), energy_of(file["models"][1], P, 0.5, 1.5), 1e-13);
}

TEST(NnapJson, OlderNameOfNormSigma)
{
  json file = small_document();
  const Potential expected = read(file);
  for (json &model : file["models"]) {
    model["norm_vec"] = model["norm_sigma"];
    model.erase("norm_sigma");
  }
  EXPECT_EQ(read(file).models[0]->norm_sigma, expected.models[0]->norm_sigma);
}

TEST(NnapJson, NetworksOfAnyDepth)
{
  for (const std::vector<int> &hidden :
       {std::vector<int>{}, {5}, {7, 1, 3}, {2, 2, 2, 2, 2, 2, 2, 2}}) {
    json file = document(json::array({element("Cu", radial_basis(), 2, hidden)}));
    const std::vector<double> P = {radial(0, 1.7, 5.0), radial(1, 1.7, 5.0)};
    EXPECT_NEAR(dimer_energy(read(file), 0, 0, 1.7), energy_of(file["models"][0], P, 0.75, -0.25),
                1e-13);
    if (!hidden.empty()) continue;
    for (const char *key : {"hidden_dims", "hidden_weights", "hidden_biases", "input_dim", "type"})
      file["models"][0]["nn"].erase(key);
    file["models"][0]["nn"]["hidden_weights"] = json::array();
    EXPECT_NEAR(dimer_energy(read(file), 0, 0, 1.7), energy_of(file["models"][0], P, 0.75, -0.25),
                1e-13);
  }
}

// ================ writing ================

namespace {

void expect_same(const nnap::Layer &a, const nnap::Layer &b)
{
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.bias, b.bias);
  EXPECT_EQ(a.silu, b.silu);
}

/// Every number of both is the same, to the last bit.
void expect_same(const Potential &a, const Potential &b)
{
  ASSERT_EQ(a.elements, b.elements);
  EXPECT_EQ(a.uncertainty_limit, b.uncertainty_limit);
  for (std::size_t t = 0; t < a.elements.size(); ++t) {
    const nnap::ElementModel &x = *a.models[t], &y = *b.models[t];
    ASSERT_EQ(x.uncertainty.size(), y.uncertainty.size());
    for (std::size_t k = 0; k < x.uncertainty.size(); ++k)
      expect_same(x.uncertainty[k], y.uncertainty[k]);
    EXPECT_EQ(x.norm_mu, y.norm_mu);
    EXPECT_EQ(x.norm_sigma, y.norm_sigma);
    EXPECT_EQ(x.mu_energy, y.mu_energy);
    EXPECT_EQ(x.sigma_energy, y.sigma_energy);
    EXPECT_EQ(x.reference_energy, y.reference_energy);
    ASSERT_EQ(x.basis.size(), y.basis.size());
    for (std::size_t k = 0; k < x.basis.size(); ++k) {
      const nnap::Basis &p = x.basis[k], &q = y.basis[k];
      EXPECT_EQ(p.kind, q.kind);
      EXPECT_EQ(p.rcut, q.rcut);
      EXPECT_EQ(p.lmax, q.lmax);
      EXPECT_EQ(p.l3max, q.l3max);
      EXPECT_EQ(tensor_of(p, static_cast<int>(a.elements.size())),
                tensor_of(q, static_cast<int>(b.elements.size())));
    }
    ASSERT_EQ(x.network.size(), y.network.size());
    for (std::size_t k = 0; k < x.network.size(); ++k) expect_same(x.network[k], y.network[k]);
  }
}

nnap::Basis some_basis(nnap::WeightType wtype, int ntypes, unsigned seed)
{
  Numbers number(seed);
  nnap::Basis basis;
  basis.nmax = 2;
  basis.lmax = 3;
  basis.rcut = 4.0 + number();
  basis.wtype = wtype;
  if (wtype == nnap::WeightType::fuse || wtype == nnap::WeightType::exfuse) {
    basis.fuse_size = 2;
    basis.fuse_weight = number(2 * ntypes).get<std::vector<double>>();
  }
  if (wtype == nnap::WeightType::rfuse) {
    basis.rfuse_size = 4;
    basis.rfuse_weight = number(4 * ntypes * (basis.nmax + 1)).get<std::vector<double>>();
  }
  return basis;
}

}    // namespace

TEST(NnapJson, WhatIsWrittenIsReadBackToTheLastBit)
{
  using nnap::WeightType;
  for (const WeightType wtype :
       {WeightType::none, WeightType::standard, WeightType::full, WeightType::exfull,
        WeightType::fuse, WeightType::rfuse, WeightType::exfuse})
    for (const int ntypes : {1, 3}) {
      SCOPED_TRACE(std::string(nnap::name(wtype)) + ", elements: " + std::to_string(ntypes));
      nnap::Basis basis = some_basis(wtype, ntypes, 7);
      const Potential plain = test::random_potential(basis, ntypes, 8);
      expect_same(nnap::read_nnap_json(nnap::write_nnap_json(plain), file_name), plain);

      basis.l3max = 2;
      basis.post_fuse_size = 2;
      basis.post_fuse_weight =
          Numbers(9)(2 * nnap::channel_rows(basis, ntypes)).get<std::vector<double>>();
      const Potential fused = test::random_potential(basis, ntypes, 10);
      expect_same(nnap::read_nnap_json(nnap::write_nnap_json(fused), file_name), fused);
    }
}

TEST(NnapJson, AMergeOfBothKindsIsWrittenAndReadBack)
{
  const json merge = {
      {"type", "merge"},
      {"basis",
       {{{"type", "chebyshev"}, {"nmax", 3}, {"rcut", 6.5}, {"wtype", "default"}},
        {{"nmax", 1}, {"lmax", 4}, {"l3max", 4}, {"rcut", 4.5}, {"wtype", "none"}}}}};
  const int inputs = 2 * 4 + 2 * (5 + 9);
  const Potential potential =
      read(document({element("Cu", merge, inputs), element("Zr", merge, inputs, {})}));
  expect_same(nnap::read_nnap_json(nnap::write_nnap_json(potential), file_name), potential);
}

TEST(NnapJson, Uncertainty)
{
  json file = small_document();
  EXPECT_TRUE(read(file).models[0]->uncertainty.empty());
  EXPECT_FALSE(nnap::Evaluator(read(file)).knows_uncertainty());
  // one hidden node
  const json network = {{"hidden_dims", {1}},
                        {"hidden_weights", {{{0.7, -0.4}}}},
                        {"hidden_biases", {{0.2}}},
                        {"output_weight", {-1.5}},
                        {"output_bias", 0.3}};
  file["models"][0]["uncertainty"] = network;
  EXPECT_FALSE(nnap::Evaluator(read(file)).knows_uncertainty()) << "only one of two elements";
  file["models"][1]["uncertainty"] = network;
  file["uncertainty_limit"] = 1.25;
  const Potential potential = read(file);
  EXPECT_EQ(potential.uncertainty_limit, 1.25);
  const nnap::Evaluator evaluator(potential);
  EXPECT_TRUE(evaluator.knows_uncertainty());
  expect_same(nnap::read_nnap_json(nnap::write_nnap_json(potential), file_name), potential);

  nnap::Workspace workspace;
  workspace.neighbors.start(evaluator.ntypes(), 1);
  workspace.neighbors.push(2.0, 0.0, 0.0, 4.0, 1);
  evaluator.evaluate(0, workspace);
  const double v = 0.7 * std::asinh(workspace.x[0]) - 0.4 * std::asinh(workspace.x[1]) + 0.2;
  const double expected = std::exp(-1.5 * v / (1.0 + std::exp(-v)) + 0.3);
  EXPECT_NEAR(evaluator.force_uncertainty(0, workspace), expected, 1e-14 * expected);
  evaluator.descriptor(0, workspace);    // is enough
  EXPECT_NEAR(evaluator.force_uncertainty(0, workspace), expected, 1e-14 * expected);
  // what is no number is not known
  workspace.P[0] = std::nan("");
  EXPECT_EQ(evaluator.force_uncertainty(0, workspace), std::numeric_limits<double>::infinity());

  file["models"][1]["uncertainty"]["hidden_biases"] = {{0.2, 0.1}};
  expect_error(file, {"model 2", "uncertainty", "hidden_biases"});
  file["models"][1]["uncertainty"] = network;
  file["uncertainty_limit"] = -1.0;
  expect_error(file, {"'uncertainty_limit' is negative"});
}

TEST(NnapJson, DifferentEnergyScalesGiveTheSameEnergiesAfterWriting)
{
  Potential potential = test::random_potential(some_basis(nnap::WeightType::standard, 3, 1), 3, 2);
  for (int t = 0; t < 3; ++t) {
    potential.models[t]->sigma_energy = 0.3 + 0.4 * t;
    potential.models[t]->mu_energy = -1.0 + 0.7 * t;
  }
  const Potential written = nnap::read_nnap_json(nnap::write_nnap_json(potential), file_name);
  const test::Structure structure = test::random_structure(20, 3, 0.05, 1.8, 3);
  const test::Result before = test::evaluate(nnap::Evaluator(potential), structure),
                     after = test::evaluate(nnap::Evaluator(written), structure);
  for (std::size_t i = 0; i < structure.positions.size(); ++i) {
    EXPECT_NEAR(after.atom_energies[i], before.atom_energies[i], 1e-12);
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(after.forces[i][k], before.forces[i][k], 1e-12);
  }
}

TEST(NnapJson, WhatTheFormatCannotHoldIsNotWritten)
{
  const Potential good = test::random_potential(some_basis(nnap::WeightType::none, 2, 1), 2, 2);
  const auto message = [](const Potential &potential) -> std::string {
    try {
      nnap::write_nnap_json(potential);
    } catch (const nnap::PotentialError &e) {
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message(good), "");
  Potential bad = good;
  bad.models[1].reset();
  EXPECT_THAT(message(bad), HasSubstr("element 'Zr' has no model"));
  bad = good;
  bad.models[1]->network[0].silu = false;
  EXPECT_THAT(message(bad), HasSubstr("linear hidden layer"));
  bad = good;
  bad.models[1]->network.back().silu = true;
  EXPECT_THAT(message(bad), HasSubstr("SiLU on the output"));
  // the ratio of the energy scales has no finite value: it would be written as null
  bad = good;
  bad.models[0]->sigma_energy = 1e-300;
  bad.models[1]->sigma_energy = 1e300;
  EXPECT_THAT(message(bad), HasSubstr("not a finite number"));
}

// ================ damaged files ================

TEST(NnapJsonDamaged, TruncatedAnywhere)
{
  const std::string text = small_document().dump();
  ASSERT_EQ(error_of(text), "");
  for (std::size_t length = 0; length < text.size(); ++length)
    ASSERT_THAT(error_of(text.substr(0, length)), HasSubstr("not valid JSON"))
        << "after " << length << " bytes";
}

TEST(NnapJsonDamaged, OneByteChangedNeverEndsOtherwise)
{
  // either it still is a potential, or a PotentialError: anything else ends the test
  std::string text = small_document().dump();
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char original = text[k];
    for (const char c : {'\0', '9', '-', '"', ']', '{', '\xff'}) {
      text[k] = c;
      error_of(text);
    }
    text[k] = original;
  }
  EXPECT_EQ(error_of(text), "");
}

TEST(NnapJsonDamaged, NumbersThatAreNone)
{
  const std::string text = small_document().dump();
  for (const char *literal :
       {"NaN", "nan", "Infinity", "-Infinity", "1e999", "-1e999", "0x10", "1,5", "--1", "1.2.3"}) {
    std::string changed = text;
    const std::string key = "\"ref_eng\":";
    const std::size_t at = changed.find(key) + key.size();
    changed.replace(at, changed.find_first_of(",}", at) - at, literal);
    EXPECT_THAT(error_of(changed), HasSubstr("not valid JSON")) << literal;
  }
}

TEST(NnapJsonDamaged, EveryArrayOfAWrongLength)
{
  struct Case {
    const char *pointer, *words;
  };
  const std::vector<Case> arrays = {{"/models/1/norm_mu", "norm_mu"},
                                    {"/models/1/norm_sigma", "norm_sigma"},
                                    {"/models/1/nn/hidden_dims", "hidden_"},
                                    {"/models/1/nn/hidden_weights", "hidden_weights"},
                                    {"/models/1/nn/hidden_weights/0", "hidden_weights[0]"},
                                    {"/models/1/nn/hidden_weights/1/0", "hidden_weights[1]"},
                                    {"/models/1/nn/hidden_biases", "hidden_biases"},
                                    {"/models/1/nn/hidden_biases/1", "hidden_biases[1]"},
                                    {"/models/1/nn/output_weight", "output_weight"}};
  for (const Case &array : arrays) {
    SCOPED_TRACE(array.pointer);
    const json::json_pointer where(array.pointer);
    json file = small_document();
    file[where].push_back(file[where].back());
    expect_error(file, {"model 2 (element 'Zr')", array.words});
    file = small_document();
    file[where].erase(0);
    expect_error(file, {"model 2 (element 'Zr')", array.words});
    file[where] = json::array();
    expect_error(file, {"model 2 (element 'Zr')", array.words});
    for (const json &other : {json(1.0), json("text"), json::object(), json(true)}) {
      file = small_document();
      file[where] = other;
      expect_error(file, {"model 2 (element 'Zr')", array.words});
      file = small_document();
      file[where].back() = other.is_number() ? json("text") : other;
      expect_error(file, {"model 2 (element 'Zr')", array.words});
    }
  }
}

TEST(NnapJsonDamaged, WeightArraysOfAWrongLength)
{
  const auto wrong = [](json basis, const char *key, const std::string &wtype) {
    basis["nmax"] = 1;
    basis["lmax"] = 0;
    basis["wtype"] = wtype;
    expect_error(document_of_basis(basis, 2, 2), {"model 1 (element 'Cu'), basis", key});
  };
  for (const char *wtype : {"fuse", "exfuse"}) {
    wrong({{"fuse_size", 2}, {"fuse_weight", {1, 2, 3}}}, "fuse_weight", wtype);
    wrong({{"fuse_size", 2}, {"fuse_weight", {1, 2, 3, 4, 5}}}, "fuse_weight", wtype);
    wrong({{"fuse_size", 2}, {"fuse_weight", {{1, 2}, {3}}}}, "fuse_weight", wtype);
    wrong({{"fuse_size", 2}, {"fuse_weight", {{1, 2}, 3, 4}}}, "fuse_weight", wtype);
    wrong({{"fuse_size", 2}, {"fuse_weight", {1, 2, 3, nullptr}}}, "fuse_weight[3]", wtype);
    wrong({{"fuse_size", 2}, {"fuse_weight", "text"}}, "fuse_weight", wtype);
    wrong({{"fuse_size", 2}}, "fuse_weight", wtype);
    wrong({{"fuse_size", 0}, {"fuse_weight", json::array()}}, "fuse_size", wtype);
    wrong({{"fuse_size", -1}, {"fuse_weight", {1, 2}}}, "fuse_size", wtype);
    wrong({{"fuse_size", 2147483647}, {"fuse_weight", {1, 2}}}, "fuse_size", wtype);
    wrong({{"fuse_size", 1.5}, {"fuse_weight", {1, 2, 3}}}, "fuse_size", wtype);
    wrong({{"fuse_size", "2"}, {"fuse_weight", {1, 2, 3, 4}}}, "fuse_size", wtype);
    wrong({{"fuse_weight", {1, 2, 3}}}, "fuse_weight", wtype);
    wrong({{"fuse_weight", json::array()}}, "fuse_weight", wtype);
  }
  wrong({{"rfuse_weight", {1, 2, 3}}}, "rfuse_weight", "rfuse");
  wrong({{"rfuse_weight", json::array()}}, "rfuse_weight", "rfuse");
  wrong({{"rfuse_size", 2}, {"rfuse_weight", {1, 2, 3, 4}}}, "rfuse_weight", "rfuse");
  wrong({{"rfuse_size", 0}, {"rfuse_weight", json::array()}}, "rfuse", "rfuse");
  wrong({{"rfuse_size", 2147483647}, {"rfuse_weight", {1, 2, 3, 4}}}, "rfuse_weight", "rfuse");
  wrong({{"rfuse_size", -1}, {"rfuse_weight", {1, 2, 3, 4}}}, "rfuse_weight", "rfuse");
  wrong({{"rfuse_weight", {1, 2, 3, 4}}, {"rfuse_scale", "big"}}, "rfuse_scale", "rfuse");
  wrong({{"rfuse_weight", {1e300, 2, 3, 4}}, {"rfuse_scale", 1e300}},
        "rfuse_weight[0] is not a finite number", "rfuse");
  wrong({{"rfuse_weight", {1, 2, 3, 4}}, {"weight_standardization", 1}}, "weight_standardization",
        "rfuse");
  wrong({{"post_fuse", true}}, "post_fuse_weight", "default");
  wrong({{"post_fuse", true}, {"post_fuse_weight", json::array()}}, "post_fuse", "default");
  wrong({{"post_fuse", true}, {"post_fuse_weight", {1, 2, 3}}}, "post_fuse", "default");
  wrong({{"post_fuse", true}, {"post_fuse_weight", {1, 2, 3, 4, 5}}}, "post_fuse", "default");
  wrong({{"post_fuse", true}, {"post_fuse_size", 2}, {"post_fuse_weight", {1, 2, 3, 4}}},
        "post_fuse", "default");
  wrong({{"post_fuse", true}, {"post_fuse_size", -1}, {"post_fuse_weight", {1, 2, 3, 4}}},
        "post_fuse", "default");
  wrong({{"post_fuse", true}, {"post_fuse_size", 2147483647}, {"post_fuse_weight", {1, 2, 3, 4}}},
        "post_fuse", "default");
  wrong({{"post_fuse", "yes"}, {"post_fuse_weight", {1, 2, 3, 4}}}, "post_fuse", "default");
  wrong({{"post_fuse_size", 2}}, "post_fuse_weight", "default");
}

namespace {

struct Change {
  const char *pointer;
  json value;
  std::vector<std::string> words;
};

const std::string deleted = "(the key is deleted)";

void expect_errors(const json &good, const std::vector<Change> &changes)
{
  ASSERT_EQ(error_of(good.dump()), "");
  for (const Change &change : changes) {
    SCOPED_TRACE(change.pointer + (": " + change.value.dump()));
    const json::json_pointer where(change.pointer);
    json file = good;
    if (change.value == deleted)
      file[where.parent_pointer()].erase(where.back());
    else
      file[where] = change.value;
    expect_error(file, change.words);
  }
}

}    // namespace

TEST(NnapJsonDamaged, TopLevel)
{
  json many = json::array();
  for (int i = 0; i < 100'000; ++i) many.push_back({{"symbol", "E" + std::to_string(i)}});
  expect_errors(small_document(),
                {{"/version", deleted, {"'version' is missing"}},
                 {"/version", 3, {"version 3", "4 to 6"}},
                 {"/version", 7, {"version 7", "4 to 6"}},
                 {"/version", -5, {"version -5"}},
                 {"/version", 4.5, {"'version' must be an integer"}},
                 {"/version", 1e300, {"'version' must be an integer"}},
                 {"/version", "5", {"'version' must be a number"}},
                 {"/units", "real", {"units 'real'", "metal"}},
                 {"/units", 5, {"'units' must be a string"}},
                 {"/models", deleted, {"'models' is missing"}},
                 {"/models", json::array(), {"'models' is empty"}},
                 {"/models", json::object(), {"'models' must be an array"}},
                 {"/models", json::array({1}), {"model 1", "must be an object"}},
                 {"/models", many, {"'models' has 100000 elements"}},
                 {"/models/1/symbol", deleted, {"model 2", "'symbol' is missing"}},
                 {"/models/1/symbol", 29, {"model 2", "'symbol' must be a string"}},
                 {"/models/1/symbol", "", {"model 2", "'symbol' is empty"}},
                 {"/models/1/symbol", "Cu", {"model 2", "element 'Cu' is listed twice"}}});
  for (const char *text : {"", "[]", "5", "\"version\"", "null", "{}", "[{\"version\": 5}]"})
    EXPECT_NE(error_of(text), "") << text;
}

TEST(NnapJsonDamaged, Models)
{
  const std::string zr = "model 2 (element 'Zr')";
  expect_errors(
      small_document(),
      {{"/models/1/ref_eng", "low", {zr, "'ref_eng' must be a number"}},
       {"/models/1/norm_mu_eng", json::array(), {zr, "'norm_mu_eng' must be a number"}},
       {"/models/1/norm_sigma_eng", true, {zr, "'norm_sigma_eng' must be a number"}},
       {"/models/1/norm_sigma/1", 0, {zr, "norm_sigma[1] is zero"}},
       {"/models/1/norm_sigma/1", 1e-320, {zr, "norm_sigma[1] is zero"}},
       {"/models/1/norm_mu/0", "a", {zr, "'norm_mu[0]' must be a number"}},
       {"/models/1/norm_mu/0", nullptr, {zr, "'norm_mu[0]' must be a number"}},
       {"/models/1/torch", "UEsDBAAACAgA", {zr, "'torch' is not supported"}},
       {"/models/1/mirror", 1, {zr, "'mirror' is not supported"}},
       {"/models/1/nn", deleted, {zr, "'nn' is missing"}},
       {"/models/1/nn", json::array(), {zr, "nn", "must be an object"}},
       {"/models/1/nn/type", "torch", {zr, "nn", "network type 'torch'", "feed_forward"}},
       {"/models/1/nn/type",
        "shared_feed_forward",
        {zr, "nn", "network type 'shared_feed_forward'"}},
       {"/models/1/nn/type", 1, {zr, "nn", "'type' must be a string"}},
       {"/models/1/nn/input_dim", 3, {zr, "nn", "input_dim is 3", "gives 2"}},
       {"/models/1/nn/input_dim", 1e12, {zr, "nn", "'input_dim' must be an integer"}},
       {"/models/1/nn/hidden_dims",
        {3, 1000000},
        {zr, "nn", "hidden_dims must be integers from 1"}},
       {"/models/1/nn/hidden_dims", {3, 1e300}, {zr, "nn", "hidden_dims must be integers from 1"}},
       {"/models/1/nn/hidden_dims", {100000, 100000}, {zr, "nn", "hidden_weights"}},
       {"/models/1/nn/hidden_dims", {3, -2}, {zr, "nn", "hidden_dims must be integers from 1"}},
       {"/models/1/nn/hidden_dims", {3, 0}, {zr, "nn", "hidden_dims must be integers from 1"}},
       {"/models/1/nn/hidden_dims", {3, 2.5}, {zr, "nn", "hidden_dims must be integers from 1"}},
       {"/models/1/nn/hidden_dims", {3, "2"}, {zr, "nn", "'hidden_dims[1]' must be a number"}},
       {"/models/1/nn/hidden_dims", "3 2", {zr, "nn", "'hidden_dims' must be an array"}},
       {"/models/1/nn/hidden_dims", {2, 3}, {zr, "nn", "hidden_weights[0]"}},
       {"/models/1/nn/hidden_dims", deleted, {zr, "nn", "hidden_weights", "hidden_dims"}},
       {"/models/1/nn/hidden_weights", deleted, {zr, "nn", "'hidden_weights' is missing"}},
       {"/models/1/nn/hidden_biases", deleted, {zr, "nn", "'hidden_biases' is missing"}},
       {"/models/1/nn/output_weight", deleted, {zr, "nn", "'output_weight' is missing"}},
       {"/models/1/nn/output_bias", {1.0}, {zr, "nn", "'output_bias' must be a number"}}});
}

TEST(NnapJsonDamaged, Bases)
{
  const std::string zr = "model 2 (element 'Zr'), basis";
  const json basis = {
      {"type", "spherical_chebyshev"}, {"nmax", 1}, {"lmax", 1}, {"rcut", 5.0}, {"wtype", "none"}};
  expect_errors(
      document({element("Cu", basis, 4), element("Zr", basis, 4)}),
      {{"/models/1/basis", 1, {zr, "must be an object"}},
       {"/models/1/basis/type", "bessel", {zr, "basis type 'bessel'", "spherical_chebyshev"}},
       {"/models/1/basis/type", "mirror", {zr, "basis type 'mirror'"}},
       {"/models/1/basis/type", 3, {zr, "'type' must be a string"}},
       {"/models/1/basis/mirror", 1, {zr, "'mirror' is not supported"}},
       {"/models/1/basis/nmax", 21, {zr, "nmax is 21", "0 to 20"}},
       {"/models/1/basis/nmax", -1, {zr, "nmax is -1"}},
       {"/models/1/basis/nmax", 2147483647, {zr, "nmax is 2147483647"}},
       {"/models/1/basis/nmax", 1.5, {zr, "'nmax' must be an integer"}},
       {"/models/1/basis/lmax", 13, {zr, "lmax is 13", "0 to 12"}},
       {"/models/1/basis/lmax", -100, {zr, "lmax is -100"}},
       {"/models/1/basis/lmax", 2147483647, {zr, "lmax is 2147483647"}},
       {"/models/1/basis/lmax", "6", {zr, "'lmax' must be a number"}},
       {"/models/1/basis/l3max", 5, {zr, "l3max is 5", "0 to 4"}},
       {"/models/1/basis/l3max", -1, {zr, "l3max is -1"}},
       {"/models/1/basis/l4max", 1, {zr, "l4max > 0"}},
       {"/models/1/basis/rcut", 0, {zr, "rcut must be a positive length"}},
       {"/models/1/basis/rcut", -5, {zr, "rcut must be a positive length"}},
       {"/models/1/basis/rcut", "5", {zr, "'rcut' must be a number"}},
       {"/models/1/basis/wtype", "single", {zr, "wtype 'single' is not known"}},
       {"/models/1/basis/wtype", 1, {zr, "wtype 1 is not known"}},
       {"/models/1/basis/wtype", 0.5, {zr, "'wtype' must be an integer"}},
       {"/models/1/basis/wtype", {"none"}, {zr, "'wtype' must be a string"}},
       // what changes the numbers and is not there: never read over
       {"/models/1/basis/noradial", true, {zr, "'noradial' is not supported"}},
       {"/models/1/basis/noradial", "yes", {zr, "'noradial' must be true or false"}},
       {"/models/1/basis/layer_norm", true, {zr, "'layer_norm' is not supported"}},
       {"/models/1/basis/ln", true, {zr, "'ln' is not supported"}},
       {"/models/1/basis/l3cross", false, {zr, "'l3cross' false is not supported"}},
       {"/models/1/basis/l4cross", false, {zr, "'l4cross' false is not supported"}},
       {"/models/1/basis/fuse_style", "extensive", {zr, "fuse_style 'extensive'"}},
       {"/models/1/basis/rfunc_scales", {1.0, 1.0}, {zr, "'rfunc_scales' is not supported"}},
       {"/models/1/basis/system_scales", {1.0, 1.0}, {zr, "'system_scales' is not supported"}}});
}

TEST(NnapJsonDamaged, WhatIsOffIsNoError)
{
  json basis = radial_basis();
  for (const char *key : {"noradial", "layer_norm"}) basis[key] = false;
  for (const char *key : {"l3cross", "l4cross"}) basis[key] = true;
  basis["fuse_style"] = "limited";
  basis["l4max"] = 0;
  EXPECT_EQ(error_of(document_of_basis(basis, 1, 2).dump()), "");
}

TEST(NnapJsonDamaged, MergeAndShare)
{
  const json merge = {{"type", "merge"}, {"basis", {radial_basis(), radial_basis()}}};
  const std::string zr = "model 2 (element 'Zr'), basis";
  json too_many = json::array();
  for (int i = 0; i < 2000; ++i) too_many.push_back({{"nmax", 20}, {"lmax", 12}});
  expect_errors(
      document({element("Cu", merge, 4), element("Zr", merge, 4)}),
      {{"/models/1/basis/basis", deleted, {zr, "'basis' is missing"}},
       {"/models/1/basis/basis", json::array(), {zr, "merge of nothing"}},
       {"/models/1/basis/basis", json::object(), {zr, "'basis' must be an array"}},
       {"/models/1/basis/basis/1", 5, {zr + " 2", "must be an object"}},
       {"/models/1/basis/basis/1", merge, {zr + " 2", "'merge' inside a merge"}},
       {"/models/1/basis/basis/1",
        {{"type", "share"}, {"share", 1}},
        {zr + " 2", "'share' inside a merge"}},
       {"/models/1/basis/basis/1/nmax", 21, {zr + " 2", "nmax is 21"}},
       {"/models/1/basis/basis/1/rcut", -1, {zr + " 2", "rcut"}},
       {"/models/1/basis/basis", too_many, {zr, "gives more than 100000 numbers"}},
       {"/models/1/basis", {{"type", "share"}}, {zr, "'share' is missing"}},
       {"/models/1/basis", {{"type", "share"}, {"share", 0}}, {zr, "from 1 to 2"}},
       {"/models/1/basis", {{"type", "share"}, {"share", 3}}, {zr, "from 1 to 2"}},
       {"/models/1/basis", {{"type", "share"}, {"share", "Cu"}}, {zr, "'share' must be a number"}},
       {"/models/1/basis",
        {{"type", "share"}, {"share", 2}},
        {zr, "share refers back to itself"}}});

  json ring = document({element("Cu", {{"type", "share"}, {"share", 2}}, 4),
                        element("Zr", {{"type", "share"}, {"share", 3}}, 4),
                        element("O", {{"type", "share"}, {"share", 1}}, 4)});
  expect_error(ring, {"basis", "share refers back to itself"});
}

TEST(NnapJsonDamaged, LongOrUnprintableWordsAreShortenedInTheMessage)
{
  json file = small_document();
  file["units"] = std::string(1'000'000, 'x');
  EXPECT_THAT(error_of(file.dump()), HasSubstr("units 'xxx"));
  file = small_document();
  file["models"][1]["symbol"] = std::string(1'000'000, 'x');
  file["models"][1]["torch"] = 1;
  EXPECT_THAT(error_of(file.dump()), HasSubstr("torch"));
  file["models"][1]["symbol"] = "Z\nr\x1b[31m";
  EXPECT_THAT(error_of(file.dump()), HasSubstr("(element 'Z?r?[31m')"));
}

TEST(NnapJsonDamaged, OtherKindsOfFile)
{
  using namespace std::string_literals;
  const std::string notes[] = {
      "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\2\0\0\0\2\0\x08\6\0\0\0"s,    // a picture
      "\4\0\0\0\4\0\0\0\4\0\0\0\4\0\0\0T\0\0\0\4\0\0\0"s,              // an aenet network
      "# EAM/alloy\nCu Zr\n2 Cu Zr\n",
      "\x1f\x8b\x08\0\0\0\0\0"s,
      "\0\0\0\0\0\0\0\0"s,
      "\xef\xbb\xbf",
      "{} {}",
      "<?xml version=\"1.0\"?>",
      "//",
      "{\"version\": 5,}"};
  for (const std::string &text : notes)
    EXPECT_THAT(error_of(text), HasSubstr("not valid JSON")) << text;
}

TEST(NnapJsonDamaged, AKeyThatComesTwice)
{
  EXPECT_THAT(error_of(R"({"version": 5, "units": "metal", "version": 6})"),
              HasSubstr("has the key 'version' twice"));
  EXPECT_THAT(error_of(R"({"models": [{"basis": {"rcut": 5, "rcut": 6}}]})"),
              HasSubstr("has the key 'rcut' twice"));
  EXPECT_THAT(error_of(R"({"models": [{"symbol": "Cu"}, {"symbol": "Zr"}]})"),
              testing::Not(HasSubstr("twice")));
}

TEST(NnapJsonDamaged, HundredMegabytes)
{
  std::string text(hundred_megabytes, '[');
  EXPECT_THAT(error_of(text), HasSubstr("nested too deeply"));
  text.assign(hundred_megabytes, ' ');
  EXPECT_THAT(error_of(text), HasSubstr("not valid JSON"));
  text.assign(hundred_megabytes, 'x');
  text[0] = '"';    // a string that does not end
  EXPECT_THAT(error_of(text), HasSubstr("not valid JSON"));
  text.assign(hundred_megabytes, '1');    // a number with as many digits
  EXPECT_THAT(error_of(text), HasSubstr("not valid JSON"));

  std::mt19937_64 random(1);
  for (std::size_t k = 0; k + 8 <= text.size(); k += 8) {
    const std::uint64_t bits = random();
    std::memcpy(&text[k], &bits, 8);
  }
  EXPECT_THAT(error_of(text), HasSubstr("not valid JSON"));
  text.insert(0, small_document().dump());
  EXPECT_THAT(error_of(text), HasSubstr("not valid JSON"));
}

TEST(NnapJsonDamaged, ManySmallThings)
{
  const auto repeated = [](const char *word, std::size_t count) {
    std::string text = "[";
    for (std::size_t k = 0; k < count; ++k) text += word;
    return text;
  };
  for (const std::size_t depth : {1000, 1'000'000})
    EXPECT_THAT(error_of(repeated("{\"a\":", depth)), HasSubstr("nested too deeply"));
  // values that cost the parser more than their length
  for (const char *word : {"{},", "[],", "{\"\":{}},"})
    EXPECT_THAT(error_of(repeated(word, 2'000'000)), HasSubstr("too many arrays and objects"));
}
