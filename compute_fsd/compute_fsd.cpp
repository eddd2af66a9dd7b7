// SPDX-License-Identifier: GPL-2.0-only

#include "compute_fsd.h"

#include "fix_fsd_origins.h"

#include "scattering/relaxation.h"

#include "memory.h"
#include "update.h"

#include <algorithm>
#include <vector>

using namespace LAMMPS_NS;
using turing_glass::lammps::Messages;
using turing_glass::scattering::Relaxation;

namespace {

enum : int { TYPE, SLICE, DISTANCE, ATOMS, ORIGINS, TIME, MSD, MSD_ERROR, ALPHA_2, FIRST_F };

}    // namespace

ComputeFSD::ComputeFSD(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), origins(Messages(lmp, "Compute fsd"), id, "_ORIGINS")
{
  // the words after the style are those of the fix
  origins.make("FSD/ORIGINS", igroup, {arg + 3, arg + narg});

  const Relaxation &r = origins.get().relaxation();
  const int waves = static_cast<int>(r.q().size()), sets = (r.types() + 1) * (r.slices() + 1);
  vector_flag = array_flag = 1;
  size_vector = waves * (r.slices() + 1);
  size_array_rows = sets * r.lags();
  size_array_cols = FIRST_F + 2 * waves;
  extvector = extarray = 0;
  vector = new double[size_vector];
  memory->create(array, size_array_rows, size_array_cols, "fsd:array");
}

ComputeFSD::~ComputeFSD()
{
  origins.remove();
  delete[] vector;
  memory->destroy(array);
}

// tau of all types, for each q: of all atoms, then of each slice
void ComputeFSD::compute_vector()
{
  invoked_vector = update->ntimestep;
  const FixFSDOrigins &measured = origins.get();
  const Relaxation &r = measured.relaxation();
  const auto times = measured.times();
  double *next = vector;
  for (int q = 0; q < static_cast<int>(r.q().size()); ++q)
    for (int slice = 0; slice <= r.slices(); ++slice) {
      *next++ = measured.enough(0, slice) ? r.tau(0, slice, q, times).mean : 0.0;
    }
}

void ComputeFSD::compute_array()
{
  invoked_array = update->ntimestep;
  const FixFSDOrigins &measured = origins.get();
  const Relaxation &r = measured.relaxation();
  const auto times = measured.times();
  double **next = array;
  for (int type = 0; type <= r.types(); ++type)
    for (int slice = 0; slice <= r.slices(); ++slice)
      for (int lag = 0; lag < r.lags(); ++lag) {
        double *row = *next++;
        std::fill_n(row, size_array_cols, 0.0);
        row[TYPE] = type;
        row[SLICE] = slice;
        row[DISTANCE] = slice > 0 ? (slice - 0.5) * measured.thickness() : 0.0;
        row[ATOMS] = r.count(type, slice);
        row[ORIGINS] = r.origins(lag);
        row[TIME] = times[lag];
        if (!measured.enough(type, slice) || !r.has_atoms(type, slice, lag)) continue;
        const auto msd = r.msd(type, slice, lag);
        row[MSD] = msd.mean;
        row[MSD_ERROR] = msd.error;
        row[ALPHA_2] = r.alpha_2(type, slice, lag);
        for (int q = 0; q < static_cast<int>(r.q().size()); ++q) {
          const auto f = r.f(type, slice, lag, q);
          row[FIRST_F + 2 * q] = f.mean;
          row[FIRST_F + 2 * q + 1] = f.error;
        }
      }
}

double ComputeFSD::memory_usage()
{
  return (static_cast<double>(size_array_rows) * size_array_cols + size_vector) * sizeof(double);
}
