// SPDX-License-Identifier: GPL-2.0-only

// Deformation of neighborhoods and its statistics against what is known analytically, on any number of ranks.

#include "collective.h"
#include "geometry/minimum_image.h"
#include "io/lammps_dump.h"
#include "strain/deformation.h"
#include "strain/localization.h"
#include "strain/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>

using namespace turing_glass::strain;
using turing_glass::geometry::Cell;
using turing_glass::geometry::MinimumImage;
using Vectors = std::vector<Vector>;

namespace {

int rank()
{
  return turing_glass::rank_of(MPI_COMM_WORLD);
}

/// Which of all sites this rank has.
template <class T> std::vector<T> mine(const std::vector<T> &all)
{
  std::vector<T> part;
  for (std::size_t k = rank(); k < all.size(); k += turing_glass::ranks_of(MPI_COMM_WORLD))
    part.push_back(all[k]);
  return part;
}

Vectors random_vectors(int n, unsigned seed)
{
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-4.0, 4.0);
  Vectors list(n);
  for (Vector &v : list)
    for (double &x : v) x = uniform(generator);
  return list;
}

Vectors mapped(const Vectors &D, const Matrix &F)
{
  Vectors d = D;
  for (std::size_t j = 0; j < D.size(); ++j)
    for (int i = 0; i < 3; ++i)
      d[j][i] = F[3 * i] * D[j][0] + F[3 * i + 1] * D[j][1] + F[3 * i + 2] * D[j][2];
  return d;
}

/// By `angle` about the axis (1, 1, 1).
Matrix rotation(double angle)
{
  const double c = std::cos(angle), s = std::sin(angle) / std::sqrt(3.0), t = (1.0 - c) / 3.0;
  return {c + t, t - s, t + s, t + s, c + t, t - s, t - s, t + s, c + t};
}

constexpr Matrix general = {1.1, 0.2, -0.05, 0.03, 0.9, 0.15, -0.1, 0.07, 1.05};

}    // namespace

TEST(Deformation, AffineMapHasNoResidual)
{
  const Vectors D = random_vectors(20, 1);
  const Deformation fit = deformation(D, mapped(D, general));
  ASSERT_TRUE(fit.determined);
  EXPECT_NEAR(fit.d2min, 0.0, 1e-25);
  for (int k = 0; k < 9; ++k) EXPECT_NEAR(fit.F[k], general[k], 1e-13);
  for (const double u : fit.nonaffine) EXPECT_NEAR(u, 0.0, 1e-13);
}

TEST(Deformation, SimpleShear)
{
  // E_xy = 0.05, E_yy = 0.005
  const Strain s = strain({1.0, 0.1, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0});
  EXPECT_THAT(
      s.E,
      testing::Pointwise(testing::DoubleNear(1e-15), Symmetric{0.0, 0.005, 0.0, 0.05, 0.0, 0.0}));
  EXPECT_NEAR(s.mises, std::sqrt(0.05 * 0.05 + 0.005 * 0.005 / 3.0), 1e-15);
  EXPECT_NEAR(s.mises, 0.05008, 5e-6);
  EXPECT_NEAR(s.volumetric, 0.005 / 3.0, 1e-15);
  // tan of the angle of simple shear is half the shear
  EXPECT_NEAR(s.rotation, std::atan(0.05), 1e-14);
}

TEST(Deformation, RotationIsNoStrain)
{
  for (const double angle : {0.0, 1e-9, 0.3, 2.5, 3.14}) {
    const Vectors D = random_vectors(12, 2);
    const Deformation fit = deformation(D, mapped(D, rotation(angle)));
    EXPECT_NEAR(fit.strain.mises, 0.0, 1e-13);
    EXPECT_NEAR(fit.strain.volumetric, 0.0, 1e-13);
    EXPECT_NEAR(fit.strain.rotation, angle, 1e-12);
    EXPECT_NEAR(fit.d2min, 0.0, 1e-25);
  }
}

