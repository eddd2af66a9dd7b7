// SPDX-License-Identifier: GPL-2.0-only

#include "pair_nnap_gpu.h"

#include "fix_package_gpu.h"
#include "nnap_impl.h"

#include "lammps/positions.h"
#include "nnap/gpu/engine.h"

#include "atom.h"
#include "force.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "suffix.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;
namespace gpu = turing_glass::nnap::gpu;

struct PairNNAPGPU::Device {
  std::unique_ptr<gpu::Engine> engine;
  std::vector<int> element, begin, index;    // of points; lists of LAMMPS
  double none = 0.0;                         // a position where there are no atoms

  const double *positions(Atom *atom) const
  {
    return atom->nlocal + atom->nghost > 0 ? atom->x[0] : &none;
  }
};

namespace {

/// The rank of this process among those of its node. The launcher knows it. (Communication could not find it: the partitions
/// do not come here together.) Without a launcher all ranks are on one node.
int rank_on_node(LAMMPS *lmp)
{
  for (const char *name : {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID",
                           "MV2_COMM_WORLD_LOCAL_RANK", "PALS_LOCAL_RANKID", "SLURM_LOCALID"})
    if (const char *value = std::getenv(name)) return std::atoi(value);
  return lmp->universe->me;
}

}    // namespace

/* ---------------------------------------------------------------------- */

PairNNAPGPU::PairNNAPGPU(LAMMPS *lmp) :
    PairNNAP(lmp, "Pair style nnap/gpu"), device(std::make_unique<Device>())
{
  suffix_flag |= Suffix::GPU;
}

PairNNAPGPU::~PairNNAPGPU() = default;

void PairNNAPGPU::make_evaluator()
{
  make_host_evaluator();
  lists_known = -1;
  device->engine.reset();
  try {
    // what package gpu, -pk gpu or -sf gpu has created
    const auto *package = dynamic_cast<FixPackageGPU *>(modify->get_fix_by_id("package_gpu"));
    gpu::DeviceChoice choice;
    choice.rank_on_node = rank_on_node(lmp);
    if (package) choice.wanted = package->devices();
    device->engine = gpu::make_engine(*impl->potential, mixed_precision, choice);
  } catch (const std::exception &e) {    // perhaps on one node alone
    impl->say.stop_one(FLERR, "{}", e.what());
  }
  tell_kernels(device->engine->device());
}

void PairNNAPGPU::init_style()
{
  PairNNAP::init_style();
  lists_known = -1;
}

/* ----------------------------------------------------------------------
   LAMMPS's own lists where more than distances decides which atoms are neighbors
------------------------------------------------------------------------- */

void PairNNAPGPU::request_lists()
{
  own_lists = force->pair == this && atom->molecular == Atom::ATOMIC && !impl->exclusions.any();
  if (!own_lists) PairNNAP::request_lists();
}

/* ---------------------------------------------------------------------- */

void PairNNAPGPU::compute(int eflag, int vflag)
{
  ev_init(eflag, vflag);
  check_neighbors();
  if (own_lists && !impl->partial_exclusion.empty())    // of a fix that came after init_style()
    impl->say.stop(FLERR, "{} came too late: give it before the run, or use pair style nnap",
                   impl->partial_exclusion);
  gpu::Engine &engine = *device->engine;
  const bool check = watches() && neighbor->ago == 0;
  const int nlocal = atom->nlocal, nall = nlocal + atom->nghost;
  gpu::Engine::Results results;
  try {
    update_atoms();
    results = engine.compute(device->positions(atom),
                             {eflag_either != 0, vflag_atom != 0 || vflag_global != 0, check});
  } catch (const std::exception &e) {
    require_sound_forces(false, true);
    impl->say.stop_one(FLERR, "{}", e.what());
  }
  if (results.overflow || results.lost) require_sound_forces(results.overflow, results.lost);

  if (nall > 0) {
    double *f = atom->f[0];
    for (int k = 0; k < 3 * nall; ++k) f[k] += results.forces[k];
  }
  if (eflag_either)
    for (int i = 0; i < nlocal; ++i) {
      if (eflag_global) eng_vdwl += results.energies[i];
      if (eflag_atom) eatom[i] += results.energies[i];
    }
  if (vflag_atom || vflag_global)
    for (int k = 0; k < nall; ++k)
      for (int m = 0; m < 6; ++m) {
        const double part = results.virials[6 * static_cast<std::ptrdiff_t>(k) + m];
        if (vflag_global) virial[m] += part;
        if (vflag_atom) vatom[k][m] += part;
      }
  if (vflag_fdotr) virial_fdotr_compute();
  if (check) {
    if (nlocal > 0)
      impl->uncertainties.assign(results.uncertainties, results.uncertainties + nlocal);
    else
      impl->uncertainties.clear();
    check_uncertainties();
  }
}

