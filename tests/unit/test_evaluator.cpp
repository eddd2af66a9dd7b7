// SPDX-License-Identifier: GPL-2.0-only

// Energies, forces and virials of whole structures: derivatives, symmetries, limits.

#include "environment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace turing_glass;
using namespace turing_glass::nnap;

namespace {

struct Case {
  std::string label;
  Potential potential;
  int ntypes;
};

/// Every weight type, the cubic invariants, a post-fuse matrix, a merge of two cutoffs, one element.
std::vector<Case> cases()
{
  std::vector<Case> out;
  constexpr int ntypes = 3;
  Basis common;
  common.nmax = 3;
  common.lmax = 4;
  common.rcut = 5.0;
  for (Basis basis : test::with_every_weight_type(common, ntypes, 23)) {
    out.push_back({name(basis.wtype), test::random_potential(basis, ntypes, 2), ntypes});
    if (basis.wtype != WeightType::exfull) continue;
    basis.l3max = 4;
    out.push_back({"exfull, l3max 4", test::random_potential(basis, ntypes, 2), ntypes});
    basis.l3max = 2;
    basis.post_fuse_size = 5;
    for (int k = 0; k < 5 * 16; ++k) basis.post_fuse_weight.push_back(std::sin(k + 1.0));
    out.push_back(
        {"exfull, l3max 2, post-fused", test::random_potential(basis, ntypes, 2), ntypes});
  }
  Basis radial;
  radial.kind = Basis::Kind::chebyshev;
  radial.nmax = Basis::largest_nmax;    // more than loops are unrolled for
  radial.lmax = 0;
  radial.rcut = 6.0;
  radial.wtype = WeightType::exfull;
  out.push_back({"chebyshev", test::random_potential(radial, ntypes, 2), ntypes});

  Basis large;
  large.nmax = 8;
  large.lmax = 12;
  large.rcut = 4.5;
  Case merged{"merge of chebyshev and spherical", test::random_potential(large, ntypes, 2), ntypes};
  const Potential part = test::random_potential(radial, ntypes, 3);
  for (int t = 0; t < ntypes; ++t) {
    ElementModel &model = *merged.potential.models[t];
    const ElementModel &extra = *part.models[t];
    model.basis.push_back(extra.basis[0]);
    model.norm_mu.insert(model.norm_mu.end(), extra.norm_mu.begin(), extra.norm_mu.end());
    model.norm_sigma.insert(model.norm_sigma.end(), extra.norm_sigma.begin(),
                            extra.norm_sigma.end());
    Layer &first = model.network[0];
    const Layer &added = extra.network[0];
    std::vector<double> weight;
    for (int o = 0; o < first.outputs; ++o) {
      weight.insert(weight.end(), first.weight.begin() + o * first.inputs,
                    first.weight.begin() + (o + 1) * first.inputs);
      weight.insert(weight.end(), added.weight.begin() + o * added.inputs,
                    added.weight.begin() + (o + 1) * added.inputs);
    }
    first.weight = weight;
    first.inputs += added.inputs;
  }
  out.push_back(merged);
  Basis single;
  single.rcut = 5.0;
  out.push_back({"one element", test::random_potential(single, 1, 2), 1});
  return out;
}

/// Fourth-order central difference of f around 0.
template <class F> double derivative(F f, double h)
{
  return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h);
}

}    // namespace

TEST(Evaluator, ForcesAndVirialAreDerivativesOfTheEnergy)
{
  for (const Case &c : cases())
    for (auto kernel = runnable_kernels(); *kernel; ++kernel) {
      SCOPED_TRACE(c.label + ", " + (*kernel)->name);
      const Evaluator evaluator(c.potential, **kernel);
      const test::Structure s = test::random_structure(12, c.ntypes, 0.05, 1.7, 8);
      const test::Result result = test::evaluate(evaluator, s);
      const auto energy = [&](const test::Structure &moved) {
        return test::evaluate(evaluator, moved).energy;
      };
      for (const int atom : {0, 7})
        for (int k = 0; k < 3; ++k) {
          const double slope = derivative(
              [&](double h) {
                test::Structure moved = s;
                moved.positions[atom][k] += h;
                return energy(moved);
              },
              1e-3);
          EXPECT_NEAR(result.forces[atom][k], -slope, 1e-7) << "atom " << atom << " " << k;
        }
      for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
          const double slope = derivative(
              [&](double h) {
                test::Structure strained = s;
                for (test::Vector &x : strained.positions) x[a] += h * x[b];
                for (test::Vector &x : strained.cell) x[a] += h * x[b];
                return energy(strained);
              },
              3e-4);
          EXPECT_NEAR(result.virial[a][b], -slope, 3e-7) << "strain " << a << b;
        }
    }
}