/// Neighbors at both ends of each axis that all move by c: no F does that.
TEST(Deformation, EvenDisplacementsAreNotAffine)
{
  Vectors D, d;
  for (int k = 0; k < 3; ++k)
    for (const double sign : {-1.0, 1.0}) {
      Vector v{};
      v[k] = 2.0 * sign;
      D.push_back(v);
      v[0] += 0.3;
      d.push_back(v);
    }
  const Deformation fit = deformation(D, d);
  EXPECT_NEAR(fit.d2min, 6 * 0.09, 1e-14);
  EXPECT_NEAR(fit.nonaffine[0], -0.3, 1e-15) << "the atom has stayed behind its neighbors";
  EXPECT_NEAR(fit.strain.mises, 0.0, 1e-15);
}

TEST(Deformation, TooFewNeighborsAreFlagged)
{
  Vectors D = random_vectors(10, 3);
  for (Vector &v : D) v[2] = 0.0;
  const Deformation flat = deformation(D, D), none = deformation({}, {}),
                    two = deformation({D[0], D[1]}, {D[0], D[1]});
  for (const Deformation &fit : {flat, none, two}) {
    EXPECT_FALSE(fit.determined);
    EXPECT_EQ(fit.d2min, 0.0);
    EXPECT_EQ(fit.strain.mises, 0.0);
  }
}

TEST(SecondGradient, RecoversAQuadraticMap)
{
  std::mt19937 generator(4);
  std::normal_distribution<double> normal(0.0, 0.02);
  std::array<double, 18> G{};
  for (double &g : G) g = normal(generator);
  const Vectors D = random_vectors(20, 5);
  Vectors d = mapped(D, general);
  double squares = 0.0;
  for (int i = 0; i < 3; ++i)
    for (int jk = 0; jk < 6; ++jk) squares += (jk < 3 ? 1.0 : 2.0) * G[6 * i + jk] * G[6 * i + jk];
  for (std::size_t n = 0; n < D.size(); ++n)
    for (int i = 0; i < 3; ++i) {
      const auto &[x, y, z] = D[n];
      const double *g = &G[6 * i];
      d[n][i] += 0.5 * (g[0] * x * x + g[1] * y * y + g[2] * z * z) + g[3] * x * y + g[4] * x * z +
          g[5] * y * z;
    }
  const SecondGradient fit = second_gradient(D, d);
  ASSERT_TRUE(fit.determined);
  for (int k = 0; k < 9; ++k) EXPECT_NEAR(fit.F[k], general[k], 1e-12);
  for (int k = 0; k < 18; ++k) EXPECT_NEAR(fit.G[k], G[k], 1e-12);
  EXPECT_NEAR(fit.eta, 0.5 * std::sqrt(squares), 1e-12);
  EXPECT_NEAR(fit.strain.mises, strain(general).mises, 1e-12);
  const double lambda = effective_strain(fit, 2.5);
  EXPECT_NEAR(lambda, std::hypot(fit.strain.mises, 2.5 * fit.eta), 1e-15);
  EXPECT_LT(fit.scatter, 1e-13);
  EXPECT_TRUE(exceeds(fit, 2.5, lambda - 1e-9));
  EXPECT_FALSE(exceeds(fit, 2.5, lambda + 1e-9));
}

/// As many neighbors as unknowns fit any scatter: gradients need twice as many.
TEST(SecondGradient, NeedsTwiceAsManyNeighborsAsUnknowns)
{
  const Vectors D = random_vectors(18, 12);
  EXPECT_TRUE(second_gradient(D, D).determined);
  const Vectors fewer(D.begin(), D.end() - 1);
  EXPECT_FALSE(second_gradient(fewer, fewer).determined);
}

