// SPDX-License-Identifier: GPL-2.0-only

// Bonds and connections of oxygen, and surfaces of clusters.

#include "ops/alpha_shape.h"
#include "ops/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

using namespace turing_glass::ops;

namespace {

constexpr double pi = 3.14159265358979323846;

/// Points of a simple cubic lattice of this spacing that `inside` accepts.
template <class Inside> std::vector<Point> lattice(int n, double spacing, Inside &&inside)
{
  std::vector<Point> points;
  for (int i = -n; i <= n; ++i)
    for (int j = -n; j <= n; ++j)
      for (int k = -n; k <= n; ++k)
        if (const Point p = {spacing * i, spacing * j, spacing * k}; inside(p)) points.push_back(p);
  return points;
}

/// Whether each edge belongs to two triangles that have it in opposite directions, or, where the mesh may have an end,
/// to one; and whether the triangles at each vertex are connected through edges.
void expect_manifold(const Mesh &mesh, bool closed = true)
{
  std::map<std::pair<int, int>, int> edges;
  std::vector<int> degree(mesh.vertices.size(), 0);
  std::map<std::pair<int, int>, int>
      opposite;    // of vertex and next corner: the corner after that
  for (const Triangle &t : mesh.triangles)
    for (int k = 0; k < 3; ++k) {
      EXPECT_EQ(++edges[std::make_pair(t[k], t[(k + 1) % 3])], 1);
      opposite[{t[k], t[(k + 1) % 3]}] = t[(k + 2) % 3];
      ++degree[t[k]];
    }
  if (!closed) return;
  for (const auto &[edge, count] : edges)
    EXPECT_TRUE(edges.count({edge.second, edge.first})) << edge.first << ' ' << edge.second;
  for (const auto &[start, unused] : opposite) {
    // once around the vertex
    int at = start.second, steps = 0;
    do {
      const auto next = opposite.find({start.first, at});
      if (next == opposite.end()) break;
      at = next->second;
      ++steps;
    } while (at != start.second && steps <= degree[start.first]);
    EXPECT_EQ(steps, degree[start.first]) << "one fan at " << start.first;
  }
}

/// Vertices - edges + triangles.
int euler_of(const Mesh &mesh)
{
  std::set<std::pair<int, int>> edges;
  for (const Triangle &t : mesh.triangles)
    for (int k = 0; k < 3; ++k) edges.insert(std::minmax({t[k], t[(k + 1) % 3]}));
  return static_cast<int>(mesh.vertices.size() + mesh.triangles.size()) -
      static_cast<int>(edges.size());
}

/// As numpy's MT19937 with the same seed has them.
std::vector<Point> random_points(unsigned seed, int n)
{
  std::mt19937 random(seed);
  std::vector<Point> points(n);
  for (Point &p : points)
    for (double &c : p) c = static_cast<double>(random()) / 4294967296.0;
  return points;
}

}    // namespace

TEST(Network, AgainstAllPairs)
{
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(0.0, 14.0);
  std::vector<std::array<double, 3>> places(700);
  std::vector<const double *> x;
  Atoms atoms;
  for (auto &p : places) {
    for (double &c : p) c = uniform(random);
    x.push_back(p.data());
    atoms.kind.push_back(static_cast<Kind>(random() % 3));
  }
  places[17] = {500.0, -300.0, 2.0};    // far away
  atoms.x = x.data();
  atoms.own = 400;
  const double cutoff = 2.3, reach = 3.1;
  const Network network = find_bonds(atoms, cutoff);
  const auto distance = [&](int i, int j) {
    return std::hypot(places[i][0] - places[j][0], places[i][1] - places[j][1],
                      places[i][2] - places[j][2]);
  };
  const auto connection = connections(atoms, network, reach);
  std::size_t o = 0;
  for (int i = 0; i < 700; ++i) {
    std::set<int> expected,
        found(network.bonded.begin() + network.first[i],
              network.bonded.begin() + network.first[i + 1]);
    const Kind mine = atoms.kind[i], other = mine == Kind::oxygen ? Kind::zirconium : Kind::oxygen;
    if (mine != Kind::other)
      for (int j = 0; j < 700; ++j)
        if (atoms.kind[j] == other && distance(i, j) <= cutoff) expected.insert(j);
    EXPECT_EQ(found, expected);
    EXPECT_EQ(network.count(i), static_cast<int>(expected.size()));
    if (mine != Kind::oxygen || i >= atoms.own) continue;
    std::set<int> shared;
    int paths = 0, close = 0;
    for (const int zr : expected)
      for (int j = 0; j < 700; ++j)
        if (j != i && atoms.kind[j] == Kind::oxygen && distance(j, zr) <= cutoff) {
          ++paths;
          if (shared.insert(j).second) close += distance(i, j) <= reach;
        }
    ASSERT_LT(o, connection.size());
    EXPECT_EQ(connection[o].neighbors, static_cast<int>(shared.size()));
    EXPECT_EQ(connection[o].paths, paths);
    EXPECT_EQ(connection[o].close, close);
    ++o;
  }
  EXPECT_EQ(o, connection.size());
}

