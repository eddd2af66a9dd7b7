// SPDX-License-Identifier: GPL-2.0-only

// The reader of aenet's network files. The files are made from the list of records alone
// (aenet_file.h); energies of two atoms are worked out from the numbers that went in. What is wrong with a
// file must be said by a PotentialError naming it.

#include "aenet_file.h"
#include "environment.h"

#include "nnap/aenet.h"
#include "nnap/nnap_json.h"
#include "nnap/weight_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

using namespace turing_glass;
using namespace turing_glass::test::aenet;
using nnap::Potential;
using testing::HasSubstr;
using turing_glass::test::dimer_energy;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// ---- reading and what it means ----

Potential read(const std::vector<Contents> &files)
{
  std::vector<std::string> bytes;
  for (const Contents &s : files) bytes.push_back(file_of(s));
  std::vector<nnap::AenetFile> out;
  for (std::size_t k = 0; k < files.size(); ++k)
    out.push_back({files[k].element + ".nn", bytes[k]});
  return nnap::read_aenet(out);
}

/// f_c(r) T_n(1 - 2 r/r_c)
double radial(int n, double r, double rcut)
{
  const double x = r / rcut;
  return std::pow(1.0 - x * x, 4) * std::cos(n * std::acos(1.0 - 2.0 * x));
}

/// Descriptor of an atom with one neighbor of weight `spin`: every degree gives the square of f_c R_n.
std::vector<double> dimer_descriptor(const Contents &s, double spin, double r)
{
  std::vector<double> P;
  for (const double w : {1.0, spin})
    for (int n = 0; n <= s.nmax && static_cast<int>(P.size()) < s.features(); ++n)
      P.insert(P.end(), s.lmax + 1, std::pow(w * radial(n, r, s.rcut), 2));
  return P;
}

/// E_i by the records' own order: matrices by columns, each followed by its biases.
double expected_energy(const Contents &s, const std::vector<double> &P)
{
  std::vector<double> x;
  for (std::size_t k = 0; k < P.size(); ++k) {
    const double variance = s.mean_square[k] - s.mean[k] * s.mean[k];
    x.push_back(variance > 0.0 ? (P[k] - s.mean[k]) / std::sqrt(variance) : 0.0);
  }
  std::size_t at = 0;
  for (std::size_t k = 0; k + 1 < s.nodes.size(); ++k) {
    std::vector<double> y(s.nodes[k + 1], 0.0);
    for (const double input : x)
      for (double &output : y) output += s.weights[at++] * input;
    for (double &output : y) {
      output += s.weights[at++];
      if (s.activations[k] == silu) output /= 1.0 + std::exp(-output);
    }
    x = y;
  }
  const auto t = std::find(s.elements.begin(), s.elements.end(), s.element) - s.elements.begin();
  return x[0] / s.scale + s.shift + s.atomic_energies[t];
}

/// Text of the PotentialError that reading `content` throws; empty where it reads.
std::string error_of(std::string_view content)
{
  try {
    nnap::read_aenet({{"Cu.nn", content}});
  } catch (const nnap::PotentialError &e) {
    EXPECT_THAT(e.what(), HasSubstr("Cu.nn"));
    EXPECT_LT(std::string(e.what()).size(), 500u) << "a message, not the file";
    return e.what();
  }
  return {};
}

std::string error_of(const std::vector<Contents> &files)
{
  try {
    read(files);
  } catch (const nnap::PotentialError &e) {
    return e.what();
  }
  return {};
}

/// The error that comes of record k of a good file replaced.
std::string error_with(std::size_t k, const Record &replacement)
{
  std::vector<Record> records = records_of(contents("Cu", {"Cu", "Zr", "O"}));
  EXPECT_EQ(error_of(file_of(records)), "");
  records.at(k) = replacement;
  return error_of(file_of(records));
}

}    // namespace

// ================ what files mean ================

