// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/ghosts.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "lammps.h"
#include "neighbor.h"

namespace turing_glass::lammps {

void set_up_ghosts(LAMMPS_NS::LAMMPS *lmp)
{
  auto *atom = lmp->atom;
  auto *comm = lmp->comm;
  auto *domain = lmp->domain;
  if (domain->triclinic) domain->x2lamda(atom->nlocal);
  domain->pbc();
  domain->reset_box();
  comm->setup();
  if (lmp->neighbor->style) lmp->neighbor->setup_bins();
  comm->exchange();
  comm->borders();
  if (domain->triclinic) domain->lamda2x(atom->nlocal + atom->nghost);
}

}    // namespace turing_glass::lammps
