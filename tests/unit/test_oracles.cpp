// SPDX-License-Identifier: GPL-2.0-only

// Energies, descriptors, forces and virials against numbers computed elsewhere (extended precision,
// addition theorem, central differences), for every kernel this processor runs.

#include "environment.h"

#include "nnap/aenet.h"
#include "nnap/nnap_json.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>

using namespace turing_glass;
using nlohmann::json;

namespace {

void compare(const json &record, const nnap::Potential &potential, const nnap::Kernel &kernel,
             double force_tolerance)
{
  SCOPED_TRACE(record.at("name").get<std::string>() + ", " + kernel.name);
  const nnap::Evaluator evaluator(potential, kernel);
  const test::Structure structure = test::structure_of(record, potential.elements);
  const test::Result result = test::evaluate(evaluator, structure);

  const double energy = record.at("energy");
  EXPECT_NEAR(result.energy, energy, 1e-9 * std::abs(energy));
  const auto atom_energies = record.at("atom_energies").get<std::vector<double>>();
  const auto forces = record.at("forces").get<std::vector<test::Vector>>();
  for (std::size_t i = 0; i < structure.positions.size(); ++i) {
    EXPECT_NEAR(result.atom_energies[i], atom_energies[i], 1e-9 * std::abs(atom_energies[i]))
        << "atom " << i;
    for (int k = 0; k < 3; ++k)
      EXPECT_NEAR(result.forces[i][k], forces[i][k], force_tolerance) << "atom " << i;
  }
  const json &virial = record.at("virial_eV");
  const char *names[] = {"xx", "yy", "zz", "xy", "xz", "yz"};
  const int rows[] = {0, 1, 2, 0, 0, 1}, columns[] = {0, 1, 2, 1, 2, 2};
  for (int k = 0; k < 6; ++k)
    EXPECT_NEAR(result.virial[rows[k]][columns[k]], virial.at(names[k]).get<double>(),
                force_tolerance)
        << names[k];

  if (!record.contains("descriptor_of_atom_0")) return;
  const auto descriptor = record.at("descriptor_of_atom_0").get<std::vector<double>>();
  nnap::Workspace workspace;
  test::find_neighbors(structure, 0, evaluator.ntypes(), evaluator.cutoff(), workspace);
  const double *P = evaluator.descriptor(structure.types[0], workspace);
  ASSERT_EQ(evaluator.descriptor_size(structure.types[0]), static_cast<int>(descriptor.size()));
  double largest = 0.0;
  for (const double p : descriptor) largest = std::max(largest, std::abs(p));
  for (std::size_t k = 0; k < descriptor.size(); ++k) {
    // sums of squares: relative to the component, down to rounding of the largest one
    const double tolerance = std::max(1e-9 * std::abs(descriptor[k]), 1e-15 * largest);
    EXPECT_NEAR(P[k], descriptor[k], tolerance) << "component " << k;
  }
}

void compare_all(const std::string &oracle, const nnap::Potential &potential,
                 double force_tolerance)
{
  const json records = json::parse(oracle).at("structures");
  ASSERT_FALSE(records.empty());
  for (auto kernel = nnap::runnable_kernels(); *kernel; ++kernel)
    for (const json &record : records) compare(record, potential, **kernel, force_tolerance);
}

}    // namespace

TEST(Oracle, RandomWeights90x16x4)
{
  TG_SHARED_FILE_OR_SKIP(oracle, "reference/nnap_90_16x4_random_open.json");
  TG_SHARED_FILE_OR_SKIP(potential, "reference/nnap_90_16x4_random_open.nnap.json");
  compare_all(oracle, nnap::read_nnap_json(potential, "random"), 1e-6);
}

TEST(Oracle, PublicCuZrO)
{
  TG_SHARED_FILE_OR_SKIP(oracle, "reference/aenet_open.json");
  TG_SHARED_FILE_OR_SKIP(cu, "potentials/NNP-CuZrO/Cu.nn");
  TG_SHARED_FILE_OR_SKIP(zr, "potentials/NNP-CuZrO/Zr.nn");
  TG_SHARED_FILE_OR_SKIP(o, "potentials/NNP-CuZrO/O.nn");
  const nnap::Potential potential = nnap::read_aenet({{"Cu.nn", cu}, {"Zr.nn", zr}, {"O.nn", o}});
  compare_all(oracle, potential, 1e-6);

  // conversion keeps the energies
  compare_all(oracle, nnap::read_nnap_json(nnap::write_nnap_json(potential), "converted"), 1e-6);
}

TEST(Oracle, PeerCopper)
{
  TG_SHARED_FILE_OR_SKIP(oracle, "reference/jse_cu_open.json");
  TG_SHARED_FILE_OR_SKIP(potential, "potentials/jsex-NNAP-Cu/Cu.json");
  compare_all(oracle, nnap::read_nnap_json(potential, "Cu.json"), 1e-5);
}
