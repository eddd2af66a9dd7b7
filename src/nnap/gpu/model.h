// SPDX-License-Identifier: GPL-2.0-only

// A potential as one block of memory that a device can hold: plain structs that find their arrays by offsets.
//
// Numbers of kernels are Real: double, or float for mixed precision.

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

/// [input][output], rows padded with zeros to a multiple of `together`.
template <class Real> struct FlatMatrix {
  static constexpr int together = 16;    ///< outputs that are found side by side
  int inputs = 0, outputs = 0, padded = 0;
  In<Real> weight;
};

template <class Real> struct FlatLayer {
  int silu = 0;
  FlatMatrix<Real> forward, backward;    ///< backward: the transpose
  In<Real> bias;                         ///< padded
};

template <class Real> struct FlatNetwork {
  int layers = 0;    ///< 0: there is none
  int nodes = 0;     ///< of all layers
  int widest = 0;    ///< most outputs of a layer
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

  /// W of element t: shifts, c[channel + n] += weight A[n] for all n, those of shift_begin[t] .. shift_begin[t+1]-1; and
  /// where a weight type is not made of these, rows, c[channel] += sum_n weight[n] A[n].
  In<int> shift_begin, shift_channel;
  In<Real> shift_weight;
  In<int> row_begin, row_channel;
  In<Real> row_weight;

  In<int> degree;    ///< by row
  In<Real> norm;     ///< by row: what makes the harmonics orthonormal
  In<Real>
      factor;    ///< by degree: 4 pi/(2l+1) up to the highest one of the power spectrum, then 0
  In<int> term_begin;    ///< by cubic invariant
  In<FlatTerm<Real>> term;
  In<int> slope_begin;         ///< by row
  In<FlatTerm<Real>> slope;    ///< derivatives by c of that row
};

template <class Real> struct FlatElement {
  int inputs = 0;    ///< 0: no model
  int bases = 0;
  int numbers_c = 0;                                ///< of all bases
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

/// Order of the harmonics here: cosines of the orders m > 0, their sines, and zonal ones (m = 0) behind them. One of these
/// lies between, where that makes the distance of a cosine and its sine odd: lanes that write both at a time then do
/// not meet in a bank of memory.
struct RowOrder {
  int lmax;

  TG_BOTH int pairs() const { return lmax * (lmax + 1) / 2; }
  TG_BOTH int zonal(int l) const { return l == 0 && pairs() % 2 == 0 ? pairs() : 2 * pairs() + l; }
  TG_BOTH int cosine(int l, int m) const { return (m - 1) * (lmax + 1) - (m - 1) * m / 2 + l - m; }
  TG_BOTH int to_sine() const { return pairs() | 1; }
};

/// What kernels leave for those that follow, for a share of the atoms.
template <class Real> struct Between {
  int first_atom = 0;
  int c_stride = 0, x_stride = 0, near_stride = 0, first_stride = 0;
  Real *c = nullptr;       ///< c of all bases
  Real *x = nullptr;       ///< inputs of the network, then dE/dP
  int *near = nullptr;     ///< neighbors within the cutoff, by element
  int *first = nullptr;    ///< where those of an element begin, and the end

  TG_LANES Real *c_of(int item) const { return c + static_cast<long>(item) * c_stride; }
  TG_LANES Real *x_of(int item) const { return x + static_cast<long>(item) * x_stride; }
  TG_LANES int *near_of(int item) const { return near + static_cast<long>(item) * near_stride; }
  TG_LANES int *first_of(int item) const { return first + static_cast<long>(item) * first_stride; }
};

/// Sizes that decide how much room a kernel needs, the largest of all elements.
struct ModelSizes {
  int nn = 0, lmax = 0, rows = 0;
  int numbers_c = 0;           ///< of all bases of an element
  int numbers_of_basis = 0;    ///< of one
  int inputs = 0;
  int nodes = 0, widest = 0;    ///< of a network; of one of its layers
  bool one_shape = true;        ///< the same nn and lmax everywhere
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
