#include "fix_remd_swap.h"

#include "collective.h"
#include "replica/acceptance.h"
#include "replica/exchange.h"
#include "replica/exchange_log.h"

#include "angle.h"
#include "atom.h"
#include "bond.h"
#include "comm.h"
#include "compute.h"
#include "dihedral.h"
#include "domain.h"
#include "error.h"
#include "exceptions.h"
#include "force.h"
#include "group.h"
#include "improper.h"
#include "irregular.h"
#include "kspace.h"
#include "memory.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "platform.h"
#include "timer.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::replica;

namespace {

// why the replicas meet
enum : int { BEGIN, CHECK, ATTEMPT, END, LEAVE };    // LEAVE: ends a run early
const char *const meeting_names[] = {"begins a run", "begins a run", "exchanges", "ends a run",
                                     "leaves a run"};

const char *const thermostats[] = {
    "nvt", "npt", "langevin", "temp/csvr", "temp/csld", "temp/berendsen", "temp/rescale"};

constexpr double hopeless = 0.01;    // acceptance
constexpr double too_alike = 0.8;    // correlation of independent replicas

// correlation of the changes from one energy to the next; samples are pairs of level and energy
double correlation_of_steps(const double *a, const double *b, int count)
{
  double aa = 0.0, bb = 0.0, ab = 0.0;
  for (int k = 1; k < count; ++k) {
    const double da = a[2 * k + 1] - a[2 * k - 1], db = b[2 * k + 1] - b[2 * k - 1];
    aa += da * da;
    bb += db * db;
    ab += da * db;
  }
  constexpr int enough = 20;
  return count < enough || aa == 0.0 || bb == 0.0 ? 0.0 : ab / std::sqrt(aa * bb);
}

// a probability that may be far too small for a double
std::string percent(double log_chance)
{
  constexpr double log_smallest = -11.5;    // of 0.001 %
  if (std::isnan(log_chance)) return "-";
  if (log_chance > log_smallest) return fmt::format("{:.3f} %", 100.0 * std::exp(log_chance));
  if (std::isinf(log_chance)) return "0";
  const double power = log_chance / std::log(10.0), exponent = std::floor(power);
  return fmt::format("{:.1f}e{:.0f}", std::pow(10.0, power - exponent), exponent);
}

std::string proposal(const std::vector<double> &ladder, const std::vector<double> &modes,
                     double wanted)
{
  const std::vector<double> better = ladder_for(ladder, modes, wanted);
  std::string text = fmt::format(
      "  {} temperatures would give {:.3g} % or more between all neighbours:", better.size(),
      100.0 * wanted);
  constexpr int a_line = 10;
  for (std::size_t k = 0; k < better.size(); ++k)
    text += fmt::format("{}{:.6g}", k % a_line ? " " : "\n    ", better[k]);
  return text + "\n";
}

}    // namespace

struct FixREMDSwap::Report {
  double why, step, energy, pressure_volume;
};

struct FixREMDSwap::Replicas {
  std::vector<double> ladder;    // temperatures
  std::uint64_t seed = 0;
  int every = 0;    // steps between attempts
  bool force = false;
  double wanted = 0.2;            // acceptance of the ladder that is proposed
  bigint md_steps = 0;            // of a hybrid cycle: first plain molecular dynamics,
  bigint exchange_steps = 0;      // then exchange; both 0: always exchange
  bigint first_step = -1;         // of the first cycle and the warm-up
  bigint warmup = 0;              // steps
  std::vector<double> samples;    // during the warm-up: level and energy of this replica, in turn
  std::vector<double> predicted,
      measured;    // ln of each pair's acceptance: harmonic, and from the samples
  std::string log_name = "remd.log";
  std::unique_ptr<ExchangeLog> log;    // on the first rank of all
  std::unique_ptr<Exchange> exchange;
};

/* ---------------------------------------------------------------------- */

