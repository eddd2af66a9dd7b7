// SPDX-License-Identifier: GPL-2.0-only

#include "fix_remd_swap.h"

#include "acceptance_report.h"
#include "same_system.h"

#include "collective.h"
#include "lammps/messages.h"
#include "lammps/restart.h"
#include "lammps/words.h"
#include "replica/acceptance.h"
#include "replica/exchange.h"
#include "replica/exchange_log.h"
#include "replica/schedule.h"
#include "replica/warm_up.h"

#include "atom.h"
#include "comm.h"
#include "compute.h"
#include "domain.h"
#include "force.h"
#include "group.h"
#include "modify.h"
#include "timer.h"
#include "universe.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::replica;
using turing_glass::io::StateRecord;
using turing_glass::lammps::Words;

namespace {

// why the replicas meet
enum : int { BEGIN, CHECK, ATTEMPT, END, LEAVE };    // LEAVE: ends a run early
const char *const meeting_names[] = {"begins a run", "begins a run", "exchanges", "ends a run",
                                     "leaves a run"};

const char *const thermostats[] = {
    "nvt", "npt", "langevin", "temp/csvr", "temp/csld", "temp/berendsen", "temp/rescale"};

}    // namespace

struct FixREMDSwap::Report {
  double why, step, energy, pressure_volume;
};

struct FixREMDSwap::Replicas {
  AcceptanceReport acceptance;    // with the ladder
  std::uint64_t seed = 0;
  Schedule schedule;
  bigint first_step = -1;    // of all runs with this fix: the warm-up begins
  bigint warmup = 0;         // steps
  Samples samples;           // of this replica during the warm-up
  std::string log_name = "remd.log";
  std::unique_ptr<ExchangeLog> log;    // on the first rank of all
  std::unique_ptr<Exchange> exchange;

  const std::vector<double> &ladder() const { return acceptance.ladder; }
  std::string settings() const;    // that all replicas need alike
  StateRecord record(const Universe &universe) const;
};

/* ---------------------------------------------------------------------- */

