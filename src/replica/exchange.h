// SPDX-License-Identifier: GPL-2.0-only

// Replica exchange of temperatures: which neighbors try, which succeed, and where every replica is.
//
// Level i is the i-th temperature of the ladder, replica r a configuration that keeps its partition; an
// exchange swaps the levels of two replicas. Attempt k is made by the pairs (i, i + 1) with i + k even, each
// accepted with the probability
//   min(1, exp[(1/kT_i - 1/kT_j)(H_i - H_j)]),   H = U, or U + P V where the volume changes
// (Sugita and Okamoto, Chem. Phys. Lett. 314, 141 (1999); Okabe et al., ibid. 335, 435 (2001)).
// The random numbers depend on seed, attempt and pair alone: every rank decides the same, and nothing but
// the number of the attempt is needed to go on after a restart.

#pragma once

#include <cstdint>
#include <vector>

namespace turing_glass::replica {

struct Decision {
  int level;            ///< of the lower one of the pair
  double log_chance;    ///< of the exponential above, before min(1, ...)
  bool accepted;
};

class Exchange {
 public:
  /// `kt` ascending, k T of the levels. `force`: every attempt succeeds, which does not sample the
  /// canonical ensemble.
  Exchange(std::vector<double> kt, std::uint64_t seed, bool force);

  int size() const { return static_cast<int>(kt_.size()); }
  int level(int replica) const { return level_[replica]; }
  const std::vector<int> &levels() const { return level_; }
  std::int64_t attempts() const { return attempt_; }

  /// The next attempt; `enthalpy` by replica. Changes the levels and returns what was decided. Throws
  /// std::runtime_error, and changes nothing, where one of them is not finite.
  std::vector<Decision> attempt(const std::vector<double> &enthalpy);

  /// Of the pair of levels (level, level + 1), of level + 1 = size none.
  struct Pair {
    std::int64_t attempts = 0, accepted = 0;
  };
  const std::vector<Pair> &pairs() const { return pairs_; }

  /// Of a replica: in how many attempts it took part, how many succeeded, and how often it came back to the
  /// lowest level after it had been on the highest.
  struct Walk {
    std::int64_t attempts = 0, accepted = 0, round_trips = 0;
    bool was_lowest = false, was_highest = false;    ///< since the last round trip
  };
  const std::vector<Walk> &walks() const { return walks_; }

  /// Everything but ladder, seed and force as numbers, for restart files.
  std::vector<double> state() const;
  static int state_size(int levels) { return 1 + 8 * levels; }
  /// False, and nothing changed, if this is no state of as many levels.
  bool set_state(const std::vector<double> &state);

 private:
  void visit(int replica);

  std::vector<double> kt_;
  std::uint64_t seed_;
  bool force_;
  std::int64_t attempt_ = 0;
  std::vector<int> level_;    // by replica
  std::vector<Pair> pairs_;
  std::vector<Walk> walks_;
};

}    // namespace turing_glass::replica
