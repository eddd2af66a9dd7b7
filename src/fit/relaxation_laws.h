// SPDX-License-Identifier: GPL-2.0-only

// What is read off relaxation times: their dependence on temperature, and on the distance to oxygen.
//
// Logarithms are natural except in the fragility. The fits are of ln tau, with the errors error(tau)/tau where all
// points have one.

#pragma once

#include "least_squares.h"

#include <optional>
#include <string>
#include <vector>

namespace turing_glass::fit {

/// A relaxation time at a temperature or a distance.
struct Point {
  double x, tau, error;    ///< error 0: not known
};

/// Relaxation times of a file.
struct PointFile {
  std::vector<Point> points;    ///< in the order of the rows
  int not_reached = 0;    ///< rows with tau = 0 are left out: tau is longer than what was measured
  int too_short = 0;      ///< and those with tau < 0: it is shorter, than -tau
  bool block = false;     ///< the points are those after the marker
};

/// Rows  x tau [error ...]  of a file; of one with several blocks of which one begins after a line with `marker`
/// that block. Throws std::runtime_error with file and line, or where there is no point at all.
PointFile read_points(const std::string &path, const std::string &marker);

/// Sorted; throws std::runtime_error for a distance below 0, or one that comes twice.
std::vector<Point> by_distance(std::vector<Point> points);

/// tau = tau0 exp(B T0 / (T - T0)), Vogel-Fulcher-Tammann (Zhang et al., Fig. S18)
struct VftLaw {
  Estimate tau0, strength, t0;    ///< strength: B
  Estimate tg;                    ///< tau(Tg) = tau_g:  Tg = T0 + B T0 / ln(tau_g/tau0)
  Estimate fragility;    ///< m = d log10 tau / d(Tg/T) at Tg = B T0 Tg / (ln 10 (Tg - T0)^2)
  double chi_squared = 0.0;
  int freedom = 0;
};
/// Points at four temperatures at least; throws std::runtime_error, also where the law reaches no `tau_g`.
VftLaw fit_vft(const std::vector<Point> &points, double tau_g);

/// Mean of ln tau of the points from `from` on, with weights 1/error^2: tau_bulk, the plateau far from oxygen.
Estimate plateau(const std::vector<Point> &points, double from);

/// ln(tau/tau_bulk) = const - d/lambda between `from` and `to`; lambda = d1 - d0 (Liu et al., Fig. 4d).
/// Throws std::runtime_error where tau does not fall.
Estimate decay_length(const std::vector<Point> &points, double from, double to);

/// The first distance at which two curves cross, both linear in ln tau between points at the same distances: d0.
/// Its error is that of both curves there over the difference of their slopes. Nothing if they do not cross; throws
/// std::runtime_error if they have fewer than two distances in common.
std::optional<Estimate> crossing(const std::vector<Point> &a, const std::vector<Point> &b);

}    // namespace turing_glass::fit
