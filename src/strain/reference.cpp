// SPDX-License-Identifier: GPL-2.0-only

#include "strain/reference.h"

#include "collective.h"
#include "geometry/minimum_image.h"
#include "geometry/points_near.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace turing_glass::strain {

std::vector<Neighbors> reference_neighbors(const std::vector<Site> &sites,
                                           const geometry::Cell &cell, double cutoff, MPI_Comm comm)
{
  const geometry::MinimumImage shortest(cell);
  if (cutoff >= shortest.unique())
    throw std::runtime_error("the reference cell is " + std::to_string(2.0 * shortest.unique()) +
                             " wide, less than two cutoffs, " + std::to_string(2.0 * cutoff) +
                             "; use a smaller cutoff or replicate the cell");
  const std::vector<Site> all = gather_all(sites, comm);
  geometry::PointsNear points(cell, cutoff);
  for (const Site &site : all) points.add(site.x);
  std::vector<Neighbors> lists;
  lists.reserve(sites.size());
  for (const Site &site : sites) {
    Neighbors list;
    points.any(site.x, [&](int number, double) {
      const auto &[id, x] = all[number];
      if (id != site.id)
        list.push_back({id, shortest({x[0] - site.x[0], x[1] - site.x[1], x[2] - site.x[2]})});
      return false;
    });
    // sums over neighbors then do not depend on the number of ranks
    std::sort(list.begin(), list.end(),
              [](const ReferenceNeighbor &a, const ReferenceNeighbor &b) { return a.id < b.id; });
    lists.push_back(std::move(list));
  }
  return lists;
}

double first_minimum(const std::vector<const Neighbors *> &lists, double cutoff, MPI_Comm comm)
{
  constexpr int bins = 400, width = 8;    // width: standard deviation of the smoothing, in bins
  constexpr double rise = 0.1;            // of the peak
  std::vector<std::int64_t> mine(bins, 0), pairs(bins, 0);
  for (const Neighbors *list : lists)
    for (const ReferenceNeighbor &n : *list) {
      const double r = std::hypot(n.D[0], n.D[1], n.D[2]);
      ++mine[std::min(bins - 1, static_cast<int>(r / cutoff * bins))];
    }
  MPI_Allreduce(mine.data(), pairs.data(), bins, MPI_INT64_T, MPI_SUM, comm);

  std::vector<double> g(bins);    // but for a factor
  for (int k = 0; k < bins; ++k) {
    double sum = 0.0, volume = 0.0;
    for (int m = std::max(0, k - 3 * width); m < std::min(bins, k + 3 * width + 1); ++m) {
      const double x = double(m - k) / width, weight = std::exp(-0.5 * x * x);
      sum += weight * static_cast<double>(pairs[m]);
      volume += weight * (std::pow(m + 1.0, 3) - std::pow(m, 3));
    }
    g[k] = sum / volume;
  }
  const auto peak = std::max_element(g.begin(), g.end());
  auto lowest = peak, end = peak;    // the lowest bins are [lowest, end]
  for (auto at = peak; at != g.end(); ++at) {
    if (*at > *lowest + rise * *peak)
      return cutoff / bins * (0.5 * double((lowest - g.begin()) + (end - g.begin())) + 0.5);
    if (*at < *lowest) lowest = at;
    if (*at == *lowest) end = at;
  }
  return 0.0;
}

double mean_nearest_distance(const std::vector<const Neighbors *> &lists, MPI_Comm comm)
{
  double sums[2] = {0.0, 0.0}, all[2];    // of distances, of 1
  for (const Neighbors *list : lists) {
    if (list->empty()) continue;
    double nearest = std::numeric_limits<double>::infinity();
    for (const ReferenceNeighbor &n : *list)
      nearest = std::min(nearest, std::hypot(n.D[0], n.D[1], n.D[2]));
    sums[0] += nearest;
    sums[1] += 1.0;
  }
  MPI_Allreduce(sums, all, 2, MPI_DOUBLE, MPI_SUM, comm);
  return all[0] / std::max(1.0, all[1]);
}

void Positions::add(Id id, const Vector &x, bool known)
{
  if (!index_.try_emplace(id, x_.size()).second) return;
  x_.push_back(x);
  known_.push_back(known);
}

Positions::Positions(const std::vector<Site> &sites, const std::vector<const Neighbors *> &lists,
                     MPI_Comm comm)
{
  const int ranks = ranks_of(comm);
  const auto home = [ranks](Id id) { return static_cast<std::size_t>(id % ranks); };
  std::vector<std::vector<Site>> left(ranks);
  for (const Site &site : sites) {
    add(site.id, site.x, true);
    left[home(site.id)].push_back(site);
  }
  std::vector<std::vector<Id>> questions(ranks);
  for (const Neighbors *list : lists)
    for (const ReferenceNeighbor &neighbor : *list) {
      const std::size_t before = x_.size();
      add(neighbor.id, {}, false);
      if (x_.size() > before) questions[home(neighbor.id)].push_back(neighbor.id);
    }

  std::vector<int> counts;
  std::unordered_map<Id, Vector> here;
  for (const Site &site : exchange(left, counts, comm)) here[site.id] = site.x;
  const std::vector<Id> asked = exchange(questions, counts, comm);
  std::vector<std::vector<Site>> answers(ranks);
  std::size_t next = 0;
  for (int rank = 0; rank < ranks; ++rank)
    for (int k = 0; k < counts[rank]; ++k, ++next)
      if (const auto found = here.find(asked[next]); found != here.end())
        answers[rank].push_back({asked[next], found->second});
  for (const Site &site : exchange(answers, counts, comm)) {
    const std::size_t k = index_[site.id];
    x_[k] = site.x;
    known_[k] = true;
  }
}

}    // namespace turing_glass::strain