TEST(Aenet, ThreeElementsWeighMinusOneZeroAndOne)
{
  const std::vector<std::string> elements = {"Cu", "Zr", "O"};
  std::vector<Contents> files;
  for (const std::string &e : elements) files.push_back(contents(e, elements));
  const Potential potential = read(files);
  EXPECT_EQ(potential.elements, elements);
  EXPECT_EQ(potential.cutoff(), 5.0);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j)
      EXPECT_NEAR(dimer_energy(potential, i, j, 2.3),
                  expected_energy(files[i], dimer_descriptor(files[i], j - 1.0, 2.3)), 1e-12);
  const nnap::Basis &basis = potential.models[0]->basis.at(0);
  EXPECT_EQ(basis.wtype, nnap::WeightType::exfuse);
  EXPECT_EQ(basis.fuse_weight, (std::vector<double>{-1.0, 0.0, 1.0}));
  EXPECT_EQ(basis.nmax, 1);
  EXPECT_EQ(basis.lmax, 2);
}

TEST(Aenet, WithAnEvenNumberOfElementsZeroIsSkipped)
{
  const std::vector<std::vector<double>> weights = {{-1, 1}, {-2, -1, 1, 2}};
  for (const std::vector<double> &expected : weights) {
    std::vector<std::string> elements = {"Cu", "Zr", "O", "Al"};
    elements.resize(expected.size());
    std::vector<Contents> files;
    for (const std::string &e : elements) files.push_back(contents(e, elements));
    const Potential potential = read(files);
    EXPECT_EQ(potential.models[0]->basis.at(0).fuse_weight, expected);
    // (the sign does not show in two atoms: see the next test)
    for (std::size_t j = 0; j < expected.size(); ++j)
      EXPECT_NEAR(dimer_energy(potential, 1, static_cast<int>(j), 2.3),
                  expected_energy(files[1], dimer_descriptor(files[1], expected[j], 2.3)), 1e-12);
  }
}

TEST(Aenet, NeighborsOfOppositeWeightCancelInTheWeightedChannel)
{
  std::vector<Contents> files = {contents("Cu", {"Cu", "Zr"}), contents("Zr", {"Cu", "Zr"})};
  const Potential potential = read(files);
  const nnap::Evaluator evaluator(potential);
  nnap::Workspace workspace;
  workspace.neighbors.start(2, 2);
  // both in the same place: twice the unweighted sum, nothing of the weighted one
  for (const int type : {0, 1}) workspace.neighbors.push(0.0, 0.0, 2.3, 2.3 * 2.3, type);
  std::vector<double> P = dimer_descriptor(files[0], 0.0, 2.3);
  for (double &p : P) p *= 4.0;
  EXPECT_NEAR(evaluator.evaluate(0, workspace), expected_energy(files[0], P), 1e-12);
}

TEST(Aenet, OneElementHasNoWeightedChannel)
{
  const Contents cu = contents("Cu", {"Cu"});
  const Potential potential = read({cu});
  EXPECT_EQ(potential.models[0]->basis.at(0).wtype, nnap::WeightType::none);
  EXPECT_EQ(potential.models[0]->inputs(), 6);
  EXPECT_NEAR(dimer_energy(potential, 0, 0, 2.3),
              expected_energy(cu, dimer_descriptor(cu, 0.0, 2.3)), 1e-12);
}

TEST(Aenet, NetworksOfAnyDepth)
{
  for (const std::vector<std::int32_t> &hidden : {std::vector<std::int32_t>{}, {5}, {7, 1, 3, 2}}) {
    const Contents cu = contents("Cu", {"Cu", "Zr"}, hidden);
    EXPECT_NEAR(dimer_energy(read({cu}), 0, 1, 1.9),
                expected_energy(cu, dimer_descriptor(cu, 1.0, 1.9)), 1e-12);
  }
  Contents cu = contents("Cu", {"Cu", "Zr"});
  cu.activations = {silu, linear, linear};    // a linear hidden layer
  EXPECT_NEAR(dimer_energy(read({cu}), 0, 1, 1.9),
              expected_energy(cu, dimer_descriptor(cu, 1.0, 1.9)), 1e-12);
}

TEST(Aenet, EnergyScaleShiftAndReference)
{
  const Contents zr = contents("Zr", {"Cu", "Zr", "O"});
  const nnap::ElementModel model = *read({zr}).models[1];
  EXPECT_EQ(model.sigma_energy, 1.0 / 0.4);
  EXPECT_EQ(model.mu_energy, -0.3);
  EXPECT_EQ(model.reference_energy, -4.5);
  for (int k = 0; k < model.inputs(); ++k) {
    EXPECT_EQ(model.norm_mu[k], zr.mean[k]);
    EXPECT_NEAR(model.norm_sigma[k], std::sqrt(zr.mean_square[k] - zr.mean[k] * zr.mean[k]), 1e-15);
  }
}

