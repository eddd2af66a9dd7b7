// SPDX-License-Identifier: GPL-2.0-only

// Points in a cell, Voronoi vertices, and oxygen put at them; run on several ranks as well.

#include "geometry/points_near.h"
#include "pattern/insertion.h"
#include "voronoi/vertices.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

using namespace turing_glass;
using geometry::Cell;
using geometry::PointsNear;
using geometry::Vector;

namespace {

double distance2(const Vector &a, const Vector &b)
{
  double sum = 0.0;
  for (int k = 0; k < 3; ++k) sum += (a[k] - b[k]) * (a[k] - b[k]);
  return sum;
}

/// All images of x within so many cells.
std::vector<Vector> images(const Cell &cell, const Vector &x, int cells)
{
  std::vector<Vector> all;
  const Vector s = cell.fractional(x);
  for (int c = -cells; c <= cells; ++c)
    for (int b = -cells; b <= cells; ++b)
      for (int a = -cells; a <= cells; ++a)
        all.push_back(cell.cartesian({s[0] + a, s[1] + b, s[2] + c}));
  return all;
}

std::vector<Vector> random_points(const Cell &cell, int n, unsigned seed)
{
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform;
  std::vector<Vector> points(n);
  for (Vector &p : points)
    p = cell.cartesian({uniform(generator), uniform(generator), uniform(generator)});
  return points;
}

std::vector<Vector> bcc(int cells, double a)
{
  std::vector<Vector> points;
  for (int k = 0; k < cells; ++k)
    for (int j = 0; j < cells; ++j)
      for (int i = 0; i < cells; ++i)
        for (const double h : {0.0, 0.5}) points.push_back({a * (i + h), a * (j + h), a * (k + h)});
  return points;
}

/// Voronoi vertices as `parts` ranks would find them, each with copies of what is near its own atoms.
std::vector<voronoi::Vertex> vertices(const Cell &cell, const std::vector<Vector> &atoms,
                                      double known, int parts = 1)
{
  std::vector<voronoi::Vertex> all;
  for (int part = 0; part < parts; ++part) {
    std::vector<Vector> x;
    std::vector<std::int64_t> ids;
    const int n = static_cast<int>(atoms.size());
    for (int i = 0; i < n; ++i)
      if (i * parts / n == part) {
        x.push_back(atoms[i]);
        ids.push_back(i + 1);
      }
    const int own = static_cast<int>(x.size());
    for (int i = 0; i < n; ++i)
      for (const Vector &image : images(cell, atoms[i], 1)) {
        if (i * parts / n == part && distance2(image, atoms[i]) == 0.0) continue;
        const bool near = std::any_of(x.begin(), x.begin() + own, [&](const Vector &p) {
          return distance2(p, image) <= known * known;
        });
        if (near) {
          x.push_back(image);
          ids.push_back(i + 1);
        }
      }
    const voronoi::Vertices mine = voronoi::find_vertices(x, ids, own, known);
    all.insert(all.end(), mine.found.begin(), mine.found.end());
  }
  return all;
}

const Cell box{{1.0, -2.0, 3.0}, {9.0, 10.0, 11.0}, 2.5, -1.5, 3.0};

}    // namespace

TEST(Cell, WidthsAreDistancesOfFaces)
{
  // volume over the area of a face
  const Vector a{9.0, 0.0, 0.0}, b{2.5, 10.0, 0.0}, c{-1.5, 3.0, 11.0};
  const auto area = [](const Vector &u, const Vector &v) {
    return std::hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2],
                      u[0] * v[1] - u[1] * v[0]);
  };
  const double volume = 9.0 * 10.0 * 11.0;
  const Vector widths = box.widths();
  EXPECT_NEAR(widths[0], volume / area(b, c), 1e-12);
  EXPECT_NEAR(widths[1], volume / area(c, a), 1e-12);
  EXPECT_NEAR(widths[2], volume / area(a, b), 1e-12);
}

