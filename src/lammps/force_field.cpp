// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/force_field.h"

#include "lammps/ghosts.h"

#include "angle.h"
#include "atom.h"
#include "bond.h"
#include "comm.h"
#include "dihedral.h"
#include "domain.h"
#include "force.h"
#include "improper.h"
#include "kspace.h"
#include "lammps.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"

#include <mpi.h>

#include <algorithm>

namespace turing_glass::lammps {

using LAMMPS_NS::Atom;
using LAMMPS_NS::LAMMPS;

namespace {

template <class Action> void for_each_bonded_style(LAMMPS *lmp, Action &&action)
{
  if (lmp->atom->molecular == Atom::ATOMIC) return;
  const auto *force = lmp->force;
  if (force->bond) action(*force->bond);
  if (force->angle) action(*force->angle);
  if (force->dihedral) action(*force->dihedral);
  if (force->improper) action(*force->improper);
}

/// Pair and kspace styles can be told to compute nothing (pair_modify compute no).
template <class Style> void compute_or_not(Style *style, int eflag, int vflag)
{
  if (!style) return;
  if (style->compute_flag)
    style->compute(eflag, vflag);
  else
    style->compute_dummy(eflag, vflag);
}

}    // namespace

bool force_field_in_reach(LAMMPS *lmp)
{
  return !lmp->kokkos && !lmp->modify->get_fix_by_id("package_gpu");
}

void set_up_force_field(LAMMPS *lmp)
{
  set_up_ghosts(lmp);
  lmp->modify->setup_pre_neighbor();
  lmp->neighbor->build(1);
  lmp->modify->setup_post_neighbor();
  lmp->force->setup();
  if (lmp->force->kspace) lmp->force->kspace->setup();
}

void compute_force_field(LAMMPS *lmp, int eflag, int vflag)
{
  auto *atom = lmp->atom;
  auto *force = lmp->force;
  const int atoms = atom->nlocal + atom->nghost;
  if (atoms) std::fill_n(atom->f[0], 3 * static_cast<std::size_t>(atoms), 0.0);
  lmp->modify->setup_pre_force(vflag);
  compute_or_not(force->pair, eflag, vflag);
  for_each_bonded_style(lmp, [=](auto &style) { style.compute(eflag, vflag); });
  compute_or_not(force->kspace, eflag, vflag);
  lmp->modify->setup_pre_reverse(eflag, vflag);
  if (force->newton) lmp->comm->reverse_comm();
  if (eflag) lmp->update->eflag_global = lmp->update->ntimestep;
  if (vflag) lmp->update->vflag_global = lmp->update->ntimestep;
}

double energy_of_force_field(LAMMPS *lmp)
{
  const auto *force = lmp->force;
  double local = 0.0, energy = 0.0;
  if (force->pair) local += force->pair->eng_vdwl + force->pair->eng_coul;
  for_each_bonded_style(lmp, [&local](auto &style) { local += style.energy; });
  MPI_Allreduce(&local, &energy, 1, MPI_DOUBLE, MPI_SUM, lmp->world);
  if (force->kspace) energy += force->kspace->energy;
  const auto *domain = lmp->domain;
  if (force->pair && force->pair->tail_flag)
    energy += force->pair->etail / (domain->xprd * domain->yprd * domain->zprd);
  return energy;
}

}    // namespace turing_glass::lammps
