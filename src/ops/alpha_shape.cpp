// SPDX-License-Identifier: GPL-2.0-only

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
#include <cstdint>
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

/// The points of a cluster and of those of its images that belong to triangles around its own.
struct Cloud {
  int own = 0;    // come first
  std::vector<Vector> x;
  /// Crystals have many points on one sphere: a shift too small to matter, of images the same, makes the
  /// tetrahedra unique.
  std::vector<Vector> general;

  template <class Corners> std::int64_t own_of(const Corners &corners) const
  {
    return std::count_if(corners.begin(), corners.end(), [this](int v) { return v < own; });
  }
};

Vector vector_of(const Point &p)
{
  return {p[0], p[1], p[2]};
}

/// The space within `margin` of some points, or a little more: between planes across each axis and across what the periods
/// count along each of them.
class Surroundings {
 public:
  Surroundings(const std::vector<Vector> &points, const std::vector<Point> &periods, double margin)
  {
    const auto n = static_cast<Eigen::Index>(periods.size());
    rows_ = Eigen::MatrixXd::Identity(3 + n, 3);
    Eigen::MatrixXd columns(3, n);
    for (Eigen::Index k = 0; k < n; ++k) columns.col(k) = vector_of(periods[k]);
    if (n > 0) rows_.bottomRows(n) = columns.completeOrthogonalDecomposition().pseudoInverse();
    low_ = high_ = rows_ * points[0];
    for (const Vector &x : points) {
      low_ = low_.cwiseMin(rows_ * x);
      high_ = high_.cwiseMax(rows_ * x);
    }
    const Eigen::VectorXd size = high_ - low_, around = margin * rows_.rowwise().norm();
    low_ -= around;
    high_ += around;
    // how many periods away images can have points here
    for (Eigen::Index k = 0; k < n; ++k)
      images_.push_back(static_cast<int>(size[3 + k] + around[3 + k]));
  }

  bool hold(const Vector &x) const
  {
    const Eigen::VectorXd at = rows_ * x;
    return (at.array() >= low_.array()).all() && (at.array() <= high_.array()).all();
  }
  const std::vector<int> &images() const { return images_; }

 private:
  Eigen::MatrixXd rows_;
  Eigen::VectorXd low_, high_;
  std::vector<int> images_;
};

Cloud cloud_of(const std::vector<Point> &points, double probe, const std::vector<Point> &periods)
{
  Cloud cloud;
  cloud.own = static_cast<int>(points.size());
  constexpr double shift = 1e-5;
  std::mt19937 random(1);
  for (const Point &p : points) {
    cloud.x.push_back(vector_of(p));
    if (!cloud.x.back().allFinite()) throw std::runtime_error("a position is not finite");
    cloud.general.emplace_back(cloud.x.back() + Vector::NullaryExpr([&] {
                                 return shift * (random() / 4294967296.0 - 0.5);
                               }));
  }
  for (const Point &period : periods)
    if (!(vector_of(period).norm() >= 4.0 * probe))
      throw std::runtime_error("the cell is shorter than four radii of the probe");
  if (periods.empty() || points.empty()) return cloud;

  // those that a probe touching the cluster can reach
  const Surroundings near(cloud.x, periods, 2.0 * probe + 1.0);
  std::vector<Vector> shifts{Vector::Zero()};
  for (std::size_t k = 0; k < periods.size(); ++k) {
    const std::size_t before = shifts.size();
    for (int n = -near.images()[k]; n <= near.images()[k]; ++n)
      for (std::size_t i = 0; n != 0 && i < before; ++i)
        shifts.emplace_back(shifts[i] + n * vector_of(periods[k]));
  }
  for (auto by = shifts.begin() + 1; by != shifts.end(); ++by)
    for (int k = 0; k < cloud.own; ++k)
      if (near.hold(cloud.x[k] + *by)) {
        cloud.x.emplace_back(cloud.x[k] + *by);
        cloud.general.emplace_back(cloud.general[k] + *by);
      }
  return cloud;
}

/// Whether the points lie in a plane but for their shifts: then tetrahedra would only be as thick as these.
bool is_flat(const Cloud &cloud)
{
  constexpr double thickness = 1e-4;
  Vector mean = Vector::Zero();
  for (const Vector &x : cloud.x) mean += x / static_cast<double>(cloud.x.size());
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const Vector &x : cloud.x) spread += (x - mean) * (x - mean).transpose();
  const Vector normal =
      Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(spread).eigenvectors().col(0);
  return std::all_of(cloud.x.begin(), cloud.x.end(),
                     [&](const Vector &x) { return std::abs((x - mean).dot(normal)) < thickness; });
}

