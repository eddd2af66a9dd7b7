// SPDX-License-Identifier: GPL-2.0-only

#include "nnap_impl.h"

#include "potential_files.h"

#include "lammps/positions.h"
#include "lammps/words.h"
#include "parallel.h"

#include "atom.h"
#include "citeme.h"
#include "comm.h"
#include "force.h"
#include "memory.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <exception>
#include <optional>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;
namespace nnap = turing_glass::nnap;

static const char cite_nnap[] =
    "pair style nnap: doi:10.1007/s40843-024-2953-9\n\n"
    "@Article{Su2024,\n"
    " author = {Su, Rui and Yu, Jieyi and Guan, Pengfei and Wang, Weihua},\n"
    " title = {Efficient and accurate simulation of vitrification in multi-component metallic liquids with "
    "neural-network potentials},\n"
    " journal = {Science China Materials},\n"
    " year = {2024},\n"
    " doi = {10.1007/s40843-024-2953-9}\n"
    "}\n\n";

/* ---------------------------------------------------------------------- */

PairNNAP::PairNNAP(LAMMPS *lmp) : PairNNAP(lmp, "Pair style nnap") {}

PairNNAP::PairNNAP(LAMMPS *lmp, const char *style) :
    Pair(lmp), impl(std::make_unique<Impl>(lmp, style))
{
  if (lmp->citeme) lmp->citeme->add(cite_nnap);
  single_enable = 0;
  restartinfo = 0;
  one_coeff = 1;
  manybody_flag = 1;
  centroidstressflag = CENTROID_NOTAVAIL;
}

PairNNAP::~PairNNAP()
{
  if (copymode) return;
  if (!allocated) return;
  memory->destroy(setflag);
  memory->destroy(cutsq);
}

void PairNNAP::allocate()
{
  const int n = atom->ntypes + 1;
  memory->create(setflag, n, n, "pair:setflag");
  memory->create(cutsq, n, n, "pair:cutsq");
  for (int i = 0; i < n; ++i) std::fill_n(setflag[i], n, 0);
  map = new int[n];
  allocated = 1;
}

/* ---------------------------------------------------------------------- */

void PairNNAP::settings(int narg, char **arg)
{
  // LAMMPS keeps the style, and its coefficients, if pair_style names the same one again
  extrapolation = Extrapolation::automatic;
  limit = 0.0;
  mixed_precision = false;

  Words words(impl->say, narg, arg);
  while (!words.done()) {
    const std::string key = words.keyword({"extrapolation", "limit", "precision"});
    if (key == "limit")
      limit = words.number(key, above(0.0));
    else if (key == "precision")
      mixed_precision = words.choice(key, {"double", "mixed"}) == "mixed";
    else {
      const std::string what = words.choice(key, {"ignore", "warn", "stop"});
      extrapolation = what == "ignore" ? Extrapolation::ignore
          : what == "warn"             ? Extrapolation::warn
                                       : Extrapolation::stop;
    }
  }
  if (impl->potential) make_evaluator();
}

/* ----------------------------------------------------------------------
   pair_coeff * * FILE [FILE ...] element-of-type-1 ... element-of-type-n
------------------------------------------------------------------------- */

void PairNNAP::coeff(int narg, char **arg)
{
  const int ntypes = atom->ntypes;
  const int nfiles = narg - 2 - ntypes;
  const Messages &say = impl->say;
  if (nfiles < 1)
    say.stop(
        FLERR,
        "pair_coeff needs '* *', the potential file(s) and one element (or NULL) for each of the {} atom types; "
        "{} words were given after '* *'",
        ntypes, std::max(narg - 2, 0));
  Words words(say, narg, arg, 2);
  std::vector<std::string> files;
  while (static_cast<int>(files.size()) < nfiles) files.push_back(words.word("a potential file"));
  while (!words.done()) words.word("an element");

  if (!allocated) allocate();
  map_element2type(ntypes, arg + 2 + nfiles);

  impl->potential = read_potential_files(say, files);
  impl->source = nfiles == 1 ? files[0] : "the files given";
  make_evaluator();

  // from LAMMPS's numbering of the elements in use to the type index of the potential
  const nnap::Potential &potential = *impl->potential;
  const std::vector<std::string> &known = potential.elements;
  for (int type = 1; type <= ntypes; ++type) {
    if (map[type] < 0) continue;
    const std::string element = elements[map[type]];
    const auto found = std::find(known.begin(), known.end(), element);
    const auto index = static_cast<int>(found - known.begin());
    if (found == known.end() || !impl->evaluator->has_model(index)) {
      std::string available;
      for (std::size_t t = 0; t < known.size(); ++t)
        if (potential.models[t]) available += " " + known[t];
      say.stop(FLERR, "no model for element '{}' of atom type {} in {}, only for:{}", element, type,
               impl->source, available);
    }
    map[type] = index;
  }
  impl->bin.assign(map, map + ntypes + 1);
  impl->bin[0] = 0;    // there is no type 0
  impl->bins = impl->evaluator->ntypes();
  for (int &bin : impl->bin)
    if (bin < 0) {
      bin = impl->evaluator->ntypes();
      impl->bins = bin + 1;
    }
}

