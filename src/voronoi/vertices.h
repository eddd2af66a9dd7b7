// SPDX-License-Identifier: GPL-2.0-only

// Vertices of the Voronoi tessellation of atoms that are spread over ranks, by Voro++.
// Lengths in any one unit.

#pragma once

#include "geometry/cell.h"

#include <cstdint>
#include <vector>

namespace turing_glass::voronoi {

using geometry::Vector;

/// Whether this was built with Voro++.
bool has_voronoi();

/// The center of a sphere that at least four atoms touch and no atom is in.
struct Vertex {
  Vector x;
  double radius;    ///< of the sphere: the distance to the nearest atoms
  std::vector<std::int64_t>
      atoms;    ///< IDs of atoms that touch it, ascending; of a degenerate vertex not all
};

/// Vertices of the cells of the first `own` atoms, each on the rank that owns the touching atom with the lowest ID
/// (a degenerate one, touched by more than four atoms, possibly on several).
///
/// `x`, `ids`: own atoms, then all copies within `known` of each own atom. Left out and counted in `left_out`:
/// vertices with a radius above known/2, whose cells are not known here, and those that no atoms enclose. Such are
/// outside a surface. Enclosed is what lies inside the convex hull of the atoms within known/2: no plane through the
/// vertex has all of these on one side. It therefore also lies in the convex hull of all atoms, and in the box.
struct Vertices {
  std::vector<Vertex> found;
  long left_out = 0;
};
/// Throws std::runtime_error if a position is not finite.
Vertices find_vertices(const std::vector<Vector> &x, const std::vector<std::int64_t> &ids, int own,
                       double known);

}    // namespace turing_glass::voronoi
