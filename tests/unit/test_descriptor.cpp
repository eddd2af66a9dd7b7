// SPDX-License-Identifier: GPL-2.0-only

// Descriptors against sums written down directly: the power spectrum by the addition theorem
// (Legendre polynomials of angles between neighbors), the cubic invariants with complex harmonics.

#include "environment.h"

#include "nnap/weight_tensor.h"
#include "nnap/wigner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>

using namespace turing_glass;
using namespace turing_glass::nnap;

namespace {

constexpr double pi = 3.14159265358979323846;

/// f_c R_n of eq. 2, with T_n as a cosine.
double radial(int n, double r, double rcut)
{
  const double u = 1.0 - r * r / (rcut * rcut);
  return u * u * u * u * std::cos(n * std::acos(1.0 - 2.0 * r / rcut));
}

/// sum_n W[t][p][n] f_c R_n(r) for every neighbor in the order of each(), [p][neighbor]
std::vector<std::vector<double>> channel_functions(const Basis &basis, int ntypes,
                                                   const Neighbors &neighbors)
{
  const WeightTensor tensor = make_weight_tensor(basis, ntypes);
  std::vector<std::vector<double>> out(tensor.np);
  neighbors.each([&](int slot, int type) {
    const double r = std::sqrt(neighbors.d[slot].rsq);
    for (std::vector<double> &functions : out) functions.push_back(0.0);
    if (r >= basis.rcut) return;
    for (const auto &[t, p, n, w, parameter] : tensor.entries)
      if (t == type) out[p].back() += w * radial(n, r, basis.rcut);
  });
  return out;
}

/// Unit vectors to the neighbors, in the order of each().
std::vector<test::Vector> directions(const Neighbors &neighbors)
{
  std::vector<test::Vector> n;
  neighbors.each([&](int k, int) {
    const auto &[x, y, z, rsq] = neighbors.d[k];
    const double r = std::sqrt(rsq);
    n.push_back({x / r, y / r, z / r});
  });
  return n;
}

std::vector<Basis> all_bases(int ntypes)
{
  Basis common;
  common.nmax = 4;
  common.lmax = 5;
  common.rcut = 5.5;
  std::vector<Basis> bases = test::with_every_weight_type(common, ntypes, 17);
  Basis fused = bases.back();
  fused.post_fuse_size = 4;
  for (int k = 0; k < 4 * fused.rfuse_size; ++k)
    fused.post_fuse_weight.push_back(std::sin(k + 1.0));
  bases.push_back(fused);
  Basis large;    // the largest supported
  large.nmax = Basis::largest_nmax;
  large.lmax = Basis::largest_lmax;
  large.rcut = 6.0;
  bases.push_back(large);
  return bases;
}

}    // namespace

TEST(Descriptor, PowerSpectrumByAdditionTheorem)
{
  constexpr int ntypes = 3;
  const test::Structure s = test::random_structure(20, ntypes, 0.06, 1.8, 5);
  for (const Basis &basis : all_bases(ntypes))
    for (auto kernel = runnable_kernels(); *kernel; ++kernel) {
      const Evaluator evaluator(test::random_potential(basis, ntypes, 1), **kernel);
      Workspace workspace;
      test::find_neighbors(s, 0, ntypes, evaluator.cutoff(), workspace);
      const double *P = evaluator.descriptor(s.types[0], workspace);
      const std::vector<test::Vector> n = directions(workspace.neighbors);
      const int count = static_cast<int>(n.size());
      const auto functions = channel_functions(basis, ntypes, workspace.neighbors);
      for (std::size_t p = 0; p < functions.size(); ++p)
        for (int l = 0; l <= basis.lmax; ++l) {
          double sum = 0.0, scale = 0.0;
          for (int i = 0; i < count; ++i)
            for (int j = 0; j < count; ++j) {
              const double cosine = n[i][0] * n[j][0] + n[i][1] * n[j][1] + n[i][2] * n[j][2];
              const double weight = functions[p][i] * functions[p][j];
              sum += weight * std::legendre(l, std::clamp(cosine, -1.0, 1.0));
              scale += std::abs(weight);
            }
          EXPECT_NEAR(P[p * (basis.lmax + 1) + l], sum, 1e-12 * scale)
              << name(basis.wtype) << " p " << p << " l " << l << " " << (*kernel)->name;
        }
    }
}

