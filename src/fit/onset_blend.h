// SPDX-License-Identifier: GPL-2.0-only

// The enthalpy of a glass that becomes a liquid, in reduced units x of temperature and h of enthalpy:
//
//   h(x) = (1 - s) p_g(x) + s p_l(x),   s = 1/(1 + exp(-(x - x_c)/w))
//
// with polynomials p in x - 1/2 of the glass and of the liquid: continuous with all derivatives (Liu et al., Methods 2.3).

#pragma once

#include "least_squares.h"

namespace turing_glass::fit {

/// T = T_0 + T_range x and H = H_0 + H_range h, so that x and h of the data are within 0 and 1, whatever the units.
struct ReducedUnits {
  double T_0 = 0.0, T_range = 1.0, H_0 = 0.0, H_range = 1.0;

  double x(double T) const { return (T - T_0) / T_range; }
  double T(double x) const { return T_0 + T_range * x; }
  double H(double h) const { return H_0 + H_range * h; }
  double C_p(double slope) const { return H_range / T_range * slope; }
};

class Blend {
 public:
  enum : int { CENTER, WIDTH, POLYNOMIALS };    ///< the order of the parameters: x_c, w, p_g, p_l

  Blend(Parameters parameters, int degree) : p_(std::move(parameters)), degree_(degree) {}

  /// How much of the liquid.
  static double fraction(double x, double center, double width);

  double center() const { return p_[CENTER]; }
  double width() const { return p_[WIDTH]; }
  double h(double x) const;
  double slope(double x) const;                                     ///< dh/dx
  double bend(double x) const;                                      ///< d2h/dx2
  double glass(double x) const { return branch(GLASS, x, 1); }      ///< dp_g/dx
  double liquid(double x) const { return branch(LIQUID, x, 1); }    ///< dp_l/dx

  double steepest() const;    ///< where the slope rises fastest
  double peak() const;        ///< where the slope is largest, near the center

  /// Where the tangent to the slope at its steepest rise meets the slope of the glass.
  double onset() const;

 private:
  enum Branch : int { GLASS, LIQUID };

  double branch(Branch which, double x, int derivative) const;

  Parameters p_;
  int degree_;
};

}    // namespace turing_glass::fit
