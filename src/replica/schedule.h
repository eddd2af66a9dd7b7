// SPDX-License-Identifier: GPL-2.0-only

// The steps at which exchanges are attempted.
//
// These are the multiples of `every`; in a hybrid run only those in the second part of a cycle. A cycle has `plain` steps
// of molecular dynamics, then `exchanging` steps with attempts; the first one begins at the step `first`.

#pragma once

#include <cstdint>

namespace turing_glass::replica {

struct Schedule {
  std::int64_t every = 1;
  std::int64_t plain = 0, exchanging = 0;    ///< both 0 without cycles, else exchanging >= every
  std::int64_t first = 0;

  bool hybrid() const { return plain + exchanging > 0; }
  bool attempt_at(std::int64_t step) const;
  /// The first attempt after `step` >= first.
  std::int64_t next_attempt(std::int64_t step) const;
};

}    // namespace turing_glass::replica
