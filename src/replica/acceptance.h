// SPDX-License-Identifier: GPL-2.0-only

// How often two replicas will exchange their temperatures, and the ladder for a wanted rate.
//
// A harmonic system with `modes` modes at the temperature T has potential energies of the gamma
// distribution with shape modes/2 and scale k T. Of two such systems the Metropolis rule accepts
//   P = 2 I_x(modes/2, modes/2),   x = T1/(T1 + T2),   T1 <= T2,
// with the regularized incomplete beta function (docs/fix_remd_swap.rst). For real systems `modes` is
// twice the configurational heat capacity over k, which between two temperatures is measured by
// 2 (<U2> - <U1>)/(k (T2 - T1)).
//
// Large systems leave the range of double: the rates are natural logarithms.

#pragma once

#include <vector>

namespace turing_glass::replica {

/// ln P of neighbors at `low` <= `high` (any unit, above 0) for `modes` > 0 harmonic modes.
double log_acceptance(double modes, double low, double high);

/// ln of the mean of min(1, exp[(1/kT1 - 1/kT2)(U1 - U2)]) over all pairs of measured energies, `first` at
/// `kt_first`, `second` at `kt_second` (energy units); minus infinity without energies.
double log_acceptance(const std::vector<double> &first, double kt_first,
                      const std::vector<double> &second, double kt_second);

/// The ratio of neighboring temperatures with the acceptance 0 < `acceptance` < 1.
double temperature_ratio(double modes, double acceptance);

/// The geometric ladder of `count` >= 2 temperatures from `low` to `high`: equal acceptance everywhere where
/// the heat capacity is constant.
std::vector<double> geometric_ladder(double low, double high, int count);

/// The ladder from ladder.front() to ladder.back() with at least the acceptance 0 < `acceptance` < 1 between
/// neighbors and as few temperatures as that takes; `modes` between each two temperatures of `ladder`.
std::vector<double> ladder_for(const std::vector<double> &ladder, const std::vector<double> &modes,
                               double acceptance);

}    // namespace turing_glass::replica
