// SPDX-License-Identifier: GPL-2.0-only

// The part of the nnap command that makes labeled data: the present configuration, with energy,
// forces and stress of the force field that is set, becomes one frame of extended XYZ.

#include "nnap_command.h"

#include "elements.h"
#include "exclusions.h"

#include "collective.h"
#include "io/extended_xyz.h"
#include "lammps/force_field.h"

#include "atom.h"
#include "atom_vec.h"
#include "comm.h"
#include "compute.h"
#include "domain.h"
#include "fix_store_atom.h"
#include "force.h"
#include "modify.h"
#include "pair.h"
#include "update.h"
#include "utils.h"

#include <mpi.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;
namespace io = turing_glass::io;

namespace {

struct LabelCommand {
  std::string file;
  std::vector<std::string> elements;    // of the atom types
  io::LabeledFrame frame;               // with what does not come from the configuration
  bool append = true;
};

LabelCommand parse_label(const Messages &say, int narg, char **arg)
{
  const int ntypes = say.lmp()->atom->ntypes;
  Words words(say, narg, arg);
  LabelCommand command;
  command.file = words.word("the file of labeled frames");

  while (!words.done()) {
    const std::string key = words.keyword({"elements", "config_type", "traj", "weight", "append"});
    if (key == "elements")
      while (static_cast<int>(command.elements.size()) < ntypes)
        command.elements.push_back(
            element(words, say, fmt::format("the element of each of the {} atom types", ntypes)));
    else if (key == "config_type")
      command.frame.config_type = words.word(key);
    else if (key == "traj")
      command.frame.trajectory = words.word(key);
    else if (key == "weight")
      command.frame.weight = words.number(key, at_least(0.0));
    else
      command.append = words.logical(key);
  }
  if (command.elements.empty())
    say.stop(FLERR,
             "the keyword 'elements' with the element of each of the {} atom types is missing",
             ntypes);
  return command;
}

/// The force field of LAMMPS where the atoms are now, without what fixes add to it. Nothing that a
/// run goes on from is changed: the forces are put back, and fixes draw no random numbers.
class ForceField : protected Pointers {
 public:
  explicit ForceField(const Messages &say) : Pointers(say.lmp()), say_(say) {}

  void check() const;
  /// Atoms, in the order of their IDs, on rank 0 only.
  void label(io::LabeledFrame &frame);

 private:
  bool set_up_by_run() const;
  void set_up();
  void evaluate();
  void read_totals(io::LabeledFrame &frame);
  void gather_atoms(io::LabeledFrame &frame) const;
  void refuse_exclusions() const;

