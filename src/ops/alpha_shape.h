// The surface of a cluster of atoms: its alpha shape.
//
// Of the Delaunay tetrahedra of the atoms those are kept whose circumsphere is not larger than a probe, so that
// the probe cannot get in between their corners (H. Edelsbrunner, E. P. Muecke, ACM Trans. Graph. 13, 43
// (1994)). The triangles that bound them are the surface. A cluster that is infinite along some axes is taken
// with its neighbouring images, and what lies in one cell counts.

#pragma once

#include <array>
#include <stdexcept>
#include <vector>

namespace turing_glass::ops {

using Point = std::array<double, 3>;

struct AlphaShape {
  double volume = 0.0;    ///< of the tetrahedra (A^3)
  double area = 0.0;      ///< of the triangles (A^2)
  double euler =
      0.0;    ///< vertices - edges + triangles of the surface; 2 for a ball, 0 for a ring
  std::vector<Point> vertices;
  std::vector<std::array<int, 3>> triangles;    ///< counterclockwise seen from outside
};

/// Of `points` with a probe of radius `probe` (A). `periods`: the cell vectors along which the cluster is
/// infinite, each at least four times as long as the probe's radius. Four points or fewer in a plane have no
/// surface: all numbers are 0. Throws std::runtime_error if Qhull cannot do it, or was not there when
/// this was built.
AlphaShape alpha_shape(const std::vector<Point> &points, double probe,
                       const std::vector<Point> &periods);

/// Whether alpha_shape() can be used.
bool has_alpha_shapes();

}    // namespace turing_glass::ops
