// SPDX-License-Identifier: GPL-2.0-only

// The distribution of droplet radii in diffusion-limited coarsening, of Lifshitz, Slyozov and Wagner:
//
//   g(r) = (4 r^2 / 9 mu^3) (3mu / (3mu + r))^(7/3) (3mu / (3mu - 2r))^(11/3) exp(2r / (2r - 3mu)),  0 < r < 3mu/2
//
// (Liu et al., 2.5). mu is its mean; its standard deviation is 0.2151 mu.

#pragma once

#include <vector>

namespace turing_glass::pattern {

/// g(r) for the mean `mu` > 0; 0 outside (0, 3mu/2).
double lsw_density(double r, double mu);

struct LSWFit {
  double mu;       ///< most likely mean, above 2/3 of the largest radius
  double error;    ///< standard error, from the curvature of the log-likelihood
};

/// The most likely mean of such radii, where
///   3n - (7/3) sum 3mu/(3mu + r) - (11/3) sum 3mu/(3mu - 2r) + 3mu sum 2r/(2r - 3mu)^2 = 0
/// (the equation printed in Liu et al. has another sign). Needs at least one radius, all above 0.
LSWFit fit_lsw(const std::vector<double> &radii);

}    // namespace turing_glass::pattern