TEST(Aenet, FeaturesWithoutVarianceAreDropped)
{
  Contents cu = contents("Cu", {"Cu", "Zr"});
  cu.mean_square[3] = cu.mean[3] * cu.mean[3];
  cu.mean[7] = cu.mean_square[7] = 0.0;
  cu.mean[8] = 0.7;
  cu.mean_square[8] = 0.7 * 0.7 * (1.0 - 1e-15);    // rounding may leave less than nothing
  const Potential potential = read({cu});
  EXPECT_NEAR(dimer_energy(potential, 0, 1, 2.3),
              expected_energy(cu, dimer_descriptor(cu, 1.0, 2.3)), 1e-12);

  // aenet's own threshold: a deviation of 1e-10
  cu.mean[5] = 0.0;
  cu.mean_square[5] = 0.9e-20;
  Contents dropped = cu;
  dropped.mean_square[5] = 0.0;
  EXPECT_EQ(dimer_energy(read({cu}), 0, 1, 2.3), dimer_energy(read({dropped}), 0, 1, 2.3));
  cu.mean_square[5] = 1.5e-20;
  EXPECT_NE(dimer_energy(read({cu}), 0, 1, 2.3), dimer_energy(read({dropped}), 0, 1, 2.3));
}

TEST(Aenet, TheOrderOfTheFilesDoesNotMatter)
{
  const std::vector<std::string> elements = {"Cu", "Zr", "O"};
  const Contents cu = contents("Cu", elements), zr = contents("Zr", elements),
                 o = contents("O", elements);
  const test::Structure structure = test::random_structure(15, 3, 0.05, 1.8, 5);
  const test::Result expected = test::evaluate(nnap::Evaluator(read({cu, zr, o})), structure);
  for (const std::vector<Contents> &order :
       {std::vector<Contents>{o, zr, cu}, {zr, o, cu}, {cu, o, zr}}) {
    const Potential potential = read(order);
    EXPECT_EQ(potential.elements, elements);
    EXPECT_EQ(test::evaluate(nnap::Evaluator(potential), structure).atom_energies,
              expected.atom_energies);
  }
}

TEST(Aenet, ConversionKeepsEnergiesAndForces)
{
  const std::vector<std::string> elements = {"Cu", "Zr", "O"};
  std::vector<Contents> files;
  for (const std::string &e : elements) files.push_back(contents(e, elements));
  files[1].scale = 1.7;    // a scale of its own
  files[2].shift = 0.9;
  files[0].mean_square[2] = files[0].mean[2] * files[0].mean[2];
  const Potential potential = read(files);
  const Potential converted =
      nnap::read_nnap_json(nnap::write_nnap_json(potential), "converted.json");
  const test::Structure structure = test::random_structure(20, 3, 0.05, 1.8, 6);
  const test::Result before = test::evaluate(nnap::Evaluator(potential), structure),
                     after = test::evaluate(nnap::Evaluator(converted), structure);
  for (std::size_t i = 0; i < structure.positions.size(); ++i) {
    EXPECT_NEAR(after.atom_energies[i], before.atom_energies[i],
                1e-12 * std::abs(before.atom_energies[i]));
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(after.forces[i][k], before.forces[i][k], 1e-11);
  }
}

TEST(Aenet, AnElementWithoutAFileHasNoModelAndIsNotConverted)
{
  const std::vector<std::string> elements = {"Cu", "Zr", "O"};
  const Potential potential = read({contents("O", elements), contents("Cu", elements)});
  EXPECT_TRUE(potential.models[0].has_value());
  EXPECT_FALSE(potential.models[1].has_value());
  EXPECT_TRUE(potential.models[2].has_value());
  EXPECT_FALSE(nnap::Evaluator(potential).has_model(1));
  try {
    nnap::write_nnap_json(potential);
    FAIL() << "converted without Zr";
  } catch (const nnap::PotentialError &e) {
    EXPECT_THAT(e.what(), HasSubstr("element 'Zr' has no model"));
  }
}