void PairNNAP::make_evaluator()
{
  make_host_evaluator();
  tell_kernels(impl->evaluator->kernel_name());
}

void PairNNAP::make_host_evaluator()
{
  const Messages &say = impl->say;
  say.guard(FLERR, [&] {
    impl->evaluator.emplace(
        *impl->potential,
        nnap::best_kernel(mixed_precision ? nnap::Precision::mixed : nnap::Precision::full));
  });
  if ((extrapolation == Extrapolation::warn || extrapolation == Extrapolation::stop) &&
      !impl->evaluator->knows_uncertainty())
    say.stop(
        FLERR,
        "{} does not say how large its errors are, so that 'extrapolation' is not possible; 'nnap train' writes files "
        "that do, and 'nnap uncertainty' adds it to any potential",
        impl->source);
  if (limit > 0.0 && !impl->evaluator->knows_uncertainty())
    say.stop(FLERR, "{} does not say how large its errors are: remove 'limit'", impl->source);
}

void PairNNAP::tell_kernels(const std::string &name)
{
  if (comm->me == 0)
    utils::logmesg(lmp, "{}: cutoff {} A, {} kernels in {} precision\n", impl->say.style(),
                   impl->evaluator->cutoff(), name, mixed_precision ? "mixed" : "double");
}

void PairNNAP::init_style()
{
  if (strcmp(update->unit_style, "metal") != 0)
    impl->say.stop(FLERR, "requires 'units metal', not 'units {}'", update->unit_style);
  if (!force->newton_pair)
    impl->say.stop(
        FLERR,
        "requires newton pair on: remove 'newton off' (or '-pk ... newton off') from the input");
  request_lists();
  most_beyond = 0;
  neighbors_checked = false;
}

void PairNNAP::request_lists()
{
  neighbor->add_request(this, NeighConst::REQ_FULL);
}

double PairNNAP::init_one(int i, int j)
{
  if (setflag[i][j] == 0) impl->say.stop(FLERR, "not all pair coefficients are set");
  return impl->evaluator->cutoff();
}

/* ---------------------------------------------------------------------- */

void PairNNAP::compute(int eflag, int vflag)
{
  ev_init(eflag, vflag);

  const int nthreads = comm->nthreads;
  if (static_cast<int>(impl->workspaces.size()) < nthreads) {
    impl->workspaces.resize(nthreads);
    impl->inside.resize(nthreads);
  }

  // with the OPENMP package the copies of f are cleared before, and may hold other styles' forces
  const bool clear_copies = modify->get_fix_by_id("package_omp") == nullptr;

  // the shares' sums, added in order so that the result does not depend on timing; a loop over shares,
  // because OpenMP may grant fewer threads than asked for
  // likely errors with every new neighbor list
  const bool check = watches() && neighbor->ago == 0;
  if (check) impl->uncertainties.assign(atom->nlocal, 0.0);

  check_neighbors();

  std::vector<Sums> sums(nthreads);
  const bigint inum = list->inum;
  try {
    turing_glass::for_each_share(nthreads, [&](int share) {
      sums[share] = compute_share(static_cast<int>(inum * share / nthreads),
                                  static_cast<int>(inum * (share + 1) / nthreads), share,
                                  clear_copies, check);
    });
  } catch (const std::exception &e) {    // as a rule for want of memory, on one rank alone
    impl->say.stop_one(FLERR, "{}", e.what());
  }
  if (nthreads > 1) sum_over_shares();
  for (const Sums &part : sums) {
    if (eflag_global) eng_vdwl += part.energy;
    if (vflag_global)
      for (int m = 0; m < 6; ++m) virial[m] += part.virial[m];
  }
  if (vflag_fdotr) virial_fdotr_compute();
  require_finite(sums);
  if (check) check_uncertainties();
}

/* ----------------------------------------------------------------------
   exclusions from the neighbor lists: atoms that are not there; a warning, once in a run, where atoms lack neighbors
------------------------------------------------------------------------- */

