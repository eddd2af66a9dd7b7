// SPDX-License-Identifier: GPL-2.0-only

#include "compute_sq.h"

#include "lammps/memory_request.h"
#include "lammps/positions.h"
#include "lammps/words.h"
#include "scattering/grid_amplitudes.h"

#include "atom.h"
#include "domain.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <optional>
#include <string>

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;
using namespace turing_glass::scattering;

namespace {

enum : int { Q, VECTORS, TOTAL, FIRST_PARTIAL };

}    // namespace

ComputeSQ::ComputeSQ(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), say(lmp, "Compute sq")
{
  Words words(say, narg, arg, 3);
  q_max = words.number("the largest q", above(0.0));
  size_array_rows = words.small_integer("the number of bins", 1);
  std::optional<int> vectors;
  while (!words.done()) {
    const std::string key = words.keyword({"vectors", "grid"});
    if (key == "grid")
      grid = words.logical("grid");
    else
      vectors = words.small_integer("vectors", 1);
  }
  if (grid && !has_grid_amplitudes())
    say.stop(FLERR, "grid needs FFTW, which this was built without (Debian: libfftw3-mpi-dev)");
  constexpr int few = 200;
  most = vectors.value_or(grid ? MAXSMALLINT : few);
  array_flag = 1;
  extarray = 0;
  size_array_cols = FIRST_PARTIAL + atom->ntypes * (atom->ntypes + 1) / 2;
  // of the array, and of the vectors by bin
  require_memory(say, (size_array_cols + 8.0) * size_array_rows * sizeof(double),
                 fmt::format("the number of bins, {},", size_array_rows));
  memory->create(array, size_array_rows, size_array_cols, "sq:array");
}

ComputeSQ::~ComputeSQ()
{
  memory->destroy(array);
}

void ComputeSQ::init()
{
  if (!domain->xperiodic || !domain->yperiodic || !domain->zperiodic || domain->dimension == 2)
    say.stop(FLERR, "needs a box that is periodic along three axes");
}

void ComputeSQ::compute_array()
{
  invoked_array = update->ntimestep;
  require_finite_positions(say, groupbit);
  const std::vector<WaveVector> vectors = say.guard(FLERR, [&] {
    return wave_vectors(turing_glass::geometry::cell_of(*domain), q_max, size_array_rows, most);
  });

  const int types = atom->ntypes;
  std::vector<Vector> places;
  std::vector<int> kinds;
  std::vector<double> mine(types, 0.0), atoms(types);
  for (int i = 0; i < atom->nlocal; ++i) {
    if (!(atom->mask[i] & groupbit)) continue;
    domain->x2lamda(atom->x[i], places.emplace_back().data());
    kinds.push_back(atom->type[i]);
    mine[kinds.back() - 1] += 1.0;
  }
  MPI_Allreduce(mine.data(), atoms.data(), types, MPI_DOUBLE, MPI_SUM, world);
  if (2 * vectors.size() * types > MAXSMALLINT)
    say.stop(FLERR, "{} vectors are too many: lower the largest q, or 'vectors'", vectors.size());
  std::vector<double> here(2 * vectors.size() * types, 0.0), amplitudes(here.size());
  say.guard(FLERR, [&] {
    if (grid)
      add_grid_amplitudes(vectors, places, kinds, types, here, world);
    else
      add_amplitudes(vectors, places, kinds, types, here);
  });
  MPI_Allreduce(here.data(), amplitudes.data(), static_cast<int>(here.size()), MPI_DOUBLE, MPI_SUM,
                world);

  double **row = array;
  for (const auto &bin : structure_factor(vectors, size_array_rows, amplitudes, atoms)) {
    (*row)[Q] = bin.q;
    (*row)[VECTORS] = bin.vectors;
    (*row)[TOTAL] = bin.total;
    std::copy(bin.partial.begin(), bin.partial.end(), *row + FIRST_PARTIAL);
    ++row;
  }
}

double ComputeSQ::memory_usage()
{
  return static_cast<double>(size_array_rows) * size_array_cols * sizeof(double);
}
