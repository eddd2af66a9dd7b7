// SPDX-License-Identifier: GPL-2.0-only

#include "fix_fsd_origins.h"

#include "collective.h"
#include "geometry/nearest_point.h"
#include "lammps/memory_request.h"
#include "lammps/positions.h"
#include "lammps/restart.h"
#include "lammps/words.h"
#include "scattering/cell_jumps.h"
#include "scattering/relaxation.h"
#include "scattering/time_origins.h"
#include "text.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "group.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <optional>
#include <stdexcept>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::lammps;
using namespace turing_glass::scattering;
using turing_glass::geometry::Cell;
using turing_glass::geometry::cell_of;
using turing_glass::geometry::NearestPoint;
using turing_glass::io::StateRecord;

struct FixFSDOrigins::Ring {
  TimeOrigins origins;
  Relaxation relaxation;
  std::vector<TimeOrigins::Event> due;    // of this sample
  std::array<CellJumps, 3> jumps;         // of the frames of a rerun, by axis
};

namespace {

enum : int { PLACE = 0, BIN = 3, PER_SLOT = 4 };    // of what is kept of an atom
constexpr int all_atoms = 1;                        // bit of group all

}    // namespace

/* ----------------------------------------------------------------------
   the words are those of compute fsd after its style
------------------------------------------------------------------------- */

FixFSDOrigins::FixFSDOrigins(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), say(lmp, "Compute fsd")
{
  if (domain->dimension == 2)
    say.stop(
        FLERR,
        "sin(qr)/(qr) is the average over directions in three dimensions; this system has two");
  Words words(say, narg, arg, 3);
  read(words);

  restart_global = restart_peratom = 1;
  create_attribute = 1;
  time_depend = 1;    // steps may not be renumbered under the origins
  maxexchange = kept_values;
  atom->add_callback(Atom::GROW);
  atom->add_callback(Atom::RESTART);
  room(atom->nlocal);
}

void FixFSDOrigins::read(Words &words)
{
  oxygen_type.assign(atom->ntypes + 1, 0);
  const bool stratified = !words.next_is("none");
  if (stratified)
    oxygen_type = words.types("the types of oxygen");
  else
    words.word("none");

  constexpr double longest = 1e10;                  // inverse length, or length
  constexpr bigint last_step = 1000000000000000;    // exact in a double
  constexpr int most_per_decade = 10000, most_slots = MAXSMALLINT / PER_SLOT - 1;
  std::vector<double> q;
  bigint last = 100000;
  int per_decade = 10, slots = 32, slices = stratified ? 20 : 0;
  nevery = 10;
  while (!words.done()) {
    const std::string key =
        words.keyword({"q", "times", "origins", "thickness", "slices", "mincount", "com", "file"});
    if (key == "q") {
      do q.push_back(words.number("q", above_up_to(0.0, longest)));
      while (words.next_is_number());
    } else if (key == "times") {
      nevery = words.small_integer("the first time of keyword times", 1);
      last = words.integer("the last time of keyword times", nevery, last_step);
      per_decade =
          words.small_integer("the number of times a decade of keyword times", 1, most_per_decade);
      if (last % nevery != 0)
        say.stop(FLERR, "the last time, {} steps, must be a multiple of the first, {}", last,
                 nevery);
    } else if (key == "origins")
      slots = words.small_integer("the number of origins", 1, most_slots);
    else if (key == "thickness")
      width = words.number("thickness", above_up_to(0.0, longest));
    else if (key == "slices")
      slices = words.small_integer("the number of slices", 0);
    else if (key == "mincount")
      mincount = words.number("mincount", at_least(0.0));
    else if (key == "com")
      drift_removed = words.logical("com");
    else
      file = words.word("the file");
  }
  if (q.empty()) say.stop(FLERR, "no wave number; give  q 2.71");
  if (!stratified && slices != 0)
    say.stop(FLERR, "slices need oxygen; give its types instead of 'none'");
  if (!file.empty())
    say.guard(FLERR, [&] {
      turing_glass::on_first_rank(world, [&] {
        if (!std::ofstream(file, std::ios::app))
          throw std::runtime_error("cannot open " + file + ": " + utils::getsyserror());
      });
    });

  std::vector<Count> lags = log_lags(last / nevery, per_decade);
  // of the sums and of the arrays of the compute
  const double rows = (atom->ntypes + 1.0) * (slices + 1.0) * static_cast<double>(lags.size()),
               columns = 16.0 + 4.0 * static_cast<double>(q.size());
  const std::string results = fmt::format("slices {} of {} atom types at {} times for {} q", slices,
                                          atom->ntypes, lags.size(), q.size());
  require_memory(say, rows * columns * sizeof(double), results);
  if (rows * columns > MAXSMALLINT)
    say.stop(FLERR, "{} are more than 2^31 results: lower one of them", results);
  kept_values = PER_SLOT * (slots + 1);
  require_memory(say, static_cast<double>(atom->nlocal) * kept_values * sizeof(double),
                 fmt::format("origins {}", slots));

  times_given = fmt::format("{} {} {}", nevery, last, per_decade);
  TimeOrigins origins(std::move(lags), slots);
  Relaxation relaxation(atom->ntypes, slices, q, static_cast<int>(origins.lags().size()));
  ring = std::make_unique<Ring>(Ring{std::move(origins), std::move(relaxation), {}, {}});
}