TEST(Descriptor, ChebyshevBasisIsALinearSum)
{
  constexpr int ntypes = 2;
  const test::Structure s = test::random_structure(20, ntypes, 0.06, 1.8, 6);
  for (Basis basis : all_bases(ntypes)) {
    basis.kind = Basis::Kind::chebyshev;
    basis.lmax = 0;
    const Evaluator evaluator(test::random_potential(basis, ntypes, 1));
    Workspace workspace;
    test::find_neighbors(s, 0, ntypes, evaluator.cutoff(), workspace);
    const double *P = evaluator.descriptor(s.types[0], workspace);
    const auto functions = channel_functions(basis, ntypes, workspace.neighbors);
    ASSERT_EQ(evaluator.descriptor_size(0), static_cast<int>(functions.size()));
    for (std::size_t p = 0; p < functions.size(); ++p) {
      double sum = 0.0, scale = 0.0;
      for (const double f : functions[p]) sum += f, scale += std::abs(f);
      EXPECT_NEAR(P[p], sum, 1e-13 * scale) << name(basis.wtype) << " " << p;
    }
  }
}

TEST(Descriptor, CubicInvariantsFromComplexHarmonics)
{
  const int triples[][3] = {{2, 2, 2}, {1, 1, 2}, {2, 3, 3}, {1, 2, 3}, {4, 4, 4},
                            {2, 2, 4}, {3, 3, 4}, {2, 4, 4}, {1, 3, 4}};
  const int counts[] = {0, 0, 2, 4, 9};
  constexpr int ntypes = 2;
  const test::Structure s = test::random_structure(20, ntypes, 0.06, 1.8, 7);
  for (int l3max = 2; l3max <= 4; ++l3max)
    for (const int lmax : {1, 6}) {    // below and above l3max
      Basis basis;
      basis.nmax = 2;
      basis.lmax = lmax;
      basis.l3max = l3max;
      basis.rcut = 5.5;
      const Evaluator evaluator(test::random_potential(basis, ntypes, 1));
      Workspace workspace;
      test::find_neighbors(s, 0, ntypes, evaluator.cutoff(), workspace);
      const double *P = evaluator.descriptor(s.types[0], workspace);
      const std::vector<test::Vector> n = directions(workspace.neighbors);
      const int count = static_cast<int>(n.size());
      const auto functions = channel_functions(basis, ntypes, workspace.neighbors);
      const int stride = lmax + 1 + counts[l3max];
      ASSERT_EQ(evaluator.descriptor_size(0), static_cast<int>(functions.size()) * stride);
      for (std::size_t p = 0; p < functions.size(); ++p) {
        const auto c = [&](int l, int m) {
          std::complex<double> sum = 0.0;
          for (int j = 0; j < count; ++j) {
            const double theta = std::acos(n[j][2]), phi = std::atan2(n[j][1], n[j][0]);
            const double polar =
                std::sph_legendre(l, std::abs(m), theta) * (m < 0 && m % 2 ? -1.0 : 1.0);
            sum += functions[p][j] * std::polar(1.0, m * phi) * polar;
          }
          return sum;
        };
        for (int k = 0; k < counts[l3max]; ++k) {
          const auto [l1, l2, l3] = triples[k];
          std::complex<double> B = 0.0;
          double scale = 0.0;
          for (int m1 = -l1; m1 <= l1; ++m1)
            for (int m2 = -l2; m2 <= l2; ++m2) {
              if (std::abs(m1 + m2) > l3) continue;
              const auto term =
                  wigner_3j(l1, l2, l3, m1, m2, -m1 - m2) * c(l1, m1) * c(l2, m2) * c(l3, -m1 - m2);
              B += term;
              scale += std::abs(term);
            }
          EXPECT_NEAR(P[p * stride + lmax + 1 + k], B.real(), 1e-12 * scale) << l1 << l2 << l3;
          EXPECT_NEAR(B.imag(), 0.0, 1e-12 * scale);
        }
      }
    }
}
