// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/messages.h"

#include "io/state_record.h"

#include "comm.h"
#include "platform.h"
#include "universe.h"

#include <cstdio>

namespace turing_glass::lammps {

namespace {

/// On the screen of the whole run, where the partition's own screen is a file.
void show_in_universe(LAMMPS_NS::LAMMPS *lmp, const char *what, const std::string &text)
{
  const LAMMPS_NS::Universe *universe = lmp->universe;
  if (universe->nworlds == 1 || !universe->uscreen) return;
  std::fprintf(universe->uscreen, "%s in partition %d: %s\n", what, universe->iworld + 1,
               text.c_str());
  std::fflush(universe->uscreen);
}

int rank_in(MPI_Comm world)
{
  int rank = 0;
  MPI_Comm_rank(world, &rank);
  return rank;
}

void pause(double seconds)
{
  LAMMPS_NS::platform::usleep(static_cast<int>(seconds * 1e6));
}

/// Whether all partitions stop now: whoever does waits a little for the others.
bool all_stop(MPI_Comm universe)
{
  constexpr double patience = 2.0, step = 1e-3;    // seconds
  MPI_Request all_here;
  MPI_Ibarrier(universe, &all_here);
  int complete = 0;
  for (const double begin = LAMMPS_NS::platform::walltime();
       !complete && LAMMPS_NS::platform::walltime() < begin + patience; pause(step))
    MPI_Test(&all_here, &complete, MPI_STATUS_IGNORE);
  return complete != 0;
}

bool same_on_all(const std::string &text, MPI_Comm comm)
{
  const unsigned long long hash = io::Checksum().add(text).value();
  unsigned long long least = 0, greatest = 0;
  MPI_Allreduce(&hash, &least, 1, MPI_UNSIGNED_LONG_LONG, MPI_MIN, comm);
  MPI_Allreduce(&hash, &greatest, 1, MPI_UNSIGNED_LONG_LONG, MPI_MAX, comm);
  return least == greatest;
}

}    // namespace

void Messages::stop_all(const std::string &file, int line, const std::string &text) const
{
  const std::string message = style_ + ": " + text;
  const LAMMPS_NS::Universe *universe = lmp_->universe;
  if (universe->nworlds > 1) {
    const bool first = rank_in(lmp_->world) == 0;
    if (all_stop(universe->uworld) && same_on_all(message, universe->uworld)) {
      if (first) LAMMPS_NS::utils::logmesg(lmp_, "ERROR: {}\n", message);
      lmp_->error->universe_all(file, line, message);
    }
    if (first) show_in_universe(lmp_, "ERROR", message);
    constexpr double for_output = 0.3;    // seconds, for the message to reach the screen
    pause(for_output);
  }
  lmp_->error->all(file, line, message);
}

void Messages::warn_once(const std::string &file, int line, const std::string &text) const
{
  if (rank_in(lmp_->world) != 0) return;
  const std::string message = style_ + ": " + text;
  show_in_universe(lmp_, "WARNING", message);
  lmp_->error->warning(file, line, message);
}

void Messages::tell(const std::string &text) const
{
  const LAMMPS_NS::Universe *universe = lmp_->universe;
  if (universe->me != 0) return;
  for (FILE *file : {universe->uscreen, universe->ulogfile}) {
    if (!file) continue;
    std::fputs(text.c_str(), file);
    std::fflush(file);
  }
}

}    // namespace turing_glass::lammps
