// SPDX-License-Identifier: GPL-2.0-only

#include "schedule.h"

namespace turing_glass::replica {

bool Schedule::attempt_at(std::int64_t step) const
{
  if (step % every != 0) return false;
  if (!hybrid()) return true;
  const std::int64_t in_cycle = (step - first) % (plain + exchanging);
  return in_cycle > plain || in_cycle == 0;
}

std::int64_t Schedule::next_attempt(std::int64_t step) const
{
  const auto multiple_after = [this](std::int64_t at) { return (at / every + 1) * every; };
  std::int64_t next = multiple_after(step);
  while (!attempt_at(next)) {
    const std::int64_t cycle_begin = next - (next - first) % (plain + exchanging);
    next = multiple_after(cycle_begin + plain);
  }
  return next;
}

}    // namespace turing_glass::replica
