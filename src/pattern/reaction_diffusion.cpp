// SPDX-License-Identifier: GPL-2.0-only

#include "reaction_diffusion.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>

namespace turing_glass::pattern {

namespace {

/// Steps between two looks at the largest u.
constexpr int check_interval = 100;

/// The finalizer of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection that scatters neighboring numbers.
std::uint64_t mix(std::uint64_t z)
{
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

/// Uniform in [-1, 1), from the seed and the counter alone.
double uniform(std::uint64_t seed, std::uint64_t counter)
{
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15U;    // 2^64 over the golden ratio, odd
  constexpr double unit = 1.0 / (std::uint64_t(1) << 52);
  return static_cast<double>(mix(mix(seed + golden) + golden * counter) >> 11) * unit - 1.0;
}

std::string text(const char *format, double a, double b = 0.0, double c = 0.0, double d = 0.0)
{
  char line[400];
  std::snprintf(line, sizeof line, format, a, b, c, d);
  return line;
}

}    // namespace

State fixed_point(const Model &model, double tau)
{
  // u + alpha/(u + beta) = tau: the larger root is the branch that can be unstable against patterns
  const double b = tau - model.beta;
  const double square = b * b - 4.0 * (model.alpha - tau * model.beta);
  const double u = 0.5 * (b + std::sqrt(square));
  if (!(square >= 0.0) || !(u > 0.0))
    throw std::runtime_error(
        text("there is no fixed point with u > 0 at tau %g, alpha %g, beta %g: tau must be at "
             "least %g",
             tau, model.alpha, model.beta, 2.0 * std::sqrt(model.alpha) - model.beta));
  return {u, tau - u};
}

ReactionDiffusion::ReactionDiffusion(const Model &model, const Grid &grid, double dt,
                                     MPI_Comm comm) :
    model_(model),
    grid_(grid), dt_(dt), comm_(comm)
{
  if (grid.nx < 3 || grid.ny < 3)
    throw std::runtime_error("the grid must have at least 3 x 3 cells");
  if (grid.cells() > std::numeric_limits<int>::max())
    throw std::runtime_error("the grid must have fewer than 2^31 cells");
}

void ReactionDiffusion::start(State homogeneous, double noise, std::uint64_t seed)
{
  for (int y = 0; y < rows_; ++y) {
    double *u = row(Field::u, y), *v = row(Field::v, y);
    for (int x = 0; x < grid_.nx; ++x) {
      const auto cell =
          static_cast<std::uint64_t>(x) + static_cast<std::uint64_t>(first_row_ + y) * grid_.nx;
      u[x] = homogeneous.u * (1.0 + noise * uniform(seed, 2 * cell));
      v[x] = homogeneous.v * (1.0 + noise * uniform(seed, 2 * cell + 1));
    }
  }
  const double mean = mean_tau();
  if (!std::isfinite(mean))
    throw std::runtime_error(text("tau %g is too large: the sum of u + v over the grid overflows",
                                  homogeneous.u + homogeneous.v));
  const double scale = (homogeneous.u + homogeneous.v) / mean;
  for (int y = 0; y < rows_; ++y)
    for (const Field field : {Field::u, Field::v}) {
      double *w = row(field, y);
      for (int x = 0; x < grid_.nx; ++x) w[x] *= scale;
    }
}

void ReactionDiffusion::advance(std::int64_t steps)
{
  check_step();
  while (steps > 0) {
    const int now = static_cast<int>(std::min<std::int64_t>(steps, check_interval));
    evolve(now);
    steps -= now;
    check_step();
  }
}

void ReactionDiffusion::check_step()
{
  const double largest = max_u(), limit = step_limit(largest);
  if (!(dt_ < limit))
    throw std::runtime_error(
        text("dt %g is not below the limit of this scheme, 2/(%g + max u) = %.3g at max u = %.4g: "
             "give a smaller dt",
             dt_, explicit_rate(), limit, largest));
}

double ReactionDiffusion::max_u()
{
  double largest = -std::numeric_limits<double>::infinity();
  for (int y = 0; y < rows_; ++y) {
    const double *u = row(Field::u, y);
    for (int x = 0; x < grid_.nx; ++x)    // what is not a number counts as infinite
      largest = u[x] <= largest ? largest
          : std::isnan(u[x])    ? std::numeric_limits<double>::infinity()
                                : u[x];
  }
  MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPI_DOUBLE, MPI_MAX, comm_);
  return largest;
}

ReactionDiffusion::Slabs ReactionDiffusion::slabs(int width) const
{
  int ranks = 1;
  MPI_Comm_size(comm_, &ranks);
  Slabs s{std::vector<int>(ranks), std::vector<int>(ranks)};
  const int count = rows_ * width, begin = first_row_ * width;
  MPI_Allgather(&count, 1, MPI_INT, s.counts.data(), 1, MPI_INT, comm_);
  MPI_Allgather(&begin, 1, MPI_INT, s.starts.data(), 1, MPI_INT, comm_);
  return s;
}

double ReactionDiffusion::mean_tau()
{
  // row by row, and the rows in their order: no sum depends on how they are spread over ranks
  std::vector<double> mine(rows_), all(grid_.ny);
  for (int y = 0; y < rows_; ++y) {
    const double *u = row(Field::u, y), *v = row(Field::v, y);
    long double sum = 0.0L;
    for (int x = 0; x < grid_.nx; ++x) sum += static_cast<long double>(u[x]) + v[x];
    mine[y] = static_cast<double>(sum);
  }
  const Slabs s = slabs(1);
  MPI_Allgatherv(mine.data(), rows_, MPI_DOUBLE, all.data(), s.counts.data(), s.starts.data(),
                 MPI_DOUBLE, comm_);
  long double sum = 0.0L;
  for (const double row_sum : all) sum += row_sum;
  return static_cast<double>(sum / static_cast<long double>(grid_.cells()));
}

std::vector<double> ReactionDiffusion::gather(Field field)
{
  int me = 0;
  MPI_Comm_rank(comm_, &me);
  std::vector<double> mine, all(me == 0 ? grid_.cells() : 0);
  for (int y = 0; y < rows_; ++y) mine.insert(mine.end(), row(field, y), row(field, y) + grid_.nx);
  const Slabs s = slabs(grid_.nx);
  MPI_Gatherv(mine.data(), rows_ * grid_.nx, MPI_DOUBLE, all.data(), s.counts.data(),
              s.starts.data(), MPI_DOUBLE, 0, comm_);
  return all;
}

void ReactionDiffusion::scatter(Field field, const std::vector<double> &values)
{
  std::vector<double> mine(static_cast<std::size_t>(rows_) * grid_.nx);
  const Slabs s = slabs(grid_.nx);
  MPI_Scatterv(values.data(), s.counts.data(), s.starts.data(), MPI_DOUBLE, mine.data(),
               rows_ * grid_.nx, MPI_DOUBLE, 0, comm_);
  for (int y = 0; y < rows_; ++y)
    std::copy_n(mine.data() + static_cast<std::size_t>(y) * grid_.nx, grid_.nx, row(field, y));
}

}    // namespace turing_glass::pattern
