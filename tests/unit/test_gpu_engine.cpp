// SPDX-License-Identifier: GPL-2.0-only

// The engine for devices against Evaluator, which has been compared with numbers from elsewhere. The same file is compiled
// with the engine on the processor and with that on a CUDA device.

#include "environment.h"

#include "nnap/aenet.h"
#include "nnap/gpu/engine.h"
#include "nnap/nnap_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

using namespace turing_glass;
using namespace turing_glass::nnap;
using nlohmann::json;

namespace {

/// Atoms of the cell, then all their images within `reach` of it.
struct Points {
  std::vector<double> x;
  std::vector<int> element, atom;
  int owned;
};

Points points_of(const test::Structure &s, double reach)
{
  Points p;
  p.owned = static_cast<int>(s.positions.size());
  const auto add = [&](int j, int a, int b, int c) {
    for (int k = 0; k < 3; ++k)
      p.x.push_back(s.positions[j][k] + a * s.cell[0][k] + b * s.cell[1][k] + c * s.cell[2][k]);
    p.element.push_back(s.types[j]);
    p.atom.push_back(j);
  };
  for (int j = 0; j < p.owned; ++j) add(j, 0, 0, 0);
  if (!s.periodic) return p;
  const int images = 1 + static_cast<int>(std::ceil(reach / 3.0));
  for (int a = -images; a <= images; ++a)
    for (int b = -images; b <= images; ++b)
      for (int c = -images; c <= images; ++c)
        for (int j = 0; j < p.owned; ++j) {
          if (a == 0 && b == 0 && c == 0) continue;
          add(j, a, b, c);
          const double *x = p.x.data() + p.x.size() - 3;
          bool near = false;
          for (int i = 0; i < p.owned; ++i)
            near = near ||
                std::hypot(x[0] - p.x[3 * i], x[1] - p.x[3 * i + 1], x[2] - p.x[3 * i + 2]) < reach;
          if (near) continue;
          p.x.resize(p.x.size() - 3);
          p.element.pop_back();
          p.atom.pop_back();
        }
  return p;
}

test::Result evaluate(gpu::Engine &engine, const Points &p)
{
  const gpu::Engine::Results found = engine.compute(p.x.data(), {true, true, false});
  EXPECT_FALSE(found.overflow);
  test::Result result;
  result.forces.assign(p.owned, test::Vector{});
  for (int i = 0; i < p.owned; ++i) {
    result.energy += found.energies[i];
    result.atom_energies.push_back(found.energies[i]);
  }
  const int rows[] = {0, 1, 2, 0, 0, 1}, columns[] = {0, 1, 2, 1, 2, 2};
  for (std::size_t k = 0; k < p.atom.size(); ++k) {
    for (int d = 0; d < 3; ++d) result.forces[p.atom[k]][d] += found.forces[3 * k + d];
    for (int d = 0; d < 6; ++d) result.virial[rows[d]][columns[d]] += found.virials[6 * k + d];
  }
  return result;
}

test::Result evaluate(gpu::Engine &engine, const test::Structure &s, double cutoff)
{
  const Points p = points_of(s, cutoff + 1.0);
  engine.set_atoms(p.owned, static_cast<int>(p.atom.size()), p.element.data());
  engine.find_neighbors(p.x.data(), cutoff + 1.0);
  return evaluate(engine, p);
}

/// Sums in fixed point are rounded to 1.4e-14 eV/A once for each bond.
constexpr double unit = 1.42e-14, of_force = 20 * unit, of_virial = 200 * unit;

void compare(const test::Result &a, const test::Result &b, double relative)
{
  double largest = 0.0, virial = 0.0;
  for (const test::Vector &f : b.forces)
    for (const double component : f) largest = std::max(largest, std::abs(component));
  for (const test::Vector &row : b.virial)
    for (const double component : row) virial = std::max(virial, std::abs(component));
  for (std::size_t i = 0; i < b.forces.size(); ++i) {
    EXPECT_NEAR(a.atom_energies[i], b.atom_energies[i], relative * std::abs(b.atom_energies[i]))
        << "atom " << i;
    for (int k = 0; k < 3; ++k)
      EXPECT_NEAR(a.forces[i][k], b.forces[i][k], relative * largest + of_force) << "atom " << i;
  }
  for (int r = 0; r < 3; ++r)
    for (int c = r; c < 3; ++c)
      EXPECT_NEAR(a.virial[r][c], b.virial[r][c], relative * virial + of_virial) << r << c;
}

constexpr double full = 1e-12, mixed = 1e-6;

}    // namespace