TEST(PointsNear, AllImagesInATriclinicCell)
{
  const std::vector<Vector> points = random_points(box, 60, 1);
  for (const double reach : {1.0, 2.7, 6.0, 14.0}) {    // the last one longer than the cell
    PointsNear near(box, reach);
    for (const Vector &p : points) near.add(p);
    Vector x = points[7];
    x[0] += 0.3;
    x[1] -= 25.0;    // outside the cell
    std::multiset<int> expected, found;
    for (int i = 0; i < 60; ++i)
      for (const Vector &image : images(box, points[i], 6))
        if (distance2(image, x) <= reach * reach) expected.insert(i);
    near.any(x, [&](int i, double r2) {
      EXPECT_LE(r2, reach * reach);
      found.insert(i);
      return false;
    });
    EXPECT_EQ(found, expected) << reach;
    EXPECT_FALSE(expected.empty() && reach > 3.0);
  }
}

TEST(PointsNear, PlacesFarAwayAndLongDistances)
{
  const Cell open{{}, {10.0, 10.0, 10.0}, 0.0, 0.0, 0.0, {false, false, false}};
  for (const double reach : {1e-300, 3.0, 1e9}) {
    PointsNear near(open, reach);
    near.add({5.0, 5.0, 5.0});
    near.add({1e200, 0.0, -1e200});
    int found = 0;
    near.any({5.0, 5.0, 5.0}, [&](int i, double) {
      found += i == 0 ? 1 : 100;
      return false;
    });
    EXPECT_EQ(found, 1) << reach;
  }
  EXPECT_THROW(PointsNear(box, 1e6), std::runtime_error);
}

TEST(Vertices, OfBccAreItsTetrahedralHoles)
{
  const double a = 3.28;
  const Cell cell{{}, {3 * a, 3 * a, 3 * a}};
  for (const int parts : {1, 2, 5}) {
    const auto found = vertices(cell, bcc(3, a), 6.0, parts);
    ASSERT_EQ(found.size(), 6U * 54U) << parts;
    std::set<std::array<long, 3>> places;
    for (const auto &vertex : found) {
      EXPECT_NEAR(vertex.radius, std::sqrt(5.0) / 4.0 * a, 1e-9);
      EXPECT_EQ(vertex.atoms.size(), 4U);
      std::array<long, 3> quarters{};
      for (int k = 0; k < 3; ++k)
        quarters[k] = ((std::lround(4.0 * vertex.x[k] / a) % 12) + 12) % 12;
      places.insert(quarters);
    }
    EXPECT_EQ(places.size(), 6U * 54U);
  }
}

TEST(Vertices, TouchFourAtomsAndHoldNone)
{
  const Cell cell{{}, {12.0, 11.0, 13.0}, 2.0, -1.0, 3.0};
  const std::vector<Vector> atoms = random_points(cell, 90, 3);
  std::map<std::vector<std::int64_t>, double> whole;
  const auto one = vertices(cell, atoms, 9.0);
  for (const auto &vertex : one) {
    whole[vertex.atoms] = vertex.radius;
    ASSERT_EQ(vertex.atoms.size(), 4U);
    for (int i = 0; i < 90; ++i) {
      double nearest = 1e9;
      for (const Vector &image : images(cell, atoms[i], 2))
        nearest = std::min(nearest, std::sqrt(distance2(image, vertex.x)));
      const bool touches = std::count(vertex.atoms.begin(), vertex.atoms.end(), i + 1) > 0;
      if (touches)
        EXPECT_NEAR(nearest, vertex.radius, 1e-9);
      else
        EXPECT_GT(nearest, vertex.radius - 1e-9);
    }
  }
  // in other parts the same ones, each once
  const auto three = vertices(cell, atoms, 9.0, 3);
  EXPECT_EQ(three.size(), one.size());
  for (const auto &vertex : three) {
    ASSERT_TRUE(whole.count(vertex.atoms));
    EXPECT_NEAR(whole[vertex.atoms], vertex.radius, 1e-9);
  }
  const voronoi::Vertices none = voronoi::find_vertices({}, {}, 0, 5.0);
  EXPECT_TRUE(none.found.empty());
  EXPECT_THROW(voronoi::find_vertices({{0, 0, 0}, {1, 0, std::nan("")}}, {1, 2}, 2, 5.0),
               std::runtime_error);
}

