// The rotation-invariant description of one atom's neighbourhood, and its adjoint.
//
//     A[t][n][lm] = sum_{j of type t} f_c(r) R_n(r) Y_lm        neighbours -> sums
//     c[p][lm]    = sum_t,n W[t][p][n] A[t][n][lm]              -> channels     (weight_tensor.h)
//     P           = invariants of c                             -> descriptor   (invariants.h)
//
// backward() runs the same three steps in reverse for a given dE/dP and returns dE/dr_j for every
// neighbour (nnap theory page, section "Forces"). Lengths in A.

#pragma once

#include "aligned.h"
#include "invariants.h"
#include "kernel.h"
#include "potential.h"
#include "weight_tensor.h"

#include <vector>

namespace turing_glass::nnap {

/// Neighbours of one atom inside the largest cutoff, in any order.
struct Neighbors {
  int count = 0;
  AlignedVector dx, dy, dz;    ///< r_j - r_i
  AlignedVector rsq;
  std::vector<int> type;       ///< index t of the element
  AlignedVector gx, gy, gz;    ///< dE_i/d(r_j), filled by Evaluator
  /// Displacements for Descriptor::tangent(), sized by reserve_tangent().
  AlignedVector tx, ty, tz;

  void reserve(int n);
  void reserve_tangent()
  {
    for (AlignedVector *t : {&tx, &ty, &tz}) t->reserve_at_least(count);
  }
  void clear() { count = 0; }
  void push(double x, double y, double z, double r2, int t)
  {
    dx[count] = x, dy[count] = y, dz[count] = z, rsq[count] = r2;
    type[count++] = t;
  }
  std::size_t bytes() const;
};

/// Coefficients of the Chebyshev polynomials T_0 .. T_{nn-1} in powers of their argument, [n][k].
std::vector<double> chebyshev_coefficients(int nn);

class Descriptor {
 public:
  Descriptor(const Basis &basis, int ntypes);
  Descriptor(Descriptor &&) = default;

  /// What forward() leaves for backward(), one per thread; grows to the largest neighbourhood.
  struct Scratch {
    std::vector<int> source;         ///< by slot: index into Neighbors, -1 in the padding
    std::vector<int> first_block;    ///< by type, and the end
    std::vector<int> next;           ///< by type: the slot to fill next
    int inside = 0;                  ///< neighbours inside the cutoff
    AlignedVector x, y, z, r, rinv, gx, gy, gz;    ///< by slot
    AlignedVector planes, sums, A, c, slope, Z;
    AlignedVector tx, ty, tz, turns, dA, dc;    ///< used by tangent() only
    AlignedVector shifted, slopes;              ///< used by add_gradient() only
    std::size_t bytes() const;
  };

  int size() const { return weights_.np * invariants_.per_channel(); }
  double cutoff() const { return rcut_; }

  /// P[size()] of the neighbours inside this basis' own cutoff.
  void forward(const Kernel &kernel, const Neighbors &neighbors, Scratch &scratch, double *P) const;
  /// dE/dr_j, given dE/dP, to neighbors.gx, gy, gz, or added to what is there; after forward() with the same scratch.
  void backward(const Kernel &kernel, Neighbors &neighbors, Scratch &scratch, const double *dP,
                bool add) const;
  /// Change of the descriptor, dP[size()], when neighbour j moves by neighbors.tx, ty, tz (A), to first
  /// order; after forward() with the same scratch.
  void tangent(const Kernel &kernel, const Neighbors &neighbors, Scratch &scratch,
               double *dP) const;

  /// The weights of the basis that training may change (weight_tensor.h); after freeze() none.
  const TrainableWeights &trainable() const { return trainable_; }
  void freeze();
  void copy_parameters_to(double *parameters) const;
  void set_parameters(const double *parameters);
  /// After tangent() with the same scratch: adds the derivative by those weights of
  /// G = f(P) + u . (change of P), where v = df/dP: gradient[trainable().count()].
  void add_gradient(const Kernel &kernel, const double *u, const double *v, Scratch &scratch,
                    double *gradient) const;

 private:
  void sort_by_type(const Kernel &kernel, const Neighbors &neighbors, Scratch &scratch) const;
  void order_weights();
  KernelBasis kernel_basis() const;

  int ntypes_, nn_;
  double rcut_;
  int lmax_;    ///< degree of the harmonics
  std::vector<double> chebyshev_;    ///< as KernelBasis::chebyshev
  int rows_;                         ///< harmonics, padded
  Invariants invariants_;
  WeightTensor weights_;
  TrainableWeights trainable_;
  /// W and its transpose as offsets into A and c, in order of what they add to.
  std::vector<KernelWeight> gather_, scatter_;
};

}    // namespace turing_glass::nnap
