// SPDX-License-Identifier: GPL-2.0-only

#include "same_system.h"

#include "collective.h"
#include "lammps/force_field.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "force.h"
#include "irregular.h"
#include "universe.h"

#include <algorithm>
#include <cmath>

using namespace LAMMPS_NS;

// an atom; all are doubles, so that many lie in memory as in a message
struct SameSystem::Place {
  double type, id, x[3], image;
  bool operator<(const Place &other) const
  {
    return type != other.type ? type < other.type : id < other.id;
  }
};

struct SameSystem::Box {
  double lo[3], hi[3], tilt[3];
};

/// The values of the first rank of the first partition, on all ranks of all.
template <class Value> void SameSystem::take_from_first(Value *values, std::size_t count) const
{
  const turing_glass::MPIType<Value> type;
  for (MPI_Comm group : {roots, world})
    if (group != MPI_COMM_NULL) MPI_Bcast(values, static_cast<int>(count), type, 0, group);
}

void SameSystem::check_atoms(double pressure) const
{
  const int here = universe->iworld + 1;
  int types = atom->ntypes;
  take_from_first(&types, 1);
  if (types != atom->ntypes)
    say.stop(
        FLERR,
        "replica {} has {} atom types, replica 1 has {}: only copies of one system exchange temperatures",
        here, atom->ntypes, types);

  // target pressure, then numbers of atoms of each type, then masses
  std::vector<double> mine(2 * types + 1, 0.0), local(mine.size(), 0.0);
  for (int i = 0; i < atom->nlocal; ++i) local[atom->type[i]] += 1.0;
  MPI_Allreduce(local.data(), mine.data(), static_cast<int>(mine.size()), MPI_DOUBLE, MPI_SUM,
                world);
  if (atom->mass)
    for (int t = 1; t <= types; ++t) mine[types + t] = atom->mass[t];
  mine[0] = pressure;
  std::vector<double> first = mine;
  take_from_first(first.data(), first.size());
  if (mine[0] != first[0])
    say.stop(
        FLERR,
        "replica {} is held at the pressure {}, replica 1 at {}: only temperatures are exchanged",
        here, mine[0], first[0]);
  for (int t = 1; t <= types; ++t)
    if (mine[t] != first[t] || mine[types + t] != first[types + t])
      say.stop(FLERR,
               "replica {} has {:.0f} atoms of type {} and mass {}, replica 1 {:.0f} of mass {}: "
               "only copies of one system exchange temperatures",
               here, mine[t], t, mine[types + t], first[t], first[types + t]);
}

void SameSystem::check_potential(double scale) const
{
  const char *why = !atom->tag_enable ? "without atom IDs" : "with packages KOKKOS and GPU";
  if (!atom->tag_enable || !turing_glass::lammps::force_field_in_reach(lmp)) {
    say.warn(FLERR,
             "{} it is not checked that all replicas have the same potential energy function", why);
    return;
  }
  const std::vector<Place> own = places();
  const Box own_box = {{domain->boxlo[0], domain->boxlo[1], domain->boxlo[2]},
                       {domain->boxhi[0], domain->boxhi[1], domain->boxhi[2]},
                       {domain->xy, domain->xz, domain->yz}};
  std::vector<Place> first = own;
  Box first_box = own_box;
  take_from_first(first.data(), first.size());
  take_from_first(&first_box, 1);

  put(own, first, first_box);
  const double energy = energy_now();
  put(own, own, own_box);

  double of_first = energy;
  take_from_first(&of_first, 1);
  if (!std::isfinite(of_first))
    say.stop(FLERR, "the potential energy of replica 1 is {} before the run: do its atoms overlap?",
             of_first);
  constexpr double rounding = 1e-6;
  if (!(std::abs(energy - of_first) <= rounding * (std::abs(of_first) + scale)))
    say.stop(FLERR,
             "the first replica's configuration has the energy {} there and {} in replica {}: all "
             "need the same potential energy function",
             of_first, energy, universe->iworld + 1);
}

// all places of this replica on each of its ranks, in the order of types and IDs
std::vector<SameSystem::Place> SameSystem::places() const
{
  std::vector<Place> local(atom->nlocal);
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *x = atom->x[i];
    local[i] = {static_cast<double>(atom->type[i]),
                static_cast<double>(atom->tag[i]),
                {x[0], x[1], x[2]},
                ubuf(atom->image[i]).d};
  }
  std::vector<Place> all = turing_glass::gather_all(local, world);
  std::sort(all.begin(), all.end());
  return all;
}

// each atom, the k-th in the order of `own`, to the k-th of `places`
void SameSystem::put(const std::vector<Place> &own, const std::vector<Place> &places,
                     const Box &box) const
{
  for (int i = 0; i < atom->nlocal; ++i) {
    const Place key = {
        static_cast<double>(atom->type[i]), static_cast<double>(atom->tag[i]), {}, 0.0};
    const auto at = std::lower_bound(own.begin(), own.end(), key) - own.begin();
    std::copy_n(places[at].x, 3, atom->x[i]);
    atom->image[i] = static_cast<imageint>(ubuf(places[at].image).i);
  }
  std::copy_n(box.lo, 3, domain->boxlo);
  std::copy_n(box.hi, 3, domain->boxhi);
  domain->xy = box.tilt[0];
  domain->xz = box.tilt[1];
  domain->yz = box.tilt[2];
  domain->set_initial_box(0);
  domain->set_global_box();
  domain->set_local_box();
  if (domain->triclinic) domain->x2lamda(atom->nlocal);
  domain->pbc();
  domain->reset_box();
  Irregular(lmp).migrate_atoms();
  if (domain->triclinic) domain->lamda2x(atom->nlocal);
}

// where the atoms are; the set-up of the run that follows makes ghost atoms, lists and forces anew
double SameSystem::energy_now() const
{
  turing_glass::lammps::set_up_force_field(lmp);
  turing_glass::lammps::compute_force_field(lmp, ENERGY_GLOBAL, VIRIAL_NONE);
  return turing_glass::lammps::energy_of_force_field(lmp);
}