TEST(Network, Empty)
{
  Atoms atoms;
  EXPECT_TRUE(find_bonds(atoms, 2.8).bonded.empty());
  EXPECT_TRUE(connections(atoms, find_bonds(atoms, 2.8), 4.2).empty());
}

class AlphaShapes : public ::testing::Test {
 protected:
  void SetUp() override
  {
    if (!has_alpha_shapes()) GTEST_SKIP() << "built without Qhull";
  }
};

TEST_F(AlphaShapes, CubeOfALattice)
{
  const auto cube = lattice(2, 1.5, [](const Point &) { return true; });
  const AlphaShape shape = alpha_shape(cube, 2.0, {});
  EXPECT_NEAR(shape.volume, 216.0, 1e-3);
  EXPECT_NEAR(shape.area, 216.0, 0.05);
  EXPECT_EQ(shape.euler, 2.0);
}

TEST_F(AlphaShapes, Ball)
{
  constexpr double radius = 12.0;
  const auto ball =
      lattice(14, 1.0, [](const Point &p) { return std::hypot(p[0], p[1], p[2]) <= radius; });
  const AlphaShape shape = alpha_shape(ball, 2.0, {});
  EXPECT_NEAR(shape.volume, 4.0 / 3.0 * pi * std::pow(radius - 0.25, 3), 0.03 * shape.volume);
  EXPECT_NEAR(shape.area, 4.0 * pi * radius * radius, 0.12 * shape.area);
  EXPECT_EQ(shape.euler, 2.0);
  // the surface is closed and looks outward: the volume from its triangles alone
  double volume = 0.0;
  for (const auto &t : shape.mesh.triangles) {
    const Point &a = shape.mesh.vertices[t[0]], &b = shape.mesh.vertices[t[1]],
                &c = shape.mesh.vertices[t[2]];
    volume += (a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) +
               a[2] * (b[0] * c[1] - b[1] * c[0])) /
        6.0;
  }
  EXPECT_NEAR(volume, shape.volume, 1e-3 * shape.volume);
}

TEST_F(AlphaShapes, ShellAndRing)
{
  // a hollow ball has two surfaces, a ring one with a hole
  const auto shell = lattice(14, 1.0, [](const Point &p) {
    const double r = std::hypot(p[0], p[1], p[2]);
    return r <= 12.0 && r >= 6.0;
  });
  EXPECT_EQ(alpha_shape(shell, 2.0, {}).euler, 4.0);
  const auto ring = lattice(14, 1.0, [](const Point &p) {
    return std::hypot(std::hypot(p[0], p[1]) - 9.0, p[2]) <= 3.5;
  });
  const AlphaShape torus = alpha_shape(ring, 2.0, {});
  EXPECT_EQ(torus.euler, 0.0);
  EXPECT_NEAR(torus.volume, 2.0 * pi * pi * 9.0 * 3.25 * 3.25, 0.08 * torus.volume);
}