TEST(GpuEngine, GivesWhatTheEvaluatorGives)
{
  for (const test::SamplePotential &c : test::sample_potentials()) {
    SCOPED_TRACE(c.label);
    const test::Structure s = test::random_structure(40, c.ntypes, 0.05, 1.7, 8);
    const Evaluator evaluator(c.potential);
    const test::Result expected = test::evaluate(evaluator, s);
    compare(evaluate(*gpu::make_engine(c.potential, false, {}), s, c.potential.cutoff()), expected,
            full);
    const auto rounded = gpu::make_engine(c.potential, true, {});
    compare(evaluate(*rounded, s, c.potential.cutoff()), expected, mixed);
  }
}

TEST(GpuEngine, OraclesFromElsewhere)
{
  TG_SHARED_FILE_OR_SKIP(oracle, "reference/nnap_90_16x4_random_open.json");
  TG_SHARED_FILE_OR_SKIP(text, "reference/nnap_90_16x4_random_open.nnap.json");
  const Potential potential = read_nnap_json(text, "random");
  const auto engine = gpu::make_engine(potential, false, {});
  const json records = json::parse(oracle).at("structures");
  ASSERT_FALSE(records.empty());
  for (const json &record : records) {
    SCOPED_TRACE(record.at("name").get<std::string>());
    const test::Structure s = test::structure_of(record, potential.elements);
    const test::Result result = evaluate(*engine, s, potential.cutoff());
    const double energy = record.at("energy");
    EXPECT_NEAR(result.energy, energy, 1e-9 * std::abs(energy));
    const auto forces = record.at("forces").get<std::vector<test::Vector>>();
    for (std::size_t i = 0; i < forces.size(); ++i)
      for (int k = 0; k < 3; ++k) EXPECT_NEAR(result.forces[i][k], forces[i][k], 1e-6);
  }
}

TEST(GpuEngine, ForcesAddUpToNothingAndRepeatBitByBit)
{
  const test::SamplePotential c = test::sample_potentials()[0];
  const test::Structure s = test::random_structure(60, c.ntypes, 0.05, 1.7, 3);
  for (const bool rounded : {false, true}) {
    const auto engine = gpu::make_engine(c.potential, rounded, {});
    const Points p = points_of(s, c.potential.cutoff() + 1.0);
    const int n = static_cast<int>(p.atom.size());
    engine->set_atoms(p.owned, n, p.element.data());
    engine->find_neighbors(p.x.data(), c.potential.cutoff() + 1.0);
    const double *f = engine->compute(p.x.data(), {}).forces;
    const std::vector<double> first(f, f + 3 * n);
    double sum[3] = {};
    for (int k = 0; k < 3 * n; ++k) sum[k % 3] += first[k];
    for (const double component : sum)
      EXPECT_EQ(component, 0.0);    // whole multiples of 2^-46 eV/A
    engine->find_neighbors(p.x.data(), c.potential.cutoff() + 1.0);
    f = engine->compute(p.x.data(), {}).forces;
    EXPECT_EQ(std::vector<double>(f, f + 3 * n), first);
  }
}

TEST(GpuEngine, ListsFromOutside)
{
  const test::SamplePotential c = test::sample_potentials()[1];
  const test::Structure s = test::random_structure(50, c.ntypes, 0.05, 1.7, 4);
  const auto engine = gpu::make_engine(c.potential, false, {});
  const Points p = points_of(s, c.potential.cutoff() + 1.0);
  const int n = static_cast<int>(p.atom.size());
  engine->set_atoms(p.owned, n, p.element.data());
  std::vector<int> begin = {0}, index;
  for (int i = 0; i < p.owned; ++i) {
    for (int j = n - 1; j >= 0; --j)
      if (j != i &&
          std::hypot(p.x[3 * i] - p.x[3 * j], p.x[3 * i + 1] - p.x[3 * j + 1],
                     p.x[3 * i + 2] - p.x[3 * j + 2]) < c.potential.cutoff() + 0.5)
        index.push_back(j);
    begin.push_back(static_cast<int>(index.size()));
  }
  engine->set_neighbors(begin.data(), index.data());
  compare(evaluate(*engine, p), test::evaluate(Evaluator(c.potential), s), full);
}