FixREMDSwap::FixREMDSwap(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), replicas(std::make_unique<Replicas>()), roots(MPI_COMM_NULL),
    thermostat(nullptr), barostat(nullptr), potential(nullptr)
{
  const int nworlds = universe->nworlds;
  if (nworlds == 1)
    stop(
        "exchanges between partitions: start LAMMPS as in  mpirun -np 8 lmp -partition 4x2 -in ...");
  if (narg < 6) utils::missing_cmd_args(FLERR, "fix remd/swap", error);
  replicas->every = utils::inumeric(FLERR, arg[3], false, lmp);
  if (replicas->every < 1) stop("the number of steps between attempts must be at least 1");
  const bigint seed = utils::bnumeric(FLERR, arg[4], false, lmp);
  if (seed < 1) stop("the seed must be at least 1");
  replicas->seed = seed;
  replicas->warmup = 10 * static_cast<bigint>(replicas->every);

  int iarg = 5;
  for (; iarg < narg && utils::is_double(arg[iarg]); ++iarg)
    replicas->ladder.push_back(utils::numeric(FLERR, arg[iarg], false, lmp));
  bool automatic = false;
  while (iarg < narg) {
    const std::string key = arg[iarg];
    const int values = key == "hybrid" ? 2 : 1;
    if (iarg + values >= narg) stop(fmt::format("keyword {} needs {} more", key, values));
    const char *value = arg[iarg + 1];
    if (key == "ladder") {
      if (strcmp(value, "auto") != 0 && strcmp(value, "given") != 0)
        stop(fmt::format("ladder is 'auto' or 'given', not '{}'", value));
      automatic = strcmp(value, "auto") == 0;
    } else if (key == "force") {
      replicas->force = utils::logical(FLERR, value, false, lmp) == 1;
    } else if (key == "acceptance") {
      replicas->wanted = utils::numeric(FLERR, value, false, lmp);
      if (replicas->wanted <= 0.0 || replicas->wanted >= 1.0)
        stop("acceptance must lie between 0 and 1");
    } else if (key == "warmup") {
      replicas->warmup = utils::bnumeric(FLERR, value, false, lmp);
      if (replicas->warmup < 0) stop("warmup must be at least 0 steps");
    } else if (key == "hybrid") {
      replicas->md_steps = utils::bnumeric(FLERR, value, false, lmp);
      replicas->exchange_steps = utils::bnumeric(FLERR, arg[iarg + 2], false, lmp);
      if (replicas->md_steps < 1 || replicas->exchange_steps < replicas->every)
        stop(
            "hybrid needs at least 1 step without exchange and as many with it as lie between attempts");
    } else if (key == "file") {
      replicas->log_name = strcmp(value, "none") == 0 ? "" : value;
    } else
      stop(fmt::format("unknown keyword '{}' (ladder, force, hybrid, acceptance, warmup, file)",
                       key));
    iarg += 1 + values;
  }

  // energies soon after forced exchanges are not those of an ensemble, and promise nothing
  if (replicas->force) replicas->warmup = 0;

  auto &ladder = replicas->ladder;
  if (automatic) {
    if (ladder.size() != 2)
      stop(fmt::format("ladder auto needs the lowest and the highest temperature, {} are given",
                       ladder.size()));
    if (ladder[0] <= 0.0 || ladder[1] <= ladder[0]) stop("temperatures must be above 0 and ascend");
    ladder = geometric_ladder(ladder[0], ladder[1], nworlds);
  }
  if (static_cast<int>(ladder.size()) != nworlds)
    stop(fmt::format("{} temperatures for {} partitions: give one for each", ladder.size(),
                     nworlds));
  for (int i = 0; i < nworlds; ++i)
    if (ladder[i] <= (i ? ladder[i - 1] : 0.0)) stop("temperatures must be above 0 and ascend");

  std::vector<double> kt;
  for (const double t : ladder) kt.push_back(force->boltz * t);
  replicas->exchange = std::make_unique<Exchange>(kt, replicas->seed, replicas->force);

  // energies are sampled ten times between two attempts, or less often where steps do not divide
  nevery = replicas->every;
  for (int parts = 10; parts > 1 && nevery == replicas->every; --parts)
    if (replicas->every % parts == 0) nevery = replicas->every / parts;

  MPI_Comm_split(universe->uworld, comm->me == 0 ? 0 : MPI_UNDEFINED, universe->iworld, &roots);

  scalar_flag = vector_flag = array_flag = 1;
  global_freq = 1;
  extscalar = 1;
  extvector = extarray = 0;
  size_vector = 5;
  size_array_rows = nworlds - 1;
  size_array_cols = 7;
  ecouple_flag = 1;
  restart_global = 1;
  time_depend = 1;
}

FixREMDSwap::~FixREMDSwap()
{
  if (roots != MPI_COMM_NULL) MPI_Comm_free(&roots);
}

int FixREMDSwap::setmask()
{
  return PRE_EXCHANGE | END_OF_STEP | POST_RUN;
}

/* ----------------------------------------------------------------------
   An error that every partition makes, as in the words of the input, is told once and ends LAMMPS in order.
   An error of some partitions aborts all of them, after the message had the time to reach the screen.
------------------------------------------------------------------------- */