TEST_F(AlphaShapes, PartsThatTouch)
{
  // Tetrahedra with a corner or an edge in common: one body, without tunnels. At a corner their surfaces stay apart.
  std::vector<Point> two = {{0, 0, 0}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}};
  for (const Point &p : {Point{-1, -1, 0}, Point{-1, 0, -1}, Point{0, -1, -1}}) two.push_back(p);
  AlphaShape shape = alpha_shape(two, 0.9, {});
  EXPECT_NEAR(shape.volume, 2.0 / 3.0, 1e-4);
  EXPECT_EQ(shape.euler, 2.0);
  expect_manifold(shape.mesh);
  EXPECT_EQ(euler_of(shape.mesh), 4);

  const double h = std::sqrt(0.5);
  two = {{-0.5, 0, 0}, {0.5, 0, 0}, {0, 0.5, h}, {0, -0.5, h}, {0, 0.5, -h}, {0, -0.5, -h}};
  shape = alpha_shape(two, 0.62, {});
  EXPECT_NEAR(shape.volume, 2.0 / (6.0 * std::sqrt(2.0)), 1e-4);
  EXPECT_EQ(shape.euler, 2.0);
  expect_manifold(shape.mesh);
  EXPECT_EQ(euler_of(shape.mesh), 2);
}

// Euler numbers of the tetrahedra by scipy.spatial.Delaunay
TEST_F(AlphaShapes, EulerNumbersOfRandomPoints)
{
  const struct {
    unsigned seed;
    double probe, euler;
  } finite[] = {{1, 1.6, -24}, {1, 2.0, -24}, {2, 1.6, -28}, {2, 2.0, -28}};
  for (const auto &[seed, probe, euler] : finite) {
    std::vector<Point> points = random_points(seed, 400);
    for (Point &p : points)
      for (double &c : p) c *= 16.0;
    const AlphaShape shape = alpha_shape(points, probe, {});
    EXPECT_EQ(shape.euler, euler) << seed << ' ' << probe;
    expect_manifold(shape.mesh);
    EXPECT_EQ(euler_of(shape.mesh) % 2, 0);
    EXPECT_GE(euler_of(shape.mesh), euler);
  }

  const Point cell[] = {{16, 0, 0}, {4, 15, 0}, {-3, 5, 17}};
  const struct {
    unsigned seed;
    std::vector<int> axes;
    double euler;
  } infinite[] = {
      {1, {0, 1, 2}, -94}, {1, {0}, -70}, {1, {1, 2}, -80}, {2, {0, 1, 2}, -110}, {2, {0}, -74}};
  for (const auto &[seed, axes, euler] : infinite) {
    std::vector<Point> points = random_points(seed, 400), periods;
    for (Point &p : points) {
      const Point s = p;
      for (int k = 0; k < 3; ++k) p[k] = s[0] * cell[0][k] + s[1] * cell[1][k] + s[2] * cell[2][k];
    }
    for (const int axis : axes) periods.push_back(cell[axis]);
    const AlphaShape shape = alpha_shape(points, 1.8, periods);
    EXPECT_EQ(shape.euler, euler) << seed;
    expect_manifold(shape.mesh, false);
  }
}

// Two wedges at an edge, through which the body is connected: no two copies of the edge have both ends in common
TEST(Manifold, EdgeOfFourTriangles)
{
  Mesh mesh;
  mesh.vertices = {{0, 0, 0}, {0, 0, 2}, {1, 1, 1}, {1, -1, 1}, {-1, 1, 1}, {-1, -1, 1}};
  mesh.triangles = {{0, 2, 3}, {1, 3, 2}, {0, 1, 2}, {0, 3, 1},    // the wedge at x > 0
                    {0, 5, 4}, {1, 4, 5}, {0, 4, 1}, {0, 1, 5}};
  make_manifold(mesh, mesh.vertices);
  expect_manifold(mesh);
  EXPECT_EQ(euler_of(mesh), 2);
  EXPECT_EQ(mesh.vertices.size(), 8U);
  EXPECT_EQ(mesh.triangles.size(), 12U);

  // where the mesh ends, only some of the triangles at an edge may be there
  mesh.vertices.resize(6);
  for (const auto &triangles : {std::vector<Triangle>{{0, 1, 2}, {0, 3, 1}, {0, 4, 1}},
                                std::vector<Triangle>{{0, 1, 2}, {0, 1, 5}}}) {
    mesh.vertices.resize(6);
    mesh.triangles = triangles;
    make_manifold(mesh, mesh.vertices);
    expect_manifold(mesh, false);
  }
}

