// The part of the nnap command that makes labelled data: the present configuration, with energy,
// forces and stress of the force field that is set, becomes one frame of extended XYZ.

#include "nnap_command.h"

#include "collective.h"
#include "io/extended_xyz.h"
#include "lammps/force_field.h"

#include "atom.h"
#include "atom_vec.h"
#include "comm.h"
#include "compute.h"
#include "domain.h"
#include "error.h"
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
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

using namespace LAMMPS_NS;
namespace io = turing_glass::io;

namespace {

struct LabelCommand {
  std::string file;
  std::vector<std::string> elements;    // of the atom types
  io::LabelledFrame frame;              // with what does not come from the configuration
  bool append = true;
};

LabelCommand parse_label(LAMMPS *lmp, int narg, char **arg)
{
  Error *error = lmp->error;
  const int ntypes = lmp->atom->ntypes;
  if (narg < 1) utils::missing_cmd_args(FLERR, "nnap label", error);
  LabelCommand command;
  command.file = arg[0];

  for (int iarg = 1; iarg < narg;) {
    const std::string key = arg[iarg++];
    const auto value = [&]() -> std::string {
      if (iarg == narg) utils::missing_cmd_args(FLERR, "nnap label " + key, error);
      return arg[iarg++];
    };
    if (key == "elements") {
      while (static_cast<int>(command.elements.size()) < ntypes) {
        command.elements.push_back(value());
        if (!utils::strmatch(command.elements.back(), "^[A-Z][a-z]?$"))
          error->all(
              FLERR,
              "nnap label: elements needs a chemical symbol for each of the {} atom types, '{}' "
              "is none",
              ntypes, command.elements.back());
      }
    } else if (key == "config_type")
      command.frame.config_type = value();
    else if (key == "traj")
      command.frame.trajectory = value();
    else if (key == "weight") {
      const std::string word = value();
      command.frame.weight = std::strtod(word.c_str(), nullptr);
      if (!utils::is_double(word) || !(command.frame.weight >= 0.0))
        error->all(FLERR, "nnap label: weight must be a number, 0 or larger, is '{}'", word);
    } else if (key == "append")
      command.append = utils::logical(FLERR, value(), false, lmp) != 0;
    else
      error->all(
          FLERR,
          "nnap label: unknown keyword '{}': use elements with {} chemical symbols, config_type, "
          "traj, weight or append",
          key, ntypes);
  }
  if (command.elements.empty())
    error->all(
        FLERR,
        "nnap label: the keyword 'elements' with the element of each of the {} atom types is "
        "missing",
        ntypes);
  return command;
}

/// The force field of LAMMPS where the atoms are now, without what fixes add to it. Nothing that a
/// run goes on from is changed: the forces are put back, and fixes draw no random numbers.
class ForceField : protected Pointers {
 public:
  explicit ForceField(LAMMPS *lmp) : Pointers(lmp) {}

  void check() const;
  /// Atoms, in the order of their IDs, on rank 0 only.
  void label(io::LabelledFrame &frame);

 private:
  bool set_up_by_run() const;
  void set_up();
  void evaluate();
  void read_totals(io::LabelledFrame &frame);
  void gather_atoms(io::LabelledFrame &frame) const;
};

/// Whatever would make labels wrong, or have no place in a frame.
void ForceField::check() const
{
  if (strcmp(update->unit_style, "metal") != 0)
    error->all(FLERR, "nnap label: labels are in eV and A: use units metal, not {}",
               update->unit_style);
  if (domain->dimension != 3)
    error->all(FLERR, "nnap label: labels are of three dimensions: use dimension 3");
  if (!atom->tag_enable)
    error->all(FLERR, "nnap label: atoms need IDs, which sort them: use atom_modify id yes");
  if (!force->pair)
    error->all(FLERR, "nnap label: no force field is set: give pair_style and pair_coeff first");
  if (atom->torque_flag || atom->avec->forceclearflag)
    error->all(
        FLERR,
        "nnap label: a frame has no place for torques and the like: use an atom_style for points, "
        "not {}",
        atom->atom_style);
  if (utils::strmatch(update->integrate_style, "^respa"))
    error->all(FLERR, "nnap label: run_style respa splits the force field: use run_style verlet");
  if (!turing_glass::lammps::force_field_in_reach(lmp))
    error->all(FLERR,
               "nnap label: works without the packages KOKKOS and GPU, which keep forces to "
               "themselves: start LAMMPS without them");
}

void ForceField::label(io::LabelledFrame &frame)
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

void ForceField::evaluate()
{
  turing_glass::lammps::compute_force_field(lmp, ENERGY_GLOBAL,
                                            force->newton_pair ? VIRIAL_FDOTR : VIRIAL_PAIR);
}

/// Energy and stress, summed by LAMMPS's own computes without their part "fix".
void ForceField::read_totals(io::LabelledFrame &frame)
{
  const std::string parts = " pair bond angle dihedral improper kspace";
  Compute *energy = modify->add_compute("NNAP_LABEL_ENERGY all pe" + parts);
  energy->init();
  frame.energy = energy->compute_scalar();
  modify->delete_compute(energy->id);
  if (!std::isfinite(*frame.energy))
    error->all(
        FLERR,
        "nnap label: the potential energy of step {} is {}: do atoms lie on each other, or did "
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

void ForceField::gather_atoms(io::LabelledFrame &frame) const
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
  if (!domain->box_exist)
    error->all(FLERR, "nnap label: there are no atoms to label: create or read a box first");
  LabelCommand command = parse_label(lmp, narg, arg);
  ForceField force_field(lmp);
  force_field.check();
  force_field.label(command.frame);

  try {
    turing_glass::on_first_rank(world, [&] {
      using Writer = io::ExtendedXYZWriter;
      Writer writer(command.file, command.elements,
                    command.append ? Writer::Mode::append : Writer::Mode::replace);
      writer.write(command.frame);
      writer.close();
    });
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "nnap label: {}", e.what());
  }
}