/// Neighbors close to a plane, or close to a quadric, determine little.
TEST(Deformation, BadlyConditionedNeighborhoodsAreFlagged)
{
  for (const double extent : {0.05, 0.2}) {
    Vectors sheet;    // 12 x 3 neighbors; extents along x, y: 1/sqrt(2)
    for (int k = 0; k < 36; ++k) {
      const double angle = std::acos(-1.0) * k / 6.0;
      sheet.push_back({std::cos(angle), std::sin(angle),
                       (k / 12 - 1) * extent * std::sqrt(0.5) * std::sqrt(1.5)});
    }
    EXPECT_EQ(deformation(sheet, sheet).determined, extent > 0.1);
  }
  std::mt19937 generator(13);
  std::normal_distribution<double> normal;
  for (const double thickness : {0.01, 0.3}) {
    // on a sphere x^2 + y^2 + z^2 = 2 z through the center, on which a monomial depends on the others
    Vectors shell;
    for (int k = 0; k < 60; ++k) {
      Vector n = {normal(generator), normal(generator), normal(generator)};
      const double r = (1.0 + thickness * normal(generator)) / std::hypot(n[0], n[1], n[2]);
      shell.push_back({r * n[0], r * n[1], r * n[2] + 1.0});
    }
    EXPECT_TRUE(deformation(shell, shell).determined);
    EXPECT_EQ(second_gradient(shell, shell).determined, thickness > 0.1);
  }
}

/// Atoms that scatter about their places, the center too, have an eta of the size that their residuals predict, and are
/// seldom taken for strained; on top of a gradient they are.
TEST(SecondGradient, ScatterIsNoGradient)
{
  constexpr int rounds = 4000;
  constexpr double sigma = 0.15;
  const Vectors D = random_vectors(27, 14);
  std::mt19937 generator(15);
  std::normal_distribution<double> normal(0.0, sigma);
  for (const double g : {0.0, 0.5}) {
    double eta2 = 0.0, scatter2 = 0.0;
    int strained = 0;
    for (int round = 0; round < rounds; ++round) {
      const Vector center = {normal(generator), normal(generator), normal(generator)};
      Vectors d = D;
      for (Vector &v : d) {
        const double y = v[1];
        for (int k = 0; k < 3; ++k) v[k] += normal(generator) - center[k];
        v[0] += 0.5 * g * y * y;
      }
      const SecondGradient fit = second_gradient(D, d);
      eta2 += fit.eta * fit.eta / rounds;
      scatter2 += fit.scatter * fit.scatter / rounds;
      // a threshold above all eta_Mises, far below the l eta of scatter
      EXPECT_LT(fit.strain.mises, 1.0);
      strained += exceeds(fit, 1e6, 1.0);
    }
    if (g == 0.0) {
      EXPECT_NEAR(eta2, scatter2, 0.04 * scatter2);
      EXPECT_LT(strained, 0.111 * rounds);
    } else
      EXPECT_GT(strained, 0.99 * rounds);
  }
}

/// Monomials of first shells: simple cubic has rank 6, bcc 7, and fcc with its second shell 9.
TEST(SecondGradient, ShellsOfLatticesAreFlagged)
{
  Vectors sc, bcc, fcc;
  for (const double a : {-1.0, 1.0})
    for (int k = 0; k < 3; ++k) {
      Vector v{};
      v[k] = a;
      sc.push_back(v);
      v[k] = 2.0 * a;
      fcc.push_back(v);
      for (const double b : {-1.0, 1.0}) {
        if (k < 2) bcc.push_back({a, b, k == 0 ? 1.0 : -1.0});
        Vector w{};
        w[k] = a;
        w[(k + 1) % 3] = b;
        fcc.push_back(w);
      }
    }
  ASSERT_EQ(bcc.size(), 8U);
  ASSERT_EQ(fcc.size(), 18U);
  EXPECT_FALSE(second_gradient(sc, sc).determined);
  EXPECT_FALSE(second_gradient(bcc, bcc).determined);
  EXPECT_EQ(second_gradient(bcc, bcc).eta, 0.0);
  EXPECT_TRUE(second_gradient(fcc, fcc).determined);
  EXPECT_TRUE(deformation(bcc, bcc).determined);
  EXPECT_TRUE(deformation(sc, sc).determined);
}

