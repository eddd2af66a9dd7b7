// SPDX-License-Identifier: GPL-2.0-only

#include "spectral_scheme.h"

#include <stdexcept>

#if !defined(TURING_GLASS_FFTW)

namespace turing_glass::pattern {

struct SpectralScheme::Transforms {};

bool has_spectral_scheme()
{
  return false;
}

SpectralScheme::SpectralScheme(const Model &model, const Grid &grid, double dt, Symbol,
                               MPI_Comm comm) :
    ReactionDiffusion(model, grid, dt, comm)
{
  throw std::runtime_error(
      "built without FFTW for MPI (Debian: libfftw3-mpi-dev), which the spectral scheme needs");
}

SpectralScheme::~SpectralScheme() = default;

double *SpectralScheme::row(Field, int)
{
  return nullptr;
}

void SpectralScheme::evolve(int) {}

}    // namespace turing_glass::pattern

#else

#include <fftw3-mpi.h>

#include <cmath>
#include <vector>

namespace turing_glass::pattern {

bool has_spectral_scheme()
{
  return true;
}

namespace {

constexpr double pi = 3.14159265358979323846;

/// s(k) along one axis of n cells, by the number of the mode.
std::vector<double> symbol_values(Symbol symbol, int n, double dx)
{
  std::vector<double> s(n);
  for (int m = 0; m < n; ++m) {
    const double k = 2.0 * pi * (m <= n / 2 ? m : m - n) / (n * dx);
    s[m] = symbol == Symbol::exact ? k * k : (2.0 - 2.0 * std::cos(k * dx)) / (dx * dx);
  }
  return s;
}

struct Free {
  void operator()(void *p) const { fftw_free(p); }
};
template <class T> using FftwArray = std::unique_ptr<T[], Free>;

struct DestroyPlan {
  void operator()(fftw_plan plan) const { fftw_destroy_plan(plan); }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, DestroyPlan>;

}    // namespace

/// Real rows have room for nx/2 + 1 complex numbers; modes are transposed, [kx][ky], kx over the ranks.
struct SpectralScheme::Transforms {
  std::ptrdiff_t pitch = 0;                     // doubles between rows
  std::ptrdiff_t first_kx = 0, kx_count = 0;    // of this rank
  FftwArray<double> field[2];
  FftwArray<fftw_complex> modes;
  Plan forward, backward;    // made for field[0], run on both
  std::vector<double> symbol_x, symbol_y;
};

SpectralScheme::SpectralScheme(const Model &model, const Grid &grid, double dt, Symbol symbol,
                               MPI_Comm comm) :
    ReactionDiffusion(model, grid, dt, comm),
    transforms_(std::make_unique<Transforms>())
{
  fftw_mpi_init();    // FFTW does this once and ignores further calls
  Transforms &t = *transforms_;
  const std::ptrdiff_t nkx = grid.nx / 2 + 1;
  std::ptrdiff_t rows = 0, first_row = 0;
  const std::ptrdiff_t size = fftw_mpi_local_size_2d_transposed(
      grid.ny, nkx, comm, &rows, &first_row, &t.kx_count, &t.first_kx);
  rows_ = static_cast<int>(rows);
  first_row_ = static_cast<int>(first_row);
  t.pitch = 2 * nkx;
  for (FftwArray<double> &field : t.field) field.reset(fftw_alloc_real(2 * size));
  t.modes.reset(fftw_alloc_complex(size));
  t.forward.reset(fftw_mpi_plan_dft_r2c_2d(grid.ny, grid.nx, t.field[0].get(), t.modes.get(), comm,
                                           FFTW_ESTIMATE | FFTW_MPI_TRANSPOSED_OUT));
  t.backward.reset(fftw_mpi_plan_dft_c2r_2d(grid.ny, grid.nx, t.modes.get(), t.field[0].get(), comm,
                                            FFTW_ESTIMATE | FFTW_MPI_TRANSPOSED_IN));
  if (!t.forward || !t.backward)
    throw std::runtime_error("FFTW has no plan for this grid and number of ranks");
  t.symbol_x = symbol_values(symbol, grid.nx, grid.dx);
  t.symbol_y = symbol_values(symbol, grid.ny, grid.dx);
}

SpectralScheme::~SpectralScheme() = default;

double *SpectralScheme::row(Field field, int y)
{
  return transforms_->field[field == Field::v ? 1 : 0].get() + y * transforms_->pitch;
}

void SpectralScheme::evolve(int steps)
{
  const Transforms &t = *transforms_;
  const double per_cell =
      1.0 / static_cast<double>(grid_.cells());    // FFTW's transforms are not normalized
  for (int step = 0; step < steps; ++step) {
    for (int y = 0; y < rows_; ++y) {
      double *u = row(Field::u, y), *v = row(Field::v, y);
      for (int x = 0; x < grid_.nx; ++x) {
        const double f = dt_ * (u[x] * v[x] - model_.alpha * u[x] / (u[x] + model_.beta));
        u[x] += f;
        v[x] -= f;
      }
    }
    for (const Field field : {Field::u, Field::v}) {
      double *values = t.field[field == Field::v ? 1 : 0].get();
      const double diffusion = dt_ * (field == Field::u ? model_.delta : 1.0);
      fftw_mpi_execute_dft_r2c(t.forward.get(), values, t.modes.get());
      fftw_complex *mode = t.modes.get();
      for (std::ptrdiff_t kx = t.first_kx; kx < t.first_kx + t.kx_count; ++kx)
        for (int ky = 0; ky < grid_.ny; ++ky, ++mode) {
          const double factor = per_cell / (1.0 + diffusion * (t.symbol_x[kx] + t.symbol_y[ky]));
          (*mode)[0] *= factor;
          (*mode)[1] *= factor;
        }
      fftw_mpi_execute_dft_c2r(t.backward.get(), t.modes.get(), values);
    }
  }
}

}    // namespace turing_glass::pattern

#endif