TEST(Evaluator, ParameterGradient)
{
  constexpr double a = 0.7;
  for (const Case &c : cases())
    for (auto kernel = runnable_kernels(); *kernel; ++kernel) {
      SCOPED_TRACE(c.label + ", " + (*kernel)->name);
      Evaluator evaluator(c.potential, **kernel);
      const test::Structure s = test::random_structure(12, c.ntypes, 0.05, 1.7, 8);
      Workspace workspace;
      std::mt19937 random(5);
      std::normal_distribution<double> normal;
      test::find_neighbors(s, 0, c.ntypes, evaluator.cutoff(), workspace);
      Neighbors &n = workspace.neighbors;
      n.reserve_tangent();
      n.each([&](int j, int) {
        n.tx[j] = normal(random), n.ty[j] = normal(random), n.tz[j] = normal(random);
      });
      const int type = s.types[0];
      // G = a E + (dE/dr) . t
      const auto value = [&] {
        double sum = a * evaluator.evaluate(type, workspace);
        n.each(
            [&](int j, int) { sum += n.gx[j] * n.tx[j] + n.gy[j] * n.ty[j] + n.gz[j] * n.tz[j]; });
        return sum;
      };
      const double scale = std::abs(value());
      std::vector<double> parameters(evaluator.parameter_count()), gradient(parameters.size(), 0.0);
      evaluator.copy_parameters_to(parameters.data());
      evaluator.add_parameter_gradient(type, workspace, a, gradient.data());
      for (std::size_t k = 0; k < parameters.size(); k += 7) {
        const double slope = derivative(
            [&](double h) {
              std::vector<double> moved = parameters;
              moved[k] += h;
              evaluator.set_parameters(moved.data());
              return value();
            },
            1e-3);
        EXPECT_NEAR(gradient[k], slope, 1e-7 * (1.0 + scale)) << "parameter " << k;
      }
      evaluator.set_parameters(parameters.data());
      EXPECT_NEAR(std::abs(value()), scale, 1e-13 * (1.0 + scale));
    }
}

TEST(Evaluator, NeighborsBeyondTheCutoffDoNotCount)
{
  for (const Case &c : cases())
    for (auto kernel = runnable_kernels(); *kernel; ++kernel) {
      const Evaluator evaluator(c.potential, **kernel);
      const auto energy = [&](double r, double &force) {
        Workspace workspace;
        workspace.neighbors.start(c.ntypes, 2);
        workspace.neighbors.push(0.0, 2.1, 0.0, 2.1 * 2.1, 0);
        const int slot = workspace.neighbors.push(0.6 * r, 0.0, 0.8 * r, r * r, c.ntypes - 1);
        const double e = evaluator.evaluate(0, workspace);
        force = std::hypot(workspace.neighbors.gx[slot], workspace.neighbors.gz[slot]);
        return e;
      };
      double at = 1.0, beyond = 1.0;
      EXPECT_EQ(energy(1.7 * evaluator.cutoff(), beyond), energy(evaluator.cutoff(), at))
          << c.label;
      EXPECT_EQ(beyond, 0.0);
      EXPECT_EQ(at, 0.0);
    }
}

TEST(Evaluator, KernelsAgree)
{
  for (const Case &c : cases()) {
    const test::Structure s = test::random_structure(30, c.ntypes, 0.06, 1.7, 9);
    const test::Result first = test::evaluate(Evaluator(c.potential, **runnable_kernels()), s);
    for (auto kernel = runnable_kernels() + 1; *kernel; ++kernel) {
      const test::Result other = test::evaluate(Evaluator(c.potential, **kernel), s);
      EXPECT_NEAR(other.energy, first.energy, 1e-12 * std::abs(first.energy))
          << c.label << " " << (*kernel)->name;
      for (std::size_t i = 0; i < s.positions.size(); ++i)
        for (int k = 0; k < 3; ++k)
          EXPECT_NEAR(other.forces[i][k], first.forces[i][k], 1e-11) << c.label;
    }
  }
}

