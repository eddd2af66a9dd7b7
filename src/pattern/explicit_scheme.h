// SPDX-License-Identifier: GPL-2.0-only

// Explicit Euler with the five-point Laplacian (Liu et al., Methods 2.4), blocked in time.
//
// A sweep over the grid moves more memory than it computes, so several steps ("levels") share one sweep. Level
// t + 1 of a row needs level t of this row and its two neighbors, and takes the place of level t - 1: when row y
// enters at level 1, row y - 1 goes to level 2, row y - 2 to level 3, and so on. Only the few rows of this
// wavefront are in use, which stay in the second-level cache. A rank holds as many rows of its neighbors as there
// are levels, exchanged once a sweep; what it can still compute of them shrinks by one row a level.
//
// Every cell goes through the same operations in the same order, without contraction to fused multiply-adds:
// the bits are the same for any number of ranks and levels, and for any instruction set.

#pragma once

#include "reaction_diffusion.h"

namespace turing_glass::pattern {

class ExplicitScheme : public ReactionDiffusion {
 public:
  /// levels: steps a sweep; 0: what fits the cache. Error where a rank would own no row.
  ExplicitScheme(const Model &model, const Grid &grid, double dt, MPI_Comm comm, int levels = 0);

  double *row(Field field, int y) override { return at(now_, field, y); }

 protected:
  void evolve(int steps) override;
  /// 8 max(delta, 1)/dx^2: the diffusion of the mode that changes sign from cell to cell.
  double explicit_rate() const override;

 private:
  double *at(int buffer, Field field, int y);
  void wrap(int buffer, int y);
  void exchange(int depth);
  void sweep(int levels);

  int levels_;
  std::size_t pitch_;    // doubles from a row of u to its row of v, and on to the next row of u
  std::vector<double> buffer_[2];    // levels by parity; rows -levels_ .. rows + levels_ - 1
  int now_ = 0;                      // the buffer with the present state
};

}    // namespace turing_glass::pattern
