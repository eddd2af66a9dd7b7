// SPDX-License-Identifier: GPL-2.0-only

// A periodic cell in LAMMPS's convention: a along x, b in the plane of x and y.

#pragma once

#include <array>
#include <cmath>

namespace turing_glass::geometry {

using Vector = std::array<double, 3>;

struct Cell {
  Vector origin{};
  Vector lengths{};    ///< along the diagonal of the matrix of cell vectors
  double xy = 0.0, xz = 0.0, yz = 0.0;
  std::array<bool, 3> periodic{true, true, true};

  /// In units of the cell vectors, from the origin.
  Vector fractional(const Vector &x) const
  {
    const double c = (x[2] - origin[2]) / lengths[2];
    const double b = (x[1] - origin[1] - yz * c) / lengths[1];
    return {(x[0] - origin[0] - xy * b - xz * c) / lengths[0], b, c};
  }
  Vector cartesian(const Vector &s) const
  {
    const Vector d = difference(s);
    return {origin[0] + d[0], origin[1] + d[1], origin[2] + d[2]};
  }
  /// Difference of two places that differ by `s` in units of the cell vectors.
  Vector difference(const Vector &s) const
  {
    return {lengths[0] * s[0] + xy * s[1] + xz * s[2], lengths[1] * s[1] + yz * s[2],
            lengths[2] * s[2]};
  }
  double length_squared(const Vector &s) const
  {
    const Vector d = difference(s);
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  }
  /// The image inside the cell.
  Vector wrapped(const Vector &x) const
  {
    Vector s = fractional(x);
    for (int k = 0; k < 3; ++k)
      if (periodic[k]) s[k] -= std::floor(s[k]);
    return cartesian(s);
  }
  /// Distances between opposite faces.
  Vector widths() const
  {
    // faces' normals are the rows of the inverse of the matrix of cell vectors
    const double a = std::hypot(1.0, xy / lengths[1], (xy * yz / lengths[1] - xz) / lengths[2]);
    return {lengths[0] / a, lengths[1] / std::hypot(1.0, yz / lengths[2]), lengths[2]};
  }
};

/// That of LAMMPS's class Domain, whose header is not needed here.
template <class Domain> Cell cell_of(const Domain &domain)
{
  Cell cell;
  cell.xy = domain.xy;
  cell.xz = domain.xz;
  cell.yz = domain.yz;
  for (int k = 0; k < 3; ++k) {
    cell.origin[k] = domain.boxlo[k];
    cell.lengths[k] = domain.prd[k];
    cell.periodic[k] = domain.periodicity[k] != 0;
  }
  return cell;
}

}    // namespace turing_glass::geometry