FixREMDSwap::FixREMDSwap(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg),
    say(std::make_unique<turing_glass::lammps::Messages>(lmp, "Fix remd/swap")),
    replicas(std::make_unique<Replicas>()), roots(MPI_COMM_NULL), thermostat(nullptr),
    barostat(nullptr), potential(nullptr)
{
  const int nworlds = universe->nworlds;
  if (nworlds == 1)
    say->stop(
        FLERR,
        "exchanges between partitions: start LAMMPS as in  mpirun -np 8 lmp -partition 4x2 -in ...");
  parse(narg, arg);

  Replicas &r = *replicas;
  std::vector<double> kt;
  for (const double t : r.ladder()) kt.push_back(force->boltz * t);
  r.exchange = std::make_unique<Exchange>(kt, r.seed, r.acceptance.force);

  // energies are sampled ten times between two attempts, or less often where steps do not divide
  const int every = static_cast<int>(r.schedule.every);
  nevery = every;
  for (int parts = 10; parts > 1 && nevery == every; --parts)
    if (every % parts == 0) nevery = every / parts;

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

void FixREMDSwap::parse(int narg, char **arg)
{
  using namespace turing_glass::lammps;
  constexpr std::int64_t most_steps = MAXBIGINT / 4;    // cycles are sums of these
  Replicas &r = *replicas;
  std::vector<double> &ladder = r.acceptance.ladder;
  const int nworlds = universe->nworlds;

  Words words(*say, narg, arg, 3);
  const int every = words.small_integer("the number of steps between attempts", 1);
  r.schedule.every = every;
  r.seed = words.integer("the seed", 1, MAXBIGINT);
  r.warmup = 10 * static_cast<bigint>(every);
  while (words.next_is_number()) ladder.push_back(words.number("a temperature", above(0.0)));

  bool automatic = false;
  while (!words.done()) {
    const std::string key =
        words.keyword({"ladder", "force", "hybrid", "acceptance", "warmup", "file"});
    const std::string what = "the value of keyword " + key;
    if (key == "ladder")
      automatic = words.choice(what, {"given", "auto"}) == "auto";
    else if (key == "force")
      r.acceptance.force = words.logical(what);
    else if (key == "acceptance")
      r.acceptance.wanted = words.number(what, between(0.0, 1.0));
    else if (key == "warmup")
      r.warmup = words.integer(what, 0, most_steps);
    else if (key == "hybrid") {
      r.schedule.plain =
          words.integer("the steps of keyword hybrid without attempts", 1, most_steps);
      r.schedule.exchanging =
          words.integer("the steps of keyword hybrid with attempts, N or more,", every, most_steps);
    } else {
      const std::string file = words.word(what);
      r.log_name = file == "none" ? "" : file;
    }
  }
  // energies soon after forced exchanges are not those of an ensemble, and promise nothing
  if (r.acceptance.force) r.warmup = 0;

  for (std::size_t i = 1; i < ladder.size(); ++i)
    if (ladder[i] <= ladder[i - 1])
      say->stop(FLERR, "temperatures must ascend, {} comes after {}", ladder[i], ladder[i - 1]);
  if (automatic) {
    if (ladder.size() != 2)
      say->stop(FLERR, "ladder auto needs the lowest and the highest temperature, {} are given",
                ladder.size());
    ladder = geometric_ladder(ladder[0], ladder[1], nworlds);
  }
  if (static_cast<int>(ladder.size()) != nworlds)
    say->stop(FLERR, "{} temperatures for {} partitions: give one for each", ladder.size(),
              nworlds);
}

int FixREMDSwap::setmask()
{
  return PRE_EXCHANGE | END_OF_STEP | POST_RUN;
}

/* ---------------------------------------------------------------------- */

double FixREMDSwap::temperature() const
{
  return replicas->ladder()[replicas->exchange->level(universe->iworld)];
}

void FixREMDSwap::find_thermostat()
{
  thermostat = barostat = nullptr;
  for (Fix *fix : modify->get_fix_list()) {
    int dim = 0;
    if (fix->extract("t_target", dim)) {
      if (thermostat)
        say->stop(FLERR, "fixes {} and {} both control the temperature; one thermostat is needed",
                  thermostat->id, fix->id);
      thermostat = fix;
    }
    if (fix->extract("p_target", dim)) barostat = fix;
    if ((fix->box_change & (BOX_CHANGE_X | BOX_CHANGE_Y | BOX_CHANGE_Z)) && fix != barostat)
      say->stop(FLERR, "fix {} changes the box, and its work is not known; use fix npt or fix nph",
                fix->id);
    if (utils::strmatch(fix->style, "^rigid"))
      say->stop(FLERR, "rigid bodies (fix {}) keep velocities of their own that are not rescaled",
                fix->id);
    if (fix->energy_global_flag && !fix->thermo_energy)
      say->warn(FLERR,
                "the energy of fix {} is not part of the potential energy by which replicas are "
                "exchanged; to include it: fix_modify {} energy yes",
                fix->id, fix->id);
  }
}

void FixREMDSwap::check_thermostat() const
{
  if (!thermostat)
    say->stop(
        FLERR,
        "no thermostat: define one before the run (fix nvt, npt, langevin, temp/csvr or temp/berendsen)");
  const std::string style = utils::strip_style_suffix(thermostat->style, lmp);
  if (std::find(std::begin(thermostats), std::end(thermostats), style) == std::end(thermostats))
    say->stop(FLERR,
              "fix {} (style {}) is no thermostat whose temperature can be exchanged; use fix nvt, "
              "npt, langevin, temp/csvr or temp/berendsen",
              thermostat->id, thermostat->style);
  if (thermostat->igroup != igroup)
    say->stop(FLERR, "acts on group {}, its thermostat {} on group {}: give both the same group",
              group->names[igroup], thermostat->id, group->names[thermostat->igroup]);
}

void FixREMDSwap::check_barostat() const
{
  if (!barostat) return;
  int dim = 0;
  const double *start = static_cast<double *>(barostat->extract("p_start", dim));
  const double *end = static_cast<double *>(barostat->extract("p_stop", dim));
  const int *flag = static_cast<int *>(barostat->extract("p_flag", dim));
  for (int i = 0; i < domain->dimension; ++i)
    if (!flag[i] || start[i] != start[0] || end[i] != start[0])
      say->stop(FLERR, "fix {} must hold one constant pressure in all directions", barostat->id);
  for (int i = 3; i < 6; ++i)
    if (flag[i]) say->stop(FLERR, "fix {} must not control shear stresses", barostat->id);
}

void FixREMDSwap::init()
{
  find_thermostat();
  check_thermostat();
  check_barostat();
  potential = modify->get_compute_by_id("thermo_pe");
  thermostat->reset_target(temperature());
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
      say->tell(fmt::format(
          "Fix remd/swap: replica {} has ended its run early, at step {:.0f}; the others end theirs\n",
          other + 1, all[other].step));
      ended = true;
    } else if (!at_the_end && (what != why || all[other].step != mine.step))
      say->stop(
          FLERR,
          "replica {} {} at step {}, but replica {} {} at step {:.0f}: all need the same runs",
          universe->iworld + 1, meeting_names[why], update->ntimestep, other + 1,
          meeting_names[what], all[other].step);
    if (!std::isfinite(all[other].energy + all[other].pressure_volume))
      say->stop(
          FLERR,
          "the potential energy of replica {} at the temperature {} is {} (its P V {}) at step "
          "{:.0f}: its atoms overlap, or its run has blown up; use a shorter timestep or another start",
          other + 1, replicas->ladder()[replicas->exchange->level(other)], all[other].energy,
          all[other].pressure_volume, all[other].step);
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
  check_same_exchange();
  const SameSystem same(*say, roots);
  same.check_atoms(target_pressure());
  same.check_potential(static_cast<double>(atom->natoms) * force->boltz * replicas->ladder()[0]);
  checked = true;
}

