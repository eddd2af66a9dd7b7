// SPDX-License-Identifier: GPL-2.0-only

// Bonds between oxygen and zirconium, and how oxygen atoms are connected through them.
//
// Liu et al., 2.1 and SI 3: O and Zr are bonded up to a cutoff, 2.8 A; an O has
// k_O-Zr bonds and k_O-Zr-O other O that share a Zr with it. In fluorite ZrO2: 4 and 22, by 28 paths.

#pragma once

#include <vector>

namespace turing_glass::ops {

enum class Kind : char { other, oxygen, zirconium };

/// Atoms as a rank sees them: its own, then copies of others (periodic images are copies, too).
struct Atoms {
  int own = 0;
  std::vector<Kind> kind;    ///< [own + copies]
  const double *const *x;    ///< [own + copies][3] (A)
};

struct Network {
  /// Zr bonded to each atom that is O, O bonded to each atom that is Zr: indices into Atoms,
  /// bonded[first[i]] ... bonded[first[i + 1] - 1]. Empty for others.
  std::vector<int> first, bonded;

  int count(int atom) const { return first[atom + 1] - first[atom]; }
};

/// All bonds between these atoms not longer than `cutoff` (A).
Network find_bonds(const Atoms &atoms, double cutoff);

/// Of one O: other O that share a Zr with it.
struct Connection {
  int neighbors = 0;    ///< k_O-Zr-O: different O
  int paths = 0;        ///< ways O-Zr-O to them
  int close = 0;        ///< those of the neighbors within `reach`
};

/// Of every own O, in the order of atoms; needs the bonds of all O within 2 cutoffs of them.
std::vector<Connection> connections(const Atoms &atoms, const Network &network, double reach);

}    // namespace turing_glass::ops
