// SPDX-License-Identifier: GPL-2.0-only

#include "strain/deformation.h"

#include <Eigen/Dense>

#include <cmath>
#include <optional>

namespace turing_glass::strain {

namespace {

using Eigen::Matrix3d;
using Eigen::Vector3d;
using RowMajor = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

Eigen::Map<const Vector3d> view(const Vector &v)
{
  return Eigen::Map<const Vector3d>(v.data());
}

Matrix stored(const Matrix3d &m)
{
  Matrix list{};
  Eigen::Map<RowMajor>(list.data()) = m;
  return list;
}

/// The A that minimizes sum_j |y_j - A x_j|^2, where the x_j determine it.
template <int P> class LinearFit {
 public:
  using X = Eigen::Matrix<double, P, 1>;
  using XX = Eigen::Matrix<double, P, P>;
  using A = Eigen::Matrix<double, 3, P>;
  struct Solution {
    A a;
    XX inverse;    ///< of sum_j x_j x_j^T
  };

  void add(const X &x, const Vector3d &y)
  {
    ++count_;
    xx_.noalias() += x * x.transpose();
    yx_.noalias() += y * x.transpose();
  }
  std::optional<Solution> solution() const
  {
    using Limits = FitLimits<P>;
    if (count_ < Limits::neighbors) return std::nullopt;
    // the eigenvalues are the squares of the singular values
    const Eigen::SelfAdjointEigenSolver<XX> solver(xx_);
    const X &values = solver.eigenvalues();    // ascending
    if (!(values[0] >= Limits::singular_values * Limits::singular_values * values[P - 1]) ||
        values[0] <= 0.0)
      return std::nullopt;
    const auto &axes = solver.eigenvectors();
    const XX inverse = axes * values.cwiseInverse().asDiagonal() * axes.transpose();
    return Solution{yx_ * inverse, inverse};
  }

 private:
  std::size_t count_ = 0;
  XX xx_ = XX::Zero();
  A yx_ = A::Zero();
};

}    // namespace

Strain strain(const Matrix &list)
{
  const Matrix3d F = Eigen::Map<const RowMajor>(list.data());
  const Matrix3d E = 0.5 * (F.transpose() * F - Matrix3d::Identity());
  Strain s;
  s.E = {E(0, 0), E(1, 1), E(2, 2), E(0, 1), E(0, 2), E(1, 2)};
  s.volumetric = E.trace() / 3.0;
  s.mises = std::sqrt(0.5) * (E - s.volumetric * Matrix3d::Identity()).norm();
  const Eigen::JacobiSVD<Matrix3d> svd(F, Eigen::ComputeFullU | Eigen::ComputeFullV);
  Vector3d sign(1.0, 1.0,
                svd.matrixU().determinant() * svd.matrixV().determinant() < 0.0 ? -1.0 : 1.0);
  const Matrix3d R = svd.matrixU() * sign.asDiagonal() * svd.matrixV().transpose();
  // R - R^T holds 2 sin, the trace 1 + 2 cos of the angle; together they are exact for small angles, too
  const Vector3d sine(R(2, 1) - R(1, 2), R(0, 2) - R(2, 0), R(1, 0) - R(0, 1));
  s.rotation = std::atan2(sine.norm(), R.trace() - 1.0);
  return s;
}

Deformation deformation(const std::vector<Vector> &D, const std::vector<Vector> &d)
{
  Deformation result;
  LinearFit<3> fit;
  for (std::size_t j = 0; j < D.size(); ++j) fit.add(view(D[j]), view(d[j]));
  const auto solution = fit.solution();
  if (!solution) return result;
  const Matrix3d &F = solution->a;
  Vector3d sum = Vector3d::Zero();
  for (std::size_t j = 0; j < D.size(); ++j) {
    const Vector3d residual = F * view(D[j]) - view(d[j]);
    result.d2min += residual.squaredNorm();
    sum += residual;
  }
  result.determined = true;
  result.F = stored(F);
  result.strain = strain(result.F);
  Eigen::Map<Vector3d>(result.nonaffine.data()) = sum / static_cast<double>(D.size());
  return result;
}

SecondGradient second_gradient(const std::vector<Vector> &D, const std::vector<Vector> &d)
{
  SecondGradient result;
  // in units in which the vectors are about 1 long, so that linear and quadratic terms are alike
  double squares = 0.0;
  for (const Vector &v : D) squares += view(v).squaredNorm();
  const double length = std::sqrt(squares / std::max(1.0, static_cast<double>(D.size())));
  LinearFit<9> fit;
  const auto monomials = [&](const Vector &v) {
    const Vector3d u = view(v) / length;
    LinearFit<9>::X x;
    x << u, 0.5 * u.cwiseAbs2(), u[0] * u[1], u[0] * u[2], u[1] * u[2];
    return x;
  };
  for (std::size_t j = 0; j < D.size(); ++j) fit.add(monomials(D[j]), view(d[j]));
  const auto solution = fit.solution();
  if (!solution) return result;
  const auto &A = solution->a;
  const Eigen::Matrix<double, 3, 6> G = A.rightCols<6>() / (length * length);
  result.determined = true;
  result.F = stored(A.leftCols<3>() / length);
  for (int i = 0; i < 3; ++i)
    for (int jk = 0; jk < 6; ++jk) result.G[6 * i + jk] = G(i, jk);
  result.eta =
      0.5 * std::sqrt(G.leftCols<3>().squaredNorm() + 2.0 * G.rightCols<3>().squaredNorm());
  double residuals = 0.0;
  LinearFit<9>::X all = LinearFit<9>::X::Zero();    // X^T 1
  for (std::size_t j = 0; j < D.size(); ++j) {
    const LinearFit<9>::X x = monomials(D[j]);
    all += x;
    residuals += (view(d[j]) - A * x).squaredNorm();
  }
  // how a displacement of the center enters each unknown
  const LinearFit<9>::X of_center = solution->inverse * all;
  const Eigen::Matrix<double, 6, 1> variances =
      solution->inverse.diagonal().tail<6>() + of_center.tail<6>().cwiseAbs2();
  const auto N = static_cast<double>(D.size());
  const double s2 = residuals / (3.0 * (N - 9.0 + N - all.dot(of_center)));
  result.scatter =
      std::sqrt(0.75 * s2 * (variances.head<3>().sum() + 2.0 * variances.tail<3>().sum())) /
      (length * length);
  result.strain = strain(result.F);
  return result;
}

double effective_strain(const SecondGradient &gradient, double l)
{
  return std::hypot(gradient.strain.mises, l * gradient.eta);
}

bool exceeds(const SecondGradient &gradient, double l, double threshold)
{
  static constexpr double beyond = 2.0;    // times the mean square of scatter
  const double mises = gradient.strain.mises, eta = gradient.eta, scatter = gradient.scatter;
  const double beyond_scatter = std::max(0.0, eta * eta - beyond * scatter * scatter);
  return mises * mises + l * l * beyond_scatter > threshold * threshold;
}

}    // namespace turing_glass::strain