TEST(Aenet, IsRecognizedByItsFirstRecords)
{
  EXPECT_TRUE(nnap::looks_like_aenet(file_of(contents("Cu", {"Cu"}))));
  for (const char *other : {"", "{", "{\"version\": 5, \"models\": []}", "# EAM potential for Cu"})
    EXPECT_FALSE(nnap::looks_like_aenet(other)) << other;
  EXPECT_FALSE(nnap::looks_like_aenet(std::string_view("\4\0\0\0\4\0\0\0", 8)));
}

// ================ damaged files ================

TEST(AenetDamaged, TruncatedAtEveryRecord)
{
  const std::vector<Record> records = records_of(contents("Cu", {"Cu", "Zr", "O"}));
  constexpr std::size_t last_needed = 32;
  for (std::size_t count = 0; count <= last_needed; ++count) {
    const std::string message =
        error_of(file_of(std::vector<Record>(records.begin(), records.begin() + count)));
    EXPECT_THAT(message, HasSubstr("truncated")) << "after " << count << " records";
    EXPECT_THAT(message, HasSubstr("(record ")) << "after " << count << " records";
  }
}

TEST(AenetDamaged, TruncatedAnywhere)
{
  const std::vector<Record> records = records_of(contents("Cu", {"Cu", "Zr", "O"}));
  const std::string content = file_of(records);
  const std::size_t needed =
      file_of(std::vector<Record>(records.begin(), records.begin() + 33)).size();
  for (std::size_t length = 0; length < needed; ++length)
    ASSERT_THAT(error_of(std::string_view(content).substr(0, length)), HasSubstr("truncated"))
        << "after " << length << " bytes";
}

TEST(AenetDamaged, OneByteChangedNeverEndsOtherwise)
{
  // either it still is a potential, or a PotentialError: anything else ends the test
  std::string content = file_of(contents("Cu", {"Cu", "Zr", "O"}));
  for (std::size_t k = 0; k < content.size(); ++k) {
    const char original = content[k];
    for (const char c : {'\0', '\1', '\x7f', '\x80', '\xff'}) {
      content[k] = c;
      error_of(content);
    }
    content[k] = original;
  }
  EXPECT_EQ(error_of(content), "");
}

TEST(AenetDamaged, WrongMarks)
{
  const std::string good = file_of(contents("Cu", {"Cu", "Zr", "O"}));
  const auto with_int = [&](std::size_t at, std::int32_t value) {
    std::string content = good;
    std::memcpy(&content[at], &value, sizeof value);
    return error_of(content);
  };
  for (const std::int32_t length : {-1, -4, std::numeric_limits<std::int32_t>::min(),
                                    std::numeric_limits<std::int32_t>::max(), 1 << 30}) {
    EXPECT_THAT(with_int(0, length), HasSubstr("record 0 claims"));
    EXPECT_THAT(with_int(8, length), HasSubstr("record 0 has different lengths"));
    EXPECT_THAT(with_int(12, length), HasSubstr("record 1 claims"));
  }
  EXPECT_THAT(with_int(8, 5), HasSubstr("record 0 has different lengths"));
  EXPECT_THAT(with_int(0, 0), HasSubstr("record 0 has different lengths"));
}

TEST(AenetDamaged, RecordsOfAWrongLength)
{
  const std::vector<Record> records = records_of(contents("Cu", {"Cu", "Zr", "O"}));
  const std::vector<std::size_t> read = {0, 4, 5, 6, 8, 11, 12, 24, 25, 28, 29, 32};
  for (const std::size_t k : read) {
    EXPECT_NE(error_with(k, records[k].substr(0, records[k].size() - 1)), "") << "record " << k;
    EXPECT_NE(error_with(k, ""), "") << "record " << k;
  }
  EXPECT_THAT(error_with(12, records[12] + "Al"), HasSubstr("lists 3 elements in 8 characters"));
  EXPECT_THAT(error_with(24, records[24].substr(8)),
              HasSubstr("the mean of the features (record 24)"));
  EXPECT_THAT(error_with(32, record(-3.5)), HasSubstr("the atomic energies (record 32)"));
  EXPECT_THAT(error_with(19, record(1.0)), HasSubstr("the descriptor parameters (record 19)"));
}

