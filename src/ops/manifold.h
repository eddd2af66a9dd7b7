// SPDX-License-Identifier: GPL-2.0-only

// Surfaces that touch themselves, taken apart.
//
// The boundary of a body of tetrahedra is no manifold where tetrahedra share no more than an edge or a vertex: there
// an edge has four triangles or more, and a vertex more than one fan of triangles. Here such an edge gets a copy for
// each empty wedge between its triangles, so that the body is connected through the edge and the empty
// wedges are apart; then a vertex gets a copy for each of its fans. The copies of an edge have a vertex of their own in
// their middle, because they may have both ends in common.

#pragma once

#include <array>
#include <vector>

namespace turing_glass::ops {

using Point = std::array<double, 3>;
using Triangle = std::array<int, 3>;

struct Mesh {
  std::vector<Point> vertices;
  std::vector<Triangle> triangles;    ///< counterclockwise seen from outside
};

/// Makes each edge belong to at most two triangles, which have it in opposite directions, and each vertex to one fan.
/// `general`: the vertices, moved a little so that no two triangles at an edge lie on each other. Triangles with copies of
/// edges are divided. The mesh may have an end, where only some of the triangles at an edge are there.
void make_manifold(Mesh &mesh, const std::vector<Point> &general);

}    // namespace turing_glass::ops
