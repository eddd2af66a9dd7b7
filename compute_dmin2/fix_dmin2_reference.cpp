#include "fix_dmin2_reference.h"

#include "collective.h"
#include "io/lammps_dump.h"
#include "strain/reference.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "update.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <unordered_map>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::strain;
using turing_glass::geometry::Cell;

struct FixDMin2Reference::Kept {
  std::vector<std::vector<Neighbors>> lists;    // [atom][reference]
};

// a cell and where in it this rank's atoms of the group are, in the order of atoms
struct FixDMin2Reference::Configuration {
  bigint step = 0;
  Cell cell;
  std::vector<Site> sites;
};

namespace {

constexpr int per_neighbor = 4;    // numbers in a message: ID and D

}    // namespace

/* ----------------------------------------------------------------------
   words: cutoff, then first, lag N or file NAME
------------------------------------------------------------------------- */

FixDMin2Reference::FixDMin2Reference(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), cutoff(0.0), kept(std::make_unique<Kept>())
{
  if (narg < 5) utils::missing_cmd_args(FLERR, "compute dmin2", error);
  cutoff = utils::numeric(FLERR, arg[3], false, lmp);
  const std::string kind = arg[4];
  if (kind != "first" && kind != "lag" && kind != "file")
    error->all(FLERR, "Compute dmin2: unknown reference '{}' (first, lag N, file NAME)", kind);
  if (narg != (kind == "first" ? 5 : 6))
    error->all(FLERR, "Compute dmin2: reference is first, lag N, or file NAME");
  if (kind == "lag") {
    lag = utils::bnumeric(FLERR, arg[5], false, lmp);
    if (lag < 1 || lag > MAXSMALLINT)
      error->all(FLERR, "Compute dmin2: the lag must be at least 1 step, not {}", lag);
    nevery = static_cast<int>(lag);
    time_depend = 1;    // steps may not be renumbered under the references
  } else if (kind == "file")
    file = arg[5];
  steps.assign(lag > 0 ? 2 : 1, none);

  restart_global = restart_peratom = 1;
  create_attribute = 1;
  maxexchange_dynamic = 1;
  maxexchange = largest();
  atom->add_callback(Atom::GROW);
  atom->add_callback(Atom::RESTART);
}

FixDMin2Reference::~FixDMin2Reference()
{
  atom->delete_callback(id, Atom::GROW);
  atom->delete_callback(id, Atom::RESTART);
}

int FixDMin2Reference::setmask()
{
  return lag > 0 ? END_OF_STEP : 0;
}

void FixDMin2Reference::setup(int)
{
  sample();
}

void FixDMin2Reference::min_setup(int)
{
  sample();
}

void FixDMin2Reference::end_of_step()
{
  sample();
}

/* ----------------------------------------------------------------------
   which reference: the newest that is at least the lag old, before there is one the oldest
------------------------------------------------------------------------- */

int FixDMin2Reference::slot() const
{
  int oldest = -1, newest = -1;
  for (int k = 0; k < static_cast<int>(steps.size()); ++k) {
    if (steps[k] == none) continue;
    if (oldest < 0 || steps[k] < steps[oldest]) oldest = k;
    if (steps[k] <= update->ntimestep - lag && (newest < 0 || steps[k] > steps[newest])) newest = k;
  }
  return newest >= 0 ? newest : oldest;
}

bigint FixDMin2Reference::reference_step() const
{
  const int k = slot();
  return k < 0 ? none : steps[k];
}

const FixDMin2Reference::Neighbors &FixDMin2Reference::neighbors(int i)
{
  room(atom->nlocal);
  return kept->lists[i][slot()];
}

/* ----------------------------------------------------------------------
   the first reference when there is none; with a lag one at each of its multiples
------------------------------------------------------------------------- */

void FixDMin2Reference::sample()
{
  const bigint now = update->ntimestep;
  if (lag > 0)
    for (bigint &step : steps)
      if (step > now) step = none;    // a rerun that begins earlier
  const bool empty = slot() < 0;
  if (!empty && (lag == 0 || now % lag != 0)) return;
  if (std::find(steps.begin(), steps.end(), now) != steps.end()) return;
  // none is less than any step, so that this is one without a reference or else the oldest
  take(static_cast<int>(std::min_element(steps.begin(), steps.end()) - steps.begin()));
}

void FixDMin2Reference::take(int k)
{
  const int own = atom->nlocal;
  room(own);
  const auto [step, cell, sites] = file.empty() ? present() : of_file();
  std::vector<Neighbors> found;
  try {
    found = reference_neighbors(sites, cell, cutoff, world);
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Compute dmin2: {}", e.what());
  }
  std::size_t next = 0;
  int longest = 0;
  for (int i = 0; i < own; ++i) {
    Neighbors &list = kept->lists[i][k];
    if (next < sites.size() && sites[next].id == atom->tag[i]) {
      list = std::move(found[next++]);
      list.shrink_to_fit();
    } else
      list.clear();
    longest = std::max(longest, static_cast<int>(list.size()));
  }
  steps[k] = step;
  int all = 0;
  MPI_Allreduce(&longest, &all, 1, MPI_INT, MPI_MAX, world);
  most = std::max(most, all);
  maxexchange = largest();
}

FixDMin2Reference::Configuration FixDMin2Reference::present() const
{
  Configuration present{update->ntimestep, turing_glass::geometry::cell_of(*domain), {}};
  for (int i = 0; i < atom->nlocal; ++i)
    if (atom->mask[i] & groupbit)
      present.sites.push_back({atom->tag[i], {atom->x[i][0], atom->x[i][1], atom->x[i][2]}});
  return present;
}

