// SPDX-License-Identifier: GPL-2.0-only

// Onset of the glass transition from the enthalpy of isothermal holds on heating (Liu et al., Methods 2.3).
//
// A blend of two polynomials (onset_blend.h) is fitted to H(T); C_p = dH/dT. The onset is where the tangent to C_p at its
// steepest rise meets the baseline of the glass, dP_g/dT. Where straight branches cross at T_c it is T_c - w exactly, and
// C_p has a maximum 10 % of its step above the liquid that is the blend's own, no overshoot.
//
// Temperatures and enthalpies are in the units of the holds. The fits are made in reduced units, so the result does not
// depend on the units.

#pragma once

#include "least_squares.h"
#include "onset_blend.h"
#include "onset_data.h"

#include <vector>

namespace turing_glass::fit {

struct OnsetFit {
  int degree = 0;           ///< of both polynomials
  ReducedUnits units;       ///< of the parameters
  Parameters parameters;    ///< of the Blend
  double chi_squared = 0.0;
  int freedom = 0;
  bool errors_from_blocks = true;    ///< else from the scatter around the fit
  bool width_resolved = true;        ///< else it is half the distance between holds
  Estimate onset;                    ///< its error from the bootstrap
  int bootstrap = 0, failed = 0;    ///< resamplings of the holds, and those of which the fit failed
  Estimate center, width;
  Estimate glass, liquid;                             ///< slopes dP_g/dT and dP_l/dT at the onset
  double steepest = 0.0, peak_T = 0.0, peak = 0.0;    ///< where C_p rises fastest; its maximum
  Estimate lines;    ///< where two straight lines meet, of the same holds: biased, for comparison

  double H(double T) const;
  double C_p(double T) const;
  double baseline(double T) const;    ///< C_p of the glass
};

/// The temperature at which the two straight lines meet that fit best: a first look at few holds. Throws Refusal.
Estimate corner(const std::vector<Hold> &holds);

/// 2 if polynomials of degree 2 fit significantly better than straight lines, else 1. F-test with 2 and f degrees of
/// freedom at a level of 1 %, of which the probability is (chi^2_2/chi^2_1)^(f/2).
int significant_degree(const std::vector<Hold> &holds);

/// `degree` 1 or 2; `samples` of the bootstrap, drawn with `seed`. Throws Refusal, which says why, where there are too few
/// holds or too short ones, no transition within them, or a second one that fits as well.
OnsetFit fit_onset(const std::vector<Hold> &holds, int degree, int samples, unsigned seed);

}    // namespace turing_glass::fit