FixFSDOrigins::~FixFSDOrigins()
{
  atom->delete_callback(id, Atom::GROW);
  atom->delete_callback(id, Atom::RESTART);
  memory->destroy(kept);
}

int FixFSDOrigins::setmask()
{
  return END_OF_STEP;
}

void FixFSDOrigins::init()
{
  if (domain->box_change_shape)
    say.stop(FLERR,
             "a fix changes the tilt of the box, whose flips would count as displacements; lengths "
             "of the box may change");
}

/* ---------------------------------------------------------------------- */

// of a run, and of each frame of a rerun
void FixFSDOrigins::setup(int)
{
  restored.require_both(say);
  require_finite_positions(say, all_atoms);
  compare_with_seen();
  if (update->ntimestep % nevery == 0) sample();
  see_all();
}

// a minimization moves atoms in no time
void FixFSDOrigins::min_setup(int)
{
  ring->origins.drop();
}

void FixFSDOrigins::end_of_step()
{
  sample();
}

void FixFSDOrigins::post_run()
{
  see_all();
  write();
}

void FixFSDOrigins::sample()
{
  TimeOrigins &origins = ring->origins;
  const Count now = update->ntimestep / nevery;
  if (origins.began() && now == origins.last()) return;    // setup() after the last step of a run
  require_finite_positions(say, all_atoms);
  if (dt == 0.0) dt = update->dt;
  if (dt != update->dt)
    say.stop(FLERR, "the time step was {} at the first origin and is {} now", dt, update->dt);
  if (origins.interrupted(now)) {
    say.warn(FLERR,
             "no sample between steps {} and {}, but one is due every {}: its origins begin anew",
             origins.last() * nevery, update->ntimestep, nevery);
    origins.drop();
  }
  if (!origins.began()) origins.begin(now);
  ring->due = origins.due(now);
  if (!ring->due.empty()) measure();
  if (const int slot = origins.opens(now); slot >= 0) {
    open(slot);
    write();
  }
  origins.done(now);
}

/* ----------------------------------------------------------------------
   positions: fractional, not wrapped into the cell; lengths along axes whose faces follow the atoms
------------------------------------------------------------------------- */

Cell FixFSDOrigins::frame() const
{
  constexpr int shrink_wrapped = 2;    // and above
  Cell cell = cell_of(*domain);
  for (int k = 0; k < 3; ++k)
    if (domain->boundary[k][0] >= shrink_wrapped || domain->boundary[k][1] >= shrink_wrapped) {
      cell.origin[k] = 0.0;
      cell.lengths[k] = 1.0;
    }
  return cell;
}

FixFSDOrigins::Vector FixFSDOrigins::unwrapped(const Cell &cell, int i) const
{
  Vector s = cell.fractional({atom->x[i][0], atom->x[i][1], atom->x[i][2]});
  const imageint image = atom->image[i];
  const int images[] = {static_cast<int>(image & IMGMASK) - IMGMAX,
                        static_cast<int>(image >> IMGBITS & IMGMASK) - IMGMAX,
                        static_cast<int>(image >> IMG2BITS) - IMGMAX};
  for (int k = 0; k < 3; ++k) s[k] += images[k];
  return s;
}

std::vector<FixFSDOrigins::Vector> FixFSDOrigins::unwrapped() const
{
  const Cell cell = frame();
  std::vector<Vector> places(atom->nlocal);
  for (int i = 0; i < atom->nlocal; ++i) places[i] = unwrapped(cell, i);
  return places;
}

/* ----------------------------------------------------------------------
   the group and positions may have been changed since the end of the last run, or frame of a rerun
------------------------------------------------------------------------- */

