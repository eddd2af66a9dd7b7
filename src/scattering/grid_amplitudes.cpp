// SPDX-License-Identifier: GPL-2.0-only

#include "grid_amplitudes.h"

#include <stdexcept>

#if !defined(TURING_GLASS_FFTW)

namespace turing_glass::scattering {

bool has_grid_amplitudes()
{
  return false;
}

void add_grid_amplitudes(const std::vector<WaveVector> &, const std::vector<Vector> &,
                         const std::vector<int> &, int, std::vector<double> &, MPI_Comm)
{
  throw std::runtime_error(
      "built without FFTW for MPI (Debian: libfftw3-mpi-dev), which a grid needs");
}

}    // namespace turing_glass::scattering

#else

#include "collective.h"

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace turing_glass::scattering {

namespace {

constexpr double pi = 3.14159265358979323846;
constexpr int width = 8;    // points over which an atom is spread, along each axis

/// What an atom leaves at a point of the grid so far away (in points).
double spread(double distance)
{
  constexpr double oversampling = 1.5;
  constexpr double beta = 0.97 * pi * width * (1.0 - 0.5 / oversampling);
  const double z = 2.0 * distance / width, square = 1.0 - z * z;
  return square > 0.0 ? std::exp(beta * (std::sqrt(square) - 1.0)) : 0.0;
}

/// Its transform at wave number n on a grid of so many points. The integrand is even, and all but 0 at the ends.
double transform_of_spread(int n, int points)
{
  constexpr int nodes = 200;    // midpoint rule
  constexpr double step = 0.5 * width / nodes;
  double sum = 0.0;
  for (int k = 0; k < nodes; ++k) {
    const double u = (k + 0.5) * step;
    sum += spread(u) * std::cos(2.0 * pi * n * u / points);
  }
  return 2.0 * step * sum;
}

/// The next number without prime factors above 5.
int smooth_number(int from)
{
  for (int n = from;; ++n) {
    int rest = n;
    for (const int p : {2, 3, 5})
      while (rest % p == 0) rest /= p;
    if (rest == 1) return n;
  }
}

}    // namespace

bool has_grid_amplitudes()
{
  return true;
}

void add_grid_amplitudes(const std::vector<WaveVector> &vectors, const std::vector<Vector> &places,
                         const std::vector<int> &types, int type_count,
                         std::vector<double> &amplitudes, MPI_Comm comm)
{
  std::array<int, 3> points{};
  std::array<std::vector<double>, 3> divisors;    // by |n|
  double size = 1.0;
  for (int k = 0; k < 3; ++k) {
    int largest = 0;
    for (const WaveVector &v : vectors) largest = std::max(largest, std::abs(v.n[k]));
    points[k] = smooth_number(std::max(3 * largest + 2, 2 * width));
    for (int n = 0; n <= largest; ++n) divisors[k].push_back(transform_of_spread(n, points[k]));
    size *= points[k];
  }
  if (size > std::numeric_limits<int>::max())
    throw std::runtime_error("a grid of " + std::to_string(points[0]) + " x " +
                             std::to_string(points[1]) + " x " + std::to_string(points[2]) +
                             " is too large: lower the largest q");

  const auto [mx, my, mz] = points;
  const int half = mz / 2 + 1;
  for (int type = 1; type <= type_count; ++type) {
    std::vector<double> grid(static_cast<std::size_t>(size), 0.0);
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (types[i] != type) continue;
      std::array<std::array<int, width>, 3> at;
      std::array<std::array<double, width>, 3> value;
      for (int k = 0; k < 3; ++k) {
        const double x = (places[i][k] - std::floor(places[i][k])) * points[k];
        const int first = static_cast<int>(std::ceil(x - 0.5 * width));
        for (int j = 0; j < width; ++j) {
          at[k][j] = (first + j + points[k]) % points[k];
          value[k][j] = spread(first + j - x);
        }
      }
      for (int a = 0; a < width; ++a)
        for (int b = 0; b < width; ++b) {
          const double ab = value[0][a] * value[1][b];
          double *row = &grid[(static_cast<std::size_t>(at[0][a]) * my + at[1][b]) * mz];
          for (int c = 0; c < width; ++c) row[at[2][c]] += ab * value[2][c];
        }
    }

    const int root = (type - 1) % ranks_of(comm);
    const bool mine = rank_of(comm) == root;
    MPI_Reduce(mine ? MPI_IN_PLACE : grid.data(), grid.data(), static_cast<int>(size), MPI_DOUBLE,
               MPI_SUM, root, comm);
    if (!mine) continue;
    std::vector<std::array<double, 2>> modes(static_cast<std::size_t>(mx) * my * half);
    const fftw_plan plan = fftw_plan_dft_r2c_3d(
        mx, my, mz, grid.data(), reinterpret_cast<fftw_complex *>(modes.data()), FFTW_ESTIMATE);
    fftw_execute(plan);
    fftw_destroy_plan(plan);
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      // FFTW's sign is that of exp(-i q.r), and it leaves out the half with negative z, which is the conjugate
      const bool kept = vectors[v].n[2] >= 0;
      std::array<std::size_t, 3> place;
      double divisor = 1.0;
      for (int k = 0; k < 3; ++k) {
        const int n = kept ? vectors[v].n[k] : -vectors[v].n[k];
        place[k] = n < 0 ? n + points[k] : n;
        divisor *= divisors[k][std::abs(n)];
      }
      const auto &[real, imaginary] = modes[(place[0] * my + place[1]) * half + place[2]];
      double *sum = &amplitudes[2 * (v * type_count + type - 1)];
      sum[0] += real / divisor;
      sum[1] += (kept ? -imaginary : imaginary) / divisor;
    }
  }
}

}    // namespace turing_glass::scattering

#endif
