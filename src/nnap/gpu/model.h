// SPDX-License-Identifier: GPL-2.0-only

// A potential as one block of memory that a device can hold: plain structs that find their arrays by offsets.
//
// Numbers of kernels are Real: double, or float for mixed precision. Harmonics come without their norm, as on the host
// (invariants.h).

#pragma once

#include "lanes.h"

#include "nnap/potential.h"

#include <cstdint>
#include <vector>

namespace turing_glass::nnap::gpu {

/// An array inside the block.
template <class T> struct In {
  std::uint32_t offset = 0;
  TG_LANES const T *of(const char *block) const
  {
    return reinterpret_cast<const T *>(block + offset);
  }
};

template <class Real> struct FlatLayer {
  int inputs = 0, outputs = 0, silu = 0;
  In<Real> by_input;     ///< [input][output]
  In<Real> by_output;    ///< [output][input]
  In<Real> bias;
};

template <class Real> struct FlatNetwork {
  int layers = 0;    ///< 0: there is none
  In<FlatLayer<Real>> layer;
};

/// factor c[a] c[b] c[c], and as part of a slope factor c[a] c[b].
template <class Real> struct FlatTerm {
  int cubic = 0;    ///< which of the cubic invariants
  int a = 0, b = 0, c = 0;
  Real factor = 0;
};

template <class Real> struct FlatBasis {
  int nn = 0;             ///< radial functions
  int lmax = 0;           ///< of the harmonics
  int rows = 0;           ///< (lmax + 1)^2
  int channels = 0;       ///< number of p
  int per_channel = 0;    ///< invariants of one p: quadratic ones, then cubic ones
  int quadratic = 0;      ///< 0: a Chebyshev basis, the c are the descriptor
  int cubic = 0;
  int first_c = 0, first_P = 0;    ///< where those of this basis begin
  double rcut = 0.0;

  /// Rows of W that are not zero: those of element t are begin[t] .. begin[t+1]-1, each for the channel p with the
  /// weights W[t][p][0..nn-1].
  In<int> begin, channel;
  In<Real> weight;

  In<int> degree;     ///< by row
  In<Real> factor;    ///< by row: 4 pi/(2l+1) N^2 up to the highest degree of the power spectrum, then 0
  In<int> term_begin;             ///< by cubic invariant
  In<FlatTerm<Real>> term;
  In<int> slope_begin;            ///< by row
  In<FlatTerm<Real>> slope;       ///< derivatives by c of that row
};

template <class Real> struct FlatElement {
  int inputs = 0;    ///< 0: no model
  int bases = 0;
  int numbers_c = 0;    ///< of all bases
  double energy_scale = 0.0, energy_shift = 0.0;    ///< eV
  In<FlatBasis<Real>> basis;
  In<Real> mu, inverse_sigma;
  FlatNetwork<Real> network, uncertainty;
};

/// What a kernel is given.
template <class Real> struct ModelView {
  const char *block = nullptr;
  int elements = 0;
  double cutoff = 0.0;
  In<FlatElement<Real>> element;
};

/// Sizes that decide how much room a kernel needs, the largest of all elements.
struct ModelSizes {
  int nn = 0, lmax = 0, rows = 0;
  int numbers_c = 0, inputs = 0, network = 0;
  bool one_shape = true;    ///< the same nn and lmax everywhere
};

template <class Real> struct Model {
  explicit Model(const Potential &potential);

  /// With the block where a device keeps its copy.
  ModelView<Real> view(const char *block) const;

  std::vector<char> block;
  ModelSizes sizes;
  std::vector<char> has_model;    ///< by element
  bool knows_uncertainty = true;

 private:
  int elements_ = 0;
  double cutoff_ = 0.0;
  In<FlatElement<Real>> element_;
};

extern template struct Model<double>;
extern template struct Model<float>;

}    // namespace turing_glass::nnap::gpu
