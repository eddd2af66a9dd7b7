// SPDX-License-Identifier: GPL-2.0-only

// Several time origins at once, each followed over logarithmically spaced lags.
//
// Time is counted in samples. An origin begins every `spacing` samples and lives in one of `slots` slots until its
// last lag; then the slot is free for the next. One such ring serves every correlation of one particle with
// itself: what an origin keeps of each atom, and what becomes of it at each lag, is no business of it.

#pragma once

#include <cstdint>
#include <vector>

namespace turing_glass::scattering {

using Count = std::int64_t;

/// 1 ... last, `per_decade` a decade, rounded to whole numbers, without repeats; `last` is one of them, 1e15 at most.
std::vector<Count> log_lags(Count last, int per_decade);

class TimeOrigins {
 public:
  /// `lags`: ascending, from 1.
  TimeOrigins(std::vector<Count> lags, int slots);

  const std::vector<Count> &lags() const { return lags_; }
  int slots() const { return slots_; }
  Count spacing() const { return spacing_; }

  struct Event {
    int slot, lag;    ///< index into lags()
  };
  /// Whether samples have been left out before this one, so that it cannot be compared with the origins.
  bool interrupted(Count sample) const { return first_ >= 0 && sample != last_ + 1; }
  bool began() const { return first_ >= 0; }
  /// The first origin begins at `sample`.
  void begin(Count sample) { first_ = sample; }
  void drop() { first_ = -1; }
  Count last() const { return last_; }
  /// What is to be measured at this sample, before a slot is opened.
  std::vector<Event> due(Count sample) const;
  /// The slot for an origin that begins at this sample; -1 if none does.
  int opens(Count sample) const;
  void done(Count sample) { last_ = sample; }

  std::vector<Count> state() const { return {first_, last_}; }
  void set_state(const std::vector<Count> &state);

 private:
  std::vector<Count> lags_;
  int slots_;
  Count spacing_;
  Count first_ = -1, last_ = -1;    // samples; all else follows from them
};

}    // namespace turing_glass::scattering
