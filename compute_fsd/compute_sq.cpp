#include "compute_sq.h"

#include "scattering/grid_amplitudes.h"

#include "atom.h"
#include "domain.h"
#include "error.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

using namespace LAMMPS_NS;
using namespace turing_glass::scattering;

namespace {

enum : int { Q, VECTORS, TOTAL, FIRST_PARTIAL };

}    // namespace

ComputeSQ::ComputeSQ(LAMMPS *lmp, int narg, char **arg) : Compute(lmp, narg, arg)
{
  if (narg < 5) utils::missing_cmd_args(FLERR, "compute sq", error);
  q_max = utils::numeric(FLERR, arg[3], false, lmp);
  if (q_max <= 0.0) error->all(FLERR, "Compute sq: the largest q must be above 0, not {}", arg[3]);
  size_array_rows = utils::inumeric(FLERR, arg[4], false, lmp);
  if (size_array_rows < 1)
    error->all(FLERR, "Compute sq: the number of bins must be at least 1, not {}", arg[4]);
  std::optional<int> vectors;
  for (int iarg = 5; iarg < narg; iarg += 2) {
    const std::string key = arg[iarg];
    if (key != "vectors" && key != "grid")
      error->all(FLERR, "Compute sq: unknown keyword '{}' (vectors, grid)", key);
    if (iarg + 1 == narg) error->all(FLERR, "Compute sq: keyword {} needs a value", key);
    if (key == "grid")
      grid = utils::logical(FLERR, arg[iarg + 1], false, lmp) == 1;
    else if ((vectors = utils::inumeric(FLERR, arg[iarg + 1], false, lmp)) < 1)
      error->all(FLERR, "Compute sq: vectors must be at least 1, not {}", arg[iarg + 1]);
  }
  if (grid && !has_grid_amplitudes())
    error->all(FLERR,
               "Compute sq: grid needs FFTW, which this was built without "
               "(Debian: libfftw3-mpi-dev)");
  constexpr int few = 200;
  most = vectors.value_or(grid ? MAXSMALLINT : few);
  array_flag = 1;
  extarray = 0;
  size_array_cols = FIRST_PARTIAL + atom->ntypes * (atom->ntypes + 1) / 2;
  memory->create(array, size_array_rows, size_array_cols, "sq:array");
}

ComputeSQ::~ComputeSQ()
{
  memory->destroy(array);
}

void ComputeSQ::init()
{
  if (!domain->xperiodic || !domain->yperiodic || !domain->zperiodic || domain->dimension == 2)
    error->all(FLERR, "Compute sq: needs a box that is periodic along three axes");
}

void ComputeSQ::compute_array()
{
  invoked_array = update->ntimestep;
  std::vector<WaveVector> vectors;
  try {
    vectors = wave_vectors(turing_glass::geometry::cell_of(*domain), q_max, size_array_rows, most);
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Compute sq: {}", e.what());
  }

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
    error->all(FLERR, "Compute sq: {} vectors are too many: lower the largest q, or 'vectors'",
               vectors.size());
  std::vector<double> here(2 * vectors.size() * types, 0.0), amplitudes(here.size());
  if (grid) {
    try {
      add_grid_amplitudes(vectors, places, kinds, types, here, world);
    } catch (const std::runtime_error &e) {
      error->all(FLERR, "Compute sq: {}", e.what());
    }
  } else
    add_amplitudes(vectors, places, kinds, types, here);
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