double *FixFSDOrigins::last_slot(int i) const
{
  return kept[i] + kept_values - PER_SLOT;
}

void FixFSDOrigins::see(int i, const Cell &cell, double *slot) const
{
  const Vector place = unwrapped(cell, i);
  std::copy(place.begin(), place.end(), slot + PLACE);
  slot[BIN] = (atom->mask[i] & groupbit) ? 1.0 : 0.0;
}

void FixFSDOrigins::see_all()
{
  room(atom->nlocal);
  const Cell cell = frame();
  for (int i = 0; i < atom->nlocal; ++i) see(i, cell, last_slot(i));
  seen_at = update->ntimestep;
}

void FixFSDOrigins::compare_with_seen()
{
  enum : int { MEMBERS, KNOWN, CHANGED, MOVED, SIZE };
  constexpr double rounding = 1e-4;    // of a cell; constraints may shift atoms a little
  room(atom->nlocal);
  const Cell cell = frame();
  double mine[SIZE] = {}, all[SIZE] = {};
  std::array<CellJumps::Counts, 3> steps{};
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *seen = last_slot(i);
    const bool member = (atom->mask[i] & groupbit) != 0;
    mine[MEMBERS] += member;
    if (seen[BIN] < 0.0) continue;
    mine[CHANGED] += member != (seen[BIN] > 0.0);
    if (!member) continue;
    mine[KNOWN] += 1.0;
    const Vector place = unwrapped(cell, i);
    bool moved = false;
    for (int k = 0; k < 3; ++k) {
      moved = moved || std::abs(place[k] - seen[k]) > rounding;
      if (cell.periodic[k]) CellJumps::count(seen[k], place[k], steps[k]);
    }
    mine[MOVED] += moved;
  }
  MPI_Allreduce(mine, all, SIZE, MPI_DOUBLE, MPI_SUM, world);
  MPI_Allreduce(MPI_IN_PLACE, steps[0].data(), 3 * CellJumps::counts, MPI_DOUBLE, MPI_SUM, world);

  if (all[CHANGED] > 0.0)
    say.stop(FLERR,
             "{} atoms joined or left group {} since its origins began: give it the same atoms, or "
             "remove the compute and define it anew (in a restarted run with another ID)",
             all[CHANGED], group->names[igroup]);
  if (!ring->origins.began()) {
    ring->jumps = {};
    return;
  }
  if (all[MEMBERS] > 0.0 && all[KNOWN] == 0.0)
    say.stop(FLERR,
             "all atoms of group {} are new at step {}, thus in no origin: do not purge atoms, or "
             "define the compute after they are made",
             group->names[igroup], update->ntimestep);
  if (update->ntimestep == seen_at) {
    if (all[MOVED] == 0.0) return;
    say.warn(FLERR, "{} atoms were moved at step {} before this run: its origins begin anew",
             all[MOVED], update->ntimestep);
    ring->origins.drop();
    return;
  }
  constexpr char axes[] = "xyz";
  for (int k = 0; k < 3; ++k) {
    ring->jumps[k].add(steps[k]);
    if (ring->jumps[k].found())
      say.stop(
          FLERR,
          "positions jump by whole cells along {} between steps {} and {}: displacements need "
          "the image flags of the dump (dump with ix iy iz, or with xu yu zu; name ix iy iz in "
          "the rerun, too)",
          axes[k], seen_at, update->ntimestep);
  }
}

/* ----------------------------------------------------------------------
   an origin: where each atom is, and in which slice
------------------------------------------------------------------------- */

void FixFSDOrigins::open(int slot)
{
  const int own = atom->nlocal;
  room(own);
  const std::vector<Vector> places = unwrapped();
  std::vector<Vector> own_oxygen;
  for (int i = 0; i < own; ++i)
    if (oxygen_type[atom->type[i]]) own_oxygen.push_back(places[i]);
  const Relaxation &relaxation = ring->relaxation;
  std::optional<NearestPoint> nearest;
  if (relaxation.slices() > 0)
    say.guard(FLERR, [&] {
      const std::vector<Vector> oxygen = turing_glass::gather_all(own_oxygen, world);
      if (oxygen.empty())
        say.stop(FLERR,
                 "there is no oxygen at step {}; its types are the first argument, or 'none' if "
                 "there are to be no slices",
                 update->ntimestep);
      nearest.emplace(frame(), oxygen);
    });

  for (int i = 0; i < own; ++i) {
    double *entry = kept[i] + PER_SLOT * slot;
    entry[BIN] = -1.0;
    if (!(atom->mask[i] & groupbit)) continue;
    std::copy_n(places[i].begin(), 3, entry + PLACE);
    const double beyond = relaxation.slices() + 1.0;
    const double slice =
        nearest ? std::min(1.0 + nearest->distance(places[i]) / width, beyond) : beyond;
    entry[BIN] = relaxation.bin(atom->type[i], static_cast<int>(slice));
  }
}

