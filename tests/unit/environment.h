// SPDX-License-Identifier: GPL-2.0-only

// Atoms in a periodic cell, their neighbors by brute force, and sums over all atoms: what the unit
// tests of the potential need, written without any code of the product beyond Evaluator itself.

#pragma once

#include "nnap/evaluator.h"

#include <nlohmann/json.hpp>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace turing_glass::test {

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;

struct Structure {
  Matrix cell = {};    ///< rows a, b, c (A)
  bool periodic = true;
  std::vector<Vector> positions;
  std::vector<int> types;    ///< index t
};

struct Result {
  double energy = 0.0;
  std::vector<double> atom_energies;
  std::vector<Vector> forces;
  Matrix virial = {};    ///< W_ab = -dE/d(eps_ab)
};

/// Fills workspace.neighbors with the neighbors of `atom` (all images inside the cutoff) out of `elements`
/// elements; tags are atom indices.
void find_neighbors(const Structure &structure, int atom, int elements, double cutoff,
                    nnap::Workspace &workspace);

/// From a record of the oracles.
Structure structure_of(const nlohmann::json &record, const std::vector<std::string> &elements);

Result evaluate(const nnap::Evaluator &evaluator, const Structure &structure);

/// `count` atoms of `ntypes` elements in a box of volume `count`/`density`, none closer than `closest`.
Structure random_structure(int count, int ntypes, double density, double closest, unsigned seed);

/// A potential of one basis with random weights and a 2 x 8 network; every element has a model.
nnap::Potential random_potential(const nnap::Basis &basis, int ntypes, unsigned seed);

/// The energy of an atom of type i with one neighbor of type j at distance r (A).
double dimer_energy(const nnap::Potential &potential, int i, int j, double r);

/// `basis` with each weight type in turn, and random weights where the type has some.
std::vector<nnap::Basis> with_every_weight_type(const nnap::Basis &basis, int ntypes,
                                                unsigned seed);

/// A potential of every kind that pair style nnap reads: each weight type, the cubic invariants, a post-fuse matrix, a
/// merge of two cutoffs, the papers' shape, one element.
struct SamplePotential {
  std::string label;
  nnap::Potential potential;
  int ntypes;
};
std::vector<SamplePotential> sample_potentials();

/// Text of a file below the shared folder, empty where it is absent.
std::string shared_file(const std::string &path);

#define TG_SHARED_FILE_OR_SKIP(text, path)                        \
  const std::string text = turing_glass::test::shared_file(path); \
  if (text.empty()) GTEST_SKIP() << "no " << path << " below " << TG_SHARED_DIR

}    // namespace turing_glass::test
