// SPDX-License-Identifier: GPL-2.0-only

// Semi-implicit spectral scheme: the reaction explicit, the diffusion implicit in Fourier space,
//
//     u_k(t + dt) = [u + dt f]_k / (1 + dt delta s(k))        v_k(t + dt) = [v - dt f]_k / (1 + dt s(k))
//
// with -s(k) the symbol of the Laplacian. Stationary states obey f + delta lap u = 0 whatever dt is: with the
// symbol of the five-point stencil they are exactly those of ExplicitScheme.
//
// Transforms by FFTW over MPI in slabs of rows; e^(-ikr) forwards. Plans are estimated, not measured, so that a
// run can be repeated bit by bit on the same number of ranks; on another the results differ by rounding.

#pragma once

#include "reaction_diffusion.h"

#include <memory>

namespace turing_glass::pattern {

/// s(k) as a sum over the axes.
enum class Symbol {
  five_point,    ///< (2 - 2 cos(k dx))/dx^2
  exact,         ///< k^2
};

/// False where this was built without FFTW.
bool has_spectral_scheme();

class SpectralScheme : public ReactionDiffusion {
 public:
  /// std::runtime_error where this was built without FFTW.
  SpectralScheme(const Model &model, const Grid &grid, double dt, Symbol symbol, MPI_Comm comm);
  ~SpectralScheme() override;

  double *row(Field field, int y) override;

 protected:
  void evolve(int steps) override;
  double explicit_rate() const override { return 0.0; }

 private:
  struct Transforms;
  std::unique_ptr<Transforms> transforms_;
};

}    // namespace turing_glass::pattern
