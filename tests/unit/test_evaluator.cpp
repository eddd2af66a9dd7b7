// SPDX-License-Identifier: GPL-2.0-only

// Energies, forces and virials of whole structures: derivatives, symmetries, limits.

#include "environment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace turing_glass;
using namespace turing_glass::nnap;

namespace {

/// Fourth-order central difference of f around 0.
template <class F> double derivative(F f, double h)
{
  return (8.0 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12.0 * h);
}

}    // namespace

TEST(Evaluator, ForcesAndVirialAreDerivativesOfTheEnergy)
{
  for (const test::SamplePotential &c : test::sample_potentials())
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
  for (const test::SamplePotential &c : test::sample_potentials())
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
  for (const test::SamplePotential &c : test::sample_potentials())
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
  for (const test::SamplePotential &c : test::sample_potentials()) {
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
  for (const test::SamplePotential &c : test::sample_potentials()) {
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
  for (const test::SamplePotential &c : test::sample_potentials()) {
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
  for (const test::SamplePotential &c : test::sample_potentials()) {
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
  for (const test::SamplePotential &c : test::sample_potentials()) {
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
