// SPDX-License-Identifier: GPL-2.0-only

// Points in a periodic cell and those of them that are near a place.

#pragma once

#include "geometry/cell.h"

#include <unordered_map>
#include <vector>

namespace turing_glass::geometry {

class PointsNear {
 public:
  /// `reach`: how far from a place points are looked for; > 0, up to 100 heights of the cell along periodic axes.
  /// Throws std::runtime_error beyond.
  PointsNear(const Cell &cell, double reach);

  /// The point gets the next number, from 0.
  void add(const Vector &x);

  /// Calls visit(number, squared distance) for each image of a point within reach of x, until it returns true; whether
  /// it has.
  template <class Visit> bool any(const Vector &x, Visit &&visit) const
  {
    const Vector s = inside(x);
    const Vector place = cell_.cartesian(s);
    const std::array<int, 3> home = bin(s);
    std::array<int, 3> d{};
    for (d[2] = -layers_[2]; d[2] <= layers_[2]; ++d[2])
      for (d[1] = -layers_[1]; d[1] <= layers_[1]; ++d[1])
        for (d[0] = -layers_[0]; d[0] <= layers_[0]; ++d[0]) {
          Vector image{};
          std::array<int, 3> there{};
          bool exists = true;
          for (int k = 0; k < 3; ++k) {
            const int at = home[k] + d[k];
            const int turns = at >= 0 ? at / bins_[k] : -((bins_[k] - 1 - at) / bins_[k]);
            exists = exists && (turns == 0 || cell_.periodic[k]);
            there[k] = at - turns * bins_[k];
            image[k] = turns;
          }
          if (!exists) continue;
          const auto found = contents_.find(number(there));
          if (found == contents_.end()) continue;
          for (const int point : found->second) {
            const Vector &p = fractions_[point];
            const Vector q = cell_.cartesian({p[0] + image[0], p[1] + image[1], p[2] + image[2]});
            const double dx = q[0] - place[0], dy = q[1] - place[1], dz = q[2] - place[2];
            const double r2 = dx * dx + dy * dy + dz * dz;
            if (r2 <= reach2_ && visit(point, r2)) return true;
          }
        }
    return false;
  }

 private:
  Vector inside(const Vector &x) const;
  std::array<int, 3> bin(const Vector &s) const;
  long number(const std::array<int, 3> &at) const
  {
    return (long(at[2]) * bins_[1] + at[1]) * bins_[0] + at[0];
  }

  Cell cell_;
  double reach2_;
  std::array<int, 3> bins_{}, layers_{};
  std::vector<Vector> fractions_;
  std::unordered_map<long, std::vector<int>> contents_;
};

}    // namespace turing_glass::geometry