TEST(AenetDamaged, NumbersThatAreNone)
{
  const std::vector<std::pair<std::size_t, const char *>> records = {
      {8, "the weights (record 8)"},          {19, "the descriptor parameters (record 19)"},
      {24, "the mean of the features"},       {25, "the mean square of the features"},
      {28, "the energy scale (record 28)"},   {29, "the energy shift (record 29)"},
      {32, "the atomic energies (record 32)"}};
  for (const auto &[k, words] : records)
    for (const double value : {not_a_number, infinity, -infinity}) {
      Record bad = records_of(contents("Cu", {"Cu", "Zr", "O"}))[k];
      std::memcpy(bad.data(), &value, sizeof value);
      const std::string message = error_with(k, bad);
      EXPECT_THAT(message, HasSubstr(words));
      EXPECT_THAT(message, HasSubstr("not finite"));
    }
  EXPECT_THAT(error_with(28, record(0.0)), HasSubstr("the energy scale (record 28) is zero"));
  EXPECT_THAT(error_with(28, record(1e-320)), HasSubstr("is not a finite number"));
}

TEST(AenetDamaged, Networks)
{
  using Ints = std::vector<std::int32_t>;
  for (const std::int32_t layers : {1, 0, -1, 101, std::numeric_limits<std::int32_t>::max(),
                                    std::numeric_limits<std::int32_t>::min()})
    EXPECT_THAT(error_with(0, record(layers)), HasSubstr("layers of nodes"));
  EXPECT_THAT(error_with(0, record(50)), HasSubstr("the nodes per layer (record 4)"));
  EXPECT_THAT(error_with(0, record(3)), HasSubstr("the last layer must have one output"));

  for (const std::int32_t activation : {1, 3, 5, 7, -1, 1 << 30})
    EXPECT_THAT(error_with(5, record(Ints{silu, activation, linear})),
                HasSubstr("layer 2 uses activation function " + std::to_string(activation)));

  // 12 features, 4 and 3 nodes: 52 + 15 + 4 weights
  const std::int32_t huge = 1 << 30, largest = std::numeric_limits<std::int32_t>::max();
  for (const Ints &nodes : {Ints{12, 4, 5, 1},
                            {12, 400, 3, 1},
                            {12, huge, huge, 1},
                            {huge, huge, huge, huge},
                            {largest, largest, largest, 1},
                            {12, 0, 3, 1},
                            {12, -4, 3, 1},
                            {12, 4, 3, 0},
                            {12, 4, 3, 2},
                            {12, 3, 4, 1},
                            {0, 4, 3, 1},
                            {60000, 70000, 3, 1}}) {
    const std::string message = error_with(4, record(nodes));
    EXPECT_THAT(message, HasSubstr("layer ")) << testing::PrintToString(nodes);
  }
  for (const Ints &offsets : {Ints{0, 52, 67, 72},
                              {0, 52, 66, 71},
                              {1, 53, 68, 72},
                              {0, 0, 0, 0},
                              {0, 52, 67, huge},
                              {-52, 0, 15, 19},
                              {0, 52, 67, largest},
                              {largest, 52, 67, 71}})
    EXPECT_THAT(error_with(6, record(offsets)), HasSubstr("layer "))
        << testing::PrintToString(offsets);

  // consistent, but the weights are not there
  EXPECT_THAT(error_with(8, record(std::vector<double>(70, 0.1))),
              HasSubstr("layer 3 reaches beyond the 70 stored weights"));
  Contents cu = contents("Cu", {"Cu", "Zr", "O"});
  cu.nodes = {12, 90000, 90000, 1};
  EXPECT_THAT(error_with(4, record(cu.nodes)), HasSubstr("layer 1"));

  // a sound network, of another descriptor
  cu = contents("Cu", {"Cu", "Zr", "O"});
  cu.nmax = 2;
  EXPECT_THAT(error_with(19, records_of(cu)[19]),
              HasSubstr("expects 12 inputs but the descriptor gives 18"));
}