/// Every image within two cells, in cells of any tilt, as they are and flipped.
TEST(MinimumImage, IsTheShortestOfAll)
{
  std::mt19937 generator(6);
  std::uniform_real_distribution<double> uniform(-0.5, 0.5);
  for (int round = 0; round < 200; ++round) {
    Cell cell;
    cell.lengths = {5.0 + 8.0 * std::abs(uniform(generator)),
                    5.0 + 8.0 * std::abs(uniform(generator)), 6.0};
    cell.xy = uniform(generator) * cell.lengths[0];
    cell.xz = uniform(generator) * cell.lengths[0];
    cell.yz = uniform(generator) * cell.lengths[1];
    Cell flipped = cell;
    flipped.xy += cell.lengths[0];
    flipped.yz -= cell.lengths[1];
    flipped.xz -= cell.xy;
    const Vector d = {40.0 * uniform(generator), 40.0 * uniform(generator),
                      40.0 * uniform(generator)};
    const auto [near, n] = MinimumImage(cell).image(d);
    double shortest = 1e9;
    for (int a = -9; a <= 9; ++a)
      for (int b = -9; b <= 9; ++b)
        for (int c = -9; c <= 9; ++c)
          shortest = std::min(shortest,
                              std::hypot(d[0] + a * cell.lengths[0] + b * cell.xy + c * cell.xz,
                                         d[1] + b * cell.lengths[1] + c * cell.yz,
                                         d[2] + c * cell.lengths[2]));
    EXPECT_NEAR(std::hypot(near[0], near[1], near[2]), shortest, 1e-12);
    EXPECT_THAT(MinimumImage(flipped)(d), testing::Pointwise(testing::DoubleNear(1e-12), near));
  }
}

TEST(MinimumImage, LeavesOpenAxesAlone)
{
  Cell cell;
  cell.lengths = {10.0, 10.0, 10.0};
  cell.periodic = {true, false, true};
  EXPECT_THAT(MinimumImage(cell)({9.0, 9.0, -9.0}),
              testing::Pointwise(testing::DoubleNear(1e-13), Vector{-1.0, 9.0, 1.0}));
}

TEST(Reference, NeighborsOfAllPairs)
{
  Cell cell;
  cell.lengths = {13.0, 12.0, 14.0};
  cell.xy = 4.0;
  cell.xz = -3.0;
  cell.yz = 2.0;
  std::mt19937 generator(7);
  std::uniform_real_distribution<double> uniform(-0.2, 1.2);    // some outside the cell
  std::vector<Site> all;
  for (Id id = 1; id <= 150; ++id)
    all.push_back(
        {3 * id, cell.cartesian({uniform(generator), uniform(generator), uniform(generator)})});
  const double cutoff = 4.5;
  const auto sites = mine(all);
  const auto lists = reference_neighbors(sites, cell, cutoff, MPI_COMM_WORLD);
  const MinimumImage shortest(cell);
  for (std::size_t i = 0; i < sites.size(); ++i) {
    std::vector<Id> expected, found;
    for (const Site &other : all) {
      const Vector d = shortest(
          {other.x[0] - sites[i].x[0], other.x[1] - sites[i].x[1], other.x[2] - sites[i].x[2]});
      if (other.id != sites[i].id && std::hypot(d[0], d[1], d[2]) <= cutoff)
        expected.push_back(other.id);
    }
    for (const ReferenceNeighbor &n : lists[i]) {
      found.push_back(n.id);
      EXPECT_LE(std::hypot(n.D[0], n.D[1], n.D[2]), cutoff);
    }
    EXPECT_EQ(found, expected);
  }
  double nearest = 0.0;
  for (const Site &site : all) {
    double least = cutoff;
    for (const Site &other : all) {
      const Vector d =
          shortest({other.x[0] - site.x[0], other.x[1] - site.x[1], other.x[2] - site.x[2]});
      if (other.id != site.id) least = std::min(least, std::hypot(d[0], d[1], d[2]));
    }
    nearest += least / 150.0;
  }
  std::vector<const Neighbors *> views = {};
  for (const Neighbors &list : lists) views.push_back(&list);
  EXPECT_NEAR(mean_nearest_distance(views, MPI_COMM_WORLD), nearest, 1e-12);
  EXPECT_THROW(reference_neighbors(sites, cell, 6.0, MPI_COMM_WORLD), std::runtime_error);
}

