#include "alpha_shape.h"

#if !defined(TURING_GLASS_QHULL)

namespace turing_glass::ops {

bool has_alpha_shapes()
{
  return false;
}

AlphaShape alpha_shape(const std::vector<Point> &, double, const std::vector<Point> &)
{
  throw std::runtime_error("built without Qhull (Debian: libqhull-dev), which hulls need");
}

}    // namespace turing_glass::ops

#else

#include <Eigen/Dense>

extern "C" {
#include <libqhull_r/qhull_ra.h>
}

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>

namespace turing_glass::ops {

namespace {

using Vector = Eigen::Vector3d;
using Tetrahedron = std::array<int, 4>;

/// Delaunay tetrahedra of points in general position.
std::vector<Tetrahedron> delaunay(std::vector<double> &coordinates)
{
  struct Close {
    void operator()(qhT *qh) const
    {
      int current = 0, total = 0;
      qh_freeqhull(qh, !qh_ALL);
      qh_memfreeshort(qh, &current, &total);
      delete qh;
    }
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  std::unique_ptr<qhT, Close> qh(new qhT);
  std::unique_ptr<std::FILE, Close> messages(std::tmpfile());
  qh_zero(qh.get(), messages.get());
  std::string options = "qhull d Qbb Qc Qz Qt";
  const int failure =
      qh_new_qhull(qh.get(), 3, static_cast<int>(coordinates.size() / 3), coordinates.data(), False,
                   options.data(), nullptr, messages.get());
  if (failure == qh_ERRsingular) return {};    // all in a plane
  if (failure) throw std::runtime_error("Qhull failed with the code " + std::to_string(failure));
  std::vector<Tetrahedron> result;
  for (const facetT *facet = qh->facet_list; facet && facet->next; facet = facet->next) {
    if (facet->upperdelaunay || qh_setsize(qh.get(), facet->vertices) != 4) continue;
    Tetrahedron t;
    for (int k = 0; k < 4; ++k)
      t[k] = qh_pointid(qh.get(), static_cast<vertexT *>(facet->vertices->e[k].p)->point);
    result.push_back(t);
  }
  return result;
}

}    // namespace

bool has_alpha_shapes()
{
  return true;
}

AlphaShape alpha_shape(const std::vector<Point> &points, double probe,
                       const std::vector<Point> &periods)
{
  const int own = static_cast<int>(points.size());
  AlphaShape shape;
  if (own == 0) return shape;

  // the cluster, then those of its images that a probe touching the cluster can reach. Crystals have many
  // points on one sphere: a shift too small to matter makes the tetrahedra unique; images are shifted alike.
  std::vector<Vector> x, shifts;
  constexpr double shift = 1e-5;
  std::mt19937 random(1);
  Vector low = Vector::Constant(std::numeric_limits<double>::max()), high = -low;
  for (const Point &p : points) {
    x.emplace_back(p[0], p[1], p[2]);
    shifts.emplace_back(
        Vector::NullaryExpr([&] { return shift * (random() / 4294967296.0 - 0.5); }));
    low = low.cwiseMin(x.back());
    high = high.cwiseMax(x.back());
  }
  for (const Point &period : periods) {
    const Vector step(period[0], period[1], period[2]);
    if (step.norm() < 4.0 * probe)
      throw std::runtime_error("the cell is shorter than four radii of the probe");
    const std::size_t before = x.size();
    for (const double n : {-1.0, 1.0})
      for (std::size_t k = 0; k < before; ++k) {
        x.emplace_back(x[k] + n * step);
        shifts.push_back(shifts[k]);
      }
  }
  const double margin = 2.0 * probe + 1.0;
  std::size_t kept = own;
  for (std::size_t k = own; k < x.size(); ++k)
    if (((x[k] - low).array() > -margin).all() && ((high - x[k]).array() > -margin).all()) {
      x[kept] = x[k];
      shifts[kept++] = shifts[k];
    }
  x.resize(kept);
  if (x.size() < 4) return shape;
  std::vector<double> coordinates;
  for (std::size_t k = 0; k < x.size(); ++k)
    for (int axis = 0; axis < 3; ++axis) coordinates.push_back(x[k][axis] + shifts[k][axis]);

  // triangles by their corners; the last corner of their tetrahedron while only one has them
  std::map<std::array<int, 3>, int> open;
  for (const Tetrahedron &t : delaunay(coordinates)) {
    const auto place = [&](int k) {
      return Eigen::Map<const Vector>(coordinates.data() + 3 * t[k]);
    };
    Eigen::Matrix3d edges;
    for (int k = 0; k < 3; ++k) edges.row(k) = place(k + 1) - place(0);
    const double volume = std::abs(edges.determinant()) / 6.0;
    const Vector centre = edges.fullPivLu().solve(0.5 * edges.rowwise().squaredNorm());
    if (!(centre.norm() <= probe)) continue;
    shape.volume +=
        volume * std::count_if(t.begin(), t.end(), [own](int v) { return v < own; }) / 4.0;
    for (int k = 0; k < 4; ++k) {
      std::array<int, 3> face = {t[(k + 1) % 4], t[(k + 2) % 4], t[(k + 3) % 4]};
      std::sort(face.begin(), face.end());
      if (const auto [at, is_new] = open.try_emplace(face, t[k]); !is_new) open.erase(at);
    }
  }

  // what is in the cell of each triangle, edge and vertex: its share of own corners
  std::map<std::array<int, 2>, bool> edges;
  std::map<int, int> vertices;
  double triangles_here = 0.0;
  for (const auto &[face, inside] : open) {
    const int here =
        static_cast<int>(std::count_if(face.begin(), face.end(), [own](int v) { return v < own; }));
    if (here == 0) continue;
    const Vector a = x[face[0]], normal = (x[face[1]] - a).cross(x[face[2]] - a);
    shape.area += 0.5 * normal.norm() * here / 3.0;
    triangles_here += here / 3.0;
    for (int k = 0; k < 3; ++k)
      edges[{std::min(face[k], face[(k + 1) % 3]), std::max(face[k], face[(k + 1) % 3])}] = true;
    std::array<int, 3> corners;
    for (int k = 0; k < 3; ++k) {
      const auto [at, is_new] =
          vertices.try_emplace(face[k], static_cast<int>(shape.vertices.size()));
      if (is_new) shape.vertices.push_back({x[face[k]][0], x[face[k]][1], x[face[k]][2]});
      corners[k] = at->second;
    }
    // outward, where the tetrahedra are not flat
    const auto shifted = [&](int k) {
      return Vector(Eigen::Map<const Vector>(coordinates.data() + 3 * k));
    };
    const Vector b = shifted(face[0]);
    if ((shifted(face[1]) - b).cross(shifted(face[2]) - b).dot(shifted(inside) - b) > 0.0)
      std::swap(corners[1], corners[2]);
    shape.triangles.push_back(corners);
  }
  shape.euler = triangles_here;
  for (const auto &[edge, there] : edges) shape.euler -= ((edge[0] < own) + (edge[1] < own)) / 2.0;
  for (const auto &[vertex, index] : vertices) shape.euler += vertex < own;
  return shape;
}

}    // namespace turing_glass::ops

#endif