// Every replica decides by itself, from what it knows of all. Restart files of several runs, or of some replicas
// only, make them disagree.
void FixREMDSwap::check_same_exchange()
{
  const Replicas &r = *replicas;
  const std::string mine = r.settings();
  std::string first = mine;
  std::vector<double> state = r.exchange->state(), of_first;
  state.push_back(static_cast<double>(r.samples.levels.size()));
  state.insert(state.end(), r.acceptance.measured.begin(), r.acceptance.measured.end());
  of_first = state;
  for (MPI_Comm group : {roots, world}) {
    if (group == MPI_COMM_NULL) continue;
    turing_glass::broadcast(first, group);
    turing_glass::broadcast(of_first, group);
  }
  if (mine != first)
    say->stop(FLERR, "replica {} has {}, but replica 1 has {}: give all the same fix command",
              universe->iworld + 1, mine, first);
  if (state != of_first)
    say->stop(
        FLERR,
        "replicas {} and 1 do not agree on the exchanges so far: read restart files of one run and "
        "one step in all partitions, or in none",
        universe->iworld + 1);
}

/* ---------------------------------------------------------------------- */

void FixREMDSwap::setup(int /*vflag*/)
{
  const auto all = meet(BEGIN);
  in_run = true;
  ended = false;
  Replicas &r = *replicas;
  const bool begins = r.first_step < 0;
  if (begins) r.first_step = r.schedule.first = update->ntimestep;
  if (r.acceptance.predicted.empty()) predict(begins);
  say->guard(FLERR, [&] {
    turing_glass::on_first_rank(universe->uworld, [&] { begin_log(begins, all); });
  });
  potential->addstep(next_energy());
}

// on the first rank of all
void FixREMDSwap::begin_log(bool begins, const std::vector<Report> &all)
{
  Replicas &r = *replicas;
  const bigint step = update->ntimestep;
  if (r.log_name.empty()) return;
  if (r.log) {
    if (step != last_step) r.log->begin(step, r.schedule);
    return;
  }
  r.log =
      std::make_unique<ExchangeLog>(r.log_name, r.ladder(), r.schedule, *r.exchange, step, !begins);
  std::vector<double> energies;
  for (const Report &report : all) energies.push_back(report.energy);
  if (r.log->is_new()) r.log->write(step, *r.exchange, energies, {});
}

bool FixREMDSwap::warming_up() const
{
  return replicas->acceptance.measured.empty() && replicas->warmup > 0;
}

bigint FixREMDSwap::next_energy() const
{
  const bigint every = warming_up() ? nevery : replicas->schedule.every;
  return (update->ntimestep / every + 1) * every;
}

