// SPDX-License-Identifier: GPL-2.0-only

#include "pattern_command.h"

#include "collective.h"
#include "lammps/words.h"
#include "pattern/checkpoint.h"
#include "pattern/explicit_scheme.h"
#include "pattern/grid_file.h"
#include "pattern/mask.h"
#include "pattern/spectral_scheme.h"
#include "pattern/structure_factor.h"
#include "text.h"

#include "comm.h"
#include "fmt/format.h"
#include "platform.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;
namespace pt = turing_glass::pattern;

namespace {

struct SolveCommand {
  pt::Grid grid;
  pt::Model model;
  double tau = 4.5, dt = 0.005, noise = 0.01, threshold = pt::default_threshold;
  // share of the particles slower than their mean squared displacement in a Gaussian liquid:
  // P(chi^2 with 3 degrees of freedom < 3)
  double slow = 0.608;
  bool fixed_point = false;
  std::int64_t steps = 90000, seed = 1, checkpoint_every = 0;
  std::string scheme = "explicit";
  std::string mask, fields, clusters, structure, checkpoint;    // files; empty: none
};

void read_file_of_mask(const Messages &say, Words &words, std::string &file)
{
  file = words.word("the file of the mask");
  if (!pt::ends_with(file, ".png") && !pt::ends_with(file, ".npy"))
    say.stop(FLERR, "the file of the mask must end in .png or .npy, '{}' does not", file);
}

SolveCommand parse(const Messages &say, int narg, char **arg)
{
  constexpr int largest_edge = 1 << 15;
  constexpr std::int64_t many = 1000000000000;
  Words words(say, narg, arg);
  SolveCommand c;
  c.grid.nx = words.small_integer("NX", 3, largest_edge);
  c.grid.ny = words.small_integer("NY", 3, largest_edge);
  const std::map<std::string, double *> above_zero = {
      {"tau", &c.tau},         {"delta", &c.model.delta}, {"alpha", &c.model.alpha},
      {"beta", &c.model.beta}, {"dx", &c.grid.dx},        {"dt", &c.dt}};
  const std::map<std::string, std::string *> files = {
      {"fields", &c.fields}, {"clusters", &c.clusters}, {"structure", &c.structure}};
  while (!words.done()) {
    const std::string key = words.keyword({"tau", "delta", "alpha", "beta", "dx", "dt", "steps",
                                           "seed", "noise", "start", "scheme", "threshold", "file",
                                           "fields", "clusters", "structure", "checkpoint"});
    if (const auto number = above_zero.find(key); number != above_zero.end())
      *number->second = words.number(key, above(0.0));
    else if (const auto file = files.find(key); file != files.end())
      *file->second = words.word("the file of keyword " + key);
    else if (key == "steps")
      c.steps = words.integer(key, 0, many);
    else if (key == "seed")
      c.seed = words.integer(key, 0, many);
    else if (key == "noise")
      c.noise = words.number(key, from_to(0.0, 1.0));
    else if (key == "threshold")
      c.threshold = words.number(key, at_least(0.0));
    else if (key == "start") {
      c.fixed_point = words.choice(key, {"homogeneous", "fixed"}) == "fixed";
      if (!c.fixed_point) c.slow = words.number("the slow fraction", between(0.0, 1.0));
    } else if (key == "scheme")
      c.scheme = words.choice(key, {"explicit", "spectral", "spectral/k2"});
    else if (key == "file")
      read_file_of_mask(say, words, c.mask);
    else {
      c.checkpoint_every = words.integer("the number of steps between checkpoints", 1, many);
      c.checkpoint = words.word("the file of the checkpoint");
    }
  }
  return c;
}

/// What would be known only at the end of a long run: folders, and libraries this was built without.
void check_files(const SolveCommand &c)
{
  for (const std::string &file : {c.mask, c.fields, c.clusters, c.structure, c.checkpoint}) {
    const std::string folder = platform::path_dirname(file);
    if (!file.empty() && !std::filesystem::is_directory(folder))
      throw std::runtime_error(fmt::format("there is no folder '{}' for {}", folder, file));
  }
  if (pt::ends_with(c.mask, ".png") && !pt::has_png())
    throw std::runtime_error(
        c.mask + ": built without libpng (Debian: libpng-dev): give a name that ends in .npy");
  if (!c.structure.empty() && !pt::has_structure_factor())
    throw std::runtime_error("structure: built without FFTW for MPI (Debian: libfftw3-mpi-dev)");
}

std::unique_ptr<pt::ReactionDiffusion> make_solver(const SolveCommand &c, MPI_Comm comm)
{
  if (c.scheme == "explicit")
    return std::make_unique<pt::ExplicitScheme>(c.model, c.grid, c.dt, comm);
  const pt::Symbol symbol = c.scheme == "spectral" ? pt::Symbol::five_point : pt::Symbol::exact;
  return std::make_unique<pt::SpectralScheme>(c.model, c.grid, c.dt, symbol, comm);
}

/// All that the state at a step depends on.
pt::Checkpoint checkpoint_of(const SolveCommand &c)
{
  const auto text = [](auto value) { return fmt::format("{}", value); };
  pt::Checkpoint checkpoint;
  checkpoint.parameters = {{"NX", text(c.grid.nx)},
                           {"NY", text(c.grid.ny)},
                           {"tau", text(c.tau)},
                           {"delta", text(c.model.delta)},
                           {"alpha", text(c.model.alpha)},
                           {"beta", text(c.model.beta)},
                           {"dx", text(c.grid.dx)},
                           {"dt", text(c.dt)},
                           {"seed", text(c.seed)},
                           {"noise", text(c.noise)},
                           {"start", c.fixed_point ? "fixed" : "homogeneous " + text(c.slow)},
                           {"scheme", c.scheme}};
  return checkpoint;
}

std::string cluster_table(const pt::Patches &found)
{
  std::string text = "# patch pixels x y infinite_x infinite_y; x and y in pixels\n";
  int number = 0;
  for (const pt::Patch &p : found.patches)
    text += fmt::format("{} {} {:.6f} {:.6f} {} {}\n", ++number, p.pixels, p.x, p.y,
                        p.infinite_x ? 1 : 0, p.infinite_y ? 1 : 0);
  return text;
}

std::string structure_table(const std::vector<pt::StructureFactor> &shells)
{
  std::string text = "# k S(k) modes; of u, k in 1/length with 2 pi\n";
  for (const pt::StructureFactor &s : shells)
    text += fmt::format("{:.10g} {:.10g} {}\n", s.k, s.S, s.modes);
  return text;
}

/// One run of pattern solve on the ranks of a partition.
class Run {
 public:
  Run(const Messages &say, const SolveCommand &command, MPI_Comm comm) :
      say_(say), lmp_(say.lmp()), c_(command), comm_(comm), solver_(make_solver(command, comm)),
      saved_(checkpoint_of(command))
  {
  }

