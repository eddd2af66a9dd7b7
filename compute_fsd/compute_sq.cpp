#include "compute_sq.h"

#include "scattering/structure_factor.h"

#include "atom.h"
#include "domain.h"
#include "error.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
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
  for (int iarg = 5; iarg < narg; iarg += 2) {
    if (std::string(arg[iarg]) != "vectors")
      error->all(FLERR, "Compute sq: unknown keyword '{}' (vectors)", arg[iarg]);
    if (iarg + 1 == narg) error->all(FLERR, "Compute sq: keyword vectors needs a number");
    most = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
    if (most < 1)
      error->all(FLERR, "Compute sq: vectors must be at least 1, not {}", arg[iarg + 1]);
  }
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
  const auto vectors = wave_vectors(turing_glass::geometry::cell_of(*domain), q_max, size_array_rows, most);

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
  std::vector<double> here(2 * vectors.size() * types, 0.0), amplitudes(here.size());
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