  const Messages &say_;
};

/// Whatever would make labels wrong, or have no place in a frame.
void ForceField::check() const
{
  if (strcmp(update->unit_style, "metal") != 0)
    say_.stop(FLERR, "labels are in eV and A: use units metal, not {}", update->unit_style);
  if (domain->dimension != 3) say_.stop(FLERR, "labels are of three dimensions: use dimension 3");
  if (!atom->tag_enable)
    say_.stop(FLERR, "atoms need IDs, which sort them: use atom_modify id yes");
  if (!force->pair) say_.stop(FLERR, "no force field is set: give pair_style and pair_coeff first");
  if (atom->torque_flag || atom->avec->forceclearflag)
    say_.stop(FLERR,
              "a frame has no place for torques and the like: use an atom_style for points, "
              "not {}",
              atom->atom_style);
  if (utils::strmatch(update->integrate_style, "^respa"))
    say_.stop(FLERR, "run_style respa splits the force field: use run_style verlet");
  if (!turing_glass::lammps::force_field_in_reach(lmp))
    say_.stop(FLERR,
              "works without the packages KOKKOS and GPU, which keep forces to "
              "themselves: start LAMMPS without them");
}

void ForceField::label(io::LabeledFrame &frame)
{
  // a fix, because its values follow atoms to other ranks
  auto *kept =
      dynamic_cast<FixStoreAtom *>(modify->add_fix("NNAP_LABEL_FORCES all STORE/ATOM 3 0 0 0"));
  for (int i = 0; i < atom->nlocal; ++i) std::copy_n(atom->f[i], 3, kept->astore[i]);
  const int whichflag = update->whichflag;
  const int setupflag = std::exchange(update->setupflag, 1);    // no step: contacts do not age

  if (set_up_by_run())
    comm->forward_comm();    // a fix may have moved box and atoms at the end of the step
  else
    set_up();
  refuse_exclusions();
  evaluate();
  read_totals(frame);
  gather_atoms(frame);

  update->setupflag = setupflag;
  update->whichflag = whichflag;
  for (int i = 0; i < atom->nlocal; ++i) std::copy_n(kept->astore[i], 3, atom->f[i]);
  modify->delete_fix(kept->id);
}

/// A command of `run ... every` finds ghost atoms and neighbor lists as the last step left them. They
/// stay, so that the run goes on as it would have, even with `pre no`. Commands that move atoms take
/// the ghosts away: then they are made anew, as the run will do itself.
bool ForceField::set_up_by_run() const
{
  const int mine = atom->nghost;
  int most = 0;
  MPI_Allreduce(&mine, &most, 1, MPI_INT, MPI_MAX, world);
  return update->whichflag != 0 && most > 0;
}

/// Force field, ghost atoms and neighbor lists as at the start of a run. Fixes are asked for what the
/// force field needs of them (charges, contacts), not to act on atoms.
void ForceField::set_up()
{
  update->whichflag = 0;    // leaves the integrator alone
  lmp->init();
  update->whichflag = 1;
  modify->setup_pre_exchange();
  turing_glass::lammps::set_up_force_field(lmp);
  update->eflag_atom = update->vflag_atom = -1;    // tallied before atoms changed their places
}

/// A frame cannot say which pairs its energy does without.
void ForceField::refuse_exclusions() const
{
  Exclusions exclusions(lmp);
  if (!exclusions.any()) return;
  exclusions.find();
  bool absent = false;
  for (int i = 0; i < atom->nlocal; ++i) absent = absent || exclusions.absent(i);
  int anywhere = absent || !exclusions.partial().empty();
  MPI_Allreduce(MPI_IN_PLACE, &anywhere, 1, MPI_INT, MPI_MAX, world);
  if (anywhere)
    say_.stop(
        FLERR,
        "neigh_modify exclude removes neighbors of atoms, and a frame has no place for that: use neigh_modify "
        "exclude none");
}

void ForceField::evaluate()
{
  turing_glass::lammps::compute_force_field(lmp, ENERGY_GLOBAL,
                                            force->newton_pair ? VIRIAL_FDOTR : VIRIAL_PAIR);
}

/// Energy and stress, summed by LAMMPS's own computes without their part "fix".
void ForceField::read_totals(io::LabeledFrame &frame)
{
  const std::string parts = " pair bond angle dihedral improper kspace";
  Compute *energy = modify->add_compute("NNAP_LABEL_ENERGY all pe" + parts);
  energy->init();
  frame.energy = energy->compute_scalar();
  modify->delete_compute(energy->id);
  if (!std::isfinite(*frame.energy))
    say_.stop(FLERR,
              "the potential energy of step {} is {}: do atoms lie on each other, or did "
              "the run blow up?",
              update->ntimestep, *frame.energy);

  Compute *pressure = modify->add_compute("NNAP_LABEL_VIRIAL all pressure NULL" + parts);
  pressure->init();
  pressure->compute_vector();
  const double *p = pressure->vector;    // xx yy zz xy xz yz (bar), compression positive
  frame.stress = {{{p[0], p[3], p[4]}, {p[3], p[1], p[5]}, {p[4], p[5], p[2]}}};
  for (auto &row : *frame.stress)
    for (double &component : row) component /= -force->nktv2p;    // bar per eV/A^3
  modify->delete_compute(pressure->id);
}

void ForceField::gather_atoms(io::LabeledFrame &frame) const
{
  using Row = std::array<double, 8>;    // atom ID, type, position, force
  std::vector<Row> mine;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *x = atom->x[i], *f = atom->f[i];
    mine.push_back({static_cast<double>(atom->tag[i]), static_cast<double>(atom->type[i]), x[0],
                    x[1], x[2], f[0], f[1], f[2]});
  }
  std::vector<Row> all = turing_glass::gather_first(mine, world);
  std::sort(all.begin(), all.end());
  for (const auto &[id, type, x, y, z, fx, fy, fz] : all) {
    frame.types.push_back(static_cast<int>(type) - 1);
    frame.positions.insert(frame.positions.end(), {x, y, z});
    frame.forces.insert(frame.forces.end(), {fx, fy, fz});
  }
  frame.cell = {{{domain->xprd, 0.0, 0.0},
                 {domain->xy, domain->yprd, 0.0},
                 {domain->xz, domain->yz, domain->zprd}}};
  frame.periodic = {domain->xperiodic != 0, domain->yperiodic != 0, domain->zperiodic != 0};
}

}    // namespace

/* ----------------------------------------------------------------------
   nnap label FILE elements E1 ... EN [keywords]
------------------------------------------------------------------------- */

void NNAP::label(int narg, char **arg)
{
  const Messages say(lmp, "nnap label");
  if (!domain->box_exist)
    say.stop(FLERR, "there are no atoms to label: create or read a box first");
  LabelCommand command = parse_label(say, narg, arg);
  ForceField force_field(say);
  force_field.check();

  say.guard(FLERR, [&] {
    force_field.label(command.frame);
    turing_glass::on_first_rank(world, [&] {
      using Writer = io::ExtendedXYZWriter;
      Writer writer(command.file, command.elements,
                    command.append ? Writer::Mode::append : Writer::Mode::replace);
      writer.write(command.frame);
      writer.close();
    });
  });
}
