#include "geometry/nearest_point.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace turing_glass::geometry {

NearestPoint::NearestPoint(const Cell &cell, const std::vector<Vector> &points) : cell_(cell)
{
  if (points.empty()) throw std::invalid_argument("no point to be near to");
  Vector height = cell.widths();
  double volume = 1.0;
  for (int k = 0; k < 3; ++k) {
    if (!cell.periodic[k]) {
      // points may have left the cell
      const auto [low, high] =
          std::minmax_element(points.begin(), points.end(),
                              [k](const Vector &a, const Vector &b) { return a[k] < b[k]; });
      lower_[k] = std::min(0.0, (*low)[k]);
      extent_[k] = std::max(1.0, (*high)[k]) - lower_[k];
      height[k] *= extent_[k];
    }
    volume *= height[k];
  }
  const double edge = std::cbrt(volume / static_cast<double>(points.size()));
  thickness_ = std::numeric_limits<double>::max();
  for (int k = 0; k < 3; ++k) {
    boxes_[k] = std::max(1, static_cast<int>(height[k] / edge));
    thickness_ = std::min(thickness_, height[k] / boxes_[k]);
  }

  std::vector<Vector> within(points.size());
  std::transform(points.begin(), points.end(), within.begin(),
                 [this](const Vector &s) { return inside(s); });
  first_.assign(static_cast<std::size_t>(boxes_[0]) * boxes_[1] * boxes_[2] + 1, 0);
  for (const Vector &s : within) ++first_[index(box(s)) + 1];
  std::partial_sum(first_.begin(), first_.end(), first_.begin());
  auto next = first_;
  points_.resize(points.size());
  for (const Vector &s : within) points_[next[index(box(s))]++] = s;
}

Vector NearestPoint::inside(Vector s) const
{
  for (int k = 0; k < 3; ++k)
    if (cell_.periodic[k]) s[k] -= std::floor(s[k]);
  return s;
}

// places outside the grid belong to the boxes at its rim, for which the bound of distance() holds as well
std::array<int, 3> NearestPoint::box(const Vector &s) const
{
  std::array<int, 3> b{};
  for (int k = 0; k < 3; ++k)
    b[k] = static_cast<int>(
        std::clamp((s[k] - lower_[k]) / extent_[k] * boxes_[k], 0.0, boxes_[k] - 1.0));
  return b;
}

/// The smaller of `best` and the squared distance to the points in the box `b`, which may be that of an image.
double NearestPoint::search(const Vector &s, std::array<int, 3> b, double best) const
{
  Vector image{};
  for (int k = 0; k < 3; ++k) {
    if (b[k] >= 0 && b[k] < boxes_[k]) continue;
    if (!cell_.periodic[k]) return best;
    image[k] = std::floor(static_cast<double>(b[k]) / boxes_[k]);
    b[k] -= static_cast<int>(image[k]) * boxes_[k];
  }
  const int i = index(b);
  for (int p = first_[i]; p < first_[i + 1]; ++p) {
    const Vector &point = points_[p];
    best = std::min(best,
                    cell_.length_squared({point[0] + image[0] - s[0], point[1] + image[1] - s[1],
                                          point[2] + image[2] - s[2]}));
  }
  return best;
}

double NearestPoint::distance(const Vector &place) const
{
  const Vector s = inside(place);
  const auto centre = box(s);
  double best = std::numeric_limits<double>::max();
  // points of the shell k are farther away than k - 1 boxes
  for (int k = 0; k < 2 || best > std::pow((k - 1) * thickness_, 2); ++k)
    for (int x = -k; x <= k; ++x)
      for (int y = -k; y <= k; ++y) {
        const bool face = std::abs(x) == k || std::abs(y) == k;
        for (int z = -k; z <= k; z += face ? 1 : std::max(1, 2 * k))
          best = search(s, {centre[0] + x, centre[1] + y, centre[2] + z}, best);
      }
  return std::sqrt(best);
}

}    // namespace turing_glass::geometry