void FixREMDSwap::stop(const std::string &text)
{
  const std::string message = "Fix remd/swap: " + text;
  constexpr double patience = 2.0, for_output = 0.3;    // seconds
  constexpr int pause = 1000;                           // microseconds
  MPI_Request all_here;
  MPI_Ibarrier(universe->uworld, &all_here);
  int complete = 0;
  for (const double begin = platform::walltime();
       !complete && platform::walltime() < begin + patience; platform::usleep(pause))
    MPI_Test(&all_here, &complete, MPI_STATUS_IGNORE);
  if (complete) error->universe_all(FLERR, message);

  int me = 0;
  MPI_Comm_rank(world, &me);
  if (me == 0) {
    utils::logmesg(lmp, "ERROR: {}\n", message);
    if (universe->uscreen)
      utils::print(universe->uscreen, "ERROR in partition {}: {}\n", universe->iworld + 1, message);
    utils::flush_buffers(lmp);
  }
  platform::usleep(static_cast<int>(for_output * 1e6));
  throw LAMMPSAbortException(message, universe->uworld);
}

// once, on screen and in the log of the whole universe
void FixREMDSwap::tell(const std::string &text)
{
  if (universe->me != 0) return;
  for (FILE *file : {universe->uscreen, universe->ulogfile}) {
    if (!file) continue;
    fputs(text.c_str(), file);
    fflush(file);
  }
}

/* ---------------------------------------------------------------------- */

double FixREMDSwap::temperature() const
{
  return replicas->ladder[replicas->exchange->level(universe->iworld)];
}

void FixREMDSwap::find_thermostat()
{
  thermostat = barostat = nullptr;
  for (Fix *fix : modify->get_fix_list()) {
    int dim = 0;
    if (fix->extract("t_target", dim)) {
      if (thermostat)
        stop(fmt::format("fixes {} and {} both control the temperature; one thermostat is needed",
                         thermostat->id, fix->id));
      thermostat = fix;
    }
    if (fix->extract("p_target", dim)) barostat = fix;
    if ((fix->box_change & (BOX_CHANGE_X | BOX_CHANGE_Y | BOX_CHANGE_Z)) && fix != barostat)
      stop(fmt::format("fix {} changes the box, and its work is not known; use fix npt or fix nph",
                       fix->id));
    if (utils::strmatch(fix->style, "^rigid"))
      stop(fmt::format("rigid bodies (fix {}) keep velocities of their own that are not rescaled",
                       fix->id));
    if (fix->energy_global_flag && !fix->thermo_energy && comm->me == 0)
      error->warning(
          FLERR,
          "Fix remd/swap: the energy of fix {} is not part of the potential energy by which "
          "replicas are exchanged; to include it: fix_modify {} energy yes",
          fix->id, fix->id);
  }
  if (!thermostat)
    stop(
        "no thermostat: define one before the run (fix nvt, npt, langevin, temp/csvr or temp/berendsen)");
  const std::string style = utils::strip_style_suffix(thermostat->style, lmp);
  if (std::find(std::begin(thermostats), std::end(thermostats), style) == std::end(thermostats))
    stop(fmt::format("fix {} (style {}) is no thermostat whose temperature can be exchanged; "
                     "use fix nvt, npt, langevin, temp/csvr or temp/berendsen",
                     thermostat->id, thermostat->style));
  if (thermostat->igroup != igroup)
    stop(fmt::format("acts on group {}, its thermostat {} on group {}: give both the same group",
                     group->names[igroup], thermostat->id, group->names[thermostat->igroup]));
}

void FixREMDSwap::init()
{
  find_thermostat();
  potential = modify->get_compute_by_id("thermo_pe");

  thermostat->reset_target(temperature());

  if (barostat) {
    int dim = 0;
    const double *start = static_cast<double *>(barostat->extract("p_start", dim));
    const double *end = static_cast<double *>(barostat->extract("p_stop", dim));
    const int *flag = static_cast<int *>(barostat->extract("p_flag", dim));
    for (int i = 0; i < domain->dimension; ++i)
      if (!flag[i] || start[i] != start[0] || end[i] != start[0])
        stop(fmt::format("fix {} must hold one constant pressure in all directions", barostat->id));
    for (int i = 3; i < 6; ++i)
      if (flag[i]) stop(fmt::format("fix {} must not control shear stresses", barostat->id));
  }
}

/* ----------------------------------------------------------------------
   All replicas tell each other where they are. Whoever ends a run, at its end or because fix halt or the
   timer wants it, meets the others once more, so that nobody waits for it in vain.
------------------------------------------------------------------------- */