/// fcc: half of the gap between its first two shells, a/sqrt(2) and a. Within the first shell there is none.
TEST(Reference, FirstMinimumOfACrystal)
{
  constexpr int n = 4;
  constexpr double a = 4.0;
  Cell cell;
  cell.lengths = {n * a, n * a, n * a};
  std::vector<Site> all;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      for (int k = 0; k < n; ++k)
        for (const Vector &b :
             {Vector{0.0, 0.0, 0.0}, {0.5, 0.5, 0.0}, {0.5, 0.0, 0.5}, {0.0, 0.5, 0.5}})
          all.push_back(
              {static_cast<Id>(all.size()) + 1, {a * (i + b[0]), a * (j + b[1]), a * (k + b[2])}});
  const auto minimum = [&](double cutoff) {
    const auto lists = reference_neighbors(mine(all), cell, cutoff, MPI_COMM_WORLD);
    std::vector<const Neighbors *> views;
    for (const Neighbors &list : lists) views.push_back(&list);
    return first_minimum(views, cutoff, MPI_COMM_WORLD);
  };
  EXPECT_NEAR(minimum(6.0), 0.5 * (a * std::sqrt(0.5) + a), 0.03);
  EXPECT_EQ(minimum(3.5), 0.0);
  EXPECT_EQ(first_minimum({}, 3.5, MPI_COMM_WORLD), 0.0);
}

/// Distances distributed as in a glass: g(r) = 0.6 + 2.6 exp(-(r - 2.75)^2/0.1) + 0.8 (r - 3.8)^2 beyond the peak, with its minimum at
/// 3.8, and half a peak before it that is not the first shell.
TEST(Reference, FirstMinimumOfAGlass)
{
  std::vector<Neighbors> lists(1);
  double pairs = 0.0;
  for (double r = 1.8; r < 5.0; r += 1e-4) {
    const double g = (r < 2.3 ? 0.0 : 0.6) + 2.6 * std::exp(-std::pow(r - 2.75, 2) / 0.1) +
        (r > 3.3 ? 0.8 * std::pow(r - 3.8, 2) : 0.2) + 0.7 * std::exp(-std::pow(r - 2.0, 2) / 0.01);
    for (pairs += 0.01 * r * r * g; pairs >= 1.0; pairs -= 1.0)
      lists[0].push_back({1, {0.0, r, 0.0}});
  }
  EXPECT_NEAR(first_minimum({&lists[0]}, 5.0, MPI_COMM_WORLD), 3.8, 0.06);
}

TEST(Positions, FromAnyRank)
{
  std::vector<Site> all;
  for (Id id = 1; id <= 60; ++id) all.push_back({id, {1.0 * id, 2.0 * id, 3.0 * id}});
  const auto sites = mine(all);
  const Neighbors asked = {{1, {}}, {2, {}}, {59, {}}, {60, {}}, {61, {}}, {2, {}}};
  const Positions positions(sites, {&asked, &asked}, MPI_COMM_WORLD);
  for (const Id id : {1, 2, 59, 60}) {
    ASSERT_NE(positions.find(id), nullptr) << id;
    EXPECT_EQ((*positions.find(id))[2], 3.0 * id);
  }
  EXPECT_EQ(positions.find(61), nullptr) << "no rank has it";
}

/// Quantiles of the exponential distribution: relative deviation 1, skewness 2, top hundredth 1 - ln 0.01.
TEST(Distribution, Exponential)
{
  constexpr int n = 1000000;
  std::vector<double> values;
  for (int k = 0; k < n; ++k) values.push_back(-3.0 * std::log1p(-(k + 0.5) / n));
  const Distribution d = distribution(mine(values), MPI_COMM_WORLD);
  EXPECT_EQ(d.count, n);
  EXPECT_NEAR(d.mean, 3.0, 1e-5);
  EXPECT_NEAR(d.relative_deviation(), 1.0, 1e-4);
  EXPECT_NEAR(d.skewness, 2.0, 2e-3);
  EXPECT_NEAR(d.relative_top(), 1.0 + std::log(100.0), 1e-3);
}

