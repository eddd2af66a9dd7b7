// SPDX-License-Identifier: GPL-2.0-only

// How unevenly a glass deforms: moments and extremes of a distribution over atoms, and the clusters of strained ones.
// All functions are collective and give the same on all ranks, whichever rank has which atom.

#pragma once

#include "strain/site.h"

#include <mpi.h>

#include <vector>

namespace turing_glass::strain {

struct Distribution {
  std::int64_t count = 0;
  double mean = 0.0;
  double deviation = 0.0;    ///< standard, of the population
  double skewness = 0.0;     ///< of the population: mean of cubes over the cube of the deviation
  double top = 0.0;          ///< mean of the largest hundredth, its number rounded up

  /// deviation/mean, Psi; 0 where the mean is
  double relative_deviation() const { return mean != 0.0 ? deviation / mean : 0.0; }
  /// top/mean; 0 where the mean is
  double relative_top() const { return mean != 0.0 ? top / mean : 0.0; }
};
/// Of the values of all ranks. They are sorted on the first one, so that sums do not depend on who has which.
Distribution distribution(const std::vector<double> &values, MPI_Comm comm);

struct Percolation {
  std::int64_t all = 0, largest = 0;    ///< sites, and those in the largest cluster
  bool spanning = false;                ///< whether a cluster meets its own periodic image
};
/// Of clusters of sites not farther apart than `link`. Throws std::runtime_error, on all ranks, where the cell is
/// narrower than two links along a periodic axis.
Percolation percolation(const std::vector<Site> &sites, const geometry::Cell &cell, double link,
                        MPI_Comm comm);

}    // namespace turing_glass::strain
