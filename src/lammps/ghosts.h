// SPDX-License-Identifier: GPL-2.0-only

#pragma once

namespace LAMMPS_NS {
class LAMMPS;
}

namespace turing_glass::lammps {

/// Atoms to the ranks that own their places, and ghost atoms, as at the start of a run, for atoms that may have moved
/// anywhere. Collective over the ranks of the partition; not before LAMMPS::init().
void set_up_ghosts(LAMMPS_NS::LAMMPS *lmp);

}    // namespace turing_glass::lammps