/* ----------------------------------------------------------------------
   displacements since the origins whose lag this is; on all ranks the same
------------------------------------------------------------------------- */

void FixFSDOrigins::measure()
{
  const auto &due = ring->due;
  Relaxation &relaxation = ring->relaxation;
  const Cell cell = frame();
  const int own = atom->nlocal, events = static_cast<int>(due.size());
  room(own);
  const std::vector<Vector> places = unwrapped();
  const auto displacement = [&](int i, const double *entry) {
    return Vector{places[i][0] - entry[0], places[i][1] - entry[1], places[i][2] - entry[2]};
  };

  // mass and mass times displacement; after it the displacement of the center of mass
  std::vector<double> drift(static_cast<std::size_t>(events) * 4, 0.0);
  if (drift_removed) {
    std::vector<double> mine(drift.size(), 0.0);
    for (int e = 0; e < events; ++e)
      for (int i = 0; i < own; ++i) {
        const double *entry = kept[i] + PER_SLOT * due[e].slot;
        if (entry[BIN] < 0.0) continue;
        const double mass = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
        const Vector d = displacement(i, entry);
        for (int k = 0; k < 3; ++k) mine[4 * e + k] += mass * d[k];
        mine[4 * e + 3] += mass;
      }
    MPI_Allreduce(mine.data(), drift.data(), 4 * events, MPI_DOUBLE, MPI_SUM, world);
    for (int e = 0; e < events; ++e)
      for (int k = 0; k < 3; ++k) drift[4 * e + k] /= std::max(drift[4 * e + 3], 1e-300);
  }

  const int size = relaxation.sums();
  std::vector<double> mine(static_cast<std::size_t>(events) * size, 0.0), sums(mine.size());
  for (int e = 0; e < events; ++e)
    for (int i = 0; i < own; ++i) {
      const double *entry = kept[i] + PER_SLOT * due[e].slot;
      if (entry[BIN] < 0.0) continue;
      Vector d = displacement(i, entry);
      for (int k = 0; k < 3; ++k) d[k] -= drift[4 * e + k];
      relaxation.add_atom(static_cast<int>(entry[BIN]), cell.length_squared(d),
                          &mine[static_cast<std::size_t>(e) * size]);
    }
  MPI_Allreduce(mine.data(), sums.data(), events * size, MPI_DOUBLE, MPI_SUM, world);
  const bool first = relaxation.origins(0) == 0.0;
  for (int e = 0; e < events; ++e)
    relaxation.add_origin(due[e].lag, &sums[static_cast<std::size_t>(e) * size]);

  if (first) warn_of_hidden();
}

// of the first origin
void FixFSDOrigins::warn_of_hidden() const
{
  const Relaxation &r = ring->relaxation;
  std::string hidden;
  const auto add = [&](const std::string &name, double atoms) {
    if (atoms > 0.0 && atoms < mincount)
      hidden += fmt::format("{}{} ({} atoms)", hidden.empty() ? "" : ", ", name, atoms);
  };
  for (int type = 1; type <= r.types(); ++type)
    add(fmt::format("{}type {}", oxygen_type[type] ? "oxygen, " : "", type), r.count(type, 0));
  double largest = 0.0;
  for (int slice = 1; slice <= r.slices(); ++slice) largest = std::max(largest, r.count(0, slice));
  if (r.slices() > 0 && largest < mincount)
    add("all slices, the largest", largest);
  else if (r.slices() > 0)
    add("slice 1, at oxygen", r.count(0, 1));
  if (!hidden.empty())
    say.warn(FLERR, "fewer atoms than mincount {}, thus not shown: {}", mincount, hidden);
}

/* ----------------------------------------------------------------------
   results
------------------------------------------------------------------------- */

const Relaxation &FixFSDOrigins::relaxation() const
{
  return ring->relaxation;
}

std::vector<double> FixFSDOrigins::times() const
{
  std::vector<double> times;
  for (const Count lag : ring->origins.lags())
    times.push_back(static_cast<double>(lag) * nevery * (dt > 0.0 ? dt : update->dt));
  return times;
}

