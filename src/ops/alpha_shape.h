// SPDX-License-Identifier: GPL-2.0-only

// The surface of a cluster of atoms: its alpha shape.
//
// Of the Delaunay tetrahedra of the atoms those are kept whose circumsphere is not larger than a probe, so that
// the probe cannot get in between their corners (H. Edelsbrunner, E. P. Muecke, ACM Trans. Graph. 13, 43
// (1994)). The triangles that bound them are the surface. A cluster that is infinite along some axes is taken
// with its neighboring images, and what lies in one cell counts.

#pragma once

#include "manifold.h"

#include <array>
#include <stdexcept>
#include <vector>

namespace turing_glass::ops {

struct AlphaShape {
  double volume = 0.0;    ///< of the tetrahedra (A^3)
  double area = 0.0;      ///< of the triangles (A^2)
  /// Of the surface, twice that of the tetrahedra: 2 (vertices - edges + triangles - tetrahedra), 2 for a ball, 0 for a
  /// ring. Tetrahedra that share only an edge or a vertex are connected there.
  double euler = 0.0;
  /// Closed and without branches; of a cluster that is infinite, the triangles with a corner in the cell. Its own
  /// vertices - edges + triangles are 2 more than `euler` for each vertex that alone connects two parts.
  Mesh mesh;
};

/// Of `points` with a probe of radius `probe` (A). `periods`: the cell vectors along which the cluster is
/// infinite, each at least four times as long as the probe's radius. Points in a plane have no surface: all
/// numbers are 0. Throws std::runtime_error if Qhull cannot do it, or was not there when this was built.
AlphaShape alpha_shape(const std::vector<Point> &points, double probe,
                       const std::vector<Point> &periods);

/// Whether alpha_shape() can be used.
bool has_alpha_shapes();

}    // namespace turing_glass::ops
