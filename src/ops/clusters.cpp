// SPDX-License-Identifier: GPL-2.0-only

#include "clusters.h"

#include "collective.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>

namespace turing_glass::ops {

namespace {

/// What one rank, or all of them, have of a cluster.
struct Sums {
  std::int64_t label, oxygen, zirconium, infinite;
  double x[3], squares;
};

}    // namespace

std::vector<Cluster> find_clusters(const std::vector<Member> &members, MPI_Comm comm)
{
  std::unordered_map<std::int64_t, Sums> here;
  for (const Member &m : members) {
    Sums &sums =
        here.try_emplace(m.label, Sums{m.label, 0, 0, m.infinite, {0, 0, 0}, 0}).first->second;
    ++(m.oxygen ? sums.oxygen : sums.zirconium);
    for (int k = 0; k < 3; ++k) {
      sums.x[k] += m.x[k];
      sums.squares += m.x[k] * m.x[k];
    }
  }
  std::vector<Sums> mine;
  for (const auto &[label, sums] : here) mine.push_back(sums);
  std::vector<Sums> all = gather_all(mine, comm);
  std::stable_sort(all.begin(), all.end(),
                   [](const Sums &a, const Sums &b) { return a.label < b.label; });

  std::vector<Cluster> clusters;
  for (auto begin = all.begin(); begin != all.end();) {
    Sums sums = *begin;
    auto part = begin + 1;
    for (; part != all.end() && part->label == sums.label; ++part) {
      sums.oxygen += part->oxygen;
      sums.zirconium += part->zirconium;
      sums.squares += part->squares;
      for (int k = 0; k < 3; ++k) sums.x[k] += part->x[k];
    }
    begin = part;
    Cluster cluster;
    cluster.label = sums.label;
    cluster.oxygen = sums.oxygen;
    cluster.zirconium = sums.zirconium;
    cluster.infinite = static_cast<unsigned>(sums.infinite);
    if (cluster.infinite == 0) {
      const auto n = static_cast<double>(cluster.atoms());
      double variance = sums.squares / n;
      for (int k = 0; k < 3; ++k) {
        cluster.center[k] = sums.x[k] / n;
        variance -= cluster.center[k] * cluster.center[k];
      }
      cluster.gyration = std::sqrt(std::max(0.0, variance));
    }
    clusters.push_back(cluster);
  }
  std::stable_sort(clusters.begin(), clusters.end(),
                   [](const Cluster &a, const Cluster &b) { return a.atoms() > b.atoms(); });
  return clusters;
}

std::vector<Surface> make_surfaces(std::vector<Cluster> &clusters,
                                   const std::vector<Member> &members, double probe,
                                   const std::array<Point, 3> &cell, MPI_Comm comm)
{
  // cluster k belongs to the rank k modulo (ranks), which gets its atoms
  const int ranks = ranks_of(comm);
  std::unordered_map<std::int64_t, int> index;
  for (const Cluster &cluster : clusters)
    index.emplace(cluster.label, static_cast<int>(index.size()));
  std::vector<std::vector<Member>> outgoing(ranks);
  for (const Member &m : members) outgoing[index[m.label] % ranks].push_back(m);
  std::vector<int> counts;
  std::vector<Member> incoming = exchange(outgoing, counts, comm);
  std::sort(incoming.begin(), incoming.end(), [](const Member &a, const Member &b) {
    return a.label != b.label ? a.label < b.label : a.id < b.id;
  });

  std::vector<Surface> surfaces;
  std::vector<double> numbers(3 * clusters.size(), 0.0), all(numbers.size());
  std::string failure;
  for (auto begin = incoming.begin(); begin != incoming.end() && failure.empty();) {
    const auto end = std::find_if(begin, incoming.end(),
                                  [&](const Member &m) { return m.label != begin->label; });
    std::vector<Point> points, periods;
    for (int k = 0; k < 3; ++k)
      if (begin->infinite >> k & 1U) periods.push_back(cell[k]);
    for (auto member = begin; member != end; ++member) points.push_back(member->x);
    try {
      surfaces.push_back({begin->label, alpha_shape(points, probe, periods)});
      const AlphaShape &shape = surfaces.back().shape;
      std::copy_n(std::array<double, 3>{shape.volume, shape.area, shape.euler}.begin(), 3,
                  numbers.begin() + static_cast<std::ptrdiff_t>(3) * index[begin->label]);
    } catch (const std::exception &e) {
      failure = "cluster " + std::to_string(begin->label) + ": " + e.what();
    }
    begin = end;
  }

  throw_everywhere(failure, comm);
  MPI_Allreduce(numbers.data(), all.data(), static_cast<int>(all.size()), MPI_DOUBLE, MPI_SUM,
                comm);
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    clusters[k].volume = all[3 * k];
    clusters[k].area = all[3 * k + 1];
    clusters[k].euler = all[3 * k + 2];
  }
  return surfaces;
}

}    // namespace turing_glass::ops
