// SPDX-License-Identifier: GPL-2.0-only

#include "geometry/nearest_point.h"

#include "finite.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace turing_glass::geometry {

namespace {

double dot(const Vector &a, const Vector &b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/// a + factor b
Vector sum(const Vector &a, double factor, const Vector &b)
{
  return {a[0] + factor * b[0], a[1] + factor * b[1], a[2] + factor * b[2]};
}

double squared(const Vector &a)
{
  return dot(a, a);
}

/// Of the same lattice, with no vector that becomes shorter by adding the others with factors of -1, 0, 1: up to
/// three dimensions that is Minkowski's condition.
std::vector<Vector> reduced(std::vector<Vector> basis)
{
  bool shortened = true;
  const auto take = [&shortened](Vector &old, const Vector &b) {
    constexpr double gain = 1.0 - 1e-10;    // ties do not go on for ever
    if (!(squared(b) < gain * squared(old))) return;
    old = b;
    shortened = true;
  };
  while (shortened) {
    shortened = false;
    for (std::size_t k = 0; k < basis.size(); ++k) {
      std::vector<Vector> others = basis;
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(k));
      for (const Vector &other : others)
        take(basis[k], sum(basis[k], -std::round(dot(basis[k], other) / squared(other)), other));
      if (others.size() < 2) continue;
      for (const double m : {-1.0, 1.0})
        for (const double n : {-1.0, 1.0})
          take(basis[k], sum(sum(basis[k], m, others[0]), n, others[1]));
    }
  }
  return basis;
}

std::vector<Vector> dual_of(const std::vector<Vector> &basis)
{
  const auto n = static_cast<Eigen::Index>(basis.size());
  Eigen::MatrixXd directions(3, n);
  for (Eigen::Index k = 0; k < n; ++k)
    directions.col(k) = Eigen::Map<const Eigen::Vector3d>(basis[k].data()).normalized();
  std::vector<Vector> dual(basis.size());
  if (basis.empty()) return dual;
  const Eigen::MatrixXd rows =
      (directions.transpose() * directions).inverse() * directions.transpose();
  for (Eigen::Index k = 0; k < n; ++k)
    for (int axis = 0; axis < 3; ++axis)
      dual[k][axis] = rows(k, axis) / std::sqrt(squared(basis[k]));
  return dual;
}

}    // namespace

NearestPoint::NearestPoint(const Cell &cell, const std::vector<Vector> &points) : cell_(cell)
{
  if (points.empty()) throw std::runtime_error("no point to be near to");
  const Vector axes[] = {{cell.lengths[0], 0.0, 0.0},
                         {cell.xy, cell.lengths[1], 0.0},
                         {cell.xz, cell.yz, cell.lengths[2]}};
  for (int k = 0; k < 3; ++k) {
    if (!all_finite(axes[k]) || !(cell.lengths[k] > 0.0))
      throw std::runtime_error("the lengths of the cell must be finite and above 0");
    if (cell.periodic[k]) lattice_.push_back(axes[k]);
  }
  lattice_ = reduced(lattice_);
  dual_ = dual_of(lattice_);

  for (const Vector &s : points) {
    if (!all_finite(s)) throw std::runtime_error("the coordinates of a point are not finite");
    points_.push_back(inside(s));
  }
  nodes_.push_back({{}, {}, 0, static_cast<int>(points_.size()), 0});
  split(0);
}

/// Cartesian, in the cell of the reduced basis.
Vector NearestPoint::inside(const Vector &s) const
{
  Vector x = cell_.difference(s);
  for (std::size_t k = 0; k < lattice_.size(); ++k)
    x = sum(x, -std::floor(dot(dual_[k], x)), lattice_[k]);
  return x;
}

void NearestPoint::split(int node)
{
  constexpr int leaf = 8;    // points
  const auto first = points_.begin() + nodes_[node].begin,
             last = points_.begin() + nodes_[node].end;
  Vector low = *first, high = *first;
  for (auto p = first; p != last; ++p)
    for (int k = 0; k < 3; ++k) {
      low[k] = std::min(low[k], (*p)[k]);
      high[k] = std::max(high[k], (*p)[k]);
    }
  nodes_[node].low = low;
  nodes_[node].high = high;
  if (last - first <= leaf) return;
  int axis = 0;
  for (int k = 1; k < 3; ++k)
    if (high[k] - low[k] > high[axis] - low[axis]) axis = k;
  const auto middle = first + (last - first) / 2;
  std::nth_element(first, middle, last,
                   [axis](const Vector &a, const Vector &b) { return a[axis] < b[axis]; });
  const int child = static_cast<int>(nodes_.size());
  const int at = static_cast<int>(middle - points_.begin());
  nodes_[node].child = child;
  nodes_.push_back({{}, {}, nodes_[node].begin, at, 0});
  nodes_.push_back({{}, {}, at, nodes_[node].end, 0});
  split(child);
  split(child + 1);
}

/// The smaller of `best` and the squared distance to the points of a node.
double NearestPoint::search(int node, const Vector &x, double best) const
{
  const auto bound = [&x](const Node &n) {
    double squares = 0.0;
    for (int k = 0; k < 3; ++k) {
      const double d = std::max({n.low[k] - x[k], x[k] - n.high[k], 0.0});
      squares += d * d;
    }
    return squares;
  };
  const Node &n = nodes_[node];
  if (bound(n) >= best) return best;
  if (n.child == 0) {
    for (int p = n.begin; p < n.end; ++p) best = std::min(best, squared(sum(points_[p], -1.0, x)));
    return best;
  }
  const bool second = bound(nodes_[n.child + 1]) < bound(nodes_[n.child]);
  best = search(n.child + (second ? 1 : 0), x, best);
  return search(n.child + (second ? 0 : 1), x, best);
}

/// The same for the images of x along the periodic axes from `axis` on. Points lie between two planes a height apart:
/// an image is at least as far from them as from the nearer plane.
double NearestPoint::images(std::size_t axis, const Vector &x, double best) const
{
  if (axis == lattice_.size()) return search(0, x, best);
  const double u = dot(dual_[axis], x);    // in units of the height, 0 to 1 in the cell
  for (const double n : {0.0, -1.0, 1.0, -2.0, 2.0}) {
    constexpr double rounding = 1e-9;
    const double outside = std::max({-(u + n), u + n - 1.0, 0.0}) - rounding;
    if (outside <= 0.0 || outside * outside < best * squared(dual_[axis]))
      best = images(axis + 1, sum(x, n, lattice_[axis]), best);
  }
  return best;
}

double NearestPoint::distance(const Vector &s) const
{
  return std::sqrt(images(0, inside(s), std::numeric_limits<double>::infinity()));
}

}    // namespace turing_glass::geometry