std::vector<FixREMDSwap::Report> FixREMDSwap::meet(int why)
{
  const int n = universe->nworlds;
  constexpr int width = sizeof(Report) / sizeof(double);
  Report mine = {static_cast<double>(why), static_cast<double>(update->ntimestep), 0.0, 0.0};
  if (why == ATTEMPT || why == BEGIN) {
    mine.energy = potential->compute_scalar();
    mine.pressure_volume = pressure_volume();
  }
  std::vector<Report> all(n);
  if (comm->me == 0) MPI_Allgather(&mine, width, MPI_DOUBLE, all.data(), width, MPI_DOUBLE, roots);
  MPI_Bcast(all.data(), width * n, MPI_DOUBLE, 0, world);

  const bool at_the_end = why == END || why == LEAVE;
  for (int other = 0; other < n; ++other) {
    const int what = static_cast<int>(all[other].why);
    if (what == LEAVE) {
      tell(fmt::format(
          "Fix remd/swap: replica {} has ended its run early, at step {:.0f}; the others end theirs\n",
          other + 1, all[other].step));
      ended = true;
    } else if (!at_the_end && (what != why || all[other].step != mine.step))
      stop(fmt::format(
          "replica {} {} at step {}, but replica {} {} at step {:.0f}: all need the same runs",
          universe->iworld + 1, meeting_names[why], update->ntimestep, other + 1,
          meeting_names[what], all[other].step));
  }
  return all;
}

/* ----------------------------------------------------------------------
   Before the first run anything is set up: are the replicas copies of the same system?
------------------------------------------------------------------------- */

void FixREMDSwap::setup_pre_exchange()
{
  if (checked) return;
  meet(CHECK);
  check_same_atoms();
  check_same_potential();
  checked = true;
}

void FixREMDSwap::check_same_atoms()
{
  // target pressure, then numbers of atoms of each type, then masses; a common length first
  std::vector<double> mine(2 * atom->ntypes + 1, 0.0);
  const int length = static_cast<int>(mine.size());
  int shortest = length, longest = length;
  if (comm->me == 0) {
    MPI_Allreduce(&length, &shortest, 1, MPI_INT, MPI_MIN, roots);
    MPI_Allreduce(&length, &longest, 1, MPI_INT, MPI_MAX, roots);
  }
  MPI_Bcast(&shortest, 1, MPI_INT, 0, world);
  MPI_Bcast(&longest, 1, MPI_INT, 0, world);
  if (shortest != longest)
    stop(fmt::format("replica {} has {} atom types, others {} to {}", universe->iworld + 1,
                     atom->ntypes, (shortest - 1) / 2, (longest - 1) / 2));

  std::vector<double> local(mine.size(), 0.0);
  for (int i = 0; i < atom->nlocal; ++i) local[atom->type[i]] += 1.0;
  MPI_Allreduce(local.data(), mine.data(), length, MPI_DOUBLE, MPI_SUM, world);
  if (atom->mass)
    for (int t = 1; t <= atom->ntypes; ++t) mine[atom->ntypes + t] = atom->mass[t];
  mine[0] = target_pressure();
  std::vector<double> first = mine;
  if (comm->me == 0) MPI_Bcast(first.data(), length, MPI_DOUBLE, 0, roots);
  MPI_Bcast(first.data(), length, MPI_DOUBLE, 0, world);
  if (mine[0] != first[0])
    stop(fmt::format(
        "replica {} is held at the pressure {}, replica 1 at {}: only temperatures are exchanged",
        universe->iworld + 1, mine[0], first[0]));
  for (int t = 1; t <= atom->ntypes; ++t)
    if (mine[t] != first[t] || mine[atom->ntypes + t] != first[atom->ntypes + t])
      stop(fmt::format(
          "replica {} has {:.0f} atoms of type {} and mass {}, replica 1 {:.0f} of mass {}: "
          "only copies of one system exchange temperatures",
          universe->iworld + 1, mine[t], t, mine[atom->ntypes + t], first[t],
          first[atom->ntypes + t]));
}

