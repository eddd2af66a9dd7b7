// SPDX-License-Identifier: GPL-2.0-only

// What neigh_modify exclude takes out of neighbor lists, as a many-body potential has to see it.
//
// An atom that is excluded from all others is not there: it has no energy and no forces. Fixes that try to remove an
// atom (fix gcmc) rely on it. Where only some pairs are excluded, the descriptors lack neighbors.

#ifndef TG_EXCLUSIONS_H
#define TG_EXCLUSIONS_H

#include "pointers.h"

#include <string>
#include <utility>
#include <vector>

namespace LAMMPS_NS {

class Exclusions : protected Pointers {
 public:
  explicit Exclusions(LAMMPS *lmp) : Pointers(lmp) {}

  /// Whether there are any rules of neigh_modify exclude.
  bool any() const;

  /// Looks at the atoms that exist now. Collective.
  void find();

  /// Whether local atom i is excluded from all other atoms.
  bool absent(int i) const;

  /// The command that takes from atoms which are there some of their neighbors; empty where none does. Only types with
  /// wanted[type] != 0 count; an empty list wants all. After find().
  std::string partial(const std::vector<char> &wanted = {}) const;

 private:
  struct Kind {
    int mask, type;
    bool operator<(const Kind &other) const
    {
      return std::pair(mask, type) < std::pair(other.mask, other.type);
    }
    bool operator==(const Kind &other) const { return mask == other.mask && type == other.type; }
  };
  bool excluded(const Kind &, const Kind &) const;
  bool in_group(const Kind &, int group) const;

  std::vector<Kind> kinds_;     // of atoms in the system, each once, sorted
  std::vector<char> single_;    // whether there is one atom of the kind
  std::vector<char> absent_;    // whether such atoms are excluded from all others
};

}    // namespace LAMMPS_NS

#endif
