// SPDX-License-Identifier: GPL-2.0-only

// The shortest of the periodic images of a vector, in cells of any tilt.

#pragma once

#include "geometry/cell.h"

#include <algorithm>
#include <limits>

namespace turing_glass::geometry {

/// The lattice of the cell counts, not the vectors chosen for it: a cell before and after a flip gives the same.
class MinimumImage {
 public:
  explicit MinimumImage(const Cell &cell) : cell_(cell)
  {
    // vectors of the same lattice with tilts of at most half a length, as a flip makes them
    const auto turns = [&](double tilt, int axis) {
      return cell.periodic[axis] ? std::round(tilt / cell.lengths[axis]) : 0.0;
    };
    const double n = turns(cell_.yz, 1);
    cell_.yz -= n * cell_.lengths[1];
    cell_.xz -= n * cell_.xy;
    cell_.xy -= turns(cell_.xy, 0) * cell_.lengths[0];
    cell_.xz -= turns(cell_.xz, 0) * cell_.lengths[0];
    const Vector widths = cell_.widths();
    for (int k = 0; k < 3; ++k)
      if (cell_.periodic[k]) unique_ = std::min(unique_, 0.5 * widths[k]);
  }

  struct Image {
    Vector d;
    std::array<int, 3> n;    ///< what was added, in vectors of the cell with the least tilt
  };

  /// A vector shorter than this has no other image as short; infinite without periodic boundaries.
  double unique() const { return unique_; }

  Image image(const Vector &d) const
  {
    Image near{d, {0, 0, 0}};
    for (int k = 2; k >= 0; --k)
      if (cell_.periodic[k])
        shift(near, k, -static_cast<int>(std::lround(near.d[k] / cell_.lengths[k])));
    if (squared(near.d) < unique_ * unique_) return near;
    // with such tilts no shorter one is farther than one cell
    Image shortest = near;
    const auto from = [&](int k) { return cell_.periodic[k] ? -1 : 0; };
    for (int c = from(2); c <= -from(2); ++c)
      for (int b = from(1); b <= -from(1); ++b)
        for (int a = from(0); a <= -from(0); ++a) {
          Image other = near;
          shift(other, 2, c);
          shift(other, 1, b);
          shift(other, 0, a);
          if (squared(other.d) < squared(shortest.d)) shortest = other;
        }
    return shortest;
  }
  Vector operator()(const Vector &d) const { return image(d).d; }

 private:
  static double squared(const Vector &d) { return d[0] * d[0] + d[1] * d[1] + d[2] * d[2]; }
  void shift(Image &image, int axis, int n) const
  {
    const Vector columns[] = {{cell_.lengths[0], 0.0, 0.0},
                              {cell_.xy, cell_.lengths[1], 0.0},
                              {cell_.xz, cell_.yz, cell_.lengths[2]}};
    for (int k = 0; k < 3; ++k) image.d[k] += n * columns[axis][k];
    image.n[axis] += n;
  }

  Cell cell_;
  double unique_ = std::numeric_limits<double>::infinity();
};

}    // namespace turing_glass::geometry
