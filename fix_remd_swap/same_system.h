// SPDX-License-Identifier: GPL-2.0-only

// Whether the partitions hold copies of one system, before they exchange temperatures. Collective over all of them.

#pragma once

#include "pointers.h"

#include "lammps/messages.h"

#include <vector>

namespace LAMMPS_NS {

class SameSystem : protected Pointers {
 public:
  /// `roots`: the first ranks of all partitions, null on other ranks.
  SameSystem(const turing_glass::lammps::Messages &say, MPI_Comm roots) :
      Pointers(say.lmp()), say(say), roots(roots)
  {
  }

  /// Atom types, numbers of atoms and masses, and the target pressure.
  void check_atoms(double pressure) const;
  /// The energy of the first replica's configuration, which must be the same in every partition up to rounding: `scale` is
  /// an energy of the size of that of the whole system.
  void check_potential(double scale) const;

 private:
  struct Place;
  struct Box;

  const turing_glass::lammps::Messages &say;
  MPI_Comm roots;

  std::vector<Place> places() const;
  void put(const std::vector<Place> &own, const std::vector<Place> &places, const Box &box) const;
  double energy_now() const;
  template <class Value> void take_from_first(Value *values, std::size_t count) const;
};

}    // namespace LAMMPS_NS