// The energy of the first replica's configuration must be the same in every partition. Atoms are taken in
// the order of their types and IDs.
void FixREMDSwap::check_same_potential()
{
  if (!atom->tag_enable) {
    if (comm->me == 0)
      error->warning(FLERR,
                     "Fix remd/swap: without atom IDs it is not checked that all replicas have the "
                     "same potential energy function");
    return;
  }
  struct Place {
    double type, id, x[3], image;
    bool operator<(const Place &other) const
    {
      return type != other.type ? type < other.type : id < other.id;
    }
  };
  constexpr int width = sizeof(Place) / sizeof(double);

  // all places of this replica, on each of its ranks
  std::vector<Place> local(atom->nlocal);
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *x = atom->x[i];
    local[i] = {static_cast<double>(atom->type[i]),
                static_cast<double>(atom->tag[i]),
                {x[0], x[1], x[2]},
                ubuf(atom->image[i]).d};
  }
  std::vector<Place> own = turing_glass::gather_all(local, world);
  std::sort(own.begin(), own.end());

  struct Box {
    double lo[3], hi[3], tilt[3];
  };
  const Box own_box = {{domain->boxlo[0], domain->boxlo[1], domain->boxlo[2]},
                       {domain->boxhi[0], domain->boxhi[1], domain->boxhi[2]},
                       {domain->xy, domain->xz, domain->yz}};
  std::vector<Place> first = own;
  Box first_box = own_box;
  for (MPI_Comm group : {roots, world}) {
    if (group == MPI_COMM_NULL) continue;
    MPI_Bcast(first.data(), width * static_cast<int>(first.size()), MPI_DOUBLE, 0, group);
    MPI_Bcast(&first_box, sizeof(Box) / sizeof(double), MPI_DOUBLE, 0, group);
  }

  const auto put = [&](const std::vector<Place> &places, const Box &box) {
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
  };

  put(first, first_box);
  const double energy = energy_now();
  put(own, own_box);

  double of_first = energy;
  for (MPI_Comm group : {roots, world})
    if (group != MPI_COMM_NULL) MPI_Bcast(&of_first, 1, MPI_DOUBLE, 0, group);
  constexpr double rounding = 1e-6;
  if (!(std::abs(energy - of_first) <=
        rounding * (std::abs(of_first) + atom->natoms * force->boltz * replicas->ladder[0])))
    stop(fmt::format(
        "the first replica's configuration has the energy {} there and {} in replica {}: all "
        "need the same potential energy function",
        of_first, energy, universe->iworld + 1));
}

// potential energy of the atoms where they are, with neighbour lists of its own; the set-up of the run
// that follows makes everything anew
double FixREMDSwap::energy_now()
{
  if (domain->triclinic) domain->x2lamda(atom->nlocal);
  domain->pbc();
  domain->reset_box();
  comm->setup();
  if (neighbor->style) neighbor->setup_bins();
  comm->exchange();
  comm->borders();
  if (domain->triclinic) domain->lamda2x(atom->nlocal + atom->nghost);
  neighbor->build(1);
  force->setup();
  const int atoms = atom->nlocal + (force->newton ? atom->nghost : 0);
  if (atoms) std::fill_n(atom->f[0], 3 * atoms, 0.0);

  double local = 0.0, energy = 0.0;
  if (force->pair) {
    force->pair->compute(1, 0);
    local += force->pair->eng_vdwl + force->pair->eng_coul;
  }
  if (atom->molecular != Atom::ATOMIC) {
    const auto add = [&local](auto *style) {
      if (!style) return;
      style->compute(1, 0);
      local += style->energy;
    };
    add(force->bond);
    add(force->angle);
    add(force->dihedral);
    add(force->improper);
  }
  MPI_Allreduce(&local, &energy, 1, MPI_DOUBLE, MPI_SUM, world);
  if (force->kspace) {
    force->kspace->setup();
    force->kspace->compute(1, 0);
    energy += force->kspace->energy;
  }
  if (force->pair && force->pair->tail_flag)
    energy += force->pair->etail / (domain->xprd * domain->yprd * domain->zprd);
  return energy;
}

/* ---------------------------------------------------------------------- */

void FixREMDSwap::setup(int /*vflag*/)
{
  const auto all = meet(BEGIN);
  in_run = true;
  ended = false;
  Replicas &r = *replicas;
  const bool begins = r.first_step < 0;
  if (begins) r.first_step = update->ntimestep;
  if (r.predicted.empty()) predict(begins);
  if (universe->me == 0 && !r.log && !r.log_name.empty()) {
    try {
      r.log = std::make_unique<ExchangeLog>(r.log_name, r.ladder, update->ntimestep, !begins);
      std::vector<double> energies;
      for (const Report &report : all) energies.push_back(report.energy);
      if (r.log->is_new()) r.log->write(update->ntimestep, *r.exchange, energies, {});
    } catch (const std::runtime_error &e) {
      stop(e.what());
    }
  }
  potential->addstep(next_energy());
}

bool FixREMDSwap::warming_up() const
{
  return replicas->measured.empty() && replicas->warmup > 0;
}

