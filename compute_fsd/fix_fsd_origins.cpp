#include "fix_fsd_origins.h"

#include "collective.h"
#include "geometry/nearest_point.h"
#include "scattering/relaxation.h"
#include "scattering/time_origins.h"
#include "text.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <fstream>
#include <optional>
#include <stdexcept>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::scattering;
using turing_glass::geometry::Cell;
using turing_glass::geometry::cell_of;
using turing_glass::geometry::NearestPoint;
using turing_glass::geometry::Vector;

struct FixFSDOrigins::Ring {
  TimeOrigins origins;
  Relaxation relaxation;
  std::vector<TimeOrigins::Event> due;    // of this sample
};

namespace {

enum : int { PLACE = 0, BIN = 3, PER_SLOT = 4 };    // of what is kept of an atom

/// Fractional, not wrapped into the cell.
Vector unwrapped(const Atom *atom, Domain *domain, int i)
{
  Vector s{};
  domain->x2lamda(atom->x[i], s.data());
  const imageint image = atom->image[i];
  const int images[] = {static_cast<int>(image & IMGMASK) - IMGMAX,
                        static_cast<int>(image >> IMGBITS & IMGMASK) - IMGMAX,
                        static_cast<int>(image >> IMG2BITS) - IMGMAX};
  for (int k = 0; k < 3; ++k) s[k] += images[k];
  return s;
}

}    // namespace

/* ----------------------------------------------------------------------
   the words are those of compute fsd after its style
------------------------------------------------------------------------- */

FixFSDOrigins::FixFSDOrigins(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg)
{
  if (narg < 6) utils::missing_cmd_args(FLERR, "compute fsd", error);
  if (domain->dimension == 2)
    error->all(
        FLERR,
        "Compute fsd: sin(qr)/(qr) is the average over directions in three dimensions; this system has two");
  oxygen_type.assign(atom->ntypes + 1, 0);
  const bool stratified = std::string(arg[3]) != "none";
  if (stratified) {
    int low = 0, high = 0;
    utils::bounds(FLERR, arg[3], 1, atom->ntypes, low, high, error);
    std::fill(oxygen_type.begin() + low, oxygen_type.begin() + high + 1, 1);
  }

  std::vector<double> q;
  bigint first = 10, last = 100000;
  int per_decade = 10, slots = 32, slices = stratified ? 20 : 0;
  const auto is_word = [](const char *word) {
    return std::isalpha(static_cast<unsigned char>(word[0])) != 0;
  };
  for (int iarg = 4; iarg < narg;) {
    const std::string key = arg[iarg++];
    const auto next = [&]() {
      if (iarg == narg) error->all(FLERR, "Compute fsd: keyword {} needs a value more", key);
      return arg[iarg++];
    };
    const auto number = [&]() { return utils::numeric(FLERR, next(), false, lmp); };
    const auto whole = [&](const char *what, bigint lowest) {
      const bigint value = utils::bnumeric(FLERR, next(), false, lmp);
      if (value < lowest) error->all(FLERR, "Compute fsd: {} must be at least {}", what, lowest);
      return value;
    };
    if (key == "q") {
      while (iarg < narg && !is_word(arg[iarg])) q.push_back(number());
      for (const double value : q)
        if (value <= 0.0) error->all(FLERR, "Compute fsd: q must be above 0, not {}", value);
    } else if (key == "times") {
      first = whole("the first time", 1);
      last = whole("the last time", first);
      per_decade = static_cast<int>(whole("the number of times a decade", 1));
      if (last % first != 0)
        error->all(FLERR,
                   "Compute fsd: the last time, {} steps, must be a multiple of the first, {}",
                   last, first);
      if (first > MAXSMALLINT) error->all(FLERR, "Compute fsd: the first time is too long");
    } else if (key == "origins")
      slots = static_cast<int>(whole("the number of origins", 1));
    else if (key == "thickness") {
      width = number();
      if (width <= 0.0) error->all(FLERR, "Compute fsd: thickness must be above 0");
    } else if (key == "slices")
      slices = static_cast<int>(whole("the number of slices", 0));
    else if (key == "mincount")
      mincount = number();
    else if (key == "com")
      drift_removed = utils::logical(FLERR, next(), false, lmp) != 0;
    else if (key == "file")
      file = next();
    else
      error->all(
          FLERR,
          "Compute fsd: unknown keyword '{}' (q, times, origins, thickness, slices, mincount, com, file)",
          key);
  }
  if (q.empty()) error->all(FLERR, "Compute fsd: no wave number; give  q 2.71");
  if (!stratified && slices != 0)
    error->all(FLERR, "Compute fsd: slices need oxygen; give its types instead of 'none'");
  if (!file.empty() && comm->me == 0 && !std::ofstream(file, std::ios::app))
    error->one(FLERR, "Compute fsd: cannot open {}: {}", file, utils::getsyserror());

  TimeOrigins origins(log_lags(last / first, per_decade), slots);
  Relaxation relaxation(atom->ntypes, slices, q, static_cast<int>(origins.lags().size()));
  ring = std::make_unique<Ring>(Ring{std::move(origins), std::move(relaxation), {}});
  kept_values = PER_SLOT * slots;

  nevery = static_cast<int>(first);
  restart_global = restart_peratom = 1;
  create_attribute = 1;
  time_depend = 1;    // steps may not be renumbered under the origins
  maxexchange = kept_values;
  atom->add_callback(Atom::GROW);
  atom->add_callback(Atom::RESTART);
  room(atom->nlocal);
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
    error->all(
        FLERR,
        "Compute fsd: a fix changes the tilt of the box, whose flips would count as displacements; "
        "lengths of the box may change");
}