TEST(AenetDamaged, Descriptors)
{
  for (const char *kind :
       {"Chebyshev", "Behler2011", "spherical_chebyshev", "Spherical_Chebyshev2", ""})
    EXPECT_THAT(error_with(15, text(kind, 100)), HasSubstr("only Spherical_Chebyshev"));
  EXPECT_THAT(error_with(15, std::string(100'000, '\xff')), HasSubstr("only Spherical_Chebyshev"));
  const auto with_parameters = [](double nmax, double lmax, double rcut) {
    return error_with(19, record(std::vector<double>{nmax, lmax, rcut}));
  };
  EXPECT_EQ(with_parameters(1, 2, 5.0), "");
  for (const double value : {-1.0, 21.0, 1.5, 1e300})
    EXPECT_THAT(with_parameters(value, 2, 5.0), HasSubstr("nmax must be an integer from 0 to 20"));
  for (const double value : {-1.0, 13.0, 0.5, 1e300})
    EXPECT_THAT(with_parameters(1, value, 5.0), HasSubstr("lmax must be an integer from 0 to 12"));
  for (const double value : {0.0, -5.0})
    EXPECT_THAT(with_parameters(1, 2, value), HasSubstr("rcut must be a positive length"));
}

TEST(AenetDamaged, Elements)
{
  for (const std::int32_t count : {0, -1, 2, 4, std::numeric_limits<std::int32_t>::max(),
                                   std::numeric_limits<std::int32_t>::min()})
    EXPECT_THAT(error_with(11, record(count)),
                HasSubstr("lists " + std::to_string(count) + " elements"));
  EXPECT_THAT(error_with(12, "CuCuO "), HasSubstr("lists element Cu twice"));
  EXPECT_THAT(error_with(12, "Cu  O "), HasSubstr("element 2 has the symbol ''"));
  EXPECT_THAT(error_with(12, "Cu\xff\xfeO "), HasSubstr("element 2 has the symbol '?\?'"));
  EXPECT_THAT(error_with(10, "Al"),
              HasSubstr("describes element 'Al', which is not in its own list"));
  EXPECT_THAT(error_with(10, "\xff\n"),
              HasSubstr("describes element '?\?', which is not in its own list"));
  EXPECT_THAT(error_with(10, ""), HasSubstr("describes element '', which is not in its own list"));

  std::vector<Record> many = records_of(contents("Cu", {"Cu", "Zr", "O"}));
  many[11] = record(1'000'000);
  many[12] = std::string(2'000'000, 'A');
  EXPECT_THAT(error_of(file_of(many)), HasSubstr("lists 1000000 elements"));
}

TEST(AenetDamaged, FilesOfDifferentPotentials)
{
  const Contents cu = contents("Cu", {"Cu", "Zr", "O"});
  EXPECT_THAT(error_of({cu, contents("Zr", {"Zr", "Cu", "O"})}),
              HasSubstr("Zr.nn: lists its elements differently from Cu.nn"));
  EXPECT_THAT(error_of({cu, contents("Zr", {"Cu", "Zr"})}),
              HasSubstr("Zr.nn: lists its elements differently from Cu.nn"));
  EXPECT_THAT(error_of({cu, cu}),
              HasSubstr("Cu.nn: describes element Cu, as a file before it does"));
}

TEST(AenetDamaged, OtherKindsOfFile)
{
  for (const std::string &content :
       {std::string("{\"version\": 5, \"units\": \"metal\", \"models\": []}"),
        std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), std::string("Cu"),
        std::string("# EAM/alloy\n")})
    EXPECT_THAT(error_of(content), HasSubstr("truncated")) << content;
  // big endian
  EXPECT_THAT(error_of(std::string_view("\0\0\0\4\0\0\0\4\0\0\0\4", 12)),
              HasSubstr("not an aenet network"));
}

TEST(AenetDamaged, HundredMegabytes)
{
  std::string content(100'000'000, '\0');    // empty records
  EXPECT_THAT(error_of(content), HasSubstr("too many records"));
  std::mt19937_64 random(1);
  for (std::size_t k = 0; k + 8 <= content.size(); k += 8) {
    const std::uint64_t bits = random();
    std::memcpy(&content[k], &bits, 8);
  }
  EXPECT_THAT(error_of(content), HasSubstr("not an aenet network"));
  // one record, closed as it should be
  const std::int32_t length = static_cast<std::int32_t>(content.size()) - 8;
  std::memcpy(content.data(), &length, sizeof length);
  std::memcpy(&content[content.size() - 4], &length, sizeof length);
  EXPECT_NE(error_of(content), "");
  // a good file with garbage behind it
  content.back() ^= 1;
  content.insert(0, file_of(contents("Cu", {"Cu"})));
  EXPECT_THAT(error_of(content), HasSubstr("record 35 has different lengths"));
}