TEST(Distribution, FewOrNoValues)
{
  const Distribution none = distribution({}, MPI_COMM_WORLD);
  EXPECT_EQ(none.count, 0);
  EXPECT_EQ(none.relative_top(), 0.0);
  const Distribution same = distribution(mine(std::vector<double>(7, 0.25)), MPI_COMM_WORLD);
  EXPECT_EQ(same.mean, 0.25);
  EXPECT_EQ(same.deviation, 0.0);
  EXPECT_EQ(same.skewness, 0.0);
  EXPECT_EQ(same.top, 0.25);
}

/// A line through the cell spans it, one with a gap does not; in a cell as it is and flipped.
TEST(Percolation, LinesThroughTheCell)
{
  for (const double xy : {0.0, 6.0, -6.0}) {
    Cell cell;
    cell.lengths = {12.0, 12.0, 12.0};
    cell.xy = xy;
    std::vector<Site> line;
    for (Id id = 1; id <= 12; ++id) line.push_back({id, {1.0 * (id - 1), 5.0, 5.0}});
    line.push_back({99, {5.0, 9.0, 9.0}});
    const Percolation whole = percolation(mine(line), cell, 1.1, MPI_COMM_WORLD);
    EXPECT_EQ(whole.all, 13);
    EXPECT_EQ(whole.largest, 12);
    EXPECT_TRUE(whole.spanning);
    line.erase(line.begin() + 3);
    const Percolation broken = percolation(mine(line), cell, 1.1, MPI_COMM_WORLD);
    EXPECT_EQ(broken.largest, 11);
    EXPECT_FALSE(broken.spanning);
  }
  const Percolation none = percolation({}, Cell{{}, {12.0, 12.0, 12.0}}, 1.1, MPI_COMM_WORLD);
  EXPECT_EQ(none.all, 0);
  EXPECT_FALSE(none.spanning);
}

/// Sites of fcc percolate from a fraction of 0.1992 on: well below and above it at the same lattice.
TEST(Percolation, FccSites)
{
  constexpr int n = 16;
  Cell cell;
  cell.lengths = {n, n, n};
  const Vector basis[] = {{0.0, 0.0, 0.0}, {0.5, 0.5, 0.0}, {0.5, 0.0, 0.5}, {0.0, 0.5, 0.5}};
  for (const double fraction : {0.16, 0.24}) {
    std::mt19937 generator(8);
    std::vector<Site> sites;
    Id id = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j)
        for (int k = 0; k < n; ++k)
          for (const Vector &b : basis) {
            ++id;
            if (generator() < fraction * 4294967296.0)
              sites.push_back({id, {i + b[0], j + b[1], k + b[2]}});
          }
    const Percolation p = percolation(mine(sites), cell, 0.72, MPI_COMM_WORLD);
    EXPECT_EQ(p.all, static_cast<std::int64_t>(sites.size()));
    EXPECT_EQ(p.spanning, fraction > 0.1992);
  }
}

