// SPDX-License-Identifier: GPL-2.0-only

#include "time_origins.h"

#include <algorithm>
#include <cmath>

namespace turing_glass::scattering {

std::vector<Count> log_lags(Count last, int per_decade)
{
  std::vector<Count> lags;
  for (int k = 0; lags.empty() || lags.back() < last; ++k) {
    const Count lag = std::min(
        last,
        static_cast<Count>(std::llround(std::pow(10.0, static_cast<double>(k) / per_decade))));
    if (lags.empty() || lag > lags.back()) lags.push_back(lag);
  }
  return lags;
}

TimeOrigins::TimeOrigins(std::vector<Count> lags, int slots) :
    lags_(std::move(lags)), slots_(slots), spacing_((lags_.back() + slots - 1) / slots)
{
}

std::vector<TimeOrigins::Event> TimeOrigins::due(Count sample) const
{
  std::vector<Event> events;
  const Count newest = (sample - first_) / spacing_;
  for (Count origin = std::max<Count>(0, newest - slots_); origin <= newest; ++origin) {
    const Count age = sample - first_ - origin * spacing_;
    const auto lag = std::lower_bound(lags_.begin(), lags_.end(), age);
    if (lag != lags_.end() && *lag == age)
      events.push_back({static_cast<int>(origin % slots_), static_cast<int>(lag - lags_.begin())});
  }
  return events;
}

int TimeOrigins::opens(Count sample) const
{
  const Count age = sample - first_;
  return age % spacing_ == 0 ? static_cast<int>(age / spacing_ % slots_) : -1;
}

void TimeOrigins::set_state(const std::vector<Count> &state)
{
  first_ = state.at(0);
  last_ = state.at(1);
}

}    // namespace turing_glass::scattering
