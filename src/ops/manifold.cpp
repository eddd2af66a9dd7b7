// SPDX-License-Identifier: GPL-2.0-only

#include "manifold.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace turing_glass::ops {

namespace {

/// Side k of triangle t, from its corner k to the next one: number 3 t + k.
using Side = int;
constexpr Side none = -1;

Side next(Side side)
{
  return side % 3 == 2 ? side - 2 : side + 1;
}

struct Edge {
  int low, high;    // vertices
  Side side;
  bool forward;    // from low to high
  double angle = 0.0;
};

Point operator-(const Point &a, const Point &b)
{
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

Point cross(const Point &a, const Point &b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double dot(const Point &a, const Point &b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

class Splitter {
 public:
  explicit Splitter(Mesh &mesh) :
      mesh_(mesh), partner_(3 * mesh.triangles.size(), none), middle_(partner_.size(), none),
      fan_(partner_.size())
  {
    std::iota(fan_.begin(), fan_.end(), 0);
  }

  void split(const std::vector<Point> &general)
  {
    pair_sides(general);
    copy_vertices(general.size());
    divide();
  }

 private:
  int corner(Side side) const { return mesh_.triangles[side / 3][side % 3]; }

  void pair_sides(const std::vector<Point> &x)
  {
    std::vector<Edge> edges;
    for (Side side = 0; side < static_cast<Side>(partner_.size()); ++side) {
      const int a = corner(side), b = corner(next(side));
      edges.push_back({std::min(a, b), std::max(a, b), side, a < b});
    }
    std::sort(edges.begin(), edges.end(), [](const Edge &a, const Edge &b) {
      return std::tie(a.low, a.high, a.side) < std::tie(b.low, b.high, b.side);
    });
    for (auto begin = edges.begin(); begin != edges.end();) {
      const auto end = std::find_if(begin, edges.end(), [&](const Edge &e) {
        return e.low != begin->low || e.high != begin->high;
      });
      if (end - begin > 2) sort_around(begin, end, x);
      // outside is at larger angles of a forward triangle: the next one bounds the same empty wedge
      for (auto edge = begin; edge != end; ++edge) {
        const auto other = edge + 1 == end ? begin : edge + 1;
        if (!edge->forward || other->forward) continue;
        partner_[edge->side] = other->side;
        partner_[other->side] = edge->side;
      }
      for (auto edge = begin; edge != end; ++edge) {
        const Side other = partner_[edge->side];
        if (middle_[edge->side] != none || end - begin < (other == none ? 2 : 3)) continue;
        middle_[edge->side] = static_cast<int>(mesh_.vertices.size());
        if (other != none) middle_[other] = middle_[edge->side];
        const Point &a = mesh_.vertices[edge->low], &b = mesh_.vertices[edge->high];
        mesh_.vertices.push_back({0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), 0.5 * (a[2] + b[2])});
      }
      begin = end;
    }
  }

  /// By the angle of the triangles around the edge, counterclockwise seen against its direction.
  template <class Iterator>
  void sort_around(Iterator begin, Iterator end, const std::vector<Point> &x) const
  {
    const Point foot = x[begin->low], axis = x[begin->high] - foot;
    const auto away = [&](const Edge &edge) {
      Point d = x[corner(next(next(edge.side)))] - foot;
      const double along = dot(d, axis) / dot(axis, axis);
      for (int k = 0; k < 3; ++k) d[k] -= along * axis[k];
      return d;
    };
    const Point u = away(*begin), v = cross(axis, u);
    const double length = std::sqrt(dot(axis, axis));
    for (auto edge = begin; edge != end; ++edge) {
      const Point d = away(*edge);
      edge->angle = edge == begin ? 0.0 : std::atan2(dot(d, v) / length, dot(d, u));
      if (edge->angle < 0.0) edge->angle += 2.0 * M_PI;
    }
    std::sort(begin, end, [](const Edge &a, const Edge &b) { return a.angle < b.angle; });
  }

  /// A vertex for each set of corners that are connected through sides.
  void copy_vertices(std::size_t vertices)
  {
    for (Side side = 0; side < static_cast<Side>(partner_.size()); ++side)
      if (const Side other = partner_[side]; other != none) {
        join(side, next(other));
        join(next(side), other);
      }
    std::vector<char> used(vertices, 0);
    std::vector<int> vertex(fan_.size(), none);
    std::vector<Triangle> triangles = mesh_.triangles;
    for (Side side = 0; side < static_cast<Side>(partner_.size()); ++side) {
      int &of_fan = vertex[root(side)];
      const int old = corner(side);
      if (of_fan == none) {
        of_fan = used[old] ? static_cast<int>(mesh_.vertices.size()) : old;
        if (used[old]) mesh_.vertices.push_back(Point(mesh_.vertices[old]));
        used[old] = 1;
      }
      triangles[side / 3][side % 3] = of_fan;
    }
    mesh_.triangles = triangles;
  }

  int root(int corner)
  {
    while (fan_[corner] != corner) corner = fan_[corner] = fan_[fan_[corner]];
    return corner;
  }
  void join(int a, int b)
  {
    a = root(a);
    b = root(b);
    fan_[std::max(a, b)] = std::min(a, b);
  }

  /// Triangles with vertices in the middle of sides, into the triangles around the first of these.
  void divide()
  {
    std::vector<Triangle> parts;
    for (std::size_t t = 0; t < mesh_.triangles.size(); ++t) {
      std::vector<int> around;
      std::size_t first = 0;    // in around
      for (int k = 0; k < 3; ++k) {
        around.push_back(mesh_.triangles[t][k]);
        if (const int middle = middle_[3 * t + k]; middle != none) {
          if (first == 0) first = around.size();
          around.push_back(middle);
        }
      }
      std::rotate(around.begin(), around.begin() + static_cast<std::ptrdiff_t>(first),
                  around.end());
      for (std::size_t k = 2; k < around.size(); ++k)
        parts.push_back({around[0], around[k - 1], around[k]});
    }
    mesh_.triangles = std::move(parts);
  }

  Mesh &mesh_;
  std::vector<Side> partner_;
  std::vector<int> middle_;    // vertex in the middle of each side
  std::vector<int> fan_;       // parent of each corner among the connected ones
};

}    // namespace

void make_manifold(Mesh &mesh, const std::vector<Point> &general)
{
  Splitter(mesh).split(general);
}

}    // namespace turing_glass::ops
