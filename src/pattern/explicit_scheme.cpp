// SPDX-License-Identifier: GPL-2.0-only

#include "explicit_scheme.h"

#include <algorithm>
#include <stdexcept>
#include <string>

// One instance for each instruction set, the fitting one chosen when the plugin is loaded. As only doubles cross
// this function and it calls nothing, the compiler's own mechanism serves.
#if defined(__x86_64__) && defined(__gnu_linux__)
#define TG_EACH_INSTRUCTION_SET __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define TG_EACH_INSTRUCTION_SET
#endif

namespace turing_glass::pattern {

namespace {

constexpr int left = 8;    // doubles before a row, the last of which is its periodic image

/// The diffusion coefficients times dt/dx^2.
struct Coefficients {
  double dt, alpha, beta, diffusion_u, diffusion_v;
};

/// One step of a row of n cells; `stride` doubles to the row above.
TG_EACH_INSTRUCTION_SET
void step_row(Coefficients c, int n, std::ptrdiff_t stride, const double *__restrict u,
              const double *__restrict v, double *__restrict new_u, double *__restrict new_v)
{
  for (int x = 0; x < n; ++x) {
    const double lap_u = (u[x - 1] + u[x + 1]) + (u[x - stride] + u[x + stride]) - 4.0 * u[x];
    const double lap_v = (v[x - 1] + v[x + 1]) + (v[x - stride] + v[x + stride]) - 4.0 * v[x];
    const double f = c.dt * (u[x] * v[x] - c.alpha * u[x] / (u[x] + c.beta));
    new_u[x] = u[x] + (c.diffusion_u * lap_u + f);
    new_v[x] = v[x] + (c.diffusion_v * lap_v - f);
  }
}

}    // namespace

ExplicitScheme::ExplicitScheme(const Model &model, const Grid &grid, double dt, MPI_Comm comm,
                               int levels) :
    ReactionDiffusion(model, grid, dt, comm)
{
  int me = 0, ranks = 1;
  MPI_Comm_rank(comm, &me);
  MPI_Comm_size(comm, &ranks);
  if (ranks > grid.ny)
    throw std::runtime_error("a grid of " + std::to_string(grid.ny) +
                             " rows cannot be spread over " + std::to_string(ranks) +
                             " ranks: use fewer");
  const auto begin = [&](int rank) {
    return static_cast<int>(static_cast<std::int64_t>(grid.ny) * rank / ranks);
  };
  first_row_ = begin(me);
  rows_ = begin(me + 1) - first_row_;

  // an odd number of cache lines, so that the rows of a stencil do not fall on each other in the cache
  constexpr std::size_t line = 8;
  pitch_ = (((left + grid.nx + 1 + line - 1) / line) | 1U) * line;
  // the wavefront has two buffers of levels + 3 rows of u and v
  constexpr std::size_t cache = std::size_t(1) << 19;    // bytes: a common second-level cache
  const auto fitting = static_cast<int>(cache / (2 * 2 * pitch_ * sizeof(double))) - 3;
  constexpr int most = 16;
  levels_ = std::min(levels > 0 ? levels : std::clamp(fitting, 1, most), grid.ny / ranks);
  for (std::vector<double> &buffer : buffer_) buffer.resize((rows_ + 2 * levels_) * 2 * pitch_);
}

double ExplicitScheme::explicit_rate() const
{
  return 8.0 * std::max(model_.delta, 1.0) / (grid_.dx * grid_.dx);
}

double *ExplicitScheme::at(int buffer, Field field, int y)
{
  const std::size_t number =
      2 * static_cast<std::size_t>(y + levels_) + (field == Field::v ? 1 : 0);
  return buffer_[buffer].data() + number * pitch_ + left;
}

/// The periodic images beside the ends of a row.
void ExplicitScheme::wrap(int buffer, int y)
{
  for (const Field field : {Field::u, Field::v}) {
    double *w = at(buffer, field, y);
    w[-1] = w[grid_.nx - 1];
    w[grid_.nx] = w[0];
  }
}

/// `depth` rows beyond each end of the slab, from the neighbors; a rank alone is its own.
void ExplicitScheme::exchange(int depth)
{
  int me = 0, ranks = 1;
  MPI_Comm_rank(comm_, &me);
  MPI_Comm_size(comm_, &ranks);
  const int above = (me + 1) % ranks, below = (me + ranks - 1) % ranks;
  // counted in rows: their doubles may be too many for an int
  MPI_Datatype row = MPI_DATATYPE_NULL;
  MPI_Type_contiguous(static_cast<int>(2 * pitch_), MPI_DOUBLE, &row);
  MPI_Type_commit(&row);
  const auto begin = [this](int y) { return at(now_, Field::u, y) - left; };
  MPI_Sendrecv(begin(0), depth, row, below, 0, begin(rows_), depth, row, above, 0, comm_,
               MPI_STATUS_IGNORE);
  MPI_Sendrecv(begin(rows_ - depth), depth, row, above, 1, begin(-depth), depth, row, below, 1,
               comm_, MPI_STATUS_IGNORE);
  MPI_Type_free(&row);
}

void ExplicitScheme::sweep(int levels)
{
  const double per_area = dt_ / (grid_.dx * grid_.dx);
  const Coefficients c = {dt_, model_.alpha, model_.beta, model_.delta * per_area, per_area};
  const auto stride = static_cast<std::ptrdiff_t>(2 * pitch_);
  for (int y = 0; y < rows_; ++y) wrap(now_, y);
  exchange(levels);
  // level t + 1 can be computed of the rows t + 1 - levels .. rows + levels - 2 - t
  for (int y = 1 - levels; y <= rows_ + levels - 2; ++y)
    for (int t = 0; t < levels && y - t >= t + 1 - levels; ++t) {
      const int from = (now_ + t) % 2, to = 1 - from;
      step_row(c, grid_.nx, stride, at(from, Field::u, y - t), at(from, Field::v, y - t),
               at(to, Field::u, y - t), at(to, Field::v, y - t));
      wrap(to, y - t);
    }
  now_ = (now_ + levels) % 2;
}

void ExplicitScheme::evolve(int steps)
{
  for (; steps > 0; steps -= levels_) sweep(std::min(steps, levels_));
}

}    // namespace turing_glass::pattern