void PairNNAP::check_neighbors()
{
  Exclusions &exclusions = impl->exclusions;
  if (neighbors_checked && !exclusions.any()) return;
  find_absent();
  if (neighbors_checked) return;
  neighbors_checked = true;

  std::vector<char> mine(atom->ntypes + 1);
  for (int type = 1; type <= atom->ntypes; ++type) mine[type] = map[type] >= 0;
  const std::string &command = impl->partial_exclusion = exclusions.partial(mine);
  if (!command.empty())
    impl->say.warn(
        FLERR,
        "{} removes neighbors: they are missing in the descriptors, and energies and forces of all atoms nearby are "
        "others than without it",
        command);
}

void PairNNAP::find_absent()
{
  Exclusions &exclusions = impl->exclusions;
  impl->absent.clear();
  impl->say.guard(FLERR, [&] { exclusions.find(); });
  if (exclusions.any())
    for (int i = 0; i < atom->nlocal; ++i) impl->absent.push_back(exclusions.absent(i));
}

/* ----------------------------------------------------------------------
   a position that is not finite has no neighbors, and would go unnoticed; sums are those of this rank alone
------------------------------------------------------------------------- */

void PairNNAP::require_finite(const std::vector<Sums> &sums)
{
  bool lost = false, finite = true;
  for (const Sums &part : sums) {
    lost = lost || !std::isfinite(part.lost);
    finite = finite && std::isfinite(part.energy);
  }
  if (lost)
    for (int i = 0; i < atom->nlocal; ++i) require_finite_position(impl->say, i);
  if (!finite && extrapolation == Extrapolation::stop)
    impl->say.stop_one(FLERR, "the energy is not finite at step {}: do atoms lie on each other?",
                       update->ntimestep);
}

/* ----------------------------------------------------------------------
   neighbors of one atom inside the cutoff, by element
------------------------------------------------------------------------- */

namespace {

/// How many neighbors each bin has so far, 16 bits a bin: an array in memory would make each neighbor wait for the
/// one before it to be stored.
struct CountsInRegister {
  static constexpr int largest_bins = 4, largest_count = 1 << 16;
  explicit CountsInRegister(int) {}
  int of(int bin) const { return static_cast<int>(counts >> (16 * bin) & (largest_count - 1)); }
  void add(int bin) { counts += std::uint64_t(1) << (16 * bin); }
  std::uint64_t counts = 0;
};

struct CountsInMemory {
  explicit CountsInMemory(int bins) : counts(bins, 0) {}
  int of(int bin) const { return counts[bin]; }
  void add(int bin) { ++counts[bin]; }
  std::vector<int> counts;
};

template <class Counts>
void collect(const double *x, const double *xi, const int *type, const int *bin, const int *jlist,
             int jnum, double cutoffsq, int bins, std::vector<int> &inside,
             nnap::Neighbors &neighbors)
{
  const double x0 = xi[0], y0 = xi[1], z0 = xi[2];
  if (static_cast<int>(inside.size()) < jnum) inside.resize(jnum);
  // written in any case and kept by counting on: a branch would be mispredicted for half of them
  int *const kept = inside.data(), count = 0;
  for (int jj = 0; jj < jnum; ++jj) {
    const int j = jlist[jj] & NEIGHMASK;
    const double *xj = x + 3 * static_cast<std::ptrdiff_t>(j);
    const double delx = xj[0] - x0, dely = xj[1] - y0, delz = xj[2] - z0;
    kept[count] = j;
    count += static_cast<int>(delx * delx + dely * dely + delz * delz < cutoffsq);
  }

  neighbors.start(bins, count);
  nnap::Separation *const d = neighbors.d.data();
  int *const tag = neighbors.tag.data();
  const int room = neighbors.room;
  Counts counts(neighbors.elements());
  for (int k = 0; k < count; ++k) {
    const int j = kept[k], t = bin[type[j]], slot = t * room + counts.of(t);
    const double *xj = x + 3 * static_cast<std::ptrdiff_t>(j);
    const double delx = xj[0] - x0, dely = xj[1] - y0, delz = xj[2] - z0;
    d[slot] = {delx, dely, delz, delx * delx + dely * dely + delz * delz};
    tag[slot] = j;
    counts.add(t);
  }
  for (int t = 0; t < neighbors.elements(); ++t) neighbors.next[t] += counts.of(t);
}

}    // namespace