FixDMin2Reference::Configuration FixDMin2Reference::of_file() const
{
  turing_glass::io::DumpFrame frame;
  try {
    turing_glass::on_first_rank(world, [&] { frame = turing_glass::io::read_dump_frame(file); });
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Compute dmin2: {}", e.what());
  }
  MPI_Bcast(&frame.step, sizeof frame.step, MPI_BYTE, 0, world);
  MPI_Bcast(&frame.cell, sizeof frame.cell, MPI_BYTE, 0, world);
  turing_glass::broadcast(frame.ids, world);
  turing_glass::broadcast(frame.x, world);
  std::unordered_map<Id, Vector> by_id;
  for (std::size_t n = 0; n < frame.ids.size(); ++n) by_id[frame.ids[n]] = frame.x[n];

  Configuration read{frame.step, frame.cell, {}};
  bigint missing = 0, all_missing = 0;
  for (int i = 0; i < atom->nlocal; ++i) {
    if (!(atom->mask[i] & groupbit)) continue;
    const auto at = by_id.find(atom->tag[i]);
    if (at == by_id.end())
      ++missing;
    else
      read.sites.push_back({at->first, at->second});
  }
  MPI_Allreduce(&missing, &all_missing, 1, MPI_LMP_BIGINT, MPI_SUM, world);
  if (all_missing > 0)
    error->all(FLERR,
               "Compute dmin2: {} atoms of the group are not in {}; use a group of those that are",
               all_missing, file);
  return read;
}

/* ----------------------------------------------------------------------
   what is kept goes where its atom goes: of each reference the number of neighbours, then ID and D of each
------------------------------------------------------------------------- */

void FixDMin2Reference::room(int atoms)
{
  if (atoms > static_cast<int>(kept->lists.size()))
    kept->lists.resize(atoms, std::vector<Neighbors>(steps.size()));
}

int FixDMin2Reference::largest() const
{
  return static_cast<int>(steps.size()) * (1 + per_neighbor * most);
}

int FixDMin2Reference::packed(int i, double *buf) const
{
  int m = 0;
  for (const Neighbors &list : kept->lists[i]) {
    buf[m++] = static_cast<double>(list.size());
    for (const ReferenceNeighbor &n : list) {
      buf[m++] = ubuf(n.id).d;
      m = static_cast<int>(std::copy(n.D.begin(), n.D.end(), buf + m) - buf);
    }
  }
  return m;
}

int FixDMin2Reference::unpack(int i, const double *buf)
{
  room(i + 1);
  int m = 0;
  for (Neighbors &list : kept->lists[i]) {
    list.resize(static_cast<std::size_t>(buf[m++]));
    for (ReferenceNeighbor &n : list) {
      n.id = ubuf(buf[m++]).i;
      std::copy_n(buf + m, 3, n.D.begin());
      m += 3;
    }
    list.shrink_to_fit();
  }
  return m;
}

void FixDMin2Reference::copy_arrays(int i, int j, int)
{
  room(std::max(i, j) + 1);
  kept->lists[j] = kept->lists[i];
}

// new atoms are in no reference
void FixDMin2Reference::set_arrays(int i)
{
  room(i + 1);
  for (Neighbors &list : kept->lists[i]) list.clear();
}

int FixDMin2Reference::pack_exchange(int i, double *buf)
{
  room(i + 1);
  return packed(i, buf);
}

int FixDMin2Reference::unpack_exchange(int nlocal, double *buf)
{
  return unpack(nlocal, buf);
}

/* ----------------------------------------------------------------------
   restart: steps of the references; what is kept of each atom
------------------------------------------------------------------------- */

std::vector<double> FixDMin2Reference::settings() const
{
  return {cutoff, static_cast<double>(lag)};
}

void FixDMin2Reference::write_restart(FILE *fp)
{
  if (comm->me != 0) return;
  std::vector<double> list = settings();
  list.push_back(most);
  for (const bigint step : steps) list.push_back(static_cast<double>(step));
  const int size = static_cast<int>(list.size() * sizeof(double));
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(list.data(), sizeof(double), list.size(), fp);
}

void FixDMin2Reference::restart(char *buf)
{
  const auto *next = reinterpret_cast<const double *>(buf);
  for (const double mine : settings())
    if (*next++ != mine)
      error->all(
          FLERR,
          "Compute dmin2: the restart file was written with another cutoff or lag; give the same ones, or another "
          "compute ID to begin with a new reference");
  most = static_cast<int>(*next++);
  for (bigint &step : steps) step = static_cast<bigint>(*next++);
  maxexchange = largest();
}

int FixDMin2Reference::pack_restart(int i, double *buf)
{
  room(i + 1);
  buf[0] = 1 + packed(i, buf + 1);
  return static_cast<int>(buf[0]);
}

void FixDMin2Reference::unpack_restart(int nlocal, int nth)
{
  const double *from = atom->extra[nlocal];
  for (int i = 0; i < nth; ++i) from += static_cast<int>(*from);
  unpack(nlocal, from + 1);
}

int FixDMin2Reference::size_restart(int i)
{
  room(i + 1);
  int size = 1;
  for (const Neighbors &list : kept->lists[i])
    size += 1 + per_neighbor * static_cast<int>(list.size());
  return size;
}

int FixDMin2Reference::maxsize_restart()
{
  return 1 + largest();
}

double FixDMin2Reference::memory_usage()
{
  double bytes = static_cast<double>(kept->lists.capacity()) * sizeof(std::vector<Neighbors>);
  for (const auto &lists : kept->lists) {
    bytes += static_cast<double>(lists.capacity()) * sizeof(Neighbors);
    for (const Neighbors &list : lists)
      bytes += static_cast<double>(list.capacity()) * sizeof(ReferenceNeighbor);
  }
  return bytes;
}
