// SPDX-License-Identifier: GPL-2.0-only

#include "warm_up.h"

#include "acceptance.h"

#include <cmath>
#include <numeric>

namespace turing_glass::replica {

namespace {

double mean_of(const std::vector<double> &values)
{
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// At most `most` of them, evenly spaced.
std::vector<double> thinned(const std::vector<double> &values, std::size_t most)
{
  const std::size_t stride = values.size() / most + 1;
  std::vector<double> kept;
  for (std::size_t k = 0; k < values.size(); k += stride) kept.push_back(values[k]);
  return kept;
}

double correlation_of_changes(const std::vector<double> &a, const std::vector<double> &b)
{
  constexpr std::size_t enough = 20;
  if (a.size() < enough) return 0.0;
  double aa = 0.0, bb = 0.0, ab = 0.0;
  for (std::size_t k = 1; k < a.size(); ++k) {
    const double da = a[k] - a[k - 1], db = b[k] - b[k - 1];
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  return aa == 0.0 || bb == 0.0 ? 0.0 : ab / std::sqrt(aa * bb);
}

}    // namespace

Promise promise_of(const std::vector<Samples> &replicas, const std::vector<double> &kt,
                   std::size_t most)
{
  std::vector<std::vector<double>> energies(kt.size());    // by level
  for (const Samples &replica : replicas)
    for (std::size_t k = 0; k < replica.levels.size(); ++k)
      energies[replica.levels[k]].push_back(replica.energies[k]);
  std::vector<double> mean;
  for (auto &of_level : energies) {
    mean.push_back(mean_of(of_level));
    of_level = thinned(of_level, most);
  }
  Promise promise;
  promise.energies = energies[0].size();
  for (std::size_t i = 0; i + 1 < kt.size(); ++i) {
    promise.log_acceptance.push_back(
        log_acceptance(energies[i], kt[i], energies[i + 1], kt[i + 1]));
    promise.modes.push_back(2.0 * (mean[i + 1] - mean[i]) / (kt[i + 1] - kt[i]));
    promise.heated = promise.heated && promise.modes[i] > 0.0;
  }
  return promise;
}

std::vector<std::pair<int, int>> moving_alike(const std::vector<Samples> &replicas, double limit)
{
  std::vector<std::pair<int, int>> pairs;
  const int n = static_cast<int>(replicas.size());
  for (int a = 0; a < n; ++a)
    for (int b = a + 1; b < n; ++b)
      if (correlation_of_changes(replicas[a].energies, replicas[b].energies) > limit)
        pairs.emplace_back(a, b);
  return pairs;
}

}    // namespace turing_glass::replica