TEST(Evaluator, MixedPrecision)
{
  for (const Case &c : cases()) {
    constexpr double tolerance = 2e-6;    // single precision has 6e-8
    const test::Structure s = test::random_structure(30, c.ntypes, 0.06, 1.7, 9);
    const test::Result exact = test::evaluate(Evaluator(c.potential, best_kernel()), s);
    double largest = 0.0;
    for (const test::Vector &f : exact.forces)
      for (const double component : f) largest = std::max(largest, std::abs(component));
    for (auto kernel = runnable_kernels(Precision::mixed); *kernel; ++kernel) {
      const test::Result mixed = test::evaluate(Evaluator(c.potential, **kernel), s);
      double farthest = 0.0;
      for (std::size_t i = 0; i < s.positions.size(); ++i)
        for (int k = 0; k < 3; ++k)
          farthest = std::max(farthest, std::abs(mixed.forces[i][k] - exact.forces[i][k]));
      EXPECT_LT(farthest, tolerance * largest) << c.label << " " << (*kernel)->name;
      EXPECT_GT(farthest, 0.0) << "not another precision";
      EXPECT_NEAR(mixed.energy, exact.energy, tolerance * std::abs(exact.energy)) << c.label;
    }
  }
}

TEST(Evaluator, RotationTranslationPermutation)
{
  const test::Vector axis = {0.6, -0.64, 0.48};
  const double angle = 1.234;
  const auto rotated = [&](const test::Vector &v) {    // Rodrigues' formula
    const test::Vector cross = {axis[1] * v[2] - axis[2] * v[1], axis[2] * v[0] - axis[0] * v[2],
                                axis[0] * v[1] - axis[1] * v[0]};
    const double along = axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2];
    test::Vector out;
    for (int k = 0; k < 3; ++k)
      out[k] = v[k] * std::cos(angle) + cross[k] * std::sin(angle) +
          axis[k] * along * (1.0 - std::cos(angle));
    return out;
  };
  for (const Case &c : cases()) {
    SCOPED_TRACE(c.label);
    const Evaluator evaluator(c.potential);
    const test::Structure s = test::random_structure(16, c.ntypes, 0.06, 1.7, 10);
    const test::Result before = test::evaluate(evaluator, s);
    const std::size_t count = s.positions.size();
    test::Structure moved = s;
    for (int k = 0; k < 3; ++k) moved.cell[k] = rotated(s.cell[k]);
    for (std::size_t i = 0; i < count; ++i) {
      moved.positions[count - 1 - i] = rotated(s.positions[i]);
      for (int k = 0; k < 3; ++k) moved.positions[count - 1 - i][k] += 3.1 - k;
      moved.types[count - 1 - i] = s.types[i];
    }
    const test::Result after = test::evaluate(evaluator, moved);
    EXPECT_NEAR(after.energy, before.energy, 1e-11 * std::abs(before.energy));
    for (std::size_t i = 0; i < count; ++i) {
      const test::Vector expected = rotated(before.forces[i]);
      for (int k = 0; k < 3; ++k) EXPECT_NEAR(after.forces[count - 1 - i][k], expected[k], 1e-10);
    }
  }
}

TEST(Evaluator, SmoothAtTheCutoff)
{
  for (const Case &c : cases()) {
    const Evaluator evaluator(c.potential);
    const double rc = evaluator.cutoff();
    test::Structure pair;
    pair.periodic = false;
    pair.types = {0, 0};
    const auto at = [&](double r) {
      pair.positions = {test::Vector{0.0, 0.0, 0.0}, test::Vector{0.36 * r, 0.48 * r, 0.8 * r}};
      return test::evaluate(evaluator, pair);
    };
    const double outside = at(rc + 1e-3).energy;
    const auto inside = at(rc * (1.0 - 1e-4));
    // the cutoff function falls as (1 - r/rc)^4: 1e-4 inside, the energy differs by 1e-15, the slope by 1e-11
    EXPECT_NEAR(inside.energy, outside, 1e-12) << c.label;
    for (int k = 0; k < 3; ++k) EXPECT_NEAR(inside.forces[1][k], 0.0, 1e-9) << c.label;
    for (int k = 0; k < 3; ++k) EXPECT_EQ(at(rc + 1e-3).forces[1][k], 0.0) << c.label;
  }
}

TEST(Evaluator, AloneAndOnTopOfEachOther)
{
  for (const Case &c : cases()) {
    const Evaluator evaluator(c.potential);
    test::Structure s;
    s.periodic = false;
    s.types = {0};
    s.positions = {test::Vector{0.0, 0.0, 0.0}};
    EXPECT_TRUE(std::isfinite(test::evaluate(evaluator, s).energy)) << c.label;
    s.types = {0, 0};
    for (const double r : {0.3, 1e-3, 0.0}) {
      s.positions = {test::Vector{0.0, 0.0, 0.0}, test::Vector{0.0, 0.0, r}};
      const test::Result result = test::evaluate(evaluator, s);
      EXPECT_TRUE(std::isfinite(result.energy)) << c.label << " " << r;
      for (int k = 0; k < 3; ++k)
        EXPECT_TRUE(std::isfinite(result.forces[0][k])) << c.label << " " << r;
    }
  }
}
