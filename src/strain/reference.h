// SPDX-License-Identifier: GPL-2.0-only

// Neighbors in a reference configuration, and where atoms are now, whichever rank has them.

#pragma once

#include "strain/site.h"

#include <mpi.h>

#include <unordered_map>
#include <vector>

namespace turing_glass::strain {

struct ReferenceNeighbor {
  Id id;
  Vector D;    ///< from the atom to it in the reference
};
using Neighbors = std::vector<ReferenceNeighbor>;

/// Collective. For each of this rank's `sites` all other sites, of any rank, not farther than `cutoff`, by number.
/// All sites are known to all ranks while this lasts. Throws std::runtime_error, on all ranks, where the cell is
/// narrower than two cutoffs along a periodic axis: an atom could then be a neighbor twice.
std::vector<Neighbors> reference_neighbors(const std::vector<Site> &sites,
                                           const geometry::Cell &cell, double cutoff,
                                           MPI_Comm comm);

/// Collective. The first minimum of g(r), of all pairs in these lists: the lowest place beyond the highest peak before
/// g(r) rises by a tenth of this peak, where g(r) is smoothed over a fiftieth of the cutoff; between two sharp shells the
/// middle of the gap. 0 where g(r) does not rise again within the cutoff. From numbers of pairs, the same on any number
/// of ranks.
double first_minimum(const std::vector<const Neighbors *> &lists, double cutoff, MPI_Comm comm);

/// Collective. Mean over all sites with neighbors of the distance to the nearest; 0 where none has any.
double mean_nearest_distance(const std::vector<const Neighbors *> &lists, MPI_Comm comm);

/// Positions by number, fetched from whichever rank has the atom, thus for any distance between the two: each number
/// has a rank at which owners leave the position and where it is asked for.
class Positions {
 public:
  /// Collective. `sites` of this rank; `lists`: the neighbors whose positions are wanted.
  Positions(const std::vector<Site> &sites, const std::vector<const Neighbors *> &lists,
            MPI_Comm comm);

  /// nullptr where no rank has it, or it was not asked for.
  const Vector *find(Id id) const
  {
    const auto found = index_.find(id);
    return found == index_.end() || !known_[found->second] ? nullptr : &x_[found->second];
  }

 private:
  void add(Id id, const Vector &x, bool known);

  std::unordered_map<Id, std::size_t> index_;
  std::vector<Vector> x_;
  std::vector<char> known_;
};

}    // namespace turing_glass::strain