  void begin()
  {
    turing_glass::on_first_rank(comm_, [this] { check_files(c_); });
    int found = 0;
    if (!c_.checkpoint.empty())
      turing_glass::on_first_rank(comm_, [&] {
        if (!std::filesystem::exists(c_.checkpoint)) return;
        found = 1;
        read_checkpoint(c_.checkpoint, static_cast<std::size_t>(c_.grid.cells()), saved_);
        if (saved_.step > c_.steps)
          throw std::runtime_error(
              fmt::format("{}: the checkpoint is at step {}, beyond steps {}: remove the file to "
                          "start anew, or give more steps",
                          c_.checkpoint, saved_.step, c_.steps));
        print("pattern solve: going on from {} at step {}\n", c_.checkpoint, saved_.step);
      });
    MPI_Bcast(&found, 1, MPI_INT, 0, comm_);
    MPI_Bcast(&saved_.step, 1, MPI_INT64_T, 0, comm_);
    if (found) {
      solver_->scatter(pt::Field::u, saved_.u);
      solver_->scatter(pt::Field::v, saved_.v);
    } else {
      const pt::State state = c_.fixed_point
          ? pt::fixed_point(c_.model, c_.tau)
          : pt::State{c_.slow * c_.tau, (1.0 - c_.slow) * c_.tau};
      solver_->start(state, c_.noise, static_cast<std::uint64_t>(c_.seed));
    }
  }