/* ----------------------------------------------------------------------
   the acceptances of harmonic systems of this size, known before anything is measured
------------------------------------------------------------------------- */

void FixREMDSwap::predict(bool show)
{
  AcceptanceReport &acceptance = replicas->acceptance;
  const std::vector<double> &ladder = acceptance.ladder;
  const double modes = modify->get_compute_by_id("thermo_temp")->dof;
  if (modes < 1.0) say->stop(FLERR, "there are no degrees of freedom");
  acceptance.predicted.clear();
  for (std::size_t i = 0; i + 1 < ladder.size(); ++i)
    acceptance.predicted.push_back(log_acceptance(modes, ladder[i], ladder[i + 1]));
  if (show)
    say->tell(fmt::format("Fix remd/swap: {} replicas of {} atoms, {:.0f} degrees of freedom, an "
                          "attempt every {} steps\n",
                          universe->nworlds, atom->natoms, modes, replicas->schedule.every) +
              acceptance.prediction(modes));
}

/* ----------------------------------------------------------------------
   the acceptances that the energies of the warm-up promise
------------------------------------------------------------------------- */

void FixREMDSwap::sample()
{
  Replicas &r = *replicas;
  const double energy = potential->compute_scalar();
  if (!std::isfinite(energy))
    say->stop(
        FLERR,
        "the potential energy of replica {} at the temperature {} is {} at step {}: its atoms "
        "overlap, or its run has blown up; use a shorter timestep or another start",
        universe->iworld + 1, temperature(), energy, update->ntimestep);
  r.samples.levels.push_back(r.exchange->level(universe->iworld));
  r.samples.energies.push_back(energy);
}

void FixREMDSwap::measure()
{
  Replicas &r = *replicas;
  const int n = universe->nworlds;
  std::vector<Samples> all(n);
  for (int world_of = 0; world_of < n; ++world_of) {
    Samples &samples = all[world_of];
    if (world_of == universe->iworld) samples = std::move(r.samples);
    if (comm->me == 0) {
      turing_glass::broadcast(samples.levels, roots, world_of);
      turing_glass::broadcast(samples.energies, roots, world_of);
    }
    turing_glass::broadcast(samples.levels, world);
    turing_glass::broadcast(samples.energies, world);
  }
  r.samples = {};

  std::vector<double> kt;
  for (const double t : r.ladder()) kt.push_back(force->boltz * t);
  const Promise promise = promise_of(all, kt);
  r.acceptance.measured = promise.log_acceptance;
  std::string text = fmt::format(
      "Fix remd/swap: step {}, acceptance that {} energies at each temperature promise:\n{}",
      update->ntimestep, promise.energies, r.acceptance.warm_up(promise));
  for (const auto &[first, second] : moving_alike(all))
    text += fmt::format(
        "WARNING: Fix remd/swap: the energies of replicas {} and {} go up and down together; give "
        "their velocities and thermostats different seeds\n",
        first + 1, second + 1);
  say->tell(text);
}

/* ---------------------------------------------------------------------- */

void FixREMDSwap::end_of_step()
{
  const bigint step = update->ntimestep;
  const Replicas &r = *replicas;
  if (step % (warming_up() ? nevery : r.schedule.every) != 0) return;
  if (warming_up() && step > r.first_step + r.schedule.plain) sample();
  if (r.schedule.attempt_at(step)) attempt();
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
    say->stop(FLERR, "fix {} is at the temperature {} instead of {}: it must not be a variable",
              thermostat->id, target, here);

  std::vector<double> energy, enthalpy;
  for (const Report &report : all) {
    energy.push_back(report.energy);
    enthalpy.push_back(report.energy + report.pressure_volume);
  }
  say->guard(FLERR, [&] {
    const auto decisions = r.exchange->attempt(enthalpy);
    turing_glass::on_first_rank(universe->uworld, [&] {
      if (r.log) r.log->write(update->ntimestep, *r.exchange, energy, decisions);
    });
  });
  if (temperature() != here) move(here, temperature());
  if (warming_up() && update->ntimestep >= r.first_step + r.schedule.plain + r.warmup) measure();
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

  last_step = ended ? -1 : update->ntimestep;
  const Exchange &exchange = *replicas->exchange;
  if (exchange.attempts() > 0) say->tell(replicas->acceptance.result(exchange));
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
  const AcceptanceReport &acceptance = replicas->acceptance;
  const Exchange::Pair &pair = replicas->exchange->pairs()[i];
  const double rate = pair.attempts ? static_cast<double>(pair.accepted) / pair.attempts : 0.0;
  const double values[] = {acceptance.ladder[i],
                           acceptance.ladder[i + 1],
                           static_cast<double>(pair.attempts),
                           static_cast<double>(pair.accepted),
                           rate,
                           acceptance.predicted.empty() ? 0.0 : std::exp(acceptance.predicted[i]),
                           acceptance.measured.empty() ? 0.0 : std::exp(acceptance.measured[i])};
  return values[j];
}

