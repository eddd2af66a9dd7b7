// SPDX-License-Identifier: GPL-2.0-only

#include "geometry/points_near.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace turing_glass::geometry {

PointsNear::PointsNear(const Cell &cell, double reach) : cell_(cell), reach2_(reach * reach)
{
  const Vector widths = cell.widths();
  for (int k = 0; k < 3; ++k) {
    constexpr double most_bins = 1 << 12, most_layers = 100;    // along an axis
    bins_[k] = static_cast<int>(std::clamp(widths[k] / reach, 1.0, most_bins));
    const double layers = std::ceil(reach * bins_[k] / widths[k]);
    if (cell.periodic[k] && !(layers <= most_layers)) {
      std::ostringstream why;
      why << "a distance of " << reach << " is more than " << most_layers
          << " times the height of the cell, " << widths[k];
      throw std::runtime_error(why.str());
    }
    layers_[k] = static_cast<int>(cell.periodic[k] ? layers : std::min(layers, 1.0 * bins_[k]));
  }
}

void PointsNear::add(const Vector &x)
{
  const Vector s = inside(x);
  contents_[number(bin(s))].push_back(static_cast<int>(fractions_.size()));
  fractions_.push_back(s);
}

Vector PointsNear::inside(const Vector &x) const
{
  Vector s = cell_.fractional(x);
  for (int k = 0; k < 3; ++k)
    if (cell_.periodic[k]) s[k] -= std::floor(s[k]);
  return s;
}

// along an axis that is not periodic, places outside belong to the bin at the face
std::array<int, 3> PointsNear::bin(const Vector &s) const
{
  std::array<int, 3> at{};
  for (int k = 0; k < 3; ++k)
    at[k] = static_cast<int>(std::clamp(s[k] * bins_[k], 0.0, bins_[k] - 1.0));
  return at;
}

}    // namespace turing_glass::geometry
