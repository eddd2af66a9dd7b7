// SPDX-License-Identifier: GPL-2.0-only

// What fix remd/swap tells of acceptances: predicted, promised by the warm-up, and in the end.

#pragma once

#include "replica/exchange.h"
#include "replica/warm_up.h"

#include <string>
#include <vector>

namespace turing_glass::replica {

/// All rates are natural logarithms, of neighbors on the ladder.
struct AcceptanceReport {
  std::vector<double> ladder;    ///< temperatures
  double wanted = 0.2;           ///< acceptance of the ladder that is proposed
  bool force = false;
  std::vector<double> predicted, measured;    ///< of a harmonic system; promised by the warm-up

  /// Predicted rates, and the ladder that `modes` harmonic modes take.
  std::string prediction(double modes) const;
  /// Measured rates, and the ladder by the heat capacities of the warm-up.
  std::string warm_up(const Promise &promise) const;
  /// What attempts have come to.
  std::string result(const Exchange &exchange) const;

 private:
  std::string rates(const std::vector<double> &log_rates) const;
  std::string proposal(const std::vector<double> &modes) const;
  std::string verdict(const std::vector<double> &log_rates) const;
};

}    // namespace turing_glass::replica