namespace {

/// Whether a tetrahedron of four of these points holds x: then, and only then, their convex hull does (Caratheodory).
bool in_a_tetrahedron(const Vector &x, const std::vector<Vector> &points)
{
  const auto volume = [&](const Vector &a, const Vector &b, const Vector &c, const Vector &d) {
    Vector u, v, w;
    for (int k = 0; k < 3; ++k) {
      u[k] = b[k] - a[k];
      v[k] = c[k] - a[k];
      w[k] = d[k] - a[k];
    }
    return u[0] * (v[1] * w[2] - v[2] * w[1]) + u[1] * (v[2] * w[0] - v[0] * w[2]) +
        u[2] * (v[0] * w[1] - v[1] * w[0]);
  };
  const std::size_t n = points.size();
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = a + 1; b < n; ++b)
      for (std::size_t c = b + 1; c < n; ++c)
        for (std::size_t d = c + 1; d < n; ++d) {
          const Vector &p = points[a], &q = points[b], &r = points[c], &s = points[d];
          const double whole = volume(p, q, r, s);
          if (volume(x, q, r, s) / whole > 0.0 && volume(p, x, r, s) / whole > 0.0 &&
              volume(p, q, x, s) / whole > 0.0 && volume(p, q, r, x) / whole > 0.0)
            return true;
        }
  return false;
}

}    // namespace

// A slab with free surfaces along z: vertices beyond its surface, however small, are none
TEST(Vertices, AreEnclosedByAtoms)
{
  constexpr double known = 7.0;
  const Cell cell{{}, {12.0, 11.0, 13.0}, 2.0, 0.0, 0.0, {true, true, false}};
  const std::vector<Vector> atoms = random_points(cell, 110, 8);
  std::vector<Vector> x = atoms;
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 110; ++i) ids.push_back(i + 1);
  const Vector s[] = {{-1, -1}, {-1, 0}, {-1, 1}, {0, -1}, {0, 1}, {1, -1}, {1, 0}, {1, 1}};
  for (const Vector &image : s)
    for (int i = 0; i < 110; ++i) {
      const Vector d = cell.difference(image);
      x.push_back({atoms[i][0] + d[0], atoms[i][1] + d[1], atoms[i][2]});
      ids.push_back(i + 1);
    }
  const voronoi::Vertices vertices = voronoi::find_vertices(x, ids, 110, known);
  double low = 1e9, high = -1e9;
  for (const Vector &a : atoms) {
    low = std::min(low, a[2]);
    high = std::max(high, a[2]);
  }
  EXPECT_GT(vertices.found.size(), 500U);
  EXPECT_GT(vertices.left_out, 30);
  for (const auto &vertex : vertices.found) {
    EXPECT_GT(vertex.x[2], low);
    EXPECT_LT(vertex.x[2], high);
    std::vector<Vector> near;
    for (const Vector &a : x)
      if (distance2(a, vertex.x) <= 0.25 * known * known) near.push_back(a);
    EXPECT_TRUE(in_a_tetrahedron(vertex.x, near));
  }
}

TEST(Insertion, Numbers)
{
  EXPECT_EQ(pattern::oxygen_needed(16384, 0.047), 808);    // 808.04 of 17,192.04
  EXPECT_EQ(pattern::oxygen_needed(953, 0.047), 47);
  EXPECT_THROW(pattern::oxygen_needed(1000000, 1.0 - 1e-16), std::runtime_error);
  const std::vector<long> shares = pattern::share_out(10, {30, 30, 40, 1});
  // exactly 2.97, 2.97, 3.96, 0.099
  EXPECT_EQ(shares, (std::vector<long>{3, 3, 4, 0}));
  EXPECT_EQ(pattern::share_out(7, {1, 1, 1}), (std::vector<long>{3, 2, 2}));
  EXPECT_NE(pattern::hole_key(1, {1, 2, 3, 4}), pattern::hole_key(2, {1, 2, 3, 4}));
  EXPECT_NE(pattern::hole_key(1, {1, 2, 3, 4}), pattern::hole_key(1, {1, 2, 4, 3}));
}

