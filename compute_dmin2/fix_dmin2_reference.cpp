// SPDX-License-Identifier: GPL-2.0-only

#include "fix_dmin2_reference.h"

#include "collective.h"
#include "io/lammps_dump.h"
#include "lammps/positions.h"
#include "lammps/words.h"
#include "strain/reference.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "group.h"
#include "update.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::strain;
using turing_glass::geometry::Cell;
using turing_glass::io::StateRecord;

struct FixDMin2Reference::Kept {
  struct Entry {
    bool there = false;    // whether the atom is in the reference
    Neighbors list;
  };
  std::vector<std::vector<Entry>> entries;    // [atom][reference]
};

// a cell and where in it this rank's atoms of the group are, in the order of atoms
struct FixDMin2Reference::Configuration {
  bigint step = 0;
  Cell cell;
  std::vector<Site> sites;
};

namespace {

constexpr int per_neighbor = 4;          // numbers in a message: ID and D
constexpr double not_there = -1.0;       // in place of the number of neighbors
constexpr int longest_list = 1 << 24;    // neighbors of one atom whose messages LAMMPS can count

std::string checksum(const turing_glass::io::DumpFrame &frame)
{
  const Cell &cell = frame.cell;
  turing_glass::io::Checksum sum;
  sum.add(&frame.step, sizeof frame.step).add(&cell.origin, sizeof cell.origin);
  sum.add(&cell.lengths, sizeof cell.lengths).add(&cell.periodic, sizeof cell.periodic);
  for (const double tilt : {cell.xy, cell.xz, cell.yz}) sum.add(&tilt, sizeof tilt);
  return sum.add(frame.ids).add(frame.x).text();
}

}    // namespace

/* ----------------------------------------------------------------------
   words: cutoff, then first, lag N or file NAME
------------------------------------------------------------------------- */

