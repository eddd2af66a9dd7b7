// SPDX-License-Identifier: GPL-2.0-only

// Clusters of bonded O and Zr: what is known of each, from atoms spread over ranks.

#pragma once

#include "alpha_shape.h"

#include <mpi.h>

#include <array>
#include <cstdint>
#include <vector>

namespace turing_glass::ops {

/// An atom of a cluster, where it is when the cluster is put together (along axes on which it is infinite: in
/// the cell).
struct Member {
  std::int64_t label;    ///< of the cluster
  std::int64_t id;       ///< of the atom
  Point x;               ///< A
  bool oxygen;           ///< else zirconium
  unsigned infinite;     ///< bit k: the cluster is infinite along cell vector k
};

struct Cluster {
  std::int64_t label;
  std::int64_t oxygen = 0, zirconium = 0;
  Point center = {0, 0, 0};    ///< mean of the positions (A); 0 for an infinite cluster
  double gyration = 0.0;    ///< radius of gyration, all atoms alike (A); 0 for an infinite cluster
  unsigned infinite = 0;
  double volume = 0.0, area = 0.0, euler = 0.0;    ///< of its surface, after make_surfaces()

  std::int64_t atoms() const { return oxygen + zirconium; }
};

/// The clusters of the members of all ranks, the largest first, equal ones by label. Collective; the same on
/// every rank.
std::vector<Cluster> find_clusters(const std::vector<Member> &members, MPI_Comm comm);

struct Surface {
  std::int64_t label;
  AlphaShape shape;
};

/// The surfaces of these clusters, each on one rank, and their numbers in `clusters` on all; `cell` are the
/// cell vectors. Collective. Throws std::runtime_error on every rank where one of them fails.
std::vector<Surface> make_surfaces(std::vector<Cluster> &clusters,
                                   const std::vector<Member> &members, double probe,
                                   const std::array<Point, 3> &cell, MPI_Comm comm);

}    // namespace turing_glass::ops