/* ----------------------------------------------------------------------
   whenever LAMMPS has begun anew with its lists: which atoms there are, and their neighbors
------------------------------------------------------------------------- */

void PairNNAPGPU::update_atoms()
{
  if (lists_known == neighbor->ncalls) return;
  const int nlocal = atom->nlocal, nall = nlocal + atom->nghost;
  std::vector<int> &element = device->element;
  element.resize(nall);
  for (int k = 0; k < nall; ++k) element[k] = std::max(map[atom->type[k]], -1);
  if (!impl->absent.empty())
    for (int k = 0; k < nall; ++k)
      if (impl->exclusions.absent(k)) element[k] = -1;
  device->engine->set_atoms(nlocal, nall, element.data());
  if (own_lists)
    device->engine->find_neighbors(device->positions(atom),
                                   impl->evaluator->cutoff() + neighbor->skin);
  else
    take_lists_of_lammps();
  lists_known = neighbor->ncalls;
}

void PairNNAPGPU::take_lists_of_lammps()
{
  const int nlocal = atom->nlocal;
  std::vector<int> &begin = device->begin, &index = device->index;
  begin.assign(nlocal + 1, 0);
  for (int ii = 0; ii < list->inum; ++ii)
    begin[list->ilist[ii] + 1] = list->numneigh[list->ilist[ii]];
  for (int i = 0; i < nlocal; ++i) begin[i + 1] += begin[i];
  index.resize(begin[nlocal]);
  for (int ii = 0; ii < list->inum; ++ii) {
    const int i = list->ilist[ii];
    for (int k = 0; k < list->numneigh[i]; ++k)
      index[begin[i] + k] = list->firstneigh[i][k] & NEIGHMASK;
  }
  device->engine->set_neighbors(begin.data(), index.data());
}

/* ---------------------------------------------------------------------- */

void PairNNAPGPU::require_sound_forces(bool overflow, bool lost)
{
  if (lost)
    for (int i = 0; i < atom->nlocal; ++i) require_finite_position(impl->say, i);
  if (overflow)
    impl->say.stop_one(
        FLERR,
        "a force is not finite or larger than any sound one (2048 eV/A of one neighbor) at step {}: do atoms "
        "lie on each other? Pair style nnap takes such forces, for a minimization say",
        update->ntimestep);
}

void PairNNAPGPU::force_uncertainties(int groupbit, double *each)
{
  require_uncertainties(lists_known >= 0);
  try {
    update_atoms();
    const gpu::Engine::Results results =
        device->engine->compute(device->positions(atom), {false, false, true});
    for (int i = 0; i < atom->nlocal; ++i)
      if (atom->mask[i] & groupbit && is_ours(i)) each[i] = results.uncertainties[i];
  } catch (const std::exception &e) {
    impl->say.stop_one(FLERR, "{}", e.what());
  }
}

double PairNNAPGPU::memory_usage()
{
  return PairNNAP::memory_usage() +
      (device->element.capacity() + device->begin.capacity() + device->index.capacity()) *
      sizeof(int) +
      (device->engine ? device->engine->bytes() : 0.0);
}