FixDMin2Reference::FixDMin2Reference(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), say(lmp, "Compute dmin2"), kept(std::make_unique<Kept>())
{
  turing_glass::lammps::Words words(say, narg, arg, 3);
  cutoff = words.number("cutoff", turing_glass::lammps::above(0.0));
  kind = words.choice("reference", {"first", "lag", "file"});
  if (kind == "lag") {
    nevery = words.small_integer("reference lag", 1);
    lag = nevery;
    time_depend = 1;    // steps may not be renumbered under the references
  } else if (kind == "file")
    file = words.word("the name of reference file");
  words.finish();
  steps.assign(lag > 0 ? 2 : 1, none);

  restart_global = restart_peratom = 1;
  create_attribute = 1;
  stores_ids = 1;    // LAMMPS then refuses to renumber atoms
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

// also before a restart file is written, which says what the reference is
void FixDMin2Reference::init()
{
  if (!file.empty() && content.empty()) read_file();
}

void FixDMin2Reference::setup(int)
{
  begin();
}

void FixDMin2Reference::min_setup(int)
{
  begin();
}

void FixDMin2Reference::end_of_step()
{
  sample();
}

void FixDMin2Reference::begin()
{
  restored.require_both(say);
  sample();
  if (tell_link && comm->me == 0)
    utils::logmesg(lmp, "{}: strained atoms of one region are up to {:.4g} apart, the {}\n",
                   say.style(), link(),
                   first_minimum > 0.0 ? "first minimum of g(r) of the reference"
                                       : "cutoff, as g(r) has no minimum within it");
  tell_link = false;
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

const FixDMin2Reference::Neighbors *FixDMin2Reference::neighbors(int i)
{
  room(atom->nlocal);
  const Kept::Entry &entry = kept->entries[i][slot()];
  return entry.there ? &entry.list : nullptr;
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
  const Configuration reference = file.empty() ? present() : of_file();
  const std::vector<Site> &sites = reference.sites;
  const bool first_of_all = slot() < 0;
  say.guard(FLERR, [&] {
    std::vector<Neighbors> found = reference_neighbors(sites, reference.cell, cutoff, world);
    if (first_of_all) {
      std::vector<const Neighbors *> lists;
      for (const Neighbors &list : found) lists.push_back(&list);
      first_minimum = turing_glass::strain::first_minimum(lists, cutoff, world);
    }
    std::size_t next = 0;
    for (int i = 0; i < own; ++i) {
      Kept::Entry &entry = kept->entries[i][k];
      entry = {};
      if (next == sites.size() || sites[next].id != atom->tag[i]) continue;
      entry = {true, std::move(found[next++])};
      entry.list.shrink_to_fit();
    }
  });
  int longest = 0;
  for (int i = 0; i < own; ++i)
    longest = std::max(longest, static_cast<int>(kept->entries[i][k].list.size()));
  steps[k] = reference.step;
  int all = 0;
  MPI_Allreduce(&longest, &all, 1, MPI_INT, MPI_MAX, world);
  most = std::max(most, all);
  maxexchange = largest();
}

FixDMin2Reference::Configuration FixDMin2Reference::present() const
{
  turing_glass::lammps::require_finite_positions(say, groupbit);
  Configuration present{update->ntimestep, turing_glass::geometry::cell_of(*domain), {}};
  for (int i = 0; i < atom->nlocal; ++i)
    if (atom->mask[i] & groupbit)
      present.sites.push_back({atom->tag[i], {atom->x[i][0], atom->x[i][1], atom->x[i][2]}});
  return present;
}

// on all ranks
turing_glass::io::DumpFrame FixDMin2Reference::read_file()
{
  turing_glass::io::DumpFrame frame;
  say.guard(FLERR, [&] {
    turing_glass::on_first_rank(world, [&] { frame = turing_glass::io::read_dump_frame(file); });
    MPI_Bcast(&frame.step, sizeof frame.step, MPI_BYTE, 0, world);
    MPI_Bcast(&frame.cell, sizeof frame.cell, MPI_BYTE, 0, world);
    turing_glass::broadcast(frame.ids, world);
    turing_glass::broadcast(frame.x, world);
  });
  const std::string now = checksum(frame);
  if (!content.empty() && content != now)
    say.stop(FLERR,
             "reference file {} has changed since it was first read; give  uncompute  and the "
             "compute once more",
             file);
  content = now;
  return frame;
}

FixDMin2Reference::Configuration FixDMin2Reference::of_file()
{
  const turing_glass::io::DumpFrame frame = read_file();
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
    say.stop(FLERR, "{} atoms of the group are not in {}; use a group of those that are",
             all_missing, file);
  return read;
}

/* ----------------------------------------------------------------------
   what is kept goes where its atom goes: of each reference the number of neighbors, then ID and D of each
------------------------------------------------------------------------- */

void FixDMin2Reference::room(int atoms)
{
  if (atoms > static_cast<int>(kept->entries.size()))
    kept->entries.resize(atoms, std::vector<Kept::Entry>(steps.size()));
}

int FixDMin2Reference::largest() const
{
  return static_cast<int>(steps.size()) * (1 + per_neighbor * most);
}

int FixDMin2Reference::packed(int i, double *buf) const
{
  int m = 0;
  for (const auto &[there, list] : kept->entries[i]) {
    buf[m++] = there ? static_cast<double>(list.size()) : not_there;
    for (const ReferenceNeighbor &n : list) {
      buf[m++] = ubuf(n.id).d;
      m = static_cast<int>(std::copy(n.D.begin(), n.D.end(), buf + m) - buf);
    }
  }
  return m;
}

// how many numbers it took; -1 where they make no sense
int FixDMin2Reference::unpack(int i, const double *buf, int available)
{
  room(i + 1);
  int m = 0;
  for (auto &[there, list] : kept->entries[i]) {
    const double count = m < available ? buf[m++] : std::numeric_limits<double>::quiet_NaN();
    there = count != not_there;
    if (!there) {
      list = {};
      continue;
    }
    if (!(count >= 0.0 && count <= (available - m) / per_neighbor)) return -1;
    list.resize(static_cast<std::size_t>(count));
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
  kept->entries[j] = kept->entries[i];
}

// new atoms are in no reference
void FixDMin2Reference::set_arrays(int i)
{
  room(i + 1);
  for (Kept::Entry &entry : kept->entries[i]) entry = {};
}

int FixDMin2Reference::pack_exchange(int i, double *buf)
{
  room(i + 1);
  return packed(i, buf);
}

int FixDMin2Reference::unpack_exchange(int nlocal, double *buf)
{
  return unpack(nlocal, buf, std::numeric_limits<int>::max());
}

/* ----------------------------------------------------------------------
   restart: whose references these are, and their steps; what is kept of each atom
------------------------------------------------------------------------- */

StateRecord FixDMin2Reference::state() const
{
  StateRecord state("compute dmin2", 1);
  state.setting("group", group->names[igroup]);
  state.setting("cutoff", cutoff);
  state.setting("reference",
                kind == "lag"        ? fmt::format("lag {}", lag)
                    : kind == "file" ? "file with checksum " + content
                                     : kind);
  state.put("steps", std::vector<std::int64_t>(steps.begin(), steps.end()));
  state.put("most neighbors", std::int64_t{most});
  state.put("first minimum", first_minimum);
  return state;
}

void FixDMin2Reference::write_restart(FILE *fp)
{
  if (comm->me == 0) turing_glass::lammps::write_record(fp, state());
}

void FixDMin2Reference::restart(char *buf)
{
  if (!file.empty()) read_file();
  const StateRecord stored = turing_glass::lammps::read_record(say, buf, state());
  say.guard(FLERR, [&] {
    const std::vector<std::int64_t> &of_references = stored.integers("steps");
    const std::int64_t neighbors = stored.integer("most neighbors");
    if (of_references.size() != steps.size() || neighbors < 0 || neighbors > longest_list)
      throw turing_glass::io::StateError("the state in the restart file makes no sense");
    steps.assign(of_references.begin(), of_references.end());
    most = static_cast<int>(neighbors);
    first_minimum = stored.number("first minimum");
  });
  maxexchange = largest();
  restored.add_record();
}

int FixDMin2Reference::pack_restart(int i, double *buf)
{
  room(i + 1);
  return turing_glass::lammps::seal(buf, packed(i, buf + 1));
}

void FixDMin2Reference::unpack_restart(int nlocal, int nth)
{
  const auto [begin, count] = turing_glass::lammps::sealed(say, atom, nlocal, nth);
  if (unpack(nlocal, begin, count) != count)
    say.stop_one(
        FLERR,
        "the neighbors of atom {} in the restart file make no sense; use another restart file",
        atom->tag[nlocal]);
  restored.add_atom();
}

int FixDMin2Reference::size_restart(int i)
{
  room(i + 1);
  int numbers = 0;
  for (const Kept::Entry &entry : kept->entries[i])
    numbers += 1 + per_neighbor * static_cast<int>(entry.list.size());
  return turing_glass::lammps::sealed_size(numbers);
}

int FixDMin2Reference::maxsize_restart()
{
  return turing_glass::lammps::sealed_size(largest());
}

double FixDMin2Reference::memory_usage()
{
  double bytes = static_cast<double>(kept->entries.capacity()) * sizeof(std::vector<Kept::Entry>);
  for (const auto &entries : kept->entries) {
    bytes += static_cast<double>(entries.capacity()) * sizeof(Kept::Entry);
    for (const Kept::Entry &entry : entries)
      bytes += static_cast<double>(entry.list.capacity()) * sizeof(ReferenceNeighbor);
  }
  return bytes;
}