TEST_F(AlphaShapes, SlabAndRodThroughTheCell)
{
  // a slab, infinite along x and y, 6 thick, and a rod along z: per cell
  const auto slab = lattice(
      6, 1.0, [](const Point &p) { return p[0] < 5.5 && p[1] < 5.5 && std::abs(p[2]) <= 3.0; });
  const AlphaShape plate = alpha_shape(slab, 2.0, {{12.0, 0.0, 0.0}, {0.0, 12.0, 0.0}});
  EXPECT_NEAR(plate.volume, 12.0 * 12.0 * 6.0, 1e-2);
  EXPECT_NEAR(plate.area, 2.0 * 12.0 * 12.0, 0.1);
  EXPECT_NEAR(plate.euler, 0.0, 1e-9);
  const auto rod = lattice(6, 1.0, [](const Point &p) {
    return p[2] < 5.5 && std::abs(p[0]) <= 2.0 && std::abs(p[1]) <= 1.0;
  });
  const AlphaShape bar = alpha_shape(rod, 2.0, {{0.0, 0.0, 12.0}});
  EXPECT_NEAR(bar.volume, 12.0 * 8.0, 1e-2);
  EXPECT_NEAR(bar.area, 12.0 * 12.0, 0.1);
  EXPECT_NEAR(bar.euler, 0.0, 1e-9);
  // everything everywhere has no surface
  const auto all =
      lattice(6, 1.0, [](const Point &p) { return p[0] < 5.5 && p[1] < 5.5 && p[2] < 5.5; });
  const AlphaShape full =
      alpha_shape(all, 2.0, {{12.0, 0.0, 0.0}, {0.0, 12.0, 0.0}, {0.0, 0.0, 12.0}});
  EXPECT_NEAR(full.volume, 1728.0, 1e-2);
  EXPECT_EQ(full.area, 0.0);
  EXPECT_EQ(full.euler, 0.0);
}

TEST_F(AlphaShapes, CellsTooShort)
{
  EXPECT_THROW(alpha_shape({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}, 2.0, {{7.0, 0.0, 0.0}}),
               std::runtime_error);
}

TEST_F(AlphaShapes, TooFewForASurface)
{
  EXPECT_EQ(alpha_shape({}, 2.0, {}).volume, 0.0);
  EXPECT_EQ(alpha_shape({{0, 0, 0}, {1, 0, 0}, {0, 1, 0}}, 2.0, {}).area, 0.0);
  // a tilted plane of a crystal
  std::vector<Point> plane;
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) plane.push_back({1.0 * i, 1.0 * j, 0.3 * i - 0.7 * j});
  const AlphaShape flat = alpha_shape(plane, 2.0, {});
  EXPECT_EQ(flat.volume, 0.0);
  EXPECT_EQ(flat.area, 0.0);
  EXPECT_EQ(flat.euler, 0.0);
  EXPECT_TRUE(flat.mesh.triangles.empty());
  EXPECT_THROW(alpha_shape({{0, 0, 0}, {1, 0, std::nan("")}, {0, 1, 0}, {0, 0, 1}}, 2.0, {}),
               std::runtime_error);
  // one tetrahedron with edges of sqrt(2): the probe is larger than its circumsphere, or not
  const std::vector<Point> corners = {{0, 0, 0}, {1, 1, 0}, {1, 0, 1}, {0, 1, 1}};
  EXPECT_NEAR(alpha_shape(corners, 0.9, {}).volume, 1.0 / 3.0, 1e-4);
  EXPECT_NEAR(alpha_shape(corners, 0.9, {}).area, 4.0 * std::sqrt(3.0) / 2.0, 1e-3);
  EXPECT_EQ(alpha_shape(corners, 0.86, {}).volume, 0.0);
}