bool FixREMDSwap::exchanging(bigint step) const
{
  const bigint cycle = replicas->md_steps + replicas->exchange_steps;
  return step % replicas->every == 0 &&
      (cycle == 0 || (step - replicas->first_step) % cycle > replicas->md_steps ||
       (step - replicas->first_step) % cycle == 0);
}

bigint FixREMDSwap::next_energy() const
{
  const bigint every = warming_up() ? nevery : replicas->every;
  return (update->ntimestep / every + 1) * every;
}

/* ----------------------------------------------------------------------
   the acceptances of harmonic systems of this size, known before anything is measured
------------------------------------------------------------------------- */

void FixREMDSwap::predict(bool show)
{
  Replicas &r = *replicas;
  const double modes = modify->get_compute_by_id("thermo_temp")->dof;
  if (modes < 1.0) stop("there are no degrees of freedom");
  const int n = universe->nworlds;
  std::string text =
      fmt::format("Fix remd/swap: {} replicas of {} atoms, {:.0f} degrees of freedom, an attempt "
                  "every {} steps\n  predicted acceptance of a harmonic system:\n",
                  n, atom->natoms, modes, r.every);
  r.predicted.clear();
  for (int i = 0; i + 1 < n; ++i) {
    r.predicted.push_back(log_acceptance(modes, r.ladder[i], r.ladder[i + 1]));
    text += fmt::format("  {:>10.6g} {:>10.6g}   {}\n", r.ladder[i], r.ladder[i + 1],
                        percent(r.predicted[i]));
  }
  text += proposal(r.ladder, std::vector<double>(n - 1, modes), r.wanted);
  if (show) tell(text + verdict(r.predicted));
}

std::string FixREMDSwap::verdict(const std::vector<double> &log_chances) const
{
  if (replicas->force)
    return "  force yes: every attempt succeeds, the replicas do NOT sample the canonical ensemble\n";
  if (*std::min_element(log_chances.begin(), log_chances.end()) >= std::log(hopeless)) return "";
  return "WARNING: Fix remd/swap: such replicas hardly ever exchange; use fewer atoms, the ladder above, or "
         "exchange unconditionally (force yes), which does not sample the canonical ensemble\n";
}

/* ----------------------------------------------------------------------
   the acceptances that the energies of the warm-up promise
------------------------------------------------------------------------- */

void FixREMDSwap::measure()
{
  Replicas &r = *replicas;
  const int n = universe->nworlds, count = static_cast<int>(r.samples.size());
  std::vector<double> all(static_cast<std::size_t>(n) * count);
  if (comm->me == 0)
    MPI_Allgather(r.samples.data(), count, MPI_DOUBLE, all.data(), count, MPI_DOUBLE, roots);
  MPI_Bcast(all.data(), n * count, MPI_DOUBLE, 0, world);
  r.samples = {};

  std::vector<std::vector<double>> energies(n);    // by level
  for (std::size_t k = 0; k < all.size(); k += 2)
    energies[static_cast<int>(all[k])].push_back(all[k + 1]);
  std::vector<double> mean;
  for (auto &samples : energies) {
    mean.push_back(std::accumulate(samples.begin(), samples.end(), 0.0) / samples.size());
    constexpr std::size_t most = 1000;
    const std::size_t stride = samples.size() / most + 1;
    for (std::size_t k = 0; k * stride < samples.size(); ++k) samples[k] = samples[k * stride];
    samples.resize((samples.size() + stride - 1) / stride);
  }
  std::string text = fmt::format(
      "Fix remd/swap: step {}, acceptance that {} energies at each temperature promise:\n",
      update->ntimestep, energies[0].size());
  std::vector<double> modes;
  bool heated = true;    // more energy at higher temperatures, as in equilibrium
  for (int i = 0; i + 1 < n; ++i) {
    const double low = force->boltz * r.ladder[i], high = force->boltz * r.ladder[i + 1];
    r.measured.push_back(log_acceptance(energies[i], low, energies[i + 1], high));
    modes.push_back(2.0 * (mean[i + 1] - mean[i]) / (high - low));
    heated = heated && modes[i] > 0.0;
    text += fmt::format("  {:>10.6g} {:>10.6g}   {}\n", r.ladder[i], r.ladder[i + 1],
                        percent(r.measured[i]));
  }
  if (heated)
    text += proposal(r.ladder, modes, r.wanted) + verdict(r.measured);
  else
    text +=
        "  the energies do not rise with the temperature yet: the replicas need a longer equilibration\n";
  for (int first = 0; first < n; ++first)
    for (int second = first + 1; second < n; ++second) {
      const double *a = all.data() + static_cast<std::size_t>(first) * count;
      const double *b = all.data() + static_cast<std::size_t>(second) * count;
      if (correlation_of_steps(a, b, count / 2) > too_alike)
        text += fmt::format(
            "WARNING: Fix remd/swap: the energies of replicas {} and {} go up and down together; give "
            "their velocities and thermostats different seeds\n",
            first + 1, second + 1);
    }
  tell(text);
}