/* ----------------------------------------------------------------------
   Restart files: where everybody is, and how far the warm-up has come. A run may go on with other settings unless
   the state would mean something else with them.
------------------------------------------------------------------------- */

std::string FixREMDSwap::Replicas::settings() const
{
  std::string text = fmt::format("N {}, seed {}, force {}, warmup {}", schedule.every, seed,
                                 acceptance.force ? "yes" : "no", warmup);
  if (schedule.hybrid()) text += fmt::format(", hybrid {} {}", schedule.plain, schedule.exchanging);
  text += ", temperatures";
  for (const double t : ladder()) text += fmt::format(" {}", t);
  return text;
}

StateRecord FixREMDSwap::Replicas::record(const Universe &universe) const
{
  StateRecord record("fix remd/swap", 1);
  record.setting("number of replicas", universe.nworlds);
  record.setting("replica", universe.iworld + 1);
  std::string temperatures;
  for (const double t : ladder())
    temperatures += fmt::format("{}{}", temperatures.empty() ? "" : " ", t);
  record.setting("temperatures", temperatures);
  record.setting("force", acceptance.force ? "yes" : "no");
  return record;
}

void FixREMDSwap::write_restart(FILE *fp)
{
  if (comm->me != 0) return;
  const Replicas &r = *replicas;
  StateRecord record = r.record(*universe);
  record.put("first step", static_cast<std::int64_t>(r.first_step));
  record.put("cycle",
             std::vector<std::int64_t>{r.schedule.first, r.schedule.plain, r.schedule.exchanging});
  record.put("settings", r.settings());
  record.put("exchanged energy", exchanged_energy);
  record.put("exchange", r.exchange->state());
  record.put("measured", r.acceptance.measured);
  record.put("levels", std::vector<std::int64_t>(r.samples.levels.begin(), r.samples.levels.end()));
  record.put("energies", r.samples.energies);
  turing_glass::lammps::write_record(fp, record);
}

void FixREMDSwap::restart(char *buf)
{
  Replicas &r = *replicas;
  const StateRecord stored = turing_glass::lammps::read_record(*say, buf, r.record(*universe));
  say->guard(FLERR, [&] {
    r.first_step = stored.integer("first step");
    const auto &cycle = stored.integers("cycle");
    const bool same =
        cycle == std::vector<std::int64_t>{cycle.at(0), r.schedule.plain, r.schedule.exchanging};
    r.schedule.first = same ? cycle[0] : update->ntimestep;
    exchanged_energy = stored.number("exchanged energy");
    r.acceptance.measured = stored.numbers("measured");
    const auto &levels = stored.integers("levels");
    r.samples.levels.assign(levels.begin(), levels.end());
    r.samples.energies = stored.numbers("energies", levels.size());
    if (!r.exchange->set_state(stored.numbers("exchange")))
      throw std::runtime_error("its state in the restart file is damaged");

    if (stored.text("settings") != r.settings())
      say->tell(fmt::format("Fix remd/swap: goes on with {}; the restart file is of {}\n",
                            r.settings(), stored.text("settings")));
  });
}

double FixREMDSwap::memory_usage()
{
  const Samples &samples = replicas->samples;
  return static_cast<double>(samples.energies.capacity() * sizeof(double) +
                             samples.levels.capacity() * sizeof(int));
}