void PairNNAP::find_neighbors(int i, int share)
{
  const nnap::Evaluator &evaluator = *impl->evaluator;
  nnap::Neighbors &neighbors = impl->workspaces[share].neighbors;
  const double *const x = atom->x[0], *const xi = x + 3 * static_cast<std::ptrdiff_t>(i);
  const int *const jlist = list->firstneigh[i], jnum = list->numneigh[i], bins = impl->bins;
  const auto collect_with = [&](auto counts) {
    collect<decltype(counts)>(x, xi, atom->type, impl->bin.data(), jlist, jnum,
                              evaluator.cutoff() * evaluator.cutoff(), bins, impl->inside[share],
                              neighbors);
  };
  if (bins <= CountsInRegister::largest_bins && jnum < CountsInRegister::largest_count)
    collect_with(CountsInRegister(0));
  else
    collect_with(CountsInMemory(0));
  neighbors.next.resize(evaluator.ntypes());
}

/// Whether the atom has a model, and is not excluded from all others.
bool PairNNAP::is_ours(int i) const
{
  return map[atom->type[i]] >= 0 && (impl->absent.empty() || !impl->absent[i]);
}

/* ----------------------------------------------------------------------
   atoms first..last-1 of the list; share k > 0 writes to the k-th copy of
   f (and vatom), which LAMMPS allocates for comm->nthreads threads
------------------------------------------------------------------------- */

PairNNAP::Sums PairNNAP::compute_share(int first, int last, int share, bool clear_copies,
                                       bool with_uncertainties)
{
  const nnap::Evaluator &evaluator = *impl->evaluator;
  nnap::Workspace &workspace = impl->workspaces[share];
  nnap::Neighbors &neighbors = workspace.neighbors;
  const int nall = atom->nlocal + atom->nghost;
  if (nall == 0) return {};
  const double *const x = atom->x[0];
  const int *type = atom->type;

  double *const f = atom->f[0] + static_cast<std::ptrdiff_t>(share) * nall * 3;
  double **v = vflag_atom ? vatom + static_cast<std::ptrdiff_t>(share) * nall : nullptr;
  if (share > 0) {
    if (clear_copies) std::fill_n(f, 3 * static_cast<std::size_t>(nall), 0.0);
    if (v) std::fill_n(v[0], 6 * static_cast<std::size_t>(nall), 0.0);
  }

  Sums sums;
  for (int ii = first; ii < last; ++ii) {
    const int i = list->ilist[ii];
    if (!is_ours(i)) continue;

    const double *xi = x + 3 * static_cast<std::ptrdiff_t>(i);
    sums.lost += 0.0 * (xi[0] + xi[1] + xi[2]);
    find_neighbors(i, share);
    const double e = evaluator.evaluate(map[type[i]], workspace);
    sums.energy += e;
    if (eflag_atom) eatom[i] += e;

    const double *gx = neighbors.gx.data(), *gy = neighbors.gy.data(), *gz = neighbors.gz.data();
    const int *tag = neighbors.tag.data();
    double fx = 0.0, fy = 0.0, fz = 0.0;
    neighbors.each([&](int k, int) {
      double *fj = f + 3 * static_cast<std::ptrdiff_t>(tag[k]);
      fj[0] -= gx[k], fj[1] -= gy[k], fj[2] -= gz[k];
      fx += gx[k], fy += gy[k], fz += gz[k];
    });
    f[3 * i] += fx, f[3 * i + 1] += fy, f[3 * i + 2] += fz;

    if (vflag_global || v)
      neighbors.each([&](int k, int) {
        const auto &[dx, dy, dz, rsq] = neighbors.d[k];
        const double bond[6] = {-dx * gx[k], -dy * gy[k], -dz * gz[k],
                                -dx * gy[k], -dx * gz[k], -dy * gz[k]};
        for (int m = 0; m < 6; ++m) sums.virial[m] += bond[m];
        if (v)    // half to either end
          for (int m = 0; m < 6; ++m) {
            v[i][m] += 0.5 * bond[m];
            v[tag[k]][m] += 0.5 * bond[m];
          }
      });
    if (with_uncertainties)
      impl->uncertainties[i] = evaluator.force_uncertainty(map[type[i]], workspace);
  }
  return sums;
}

/* ----------------------------------------------------------------------
   add the shares' copies into the first one and leave them zero
------------------------------------------------------------------------- */

void PairNNAP::sum_over_shares()
{
  const std::ptrdiff_t nall = atom->nlocal + atom->nghost;
  if (nall == 0) return;
  const auto fold = [&](double *first, std::ptrdiff_t columns) {
    const std::ptrdiff_t n = nall * columns;
#if defined(_OPENMP)
#pragma omp parallel for num_threads(comm->nthreads)
#endif
    for (std::ptrdiff_t k = 0; k < n; ++k)
      for (int share = 1; share < comm->nthreads; ++share) {
        first[k] += first[share * n + k];
        first[share * n + k] = 0.0;
      }
  };
  fold(atom->f[0], 3);
  if (vflag_atom) fold(vatom[0], 6);
}

