// SPDX-License-Identifier: GPL-2.0-only

// Whether the atoms are anywhere at all.

#pragma once

#include "lammps/messages.h"

namespace turing_glass::lammps {

/// Stops if a position of an atom of the group (`groupbit`), or the box, is not finite, or if the box has no volume:
/// names step and atom. Collective.
void require_finite_positions(const Messages &say, int groupbit);

/// The same for the position of local atom i, on one rank.
void require_finite_position(const Messages &say, int i);

}    // namespace turing_glass::lammps
