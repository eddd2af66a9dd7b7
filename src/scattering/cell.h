// The cell in which positions are measured, LAMMPS's: cell vectors a = (xx, 0, 0), b = (xy, yy, 0), c = (xz, yz, zz).
//
// Fractional coordinates s of a place x: x = origin + s[0] a + s[1] b + s[2] c.

#pragma once

#include <array>

namespace turing_glass::scattering {

using Vector = std::array<double, 3>;

struct Cell {
  std::array<double, 6> h{};    ///< xx, yy, zz, yz, xz, xy (length)
  std::array<bool, 3> periodic{true, true, true};

  /// Cartesian difference of two places that differ by `s` in fractional coordinates.
  Vector cartesian(const Vector &s) const
  {
    return {h[0] * s[0] + h[5] * s[1] + h[4] * s[2], h[1] * s[1] + h[3] * s[2], h[2] * s[2]};
  }
  double length_squared(const Vector &s) const
  {
    const Vector r = cartesian(s);
    return r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
  }
  /// Distances between the three pairs of opposite faces.
  Vector heights() const;
};

}    // namespace turing_glass::scattering
