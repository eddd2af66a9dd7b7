// SPDX-License-Identifier: GPL-2.0-only

// The reaction-diffusion model of oxygen clustering on a periodic grid (Liu et al., eqs. 1a, 1b, Methods 2.4):
//
//     du/dt =  f + delta lap u
//     dv/dt = -f +       lap v        f = u v - alpha u/(u + beta)
//
// u: density of slow particles (activator), v: of fast ones (inhibitor). Everything is dimensionless. The
// reaction only turns one kind into the other, so <tau> = <u + v> is conserved; f is evaluated once and used
// with both signs, so that this holds to rounding.
//
// Grid: NX x NY cells of the edge dx, rows along x; cell (x, y) has the number x + NX y. Ranks own slabs of
// rows. A scheme says how the two fields are stored and advanced; this class knows the rest.

#pragma once

#include <mpi.h>

#include <cstdint>
#include <vector>

namespace turing_glass::pattern {

struct Model {
  double alpha = 4.0;
  double beta = 1.0;
  /// The diffusion coefficient of u; that of v is 1. Inferred from the paper's threshold, which is the unstable root of
  /// the stationary state at this delta; the paper does not give it.
  double delta = 0.0614;
};

struct Grid {
  int nx = 1024;
  int ny = 1024;
  double dx = 0.5;

  std::int64_t cells() const { return static_cast<std::int64_t>(nx) * ny; }
};

enum class Field { u, v };

struct State {
  double u, v;
};

/// The homogeneous fixed point with u > 0: v = alpha/(u + beta), u + v = tau; for alpha 4, beta 1
/// u = [tau - 1 + sqrt((tau + 5)(tau - 3))]/2. std::runtime_error where there is none.
State fixed_point(const Model &model, double tau);

class ReactionDiffusion {
 public:
  virtual ~ReactionDiffusion() = default;
  ReactionDiffusion(const ReactionDiffusion &) = delete;
  ReactionDiffusion &operator=(const ReactionDiffusion &) = delete;

  const Grid &grid() const { return grid_; }
  int first_row() const { return first_row_; }
  int rows() const { return rows_; }
  /// Row first_row() + y of this rank, nx values.
  virtual double *row(Field field, int y) = 0;

  // The rest is collective; errors (std::runtime_error) come on all ranks alike.

  /// The homogeneous state with each density times 1 + noise * r, r uniform in [-1, 1) from the seed and the
  /// number of the cell alone; then both densities are scaled so that <u + v> is that of the homogeneous state.
  void start(State homogeneous, double noise, std::uint64_t seed);
  /// Error where dt is over the limit of the scheme for the largest u, looked at every 100 steps.
  void advance(std::int64_t steps);

  /// The largest stable time step at this largest u: 2/(r + max u), r the fastest rate of what the scheme
  /// treats explicitly beside the reaction.
  double step_limit(double max_u) const { return 2.0 / (explicit_rate() + max_u); }
  double max_u();
  /// <u + v>, the same bits for any number of ranks.
  double mean_tau();
  /// The whole field on rank 0, [ny][nx]; elsewhere empty.
  std::vector<double> gather(Field field);
  /// The reverse; `values` counts on rank 0 only.
  void scatter(Field field, const std::vector<double> &values);

 protected:
  /// Error where dt is over the limit in any state, u = 0; `first_row` and `rows` are set by the scheme.
  ReactionDiffusion(const Model &model, const Grid &grid, double dt, MPI_Comm comm);
  virtual void evolve(int steps) = 0;
  virtual double explicit_rate() const = 0;

  Model model_;
  Grid grid_;
  double dt_;
  MPI_Comm comm_;
  int first_row_ = 0, rows_ = 0;

 private:
  /// Of the rows of all ranks, in units of `width` values.
  struct Slabs {
    std::vector<int> counts, starts;
  };
  Slabs slabs(int width) const;
  void check_step();
};

}    // namespace turing_glass::pattern