TEST(GpuEngine, PointsThatDoNotCount)
{
  const test::SamplePotential c = test::sample_potentials()[2];
  test::Structure s = test::random_structure(30, c.ntypes, 0.03, 1.7, 5);
  Points p = points_of(s, c.potential.cutoff() + 1.0);
  // atom 3 and all its images
  for (std::size_t k = 0; k < p.atom.size(); ++k)
    if (p.atom[k] == 3) p.element[k] = -1;
  const auto engine = gpu::make_engine(c.potential, false, {});
  engine->set_atoms(p.owned, static_cast<int>(p.atom.size()), p.element.data());
  engine->find_neighbors(p.x.data(), c.potential.cutoff() + 1.0);
  test::Result result = evaluate(*engine, p);
  EXPECT_EQ(result.atom_energies[3], 0.0);
  for (const double component : result.forces[3]) EXPECT_EQ(component, 0.0);
  result.forces.erase(result.forces.begin() + 3);
  result.atom_energies.erase(result.atom_energies.begin() + 3);
  s.positions.erase(s.positions.begin() + 3);
  s.types.erase(s.types.begin() + 3);
  compare(result, test::evaluate(Evaluator(c.potential), s), full);
}

TEST(GpuEngine, LoneAtomsDenseLumpsAndNothing)
{
  const test::SamplePotential c = test::sample_potentials()[0];
  const auto engine = gpu::make_engine(c.potential, false, {});
  engine->set_atoms(0, 0, nullptr);
  engine->find_neighbors(nullptr, 6.0);
  EXPECT_FALSE(engine->compute(nullptr, {}).overflow);

  // more neighbors than the first guess of the longest list, in a corner of a large box; and one atom far away
  test::Structure s = test::random_structure(400, c.ntypes, 0.5, 0.7, 6);
  s.periodic = false;
  s.positions.push_back({-300.0, 250.0, 400.0});
  s.types.push_back(0);
  compare(evaluate(*engine, s, c.potential.cutoff()), test::evaluate(Evaluator(c.potential), s),
          full);

  // atoms on each other have no sound force: reported or finite, never a wrong number unnoticed
  s.positions[1] = s.positions[0];
  const Points p = points_of(s, 6.0);
  engine->set_atoms(p.owned, p.owned, p.element.data());
  engine->find_neighbors(p.x.data(), 6.0);
  const gpu::Engine::Results found = engine->compute(p.x.data(), {});
  for (int k = 0; k < 3 * p.owned; ++k)
    EXPECT_TRUE(found.overflow || std::isfinite(found.forces[k]));
}

TEST(GpuEngine, ProcessesTakeDevicesInTurn)
{
  for (int rank = 0; rank < 12; ++rank) {
    EXPECT_EQ((gpu::DeviceChoice{rank, 0}.among(4)), rank % 4);
    EXPECT_EQ((gpu::DeviceChoice{rank, 2}.among(4)), rank % 2);
    EXPECT_EQ((gpu::DeviceChoice{rank, 0}.among(1)), 0);
  }
  EXPECT_THROW((gpu::DeviceChoice{0, 5}.among(4)), gpu::EngineError);
  EXPECT_THROW((gpu::DeviceChoice{0, 0}.among(0)), gpu::EngineError);
}

TEST(GpuEngine, LikelyForceErrors)
{
  test::SamplePotential c = test::sample_potentials()[0];
  for (auto &model : c.potential.models) {
    model->uncertainty = model->network;
    for (double &w : model->uncertainty[0].weight) w *= -0.7;
  }
  const test::Structure s = test::random_structure(20, c.ntypes, 0.05, 1.7, 7);
  const Evaluator evaluator(c.potential);
  const auto engine = gpu::make_engine(c.potential, false, {});
  ASSERT_TRUE(engine->knows_uncertainty());
  const Points p = points_of(s, c.potential.cutoff());
  engine->set_atoms(p.owned, static_cast<int>(p.atom.size()), p.element.data());
  engine->find_neighbors(p.x.data(), c.potential.cutoff());
  const double *found = engine->compute(p.x.data(), {false, false, true}).uncertainties;
  Workspace workspace;
  for (int i = 0; i < p.owned; ++i) {
    test::find_neighbors(s, i, c.ntypes, c.potential.cutoff(), workspace);
    evaluator.descriptor(s.types[i], workspace);
    const double expected = evaluator.force_uncertainty(s.types[i], workspace);
    EXPECT_NEAR(found[i], expected, 1e-11 * expected) << "atom " << i;
  }
}
