// SPDX-License-Identifier: GPL-2.0-only

#include "voronoi/vertices.h"

#include "geometry/points_near.h"

#ifdef TURING_GLASS_VORO
#include <voro++.hh>
#endif

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace turing_glass::voronoi {

#ifndef TURING_GLASS_VORO

bool has_voronoi()
{
  return false;
}

Vertices find_vertices(const std::vector<Vector> &, const std::vector<std::int64_t> &, int, double)
{
  throw std::logic_error("built without Voro++");
}

#else

namespace {

double dot(const Vector &a, const Vector &b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/// Whether atoms in these directions enclose the place: the planes through it that could have all of them on one side
/// are those through two of them.
bool enclose(const std::vector<Vector> &directions)
{
  constexpr double flat = 1e-9;    // sines of smaller angles are rounding
  for (std::size_t i = 0; i < directions.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Vector &a = directions[i], &b = directions[j];
      const Vector normal{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                          a[0] * b[1] - a[1] * b[0]};
      if (dot(normal, normal) < flat * flat) continue;
      bool above = false, below = false;
      for (auto d = directions.begin(); d != directions.end() && !(above && below); ++d) {
        above = above || dot(normal, *d) > flat;
        below = below || dot(normal, *d) < -flat;
      }
      if (!above || !below) return false;
    }
  return directions.size() >= 4;
}

}    // namespace

bool has_voronoi()
{
  return true;
}

Vertices find_vertices(const std::vector<Vector> &x, const std::vector<std::int64_t> &ids, int own,
                       double known)
{
  Vertices result;
  if (own == 0) return result;
  Vector lo = x[0], hi = x[0];
  for (const Vector &p : x)
    for (int k = 0; k < 3; ++k) {
      if (!std::isfinite(p[k])) throw std::runtime_error("the position of an atom is not finite");
      lo[k] = std::min(lo[k], p[k]);
      hi[k] = std::max(hi[k], p[k]);
    }
  // Walls behind the last atoms; a vertex at one is farther than known/2 from its atom.
  std::array<int, 3> blocks{};
  constexpr double atoms_per_block = 6.0;    // what Voro++ is fastest with
  double volume = 1.0;
  for (int k = 0; k < 3; ++k) {
    lo[k] -= known;
    hi[k] += known;
    volume *= hi[k] - lo[k];
  }
  const double side = std::cbrt(volume * atoms_per_block / static_cast<double>(x.size()));
  for (int k = 0; k < 3; ++k) blocks[k] = std::max(1, static_cast<int>((hi[k] - lo[k]) / side));
  voro::container container(lo[0], hi[0], lo[1], hi[1], lo[2], hi[2], blocks[0], blocks[1],
                            blocks[2], false, false, false, 8);
  voro::particle_order order(own);
  for (int i = 0; i < static_cast<int>(x.size()); ++i) {
    if (i < own)
      container.put(order, i, x[i][0], x[i][1], x[i][2]);
    else
      container.put(i, x[i][0], x[i][1], x[i][2]);
  }

  geometry::PointsNear near(
      geometry::Cell{
          lo, {hi[0] - lo[0], hi[1] - lo[1], hi[2] - lo[2]}, 0.0, 0.0, 0.0, {false, false, false}},
      0.5 * known);
  for (const Vector &p : x) near.add(p);
  const auto is_enclosed = [&](const Vector &place) {
    std::vector<Vector> directions;
    near.any(place, [&](int j, double r2) {
      const double r = std::sqrt(r2);
      directions.push_back(
          {(x[j][0] - place[0]) / r, (x[j][1] - place[1]) / r, (x[j][2] - place[2]) / r});
      return false;
    });
    return enclose(directions);
  };

  voro::voronoicell_neighbor cell;
  voro::c_loop_order loop(container, order);
  std::vector<double> corners;
  std::vector<int> faces, neighbors;
  std::vector<std::vector<std::int64_t>> touching;
  if (loop.start()) do {
      if (!container.compute_cell(cell, loop)) continue;
      const int i = loop.pid();
      cell.vertices(corners);
      cell.face_vertices(faces);
      cell.neighbors(neighbors);
      touching.assign(corners.size() / 3, {ids[i]});
      std::size_t face = 0;
      for (std::size_t at = 0; at < faces.size(); at += faces[at] + 1, ++face)
        if (neighbors[face] >= 0)
          for (int k = 1; k <= faces[at]; ++k)
            touching[faces[at + k]].push_back(ids[neighbors[face]]);
      for (std::size_t v = 0; v < touching.size(); ++v) {
        const double radius = std::hypot(corners[3 * v], corners[3 * v + 1], corners[3 * v + 2]);
        std::vector<std::int64_t> &atoms = touching[v];
        if (*std::min_element(atoms.begin(), atoms.end()) != ids[i]) continue;
        const Vector place{x[i][0] + corners[3 * v], x[i][1] + corners[3 * v + 1],
                           x[i][2] + corners[3 * v + 2]};
        if (radius > 0.5 * known || !is_enclosed(place)) {
          ++result.left_out;
          continue;
        }
        std::sort(atoms.begin(), atoms.end());
        result.found.push_back({place, radius, atoms});
      }
    } while (loop.inc());
  return result;
}

#endif

}    // namespace turing_glass::voronoi
