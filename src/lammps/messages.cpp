#include "lammps/messages.h"

#include "comm.h"
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

}    // namespace

void Messages::stop_all(const std::string &file, int line, const std::string &text) const
{
  const std::string message = style_ + ": " + text;
  if (rank_in(lmp_->world) == 0) show_in_universe(lmp_, "ERROR", message);
  lmp_->error->all(file, line, message);
}

void Messages::warn_once(const std::string &file, int line, const std::string &text) const
{
  if (rank_in(lmp_->world) != 0) return;
  const std::string message = style_ + ": " + text;
  show_in_universe(lmp_, "WARNING", message);
  lmp_->error->warning(file, line, message);
}

}    // namespace turing_glass::lammps