/* ---------------------------------------------------------------------- */

void FixREMDSwap::end_of_step()
{
  const bigint step = update->ntimestep;
  Replicas &r = *replicas;
  if (step % (warming_up() ? nevery : r.every) != 0) return;
  if (warming_up() && step > r.first_step + r.md_steps)
    for (const double value :
         {static_cast<double>(r.exchange->level(universe->iworld)), potential->compute_scalar()})
      r.samples.push_back(value);
  if (exchanging(step)) attempt();
  potential->addstep(next_energy());
}

void FixREMDSwap::attempt()
{
  Replicas &r = *replicas;
  const auto all = meet(ATTEMPT);
  if (ended) {
    timer->force_timeout();
    return;
  }
  int dim = 0;
  const double target = *static_cast<double *>(thermostat->extract("t_target", dim));
  const double here = temperature();
  if (std::abs(target - here) > 1e-9 * here)
    stop(fmt::format("fix {} is at the temperature {} instead of {}: it must not be a variable",
                     thermostat->id, target, here));

  std::vector<double> energy, enthalpy;
  for (const Report &report : all) {
    energy.push_back(report.energy);
    enthalpy.push_back(report.energy + report.pressure_volume);
  }
  const auto decisions = r.exchange->attempt(enthalpy);
  if (r.log) try {
      r.log->write(update->ntimestep, *r.exchange, energy, decisions);
    } catch (const std::runtime_error &e) {
      stop(e.what());
    }
  if (temperature() != here) move(here, temperature());
  if (warming_up() && update->ntimestep >= r.first_step + r.md_steps + r.warmup) measure();
}

/* ----------------------------------------------------------------------
   this replica from one temperature to another: velocities, the thermostat's target and its masses, which
   are proportional to the temperature. What that takes from velocities and thermostat is kept, so that the
   conserved quantity stays one.
------------------------------------------------------------------------- */

void FixREMDSwap::move(double old_temperature, double new_temperature)
{
  const auto thermal = [this] {
    return kinetic_energy() + (thermostat->ecouple_flag ? thermostat->compute_scalar() : 0.0);
  };
  const double before = thermal();
  const double scale = std::sqrt(new_temperature / old_temperature);
  for (int i = 0; i < atom->nlocal; ++i)
    if (atom->mask[i] & groupbit)
      for (int k = 0; k < 3; ++k) atom->v[i][k] *= scale;
  for (Compute *compute : modify->get_compute_list())
    if (compute->tempflag || compute->pressflag)
      compute->invoked_scalar = compute->invoked_vector = compute->invoked_array = -1;
  thermostat->reset_target(new_temperature);
  int dim = 0;
  if (thermostat->extract("mtchain", dim)) thermostat->setup(0);    // Nose-Hoover chains
  exchanged_energy += before - thermal();
}

double FixREMDSwap::kinetic_energy()
{
  double local = 0.0, sum = 0.0;
  for (int i = 0; i < atom->nlocal; ++i) {
    const double *v = atom->v[i];
    if (atom->mask[i] & groupbit)
      local += (atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]]) *
          (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
  }
  MPI_Allreduce(&local, &sum, 1, MPI_DOUBLE, MPI_SUM, world);
  return 0.5 * force->mvv2e * sum;
}

double FixREMDSwap::target_pressure() const
{
  int dim = 0;
  return barostat ? static_cast<double *>(barostat->extract("p_start", dim))[0] : 0.0;
}

double FixREMDSwap::pressure_volume() const
{
  const double depth = domain->dimension == 3 ? domain->zprd : 1.0;
  return target_pressure() * domain->xprd * domain->yprd * depth / force->nktv2p;
}

/* ---------------------------------------------------------------------- */