/// The tetrahedra between whose corners a probe cannot get, and their volume in the cell.
std::vector<Tetrahedron> tight_tetrahedra(const Cloud &cloud, double probe, double &volume)
{
  std::vector<double> coordinates;
  for (const Vector &x : cloud.general) coordinates.insert(coordinates.end(), x.begin(), x.end());
  std::vector<Tetrahedron> tight;
  for (const Tetrahedron &t : delaunay(coordinates)) {
    Eigen::Matrix3d edges;
    for (int k = 0; k < 3; ++k) edges.row(k) = cloud.general[t[k + 1]] - cloud.general[t[0]];
    const Vector center = edges.fullPivLu().solve(0.5 * edges.rowwise().squaredNorm());
    if (!(center.norm() <= probe)) continue;
    tight.push_back(t);
    volume += std::abs(edges.determinant()) / 6.0 * static_cast<double>(cloud.own_of(t)) / 4.0;
  }
  return tight;
}

/// Triangles by their corners, and the last corner of their tetrahedron: those that only one tetrahedron has.
std::map<Triangle, int> boundary_of(const std::vector<Tetrahedron> &tetrahedra)
{
  std::map<Triangle, int> open;
  for (const Tetrahedron &t : tetrahedra)
    for (int k = 0; k < 4; ++k) {
      Triangle face = {t[(k + 1) % 4], t[(k + 2) % 4], t[(k + 3) % 4]};
      std::sort(face.begin(), face.end());
      if (const auto [at, is_new] = open.try_emplace(face, t[k]); !is_new) open.erase(at);
    }
  return open;
}

/// Vertices - edges + triangles - tetrahedra in the cell, of each its share of own corners.
double euler_number(const Cloud &cloud, const std::vector<Tetrahedron> &tetrahedra,
                    const std::map<Triangle, int> &boundary)
{
  std::vector<char> vertices(cloud.own, 0);
  std::vector<std::array<int, 2>> edges;
  std::int64_t twelfths = 0, twice_triangles = 0;
  for (const Tetrahedron &t : tetrahedra) {
    twelfths -= 3 * cloud.own_of(t);
    for (int k = 0; k < 4; ++k) {
      twice_triangles += 4 * (cloud.own_of(t) - (t[k] < cloud.own ? 1 : 0));
      if (t[k] < cloud.own) vertices[t[k]] = 1;
      for (int j = 0; j < k; ++j)
        if (t[j] < cloud.own || t[k] < cloud.own)
          edges.push_back({std::min(t[j], t[k]), std::max(t[j], t[k])});
    }
  }
  for (const auto &[face, inside] : boundary) twice_triangles += 4 * cloud.own_of(face);
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  for (const auto &edge : edges) twelfths -= 6 * cloud.own_of(edge);
  twelfths += twice_triangles / 2 + 12 * std::count(vertices.begin(), vertices.end(), 1);
  return static_cast<double>(twelfths) / 12.0;
}

/// The triangles of the boundary with an own corner, as a manifold.
Mesh mesh_of(const Cloud &cloud, const std::map<Triangle, int> &boundary)
{
  Mesh mesh;
  std::vector<Point> general;
  std::vector<int> index(cloud.x.size(), -1);
  const auto point_of = [](const Vector &v) { return Point{v[0], v[1], v[2]}; };
  for (const auto &[face, inside] : boundary) {
    if (cloud.own_of(face) == 0) continue;
    Triangle corners;
    for (int k = 0; k < 3; ++k) {
      int &vertex = index[face[k]];
      if (vertex < 0) {
        vertex = static_cast<int>(mesh.vertices.size());
        mesh.vertices.push_back(point_of(cloud.x[face[k]]));
        general.push_back(point_of(cloud.general[face[k]]));
      }
      corners[k] = vertex;
    }
    const auto &g = cloud.general;
    const Vector b = g[face[0]];
    if ((g[face[1]] - b).cross(g[face[2]] - b).dot(g[inside] - b) > 0.0)
      std::swap(corners[1], corners[2]);
    mesh.triangles.push_back(corners);
  }
  make_manifold(mesh, general);
  return mesh;
}

}    // namespace

bool has_alpha_shapes()
{
  return true;
}

AlphaShape alpha_shape(const std::vector<Point> &points, double probe,
                       const std::vector<Point> &periods)
{
  AlphaShape shape;
  const Cloud cloud = cloud_of(points, probe, periods);
  if (cloud.own == 0 || cloud.x.size() < 4 || is_flat(cloud)) return shape;
  const std::vector<Tetrahedron> tetrahedra = tight_tetrahedra(cloud, probe, shape.volume);
  const std::map<Triangle, int> boundary = boundary_of(tetrahedra);
  for (const auto &[face, inside] : boundary) {
    const Vector a = cloud.x[face[0]];
    shape.area += 0.5 * (cloud.x[face[1]] - a).cross(cloud.x[face[2]] - a).norm() *
        static_cast<double>(cloud.own_of(face)) / 3.0;
  }
  // the boundary of a body has twice its Euler number; a cell without a boundary has 0
  shape.euler = 2.0 * euler_number(cloud, tetrahedra, boundary);
  shape.mesh = mesh_of(cloud, boundary);
  return shape;
}

}    // namespace turing_glass::ops

#endif
