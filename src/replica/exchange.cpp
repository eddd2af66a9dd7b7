// SPDX-License-Identifier: GPL-2.0-only

#include "exchange.h"

#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>

namespace turing_glass::replica {

namespace {

/// In [0, 1), the same with every compiler.
double uniform(std::uint64_t seed, std::uint64_t attempt, std::uint64_t pair)
{
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32U); };
  std::seed_seq sequence{low(seed), high(seed), low(attempt), high(attempt), low(pair)};
  constexpr int mantissa = 53;
  return std::ldexp(static_cast<double>(std::mt19937_64(sequence)() >> (64U - mantissa)),
                    -mantissa);
}

}    // namespace

Exchange::Exchange(std::vector<double> kt, std::uint64_t seed, bool force) :
    kt_(std::move(kt)), seed_(seed), force_(force), level_(kt_.size()), pairs_(kt_.size()),
    walks_(kt_.size())
{
  std::iota(level_.begin(), level_.end(), 0);
  for (int replica = 0; replica < size(); ++replica) visit(replica);
}

std::vector<Decision> Exchange::attempt(const std::vector<double> &enthalpy)
{
  for (int r = 0; r < size(); ++r)
    if (!std::isfinite(enthalpy[r]))
      throw std::runtime_error("the energy of replica " + std::to_string(r + 1) + " is " +
                               std::to_string(enthalpy[r]));
  std::vector<int> replica(size());    // by level
  for (int r = 0; r < size(); ++r) replica[level_[r]] = r;
  std::vector<Decision> decisions;
  for (int i = static_cast<int>(attempt_ % 2); i + 1 < size(); i += 2) {
    const int low = replica[i], high = replica[i + 1];
    const double log_chance = (1.0 / kt_[i] - 1.0 / kt_[i + 1]) * (enthalpy[low] - enthalpy[high]);
    const bool accepted =
        force_ || log_chance >= 0.0 || uniform(seed_, attempt_, i) < std::exp(log_chance);
    decisions.push_back({i, log_chance, accepted});
    ++pairs_[i].attempts;
    pairs_[i].accepted += accepted;
    for (const int r : {low, high}) {
      ++walks_[r].attempts;
      walks_[r].accepted += accepted;
    }
    if (!accepted) continue;
    level_[low] = i + 1;
    level_[high] = i;
    visit(low);
    visit(high);
  }
  ++attempt_;
  return decisions;
}

void Exchange::visit(int replica)
{
  Walk &walk = walks_[replica];
  if (level_[replica] == 0) {
    walk.round_trips += walk.was_lowest && walk.was_highest;
    walk.was_lowest = true;
    walk.was_highest = false;
  } else if (level_[replica] == size() - 1)
    walk.was_highest = true;
}

std::vector<double> Exchange::state() const
{
  std::vector<double> state = {static_cast<double>(attempt_)};
  for (int k = 0; k < size(); ++k)
    for (const std::int64_t number :
         {static_cast<std::int64_t>(level_[k]), pairs_[k].attempts, pairs_[k].accepted,
          walks_[k].attempts, walks_[k].accepted, walks_[k].round_trips,
          static_cast<std::int64_t>(walks_[k].was_lowest),
          static_cast<std::int64_t>(walks_[k].was_highest)})
      state.push_back(static_cast<double>(number));
  return state;
}

bool Exchange::set_state(const std::vector<double> &state)
{
  if (state.size() != static_cast<std::size_t>(state_size(size()))) return false;
  const double *next = state.data();
  const auto take = [&next] { return static_cast<std::int64_t>(*next++); };
  const std::int64_t attempt = take();
  std::vector<int> level(size());
  std::vector<Pair> pairs(size());
  std::vector<Walk> walks(size());
  std::vector<bool> taken(size(), false);
  for (int k = 0; k < size(); ++k) {
    const std::int64_t at = take();
    if (at < 0 || at >= size() || taken[at]) return false;
    taken[at] = true;
    level[k] = static_cast<int>(at);
    pairs[k] = {take(), take()};
    walks[k].attempts = take();
    walks[k].accepted = take();
    walks[k].round_trips = take();
    walks[k].was_lowest = take() != 0;
    walks[k].was_highest = take() != 0;
  }
  attempt_ = attempt;
  level_ = std::move(level);
  pairs_ = std::move(pairs);
  walks_ = std::move(walks);
  return true;
}

}    // namespace turing_glass::replica
