// SPDX-License-Identifier: GPL-2.0-only

#include "strain/localization.h"

#include "collective.h"
#include "geometry/minimum_image.h"
#include "geometry/points_near.h"
#include "graph/components.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>

namespace turing_glass::strain {

Distribution distribution(const std::vector<double> &values, MPI_Comm comm)
{
  std::vector<double> all = gather_first(values, comm);
  Distribution d;
  if (!all.empty()) {
    std::sort(all.begin(), all.end());
    const auto mean = [](auto begin, auto end) {
      return std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin);
    };
    d.count = static_cast<std::int64_t>(all.size());
    d.mean = mean(all.begin(), all.end());
    d.top = mean(all.end() - (d.count + 99) / 100, all.end());
    double squares = 0.0, cubes = 0.0;
    for (const double value : all) {
      const double x = value - d.mean;
      squares += x * x;
      cubes += x * x * x;
    }
    d.deviation = std::sqrt(squares / static_cast<double>(d.count));
    if (d.deviation > 0.0)
      d.skewness = cubes / static_cast<double>(d.count) / std::pow(d.deviation, 3);
  }
  MPI_Bcast(&d, sizeof d, MPI_BYTE, 0, comm);
  return d;
}

Percolation percolation(const std::vector<Site> &sites, const geometry::Cell &cell, double link,
                        MPI_Comm comm)
{
  const geometry::MinimumImage shortest(cell);
  if (link >= shortest.unique())
    throw std::runtime_error("the cell is " + std::to_string(2.0 * shortest.unique()) +
                             " wide, less than two links of strained atoms, " +
                             std::to_string(2.0 * link) + "; use a shorter link or a larger cell");
  const std::vector<Site> all = gather_all(sites, comm);
  geometry::PointsNear points(cell, link);
  for (const Site &site : all) points.add(site.x);
  graph::Components components;
  for (const Site &site : sites) {
    components.add(site.id);
    points.any(site.x, [&](int number, double) {
      const auto &[id, x] = all[number];
      if (id > site.id)    // each pair once
        components.connect(
            site.id, id, shortest.image({x[0] - site.x[0], x[1] - site.x[1], x[2] - site.x[2]}).n);
      return false;
    });
  }
  components.resolve(comm);

  std::vector<Id> labels;
  int infinite = 0;
  for (const Site &site : sites) {
    labels.push_back(components.place(site.id).label);
    infinite |= components.infinite(site.id) != 0;
  }
  labels = gather_all(labels, comm);
  std::sort(labels.begin(), labels.end());
  Percolation result;
  result.all = static_cast<std::int64_t>(labels.size());
  for (auto begin = labels.begin(); begin != labels.end();) {
    const auto end = std::upper_bound(begin, labels.end(), *begin);
    result.largest = std::max<std::int64_t>(result.largest, end - begin);
    begin = end;
  }
  int spanning = 0;
  MPI_Allreduce(&infinite, &spanning, 1, MPI_INT, MPI_MAX, comm);
  result.spanning = spanning != 0;
  return result;
}

}    // namespace turing_glass::strain
