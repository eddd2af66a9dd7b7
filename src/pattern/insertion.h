// SPDX-License-Identifier: GPL-2.0-only

// Oxygen put into the holes of a glass, where a mask has its patches (Liu et al., SI 2).
//
// A hole is a vertex of the Voronoi tessellation. What is chosen depends on the seed, the atoms and their IDs, not
// on the number of ranks or the order of atoms.

#pragma once

#include "geometry/cell.h"

#include <mpi.h>

#include <cstdint>
#include <vector>

namespace turing_glass::pattern {

using geometry::Cell;
using geometry::Vector;

/// A place where an oxygen may sit.
struct Hole {
  Vector x;
  std::uint64_t key;    ///< holes are filled in the order of their keys
  int patch;            ///< of the mask, from 0
};

/// The key of the hole between the atoms with these IDs, equally distributed.
std::uint64_t hole_key(std::uint64_t seed, const std::vector<std::int64_t> &atoms);

/// Oxygen atoms needed so that of all atoms a fraction is oxygen, to the nearest atom.
/// `others`: atoms that are none; `fraction` in [0, 1). Throws std::runtime_error where that is more than 1e15.
long oxygen_needed(long others, double fraction);

/// `total` shared out in proportion to the areas, by largest remainders (of equal ones the first).
std::vector<long> share_out(long total, const std::vector<long> &areas);

struct Placement {
  std::vector<Vector>
      oxygen;        ///< in the order of the holes' keys, rounded to 1e-8 of the unit of length
  long moved = 0;    ///< of them beyond their patch's share, because other patches are full
  long seats = 0;    ///< how many could be placed if as many as possible were asked for
};

/// Fills `total` holes, no two within `apart` and none within `apart` of a place in `taken`, each patch with its share,
/// the rest where there is room. Where there are not enough seats, `oxygen` is shorter than `total`. Collective; all
/// ranks get the same. `own`: holes of this rank; `taken`, `areas`, `total` the same on all.
Placement place_oxygen(const std::vector<Hole> &own, const std::vector<Vector> &taken,
                       const std::vector<long> &areas, long total, double apart, const Cell &cell,
                       MPI_Comm comm);

/// A copper or a zirconium near an oxygen.
struct Neighbor {
  int oxygen;    ///< its number
  bool zirconium;
  std::int64_t id;
  double distance;
};

struct Shells {
  std::vector<std::array<std::int64_t, 2>>
      swaps;    ///< IDs of a copper and a zirconium to be swapped, in this order
  double before = 0.0, after = 0.0;    ///< mean number of zirconium within the shell of an oxygen
};

/// Gives each oxygen a shell of zirconium (Liu et al., SI 2): each copper within `shell` of it is swapped with the
/// nearest zirconium beyond, unless that is in the shell of another oxygen. Oxygen after oxygen, the nearest copper
/// first. Collective; all ranks get the same. `own`: atoms of this rank, as far as zirconium is looked for.
Shells fill_shells(const std::vector<Neighbor> &own, int oxygen, double shell, MPI_Comm comm);

}    // namespace turing_glass::pattern
