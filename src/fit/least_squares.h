// SPDX-License-Identifier: GPL-2.0-only

// Nonlinear least squares with errors of the parameters and of what follows from them.
//
// Levenberg-Marquardt of Eigen (after MINPACK). The covariance of the parameters is (J^T J)^-1 with the Jacobian J
// of the residuals at the minimum. Where the errors of the data are not known it is multiplied by chi^2/freedom;
// where they are, by this if it is above 1, for data that scatter more than their errors say.

#pragma once

#include <functional>
#include <vector>

namespace turing_glass::fit {

using Parameters = std::vector<double>;

struct Estimate {
  double value = 0.0, error = 0.0;    ///< one standard deviation
};

struct LeastSquares {
  Parameters parameters;
  std::vector<double> covariance;    ///< [n][n]
  double chi_squared = 0.0;
  int freedom = 0;    ///< points less parameters

  /// Of a function of the parameters, with its error to first order.
  Estimate estimate(const std::function<double(const Parameters &)> &f) const;
};

/// Minimizes the sum of the squares of `residuals`, (model - data)/error, or model - data where errors are not
/// known. Throws std::runtime_error where there are not more points than parameters or these are not determined by
/// them: where no minimum is found, or it is flat.
LeastSquares least_squares(const std::function<std::vector<double>(const Parameters &)> &residuals,
                           const Parameters &start, bool errors_known);

}    // namespace turing_glass::fit
