// SPDX-License-Identifier: GPL-2.0-only

#include "structure_factor.h"

#include <stdexcept>

#if !defined(TURING_GLASS_FFTW)

namespace turing_glass::pattern {

bool has_structure_factor()
{
  return false;
}

std::vector<StructureFactor> structure_factor(const std::vector<double> &, int, int, double)
{
  throw std::runtime_error(
      "built without FFTW for MPI (Debian: libfftw3-mpi-dev), which structure factors need");
}

}    // namespace turing_glass::pattern

#else

#include <fftw3.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace turing_glass::pattern {

bool has_structure_factor()
{
  return true;
}

std::vector<StructureFactor> structure_factor(const std::vector<double> &field, int nx, int ny,
                                              double dx)
{
  constexpr double pi = 3.14159265358979323846;
  const int nkx = nx / 2 + 1;
  const double cells = static_cast<double>(nx) * ny;
  const double mean = std::accumulate(field.begin(), field.end(), 0.0) / cells;
  std::vector<double> deviation(field);
  for (double &d : deviation) d -= mean;

  std::vector<double> modes(2 * static_cast<std::size_t>(nkx) * ny);
  auto *amplitude = reinterpret_cast<fftw_complex *>(modes.data());
  const fftw_plan plan = fftw_plan_dft_r2c_2d(ny, nx, deviation.data(), amplitude, FFTW_ESTIMATE);
  fftw_execute(plan);
  fftw_destroy_plan(plan);

  const double width = 2.0 * pi / (std::max(nx, ny) * dx);
  std::vector<StructureFactor> shells(2 * std::max(nx, ny), {0.0, 0.0, 0});
  for (int ky = 0; ky < ny; ++ky)
    for (int kx = 0; kx < nkx; ++kx, ++amplitude) {
      if (kx == 0 && ky == 0) continue;
      const double k =
          2.0 * pi / dx * std::hypot(double(kx) / nx, double(ky <= ny / 2 ? ky : ky - ny) / ny);
      // a real field has the same amplitude at -k, which FFTW leaves out
      const int weight = kx == 0 || 2 * kx == nx ? 1 : 2;
      StructureFactor &shell = shells[std::lround(k / width)];
      shell.k += weight * k;
      shell.S +=
          weight * ((*amplitude)[0] * (*amplitude)[0] + (*amplitude)[1] * (*amplitude)[1]) / cells;
      shell.modes += weight;
    }
  std::vector<StructureFactor> result;
  for (const StructureFactor &s : shells)
    if (s.modes > 0) result.push_back({s.k / s.modes, s.S / s.modes, s.modes});
  return result;
}

}    // namespace turing_glass::pattern

#endif