/* ----------------------------------------------------------------------
   warn of atoms beyond the limit, again when they have become twice as many; or stop
------------------------------------------------------------------------- */

bool PairNNAP::watches() const
{
  return extrapolation != Extrapolation::ignore && impl->evaluator->knows_uncertainty();
}

void PairNNAP::check_uncertainties()
{
  const double largest = limit > 0.0 ? limit : impl->potential->uncertainty_limit;
  bigint beyond = 0;
  struct {
    double error;
    int rank;
  } farthest = {0.0, comm->me};
  int farthest_atom = -1;
  const std::vector<double> &error = impl->uncertainties;
  for (int i = 0; i < atom->nlocal; ++i) {
    if (error[i] > largest) ++beyond;
    if (error[i] > farthest.error) farthest.error = error[i], farthest_atom = i;
  }
  MPI_Allreduce(MPI_IN_PLACE, &beyond, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  if (beyond == 0 || (extrapolation != Extrapolation::stop && beyond < 2 * most_beyond)) return;
  most_beyond = beyond;

  MPI_Allreduce(MPI_IN_PLACE, &farthest, 1, MPI_DOUBLE_INT, MPI_MAXLOC, world);
  tagint tag = farthest_atom >= 0 && atom->tag_enable ? atom->tag[farthest_atom] : 0;
  int atom_type = farthest_atom >= 0 ? atom->type[farthest_atom] : 0;
  MPI_Bcast(&tag, 1, MPI_LMP_TAGINT, farthest.rank, world);
  MPI_Bcast(&atom_type, 1, MPI_INT, farthest.rank, world);
  const std::string message = fmt::format(
      "step {}: the likely force error of {} of {} atoms is above {:.3g} eV/A, the largest that of atom {} of type {} "
      "with {:.3g} eV/A",
      update->ntimestep, beyond, atom->natoms, largest, tag, atom_type, farthest.error);
  if (extrapolation == Extrapolation::stop) impl->say.stop(FLERR, "{}", message);
  impl->say.warn(FLERR, "{}", message);
}

void PairNNAP::require_uncertainties(bool has_run)
{
  if (!has_run)
    impl->say.stop(FLERR, "compute nnap/uncertainty needs a run before it, 'run 0' at least");
  if (!impl->evaluator->knows_uncertainty())
    impl->say.stop(
        FLERR,
        "{} does not say how large its errors are, which compute nnap/uncertainty asks for; 'nnap uncertainty' adds "
        "it",
        impl->source);
}

void PairNNAP::force_uncertainties(int groupbit, double *each)
{
  const Messages &say = impl->say;
  require_uncertainties(list != nullptr);
  const nnap::Evaluator &evaluator = *impl->evaluator;
  if (impl->exclusions.any()) find_absent();
  const int nthreads = comm->nthreads;
  const bigint inum = list->inum;
  try {
    turing_glass::for_each_share(nthreads, [&](int share) {
      const auto last = static_cast<int>(inum * (share + 1) / nthreads);
      for (auto ii = static_cast<int>(inum * share / nthreads); ii < last; ++ii) {
        const int i = list->ilist[ii], element = map[atom->type[i]];
        if (!(atom->mask[i] & groupbit) || !is_ours(i)) continue;
        find_neighbors(i, share);
        evaluator.descriptor(element, impl->workspaces[share]);
        each[i] = evaluator.force_uncertainty(element, impl->workspaces[share]);
      }
    });
  } catch (const std::exception &e) {
    say.stop_one(FLERR, "{}", e.what());
  }
}

/* ----------------------------------------------------------------------
   fix pair asks for a flag of this name; it would not look twice at the same step
------------------------------------------------------------------------- */

void *PairNNAP::extract(const char *name, int &dim)
{
  dim = 0;
  for (const char *flag : {"gamma_flag", "uncertainty_flag"})
    if (strcmp(name, flag) == 0)
      impl->say.stop(
          FLERR,
          "has nothing for fix pair; 'compute ID all nnap/uncertainty' gives the likely force error of each "
          "atom (eV/A), which replaces the extrapolation grade");
  return nullptr;
}

double PairNNAP::memory_usage()
{
  double bytes = Pair::memory_usage() + impl->uncertainties.capacity() * sizeof(double);
  for (const nnap::Workspace &workspace : impl->workspaces) bytes += workspace.bytes();
  for (const std::vector<int> &inside : impl->inside) bytes += inside.capacity() * sizeof(int);
  bytes += impl->bin.capacity() * sizeof(int);
  return bytes;
}
