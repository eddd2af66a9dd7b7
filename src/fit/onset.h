// Onset of the glass transition from the enthalpy of isothermal stays on heating (seed 000, Methods 2.3).
//
//   H(T) = (1 - s) P_g(T) + s P_l(T),   s = 1/(1 + exp(-(T - T_c)/w))
//
// with polynomials of the glass and of the liquid: continuous with all derivatives. C_p = dH/dT. The onset is where
// the tangent to C_p at its steepest rise meets the baseline of the glass, dP_g/dT. Where straight branches cross at
// T_c that is T_c - w exactly; of the maximum of C_p 10 % of its step are then the blend's own, no overshoot.

#pragma once

#include "least_squares.h"

#include <string>
#include <vector>

namespace turing_glass::fit {

/// Mean enthalpy of a stay at a temperature.
struct Stay {
  double T, H;
  double error;    ///< of the mean; from its blocks
  int blocks;      ///< means of which it is the mean
  double
      correlation;    ///< of a block with the next: sum of products of their deviations over that of squares
};

/// Stays from rows  step T H ...  of blocks, as fix ave/time writes them: rows with one T after each other are one
/// stay. Throws std::runtime_error with file and line.
std::vector<Stay> read_stays(const std::string &path);

/// The stays of several samples of one kind, averaged at each temperature: what is a sample's own, like the energy of the glass
/// it was made as, is then the same at all of them. Throws std::runtime_error where one has stays that another has not.
std::vector<Stay> average(const std::vector<std::vector<Stay>> &samples);

struct OnsetFit {
  int degree = 0;           ///< of both polynomials
  Parameters parameters;    ///< T_c, w, glass, liquid, the polynomials in (T - middle)/1000
  double middle = 0.0;
  double chi_squared = 0.0;
  int freedom = 0;
  bool width_resolved = true;       ///< else it is half the distance between stays
  Estimate onset;                   ///< its error from the bootstrap
  int bootstrap = 0, failed = 0;    ///< samples of stays, and those of which the fit failed
  Estimate center, width;
  Estimate glass, liquid;    ///< slopes dP_g/dT and dP_l/dT at the onset
  double steepest = 0.0, peak_T = 0.0,
         peak = 0.0;    ///< where C_p rises fastest; its maximum in the range
  Estimate lines;    ///< where two straight lines meet, of the same stays: biased, for comparison

  double H(double T) const;
  double C_p(double T) const;
  double baseline(double T) const;    ///< C_p of the glass
};

/// The temperature at which two straight lines meet that fit best: a first look, of few stays, which refuses nothing but
/// fewer than six of them.
Estimate corner(const std::vector<Stay> &stays);

/// `degree` 1 or 2; `samples` of the bootstrap, drawn with `seed`. Throws std::runtime_error, which says why, where
/// there are too few stays or too short ones, no transition within them, or a second one that fits as well.
OnsetFit fit_onset(const std::vector<Stay> &stays, int degree, int samples, unsigned seed);

}    // namespace turing_glass::fit
