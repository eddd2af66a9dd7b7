// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/positions.h"

#include "atom.h"
#include "domain.h"
#include "lmptype.h"
#include "update.h"

#include <mpi.h>

#include <algorithm>
#include <cmath>

namespace turing_glass::lammps {

using namespace LAMMPS_NS;

namespace {

constexpr char not_finite[] =
    "the position of atom {} is not finite at step {}: look for overlapping atoms, wrong velocities or too large a "
    "time step";

bool finite(double value)
{
  return std::isfinite(value);
}

bool is_finite(const Atom *atom, int i)
{
  return std::all_of(atom->x[i], atom->x[i] + 3, finite);
}

tagint id_of(const Atom *atom, int i)
{
  return atom->tag_enable ? atom->tag[i] : 0;
}

}    // namespace

void require_finite_position(const Messages &say, int i)
{
  const Atom *atom = say.lmp()->atom;
  if (!is_finite(atom, i))
    say.stop_one(FLERR, not_finite, id_of(atom, i), say.lmp()->update->ntimestep);
}

void require_finite_positions(const Messages &say, int groupbit)
{
  const LAMMPS *lmp = say.lmp();
  const Domain *domain = lmp->domain;
  const bigint step = lmp->update->ntimestep;
  const double edges[] = {domain->xprd, domain->yprd, domain->zprd};
  const double places[] = {domain->boxlo[0], domain->boxlo[1], domain->boxlo[2],
                           domain->xy,       domain->xz,       domain->yz};
  if (!std::all_of(std::begin(edges), std::end(edges),
                   [](double L) { return std::isfinite(L) && L > 0.0; }) ||
      !std::all_of(std::begin(places), std::end(places), finite))
    say.stop(FLERR, "the box is {} x {} x {} at step {}: it must have a volume", edges[0], edges[1],
             edges[2], step);

  const Atom *atom = lmp->atom;
  tagint lost = MAXTAGINT, first = MAXTAGINT;
  for (int i = 0; i < atom->nlocal; ++i)
    if ((atom->mask[i] & groupbit) && !is_finite(atom, i)) lost = std::min(lost, id_of(atom, i));
  MPI_Allreduce(&lost, &first, 1, MPI_LMP_TAGINT, MPI_MIN, lmp->world);
  if (first != MAXTAGINT) say.stop(FLERR, not_finite, first, step);
}

}    // namespace turing_glass::lammps
