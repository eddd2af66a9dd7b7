#include "geometry/points_near.h"

#include <algorithm>

namespace turing_glass::geometry {

static constexpr double most_bins = 4096.0;    // along an axis

PointsNear::PointsNear(const Cell &cell, double reach) : cell_(cell), reach2_(reach * reach)
{
  const Vector widths = cell.widths();
  for (int k = 0; k < 3; ++k) {
    bins_[k] = static_cast<int>(std::clamp(widths[k] / reach, 1.0, most_bins));
    layers_[k] = static_cast<int>(std::ceil(reach * bins_[k] / widths[k]));
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