void FixREMDSwap::post_run()
{
  if (!in_run) return;
  in_run = false;
  if (!ended) {
    const int why = update->ntimestep == update->laststep ? END : LEAVE;
    meet(why);
    if (ended &&
        why == END) {    // somebody left after the last attempt, and his next runs may be skipped
      timer->force_timeout();
      for (Fix *halt : modify->get_fix_by_style("^halt")) halt->post_run();
    }
  }

  const Replicas &r = *replicas;
  if (r.exchange->attempts() == 0) return;
  std::string text = fmt::format(
      "Fix remd/swap: {} attempts{}\n  temperatures            attempts  accepted      rate"
      "   harmonic    warm-up\n",
      r.exchange->attempts(), r.force ? ", all accepted (force)" : "");
  for (int i = 0; i + 1 < universe->nworlds; ++i) {
    const auto &pair = r.exchange->pairs()[i];
    text += fmt::format("  {:>10.6g} {:>10.6g} {:>10} {:>9} {:>9} {:>10} {:>10}\n", r.ladder[i],
                        r.ladder[i + 1], pair.attempts, pair.accepted,
                        percent(std::log(static_cast<double>(pair.accepted) / pair.attempts)),
                        percent(r.predicted[i]),
                        percent(r.measured.empty() ? std::nan("") : r.measured[i]));
  }
  text += "  round trips of the replicas:";
  for (const auto &walk : r.exchange->walks()) text += fmt::format(" {}", walk.round_trips);
  tell(text + "\n");
}

/* ----------------------------------------------------------------------
   energy that exchanges have taken from this replica, a part of the conserved quantity
------------------------------------------------------------------------- */

double FixREMDSwap::compute_scalar()
{
  return exchanged_energy;
}

// temperature index, temperature, attempts, accepted, round trips of this replica
double FixREMDSwap::compute_vector(int i)
{
  const Exchange &exchange = *replicas->exchange;
  const Exchange::Walk &walk = exchange.walks()[universe->iworld];
  const double values[] = {exchange.level(universe->iworld) + 1.0, temperature(),
                           static_cast<double>(walk.attempts), static_cast<double>(walk.accepted),
                           static_cast<double>(walk.round_trips)};
  return values[i];
}

// a pair of temperatures: both, attempts, accepted, rates: measured, harmonic, promised by the warm-up
double FixREMDSwap::compute_array(int i, int j)
{
  const Replicas &r = *replicas;
  const Exchange::Pair &pair = r.exchange->pairs()[i];
  const double values[] = {r.ladder[i],
                           r.ladder[i + 1],
                           static_cast<double>(pair.attempts),
                           static_cast<double>(pair.accepted),
                           pair.attempts ? static_cast<double>(pair.accepted) / pair.attempts : 0.0,
                           r.predicted.empty() ? 0.0 : std::exp(r.predicted[i]),
                           r.measured.empty() ? 0.0 : std::exp(r.measured[i])};
  return values[j];
}

/* ----------------------------------------------------------------------
   restart files: where everybody is, and how far the warm-up has come
------------------------------------------------------------------------- */

void FixREMDSwap::write_restart(FILE *fp)
{
  if (comm->me != 0) return;
  const Replicas &r = *replicas;
  std::vector<double> list = {static_cast<double>(universe->iworld),
                              static_cast<double>(universe->nworlds),
                              static_cast<double>(r.first_step), exchanged_energy};
  for (const auto &part : {r.ladder, r.exchange->state(), r.measured, r.samples}) {
    list.push_back(static_cast<double>(part.size()));
    list.insert(list.end(), part.begin(), part.end());
  }
  const int size = static_cast<int>(list.size() * sizeof(double));
  fwrite(&size, sizeof(int), 1, fp);
  fwrite(list.data(), sizeof(double), list.size(), fp);
}

void FixREMDSwap::restart(char *buf)
{
  Replicas &r = *replicas;
  const auto *next = reinterpret_cast<const double *>(buf);
  const int iworld = static_cast<int>(*next++), nworlds = static_cast<int>(*next++);
  if (nworlds != universe->nworlds)
    stop(fmt::format("the restart file is of {} replicas, not of {}", nworlds, universe->nworlds));
  if (iworld != universe->iworld)
    stop(fmt::format("the restart file of replica {} is read by replica {}", iworld + 1,
                     universe->iworld + 1));
  r.first_step = static_cast<bigint>(*next++);
  exchanged_energy = *next++;
  std::vector<double> ladder, state;
  for (auto *part : {&ladder, &state, &r.measured, &r.samples}) {
    const auto size = static_cast<std::size_t>(*next++);
    part->assign(next, next + size);
    next += size;
  }
  if (ladder != r.ladder)
    stop(
        "the restart file was written with other temperatures; give the same ones, or another fix ID to begin anew");
  if (!r.exchange->set_state(state)) stop("its state in the restart file is damaged");
}

double FixREMDSwap::memory_usage()
{
  return static_cast<double>(replicas->samples.capacity()) * sizeof(double);
}
