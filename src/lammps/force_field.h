// SPDX-License-Identifier: GPL-2.0-only

// The force field that is set, evaluated by a fix or command of ours outside the steps of a run.
//
//     if (!force_field_in_reach(lmp)) ...
//     set_up_force_field(lmp);
//     compute_force_field(lmp, ENERGY_GLOBAL, VIRIAL_NONE);
//     const double energy = energy_of_force_field(lmp);
//
// All functions are collective over the ranks of the partition.

#pragma once

namespace LAMMPS_NS {
class LAMMPS;
}

namespace turing_glass::lammps {

/// False with the packages KOKKOS and GPU, which keep positions and forces to themselves between steps.
bool force_field_in_reach(LAMMPS_NS::LAMMPS *lmp);

/// Ghost atoms and neighbor lists as at the start of a run, for atoms that may have moved anywhere. Not before
/// LAMMPS::init().
void set_up_force_field(LAMMPS_NS::LAMMPS *lmp);

/// Forces in atom->f and the tallies of pair, bonded and kspace styles; fixes do not act on atoms. They prepare what
/// the styles need, as at the start of a run: charges, contacts, the arrays of the threads of package OPENMP.
/// update->whichflag must be 1.
void compute_force_field(LAMMPS_NS::LAMMPS *lmp, int eflag, int vflag);

/// Potential energy that compute_force_field() has tallied, with the tail correction and without energies of fixes.
double energy_of_force_field(LAMMPS_NS::LAMMPS *lmp);

}    // namespace turing_glass::lammps