bool FixFSDOrigins::enough(int type, int slice) const
{
  const double atoms = ring->relaxation.count(type, slice);
  return atoms > 0.0 && atoms >= mincount;
}

void FixFSDOrigins::write() const
{
  if (file.empty() || comm->me != 0) return;
  try {
    turing_glass::write_file(file, ring->relaxation.table(width, mincount, times()));
  } catch (const std::exception &e) {
    say.stop_one(FLERR, "{}", e.what());
  }
}

/* ----------------------------------------------------------------------
   what is kept goes where its atom goes
------------------------------------------------------------------------- */

void FixFSDOrigins::room(int atoms)
{
  if (atoms <= kept_atoms) return;
  static constexpr int reserve = 8;    // one part in so many
  const int before = kept_atoms;
  kept_atoms = atoms + atoms / reserve + 1;
  memory->grow(kept, kept_atoms, kept_values, "fsd:kept");
  for (int i = before; i < kept_atoms; ++i) set_arrays(i);
}

void FixFSDOrigins::copy_arrays(int i, int j, int)
{
  room(std::max(i, j) + 1);
  std::copy_n(kept[i], kept_values, kept[j]);
}

// new atoms are in no origin
void FixFSDOrigins::set_arrays(int i)
{
  room(i + 1);
  std::fill_n(kept[i], kept_values, -1.0);
}

int FixFSDOrigins::pack_exchange(int i, double *buf)
{
  room(i + 1);
  std::copy_n(kept[i], kept_values, buf);
  return kept_values;
}

int FixFSDOrigins::unpack_exchange(int nlocal, double *buf)
{
  room(nlocal + 1);
  std::copy_n(buf, kept_values, kept[nlocal]);
  return kept_values;
}

/* ----------------------------------------------------------------------
   restart: origins and sums, with what they belong to; what is kept of each atom
------------------------------------------------------------------------- */

StateRecord FixFSDOrigins::state() const
{
  const Relaxation &r = ring->relaxation;
  std::string oxygen, q;
  for (int type = 1; type <= atom->ntypes; ++type)
    if (oxygen_type[type]) oxygen += (oxygen.empty() ? "" : " ") + std::to_string(type);
  for (const double value : r.q()) q += fmt::format("{}{}", q.empty() ? "" : " ", value);
  StateRecord record("compute fsd", 1);
  record.setting("group", group->names[igroup]);
  record.setting("atom types", r.types());
  record.setting("types of oxygen", oxygen.empty() ? "none" : oxygen);
  record.setting("q", q);
  record.setting("times", times_given);
  record.setting("origins", ring->origins.slots());
  record.setting("thickness", width);
  record.setting("slices", r.slices());
  record.setting("com", std::string(drift_removed ? "yes" : "no"));
  record.put("time step", dt);
  record.put("origins", ring->origins.state());
  record.put("sums", r.state());
  record.put("step", std::int64_t(update->ntimestep));
  return record;
}

void FixFSDOrigins::write_restart(FILE *fp)
{
  if (comm->me == 0) write_record(fp, state());
}

void FixFSDOrigins::restart(char *buf)
{
  const StateRecord stored = read_record(say, buf, state());
  say.guard(FLERR, [&] {
    dt = stored.number("time step");
    seen_at = stored.integer("step");
    ring->origins.set_state(stored.integers("origins"));
    ring->relaxation.set_state(stored.numbers("sums"));
  });
  restored.add_record();
}

int FixFSDOrigins::pack_restart(int i, double *buf)
{
  room(i + 1);
  std::copy_n(kept[i], kept_values, buf + 1);
  see(i, frame(), buf + 1 + kept_values - PER_SLOT);
  return seal(buf, kept_values);
}

void FixFSDOrigins::unpack_restart(int nlocal, int nth)
{
  room(nlocal + 1);
  const SealedNumbers stored = sealed(say, atom, nlocal, nth);
  if (stored.count != kept_values)
    say.stop_one(FLERR, "the restart file is damaged: it holds {} numbers of an atom, not {}",
                 stored.count, kept_values);
  std::copy_n(stored.begin, kept_values, kept[nlocal]);
  restored.add_atom();
}

int FixFSDOrigins::size_restart(int)
{
  return sealed_size(kept_values);
}

int FixFSDOrigins::maxsize_restart()
{
  return sealed_size(kept_values);
}

double FixFSDOrigins::memory_usage()
{
  return static_cast<double>(kept_atoms) * kept_values * sizeof(double) + ring->relaxation.bytes();
}
