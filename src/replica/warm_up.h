// SPDX-License-Identifier: GPL-2.0-only

// What energies that were sampled in the first steps of an exchange tell of the steps to come.

#pragma once

#include <utility>
#include <vector>

namespace turing_glass::replica {

/// Of one replica: its levels and potential energies at the same steps as all others.
struct Samples {
  std::vector<int> levels;
  std::vector<double> energies;
};

struct Promise {
  std::size_t energies = 0;              ///< that were used, of each level
  std::vector<double> log_acceptance;    ///< of levels i and i + 1: ln of the rate (acceptance.h)
  std::vector<double> modes;    ///< between levels i and i + 1: 2 (<U2> - <U1>)/(k (T2 - T1))
  bool heated = true;           ///< energies rise with the temperature, as in equilibrium
};

/// `kt`: k T of the levels, ascending. At most `most` energies of each level are used, for their pairs are.
Promise promise_of(const std::vector<Samples> &replicas, const std::vector<double> &kt,
                   std::size_t most = 1000);

/// The pairs of replicas whose energies change alike from one sample to the next, as with the same random numbers: the
/// correlation of the changes is larger than `limit`. None with fewer than 20 samples.
std::vector<std::pair<int, int>> moving_alike(const std::vector<Samples> &replicas,
                                              double limit = 0.8);

}    // namespace turing_glass::replica
