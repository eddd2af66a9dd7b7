// SPDX-License-Identifier: GPL-2.0-only

// From the channels c[p][lm] to numbers that do not change under rotation, and back.
//
//     P[p][l]        = 4 pi/(2l+1) sum_m c[p][lm]^2                                   l = 0..lmax
//     B[p][l1 l2 l3] = sum_{m1+m2+m3=0} (l1 l2 l3; m1 m2 m3) c[l1 m1] c[l2 m2] c[l3 m3]
//
// (nnap theory page, eqs. 4, 5). The c that come in are of harmonics without their norm N (harmonics.h), which is part of
// the factors here. In B the c are those of complex harmonics with the
// Condon-Shortley phase; here the sum is written out once as a cubic form of the real c.
// Triples: l3max 2: 222 112; 3: then 233 123; 4: then 444 224 334 244 134.
// A Chebyshev basis has no angles, and its channels are its descriptor: P[p] = sqrt(4 pi) c[p][00].
// Output order: for every p the lmax+1 values P, then the B.

#pragma once

#include "kernel.h"
#include "potential.h"

#include <vector>

namespace turing_glass::nnap {

class Invariants {
 public:
  explicit Invariants(const Basis &basis);

  /// Degree up to which harmonics are needed: max(lmax, l3max).
  static int degree(const Basis &basis)
  {
    return basis.lmax > basis.l3max ? basis.lmax : basis.l3max;
  }
  /// Number of invariants of one channel.
  static int per_channel(const Basis &basis);

  /// Length of c and of slopes.
  static int rows(const Basis &basis) { return KernelBasis::rows_of(degree(basis)); }

  int per_channel() const { return count_; }
  /// 4 pi/(2l+1) N^2 by row of Harmonics, 0 for degrees beyond the power spectrum; of a Chebyshev basis 0.
  static std::vector<double> quadratic_factors(const Basis &basis);

  /// A cubic invariant of the real c, as a sum of products factor c[a] c[b] c[c] of rows.
  struct Term {
    int a, b, c;
    double factor;
  };
  struct Cubic {
    std::vector<Term> terms;
  };
  const std::vector<Cubic> &cubic() const { return cubic_; }

  /// c[channels][rows()] (by row of Harmonics, degree(basis)) -> invariants[channels][per_channel()].
  /// c and slope are numbers of the kernel.
  void evaluate(const Kernel &kernel, int channels, const void *c, double *invariants) const;
  /// d/dc of sum_k weight[k] invariants[k] over all channels; slope[channels][rows()] is overwritten.
  void gradient(const Kernel &kernel, int channels, const void *c, const double *weight,
                void *slope) const;
  /// Change of the invariants when c changes by dc (first order); in double precision.
  void tangent(const Kernel &kernel, int channels, const double *c, const double *dc,
               double *change) const;

 private:
  /// Rows of a KernelRun, and room for numbers by degree.
  static constexpr int together = 4, degrees = Basis::largest_lmax + 1 + together;
  /// sum over rows of each degree of factor a[row] b[row], times `times`, to values[channels][per_channel()].
  template <class Number>
  void products(const Kernel &kernel, int channels, const Number *a, const Number *b, double times,
                double *values) const;
  template <class Number>
  void evaluate_numbers(const Kernel &kernel, int channels, const Number *c,
                        double *invariants) const;
  template <class Number>
  void gradient_numbers(const Kernel &kernel, int channels, const Number *c, const double *weight,
                        Number *slope) const;

  Basis::Kind kind_;
  int count_, lmax_, stride_;
  /// All rows, in the orders that scale() and add_products() want, with the factor 4 pi/(2l+1) N^2.
  std::vector<KernelRun> rows_, degrees_;
  std::vector<Cubic> cubic_;
};

}    // namespace turing_glass::nnap