/* ---------------------------------------------------------------------- */

void FixFSDOrigins::setup(int)
{
  if (update->ntimestep % nevery == 0) sample();
}

// a minimisation moves atoms in no time
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
  write();
}

void FixFSDOrigins::sample()
{
  TimeOrigins &origins = ring->origins;
  const Count now = update->ntimestep / nevery;
  if (origins.began() && now == origins.last()) return;    // setup() after the last step of a run
  if (dt == 0.0) dt = update->dt;
  if (dt != update->dt)
    error->all(FLERR, "Compute fsd: the time step was {} at the first origin and is {} now", dt,
               update->dt);
  if (origins.interrupted(now)) {
    if (comm->me == 0)
      error->warning(
          FLERR,
          "Compute fsd: no sample between steps {} and {}, but one is due every {}: its origins begin anew",
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
   an origin: where each atom is, and in which slice
------------------------------------------------------------------------- */

void FixFSDOrigins::open(int slot)
{
  const int own = atom->nlocal;
  room(own);
  const Cell cell = cell_of(*domain);
  std::vector<Vector> places(own);
  std::vector<Vector> own_oxygen;
  for (int i = 0; i < own; ++i) {
    places[i] = unwrapped(atom, domain, i);
    if (oxygen_type[atom->type[i]]) own_oxygen.push_back(places[i]);
  }
  const Relaxation &relaxation = ring->relaxation;
  std::optional<NearestPoint> nearest;
  if (relaxation.slices() > 0) {
    const std::vector<Vector> oxygen = turing_glass::gather_all(own_oxygen, world);
    if (oxygen.empty())
      error->all(FLERR,
                 "Compute fsd: there is no oxygen at step {}; its types are the first argument, or "
                 "'none' if there are to be no slices",
                 update->ntimestep);
    nearest.emplace(cell, oxygen);
  }

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
  const Cell cell = cell_of(*domain);
  const int own = atom->nlocal, events = static_cast<int>(due.size());
  room(own);
  std::vector<Vector> places(own);
  for (int i = 0; i < own; ++i) places[i] = unwrapped(atom, domain, i);
  const auto displacement = [&](int i, const double *entry) {
    return Vector{places[i][0] - entry[0], places[i][1] - entry[1], places[i][2] - entry[2]};
  };

  // mass and mass times displacement; after it the displacement of the centre of mass
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

  if (!first || comm->me != 0 || relaxation.slices() == 0) return;
  double largest = 0.0;
  for (int slice = 1; slice <= relaxation.slices(); ++slice)
    largest = std::max(largest, relaxation.count(0, slice));
  if (largest < mincount)
    error->warning(
        FLERR, "Compute fsd: no slice of {} has {} atoms (mincount), the largest {}: none is shown",
        width, mincount, largest);
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
  } catch (const std::runtime_error &e) {
    error->one(FLERR, "Compute fsd: {}", e.what());
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
   restart: origins and sums; what is kept of each atom
------------------------------------------------------------------------- */

std::vector<double> FixFSDOrigins::settings() const
{
  const Relaxation &r = ring->relaxation;
  std::vector<double> list = {static_cast<double>(nevery),
                              static_cast<double>(ring->origins.slots()),
                              width,
                              static_cast<double>(r.slices()),
                              static_cast<double>(r.types()),
                              drift_removed ? 1.0 : 0.0};
  list.insert(list.end(), oxygen_type.begin(), oxygen_type.end());
  list.insert(list.end(), r.q().begin(), r.q().end());
  list.insert(list.end(), ring->origins.lags().begin(), ring->origins.lags().end());
  return list;
}

void FixFSDOrigins::write_restart(FILE *fp)
{
  if (comm->me != 0) return;
  std::vector<double> list;
  for (const auto &part : {settings(), {dt}, ring->origins.state(), ring->relaxation.state()}) {
    list.push_back(static_cast<double>(part.size()));
    list.insert(list.end(), part.begin(), part.end());
  }
  const int size = static_cast<int>(list.size() * sizeof(double));
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(list.data(), sizeof(double), list.size(), fp);
}

void FixFSDOrigins::restart(char *buf)
{
  const auto *next = reinterpret_cast<const double *>(buf);
  const auto part = [&next]() {
    const auto size = static_cast<std::size_t>(*next++);
    next += size;
    return std::vector<double>(next - size, next);
  };
  if (part() != settings())
    error->all(
        FLERR,
        "Compute fsd: the restart file was written with other types, wave numbers, times, origins or slices; "
        "give the same ones, or another compute ID to begin anew");
  dt = part()[0];
  ring->origins.set_state(part());
  ring->relaxation.set_state(part());
}

int FixFSDOrigins::pack_restart(int i, double *buf)
{
  room(i + 1);
  buf[0] = kept_values + 1;
  std::copy_n(kept[i], kept_values, buf + 1);
  return kept_values + 1;
}

void FixFSDOrigins::unpack_restart(int nlocal, int nth)
{
  room(nlocal + 1);
  const double *from = atom->extra[nlocal];
  for (int i = 0; i < nth; ++i) from += static_cast<int>(*from);
  std::copy_n(from + 1, kept_values, kept[nlocal]);
}

int FixFSDOrigins::size_restart(int)
{
  return kept_values + 1;
}

int FixFSDOrigins::maxsize_restart()
{
  return kept_values + 1;
}

double FixFSDOrigins::memory_usage()
{
  return static_cast<double>(kept_atoms) * kept_values * sizeof(double) + ring->relaxation.bytes();
}