  void advance()
  {
    constexpr std::int64_t portions = 200;
    constexpr double pause = 5.0;    // seconds between lines of progress
    const std::int64_t portion = std::max<std::int64_t>(1, c_.steps / portions),
                       first = saved_.step;
    const double start = platform::walltime();
    double told = start;
    std::int64_t &step = saved_.step;
    while (step < c_.steps) {
      std::int64_t next = std::min(c_.steps, step + portion);
      if (c_.checkpoint_every)
        next = std::min(next, (step / c_.checkpoint_every + 1) * c_.checkpoint_every);
      solver_->advance(next - step);
      step = next;
      if (c_.checkpoint_every && (step % c_.checkpoint_every == 0 || step == c_.steps)) save();
      const double now = platform::walltime();
      if (now < told + pause || step == c_.steps) continue;
      told = now;
      const double rate = static_cast<double>(step - first) / (now - start);
      print("pattern solve: {:3d} %  {:.3g} cell-steps/s  {:.0f} s left\n", 100 * step / c_.steps,
            rate * static_cast<double>(c_.grid.cells()),
            static_cast<double>(c_.steps - step) / rate);
    }
    const double seconds = platform::walltime() - start;
    if (step > first)
      print("pattern solve: {} steps in {:.3g} s, {:.3g} cell-steps/s\n", step - first, seconds,
            static_cast<double>(step - first) * static_cast<double>(c_.grid.cells()) / seconds);
  }

  void report()
  {
    const double drift = solver_->mean_tau() / c_.tau - 1.0, largest = solver_->max_u();
    const pt::Field2D u{c_.grid.nx, c_.grid.ny, solver_->gather(pt::Field::u)};
    const pt::Field2D v{c_.grid.nx, c_.grid.ny, solver_->gather(pt::Field::v)};
    turing_glass::on_first_rank(comm_, [&] {
      const pt::Mask mask = pt::mask_of(u, c_.threshold);
      const pt::Patches found = pt::find_patches(mask);
      print("pattern solve: state at step {}, time {:g}\n"
            "  mass drift     {:.2e}\n  largest u      {:.6g}\n  threshold      {:g}\n"
            "  area fraction  {:.6g}\n  patches        {}\n",
            c_.steps, static_cast<double>(c_.steps) * c_.dt, drift, largest, c_.threshold,
            pt::area_fraction(mask), found.patches.size());
      if (found.patches.empty())
        say_.warn(FLERR, "the mask is empty: the largest u, {:.6g}, is not above the threshold {}",
                  largest, c_.threshold);
      if (!c_.mask.empty()) pt::write_mask(c_.mask, mask);
      if (!c_.fields.empty()) {
        pt::write_npy(c_.fields + ".u.npy", u);
        pt::write_npy(c_.fields + ".v.npy", v);
      }
      if (!c_.clusters.empty()) turing_glass::write_file(c_.clusters, cluster_table(found));
      if (!c_.structure.empty())
        turing_glass::write_file(
            c_.structure,
            structure_table(pt::structure_factor(u.values, c_.grid.nx, c_.grid.ny, c_.grid.dx)));
    });
  }

 private:
  /// On screen and in the log of the first rank, at once: a run may be long, and killed.
  template <class... Values> void print(const char *format, const Values &...values)
  {
    if (lmp_->comm->me != 0) return;
    utils::logmesg(lmp_, format, values...);
    for (FILE *stream : {lmp_->screen, lmp_->logfile})
      if (stream) std::fflush(stream);
  }

  void save()
  {
    saved_.u = solver_->gather(pt::Field::u);
    saved_.v = solver_->gather(pt::Field::v);
    turing_glass::on_first_rank(comm_, [this] { pt::write_checkpoint(c_.checkpoint, saved_); });
  }

  const Messages &say_;
  LAMMPS *lmp_;
  SolveCommand c_;
  MPI_Comm comm_;
  std::unique_ptr<pt::ReactionDiffusion> solver_;
  pt::Checkpoint saved_;    // its step is the present one, its fields those saved last
};

}    // namespace

/* ---------------------------------------------------------------------- */

void Pattern::command(int narg, char **arg)
{
  const Messages all(lmp, "Command pattern");
  Words words(all, narg, arg);
  const std::string word = words.choice("the first word", {"solve", "map", "radii"});
  const Messages say(lmp, "pattern " + word);
  say.guard(FLERR, [&] {
    if (word == "solve")
      solve(say, narg - 1, arg + 1);
    else if (word == "map")
      map(say, narg - 1, arg + 1);
    else
      radii(say, narg - 1, arg + 1);
  });
}

/* ----------------------------------------------------------------------
   pattern solve NX NY [keywords]
------------------------------------------------------------------------- */

void Pattern::solve(const Messages &say, int narg, char **arg)
{
  Run run(say, parse(say, narg, arg), world);
  run.begin();
  run.advance();
  run.report();
}
