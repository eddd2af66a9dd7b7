// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/memory_request.h"

#include <mpi.h>
#include <unistd.h>

namespace turing_glass::lammps {

void require_memory(const Messages &say, double bytes, const std::string &what)
{
  constexpr double giga = 1e9;
  const double machine =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  // the largest request, and the smallest machine with its sign turned
  double mine[] = {bytes, -machine}, all[] = {0.0, 0.0};
  MPI_Allreduce(mine, all, 2, MPI_DOUBLE, MPI_MAX, say.lmp()->world);
  if (all[0] > -all[1])
    say.stop(FLERR, "{} would need {:.3g} GB on one rank, of {:.3g} GB that its machine has", what,
             all[0] / giga, -all[1] / giga);
}

}    // namespace turing_glass::lammps
