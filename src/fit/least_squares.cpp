// SPDX-License-Identifier: GPL-2.0-only

#include "least_squares.h"

#include <Eigen/Dense>
#include <unsupported/Eigen/NonLinearOptimization>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace turing_glass::fit {

namespace {

constexpr char undetermined[] = "the points do not determine the parameters of the fit";

double step(double p)
{
  static constexpr double relative = 6e-6;    // third root of the precision: central differences
  return relative * std::max(std::abs(p), 1e-3);
}

/// As Eigen's minimizer wants it.
struct Problem {
  const std::function<std::vector<double>(const Parameters &)> &residuals;
  int n, m;

  int inputs() const { return n; }
  int values() const { return m; }
  int operator()(const Eigen::VectorXd &p, Eigen::VectorXd &r) const
  {
    const auto values = residuals(Parameters(p.data(), p.data() + n));
    std::copy(values.begin(), values.end(), r.data());
    // the minimizer takes an infinite step back, but not one that is no number
    for (double &v : r)
      if (!std::isfinite(v)) v = 1e100;
    return 0;
  }
  int df(const Eigen::VectorXd &p, Eigen::MatrixXd &jacobian) const
  {
    Eigen::VectorXd up(m), down(m), q = p;
    for (int k = 0; k < n; ++k) {
      const double h = step(p[k]);
      q[k] = p[k] + h;
      (*this)(q, up);
      q[k] = p[k] - h;
      (*this)(q, down);
      q[k] = p[k];
      jacobian.col(k) = (up - down) / (2.0 * h);
    }
    return 0;
  }
};

}    // namespace

Estimate LeastSquares::estimate(const std::function<double(const Parameters &)> &f) const
{
  const std::size_t n = parameters.size();
  std::vector<double> slope(n);
  Parameters q = parameters;
  for (std::size_t k = 0; k < n; ++k) {
    const double h = step(parameters[k]);
    q[k] = parameters[k] + h;
    slope[k] = f(q);
    q[k] = parameters[k] - h;
    slope[k] = (slope[k] - f(q)) / (2.0 * h);
    q[k] = parameters[k];
  }
  double variance = 0.0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) variance += slope[i] * slope[j] * covariance[i * n + j];
  const double value = f(parameters);
  if (!std::isfinite(value) || !std::isfinite(variance)) throw std::runtime_error(undetermined);
  return {value, std::sqrt(std::max(0.0, variance))};    // below 0 by rounding
}

LeastSquares least_squares(const std::function<std::vector<double>(const Parameters &)> &residuals,
                           const Parameters &start, bool errors_known)
{
  const int n = static_cast<int>(start.size()), m = static_cast<int>(residuals(start).size());
  if (m <= n)
    throw std::runtime_error("a fit of " + std::to_string(n) + " parameters needs more than " +
                             std::to_string(m) + " points");
  Problem problem{residuals, n, m};
  Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(start.data(), n), r(m);
  Eigen::LevenbergMarquardt<Problem> minimizer(problem);
  minimizer.parameters.maxfev = 2000;
  minimizer.parameters.xtol = minimizer.parameters.ftol = 1e-14;
  if (minimizer.minimize(p) == Eigen::LevenbergMarquardtSpace::TooManyFunctionEvaluation)
    throw std::runtime_error(undetermined);
  Eigen::MatrixXd jacobian(m, n);
  problem.df(p, jacobian);
  problem(p, r);

  LeastSquares result;
  result.parameters.assign(p.data(), p.data() + n);
  result.chi_squared = r.squaredNorm();
  result.freedom = m - n;
  // columns of one size first: parameters may have very different ones
  const Eigen::VectorXd scale = jacobian.colwise().norm();
  static constexpr double determined = 1e-9;
  if (scale.minCoeff() > 0.0) jacobian = jacobian * scale.cwiseInverse().asDiagonal();
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(jacobian, Eigen::ComputeThinV);
  const auto &singular = svd.singularValues();
  if (!(scale.minCoeff() > 0.0) || !(singular[n - 1] > determined * singular[0]))
    throw std::runtime_error(undetermined);
  const double spread = result.chi_squared / result.freedom;
  // (J^T J)^-1 = V S^-2 V^T
  const Eigen::MatrixXd root = svd.matrixV() * singular.cwiseInverse().asDiagonal();
  const Eigen::MatrixXd covariance =
      root * root.transpose() * (errors_known ? std::max(1.0, spread) : spread);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      result.covariance.push_back(covariance(i, j) / (scale[i] * scale[j]));
  return result;
}

}    // namespace turing_glass::fit
