// Distance of a place to the nearest of many points, periodic images included, however far it is.
//
// The points lie in a grid of about one point a box. Shells of boxes around the place are searched from the inside
// until no point of the next shell can be nearer; boxes beyond the grid are periodic images, so that the
// distance is right in small and in strongly tilted cells, too.

#pragma once

#include "geometry/cell.h"

#include <vector>

namespace turing_glass::geometry {

class NearestPoint {
 public:
  /// `points`: fractional coordinates, any image; throws std::invalid_argument if there is none.
  NearestPoint(const Cell &cell, const std::vector<Vector> &points);

  /// From the place with the fractional coordinates `s` (length); 0 at a point.
  double distance(const Vector &s) const;

 private:
  Cell cell_;
  Vector lower_{}, extent_{1.0, 1.0, 1.0};    // of the grid, fractional
  std::array<int, 3> boxes_{};
  double thickness_ = 0.0;        // of the thinnest boxes
  std::vector<Vector> points_;    // sorted by box
  std::vector<int> first_;        // of each box

  Vector inside(Vector s) const;
  std::array<int, 3> box(const Vector &s) const;
  int index(const std::array<int, 3> &b) const
  {
    return (b[0] * boxes_[1] + b[1]) * boxes_[2] + b[2];
  }
  double search(const Vector &s, std::array<int, 3> b, double best) const;
};

}    // namespace turing_glass::geometry