TEST(LAMMPSDump, ReadsTheFirstFrame)
{
  const std::string name = "frame" + std::to_string(rank()) + ".dump";
  const std::string head = "ITEM: TIMESTEP\n70\nITEM: NUMBER OF ATOMS\n2\n";
  const auto read = [&](const std::string &text) {
    std::ofstream(name) << text;
    return turing_glass::io::read_dump_frame(name);
  };
  // lo and hi of a cell with xy = -2, xz = 1, yz = 3, lengths 10, 11, 12, from (1, 2, 3)
  const auto frame =
      read(head +
           "ITEM: BOX BOUNDS xy xz yz pp ff pp\n-1 12 -2\n2 16 1\n3 15 3\n"
           "ITEM: ATOMS type id xs ys zs\n1 5 0.5 0 0\n2 9 0 0 0.5\nITEM: TIMESTEP\n80\n");
  EXPECT_EQ(frame.step, 70);
  EXPECT_EQ(frame.cell.lengths, (Vector{10.0, 11.0, 12.0}));
  EXPECT_EQ(frame.cell.origin, (Vector{1.0, 2.0, 3.0}));
  EXPECT_EQ(frame.cell.periodic, (std::array<bool, 3>{true, false, true}));
  EXPECT_EQ(frame.ids, (std::vector<std::int64_t>{5, 9}));
  EXPECT_EQ(frame.x[0], (Vector{6.0, 2.0, 3.0}));
  EXPECT_EQ(frame.x[1], (Vector{1.5, 3.5, 9.0}));

  const std::string periodic = "ITEM: BOX BOUNDS pp pp pp\n";
  const std::string box = periodic + "0 10\n0 10\n0 10\n";
  const std::string columns = box + "ITEM: ATOMS id x y z\n";
  EXPECT_EQ(read(head + box + "ITEM: ATOMS id xu yu zu\n1 1 2 3\n2 4 5 6\n").x[1],
            (Vector{4.0, 5.0, 6.0}));
  for (const auto &[rest, word] : std::vector<std::pair<std::string, std::string>>{
           {box + "ITEM: ATOMS id x y\n1 1 1\n2 1 1\n", "columns id and x y z"},
           {box + "ITEM: ATOMS id x y z\n1 1 1 1\n", "ends within"},
           {box + "ITEM: ATOMS id x y z\n1 1 1 1\n2 1 one 1\n", "line 11: 'one' is no number"},
           {"ITEM: BOX BOUNDS pp pp pp\n0 10\n0 0\n0 10\n", "no extent along axis 2"},
           {box + "ITEM: ATOMS id x y z\n1.5 1 1 1\n", "'1.5' is no whole number"},
           {"ITEM: BOX BOUNDS abc origin pp pp pp\n", "general triclinic"},
           {columns + "7 1 1 1\n7 2 1 1\n", "line 11: atom ID 7 comes twice"},
           {columns + "0 1 1 1\n7 2 1 1\n", "line 10: '0' is no atom ID"},
           {columns + "1 1 1 1\n2 1 nan 1\n", "line 11: 'nan' is no number"},
           {columns + "1 1 1 1\n2 1 1e999 1\n", "line 11: '1e999' is no number"},
           {columns + "1 1 1 1\n2 1 1\n", "line 11: there are 3 columns, not 4"},
           {columns + "1 1 1 1\n2 2 2 2\n3 3 3 3\n", "line 12: there are more than 2 atoms"},
           {periodic + "0 1e300\n0 10\n0 10\nITEM: ATOMS id xs ys zs\n1 1e300 1 1\n",
            "the position of atom 1 is not finite"},
           {periodic + "-1e308 1e308\n0 10\n0 10\n", "along axis 1"},
           {periodic + "0 10 1\n0 10 1\n0 10 1\n", "two numbers of a box"},
           {"ITEM: BOX BOUNDS xy xz yz pp pp pp\n0 10\n0 10\n0 10\n",
            "three numbers of a tilted box"},
           {"ITEM: BOX BOUNDS pp pp\n0 10\n0 10\n0 10\n", "boundaries of the three axes"},
           {"ITEM: BOX BOUNDS xx yy zz\n0 10\n0 10\n0 10\n", "boundaries of the three axes"}})
    EXPECT_THAT([&]() { read(head + rest); },
                testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr(word)))
        << rest;
  for (const auto &[step, atoms, word] : std::vector<std::array<std::string, 3>>{
           {"-1", "1", "line 2: '-1' is no step"},
           {"0", "-1", "line 4: '-1' is no number of atoms"},
           {"0", "3000000000", "line 11: the file ends within its first frame"}})
    EXPECT_THAT(
        [&]() {
          read("ITEM: TIMESTEP\n" + step + "\nITEM: NUMBER OF ATOMS\n" + atoms + "\n" + columns +
               "1 1 1 1\n");
        },
        testing::ThrowsMessage<std::runtime_error>(testing::HasSubstr(word)));
  std::remove(name.c_str());
}