TEST(Insertion, HolesAreFilledAlikeOnAnyNumberOfRanks)
{
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const Cell cell{{}, {12.0, 11.0, 13.0}, 2.0, -1.0, 3.0};
  const auto all = vertices(cell, random_points(cell, 200, 5), 6.0);
  std::vector<pattern::Hole> own, whole;
  for (std::size_t k = 0; k < all.size(); ++k) {
    const int patch = cell.fractional(cell.wrapped(all[k].x))[0] < 0.25 ? 0 : 1;
    whole.push_back({all[k].x, pattern::hole_key(9, all[k].atoms), patch});
    if (static_cast<int>(k % ranks) == rank) own.push_back(whole.back());
  }
  std::reverse(own.begin(), own.end());
  const std::vector<Vector> taken{{3.0, 3.0, 3.0}};
  const auto placed = pattern::place_oxygen(own, taken, {1, 3}, 24, 2.0, cell, MPI_COMM_WORLD);
  const auto alone = pattern::place_oxygen(whole, taken, {1, 3}, 24, 2.0, cell, MPI_COMM_SELF);
  EXPECT_EQ(placed.oxygen, alone.oxygen);
  ASSERT_EQ(placed.oxygen.size(), 24U);
  EXPECT_EQ(placed.moved, 0);
  int left = 0;
  for (std::size_t i = 0; i < placed.oxygen.size(); ++i) {
    left += cell.fractional(placed.oxygen[i])[0] < 0.25;
    std::vector<Vector> others(placed.oxygen.begin(), placed.oxygen.begin() + i);
    others.push_back(taken[0]);
    for (const Vector &other : others)
      for (const Vector &image : images(cell, other, 1))
        EXPECT_GT(distance2(image, placed.oxygen[i]), 4.0);
  }
  EXPECT_EQ(left, 6);

  // the first patch has few seats: the others take what it cannot
  const auto crowded = pattern::place_oxygen(own, {}, {9, 1}, 60, 2.0, cell, MPI_COMM_WORLD);
  EXPECT_EQ(crowded.oxygen.size(), 60U);
  EXPECT_GT(crowded.moved, 0);
  // no more than there are seats, and then all of them
  const auto full = pattern::place_oxygen(own, {}, {9, 1}, 1000, 2.0, cell, MPI_COMM_WORLD);
  EXPECT_EQ(static_cast<long>(full.oxygen.size()), full.seats);
  EXPECT_LT(full.seats, 1000);
  EXPECT_GE(full.seats, 60);
}

TEST(Insertion, ShellsOfZirconium)
{
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  // O 0: Cu 1, 2 and Zr 3 in its shell, Zr 4, 5 beyond; O 1: Cu 6 and Zr 5 in its shell, nothing beyond
  std::vector<pattern::Neighbor> own;
  if (rank == 0)
    own = {{0, true, 4, 3.5}, {0, false, 2, 2.1}, {0, false, 1, 2.0},
           {0, true, 3, 2.2}, {0, true, 5, 3.0},  {1, false, 6, 2.0},
           {1, true, 5, 2.5}, {0, true, 7, 4.0},  {1, false, 8, 3.3}};
  const pattern::Shells shells = pattern::fill_shells(own, 2, 2.8, MPI_COMM_WORLD);
  // Zr 5 stays with O 1; the nearest Cu gets the nearest Zr
  EXPECT_EQ(shells.swaps, (std::vector<std::array<std::int64_t, 2>>{{1, 4}, {2, 7}}));
  EXPECT_DOUBLE_EQ(shells.before, 1.0);
  EXPECT_DOUBLE_EQ(shells.after, 2.0);
}
