// SPDX-License-Identifier: GPL-2.0-only

// Distance of a place to the nearest of many points, periodic images included, however far it is.
//
// A tree of the points (k-d tree) is searched for each image of the place that can be near enough, so that neither the
// shape of the cell nor an uneven spread of the points makes it slow. The images are those of a Minkowski-reduced
// basis of the lattice. Point and place lie in its cell, where they differ by less than one vector along each axis;
// as the closest lattice vector is at most one vector from the rounded one (P. Q. Nguyen, D. Stehle, ACM Trans.
// Algorithms 5, 46, 2009, for three dimensions), it is at most two vectors away.

#pragma once

#include "geometry/cell.h"

#include <vector>

namespace turing_glass::geometry {

class NearestPoint {
 public:
  /// `points`: fractional coordinates, any image; throws std::runtime_error if there is none, or if a coordinate or
  /// the cell is not finite.
  NearestPoint(const Cell &cell, const std::vector<Vector> &points);

  /// From the place with the fractional coordinates `s` (length); 0 at a point.
  double distance(const Vector &s) const;

 private:
  /// Points begin ... end - 1; children `child` and `child` + 1 if there are any.
  struct Node {
    Vector low, high;
    int begin, end, child;
  };

  Cell cell_;
  std::vector<Vector> lattice_, dual_;    // of the periodic axes; dual_[i] lattice_[j] = delta_ij
  std::vector<Vector> points_;            // Cartesian, in the order of the tree
  std::vector<Node> nodes_;

  Vector inside(const Vector &s) const;
  void split(int node);
  double images(std::size_t axis, const Vector &x, double best) const;
  double search(int node, const Vector &x, double best) const;
};

}    // namespace turing_glass::geometry
