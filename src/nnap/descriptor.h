// SPDX-License-Identifier: GPL-2.0-only

// The rotation-invariant description of one atom's neighborhood, and its adjoint.
//
//     A[t][n][lm] = sum_{j of type t} f_c(r) R_n(r) Y_lm        neighbors -> sums
//     c[p][lm]    = sum_t,n W[t][p][n] A[t][n][lm]              -> channels     (weight_tensor.h)
//     P           = invariants of c                             -> descriptor   (invariants.h)
//
// backward() runs the same three steps in reverse for a given dE/dP and returns dE/dr_j for every
// neighbor (nnap theory page, section "Forces"). Lengths in A.

#pragma once

#include "aligned.h"
#include "invariants.h"
#include "kernel.h"
#include "potential.h"
#include "weight_tensor.h"

#include <vector>

namespace turing_glass::nnap {

/// Neighbors of one atom, element by element: those of element t are in the slots first(t) .. first(t) + count(t) - 1,
/// in the order in which they were pushed. Beyond the cutoff they do not count.
struct Neighbors {
  std::vector<Separation> d;    ///< by slot
  AlignedVector gx, gy, gz;     ///< dE_i/d(r_j), filled by Evaluator
  AlignedVector tx, ty,
      tz;                   ///< displacements for Descriptor::tangent(), sized by reserve_tangent()
  std::vector<int> tag;     ///< the caller's name of the neighbor
  std::vector<int> next;    ///< by element: the slot behind its last one
  int room = 0;             ///< slots of an element: whole blocks of any kernel

  /// Makes it empty, with room for `most` neighbors of each of so many elements.
  void start(int elements, int most);
  void reserve_tangent()
  {
    for (AlignedVector *t : {&tx, &ty, &tz}) t->reserve_at_least(d.size());
  }
  /// Returns the slot.
  int push(double x, double y, double z, double r2, int t, int name = 0)
  {
    const int slot = next[t]++;
    d[slot] = {x, y, z, r2};
    tag[slot] = name;
    return slot;
  }
  int elements() const { return static_cast<int>(next.size()); }
  int first(int t) const { return t * room; }
  int count(int t) const { return next[t] - first(t); }
  int count() const
  {
    int sum = 0;
    for (int t = 0; t < elements(); ++t) sum += count(t);
    return sum;
  }
  /// body(slot, element) for all of them.
  template <class Body> void each(Body body) const
  {
    for (int t = 0; t < elements(); ++t)
      for (int slot = first(t); slot < next[t]; ++slot) body(slot, t);
  }
  std::size_t bytes() const;
};

class Descriptor {
 public:
  /// For neighbors within `reach`, which is at least the cutoff of the basis.
  Descriptor(const Basis &basis, int ntypes, double reach);
  Descriptor(Descriptor &&) = default;

  /// What forward() leaves for backward(), one per thread; grows to the largest neighborhood.
  struct Scratch {
    Neighbors
        near;    ///< where the basis reaches less far than the neighbors: those within its cutoff
    std::vector<int> first;    ///< by element: its first slot below, and the end
    AlignedVector x, y, z, r, rinv, gx, gy, gz;    ///< by slot, without gaps between elements
    AlignedVector planes, A, c, slope, C;
    AlignedVector tx, ty, tz, turns, dA, dc;    ///< used by tangent() only
    AlignedVector shifted, slopes;              ///< used by add_gradient() only
    std::size_t bytes() const;
  };

  int size() const { return weights_.np * invariants_.per_channel(); }
  double cutoff() const { return rcut_; }

  /// P[size()] of the neighbors.
  void forward(const Kernel &kernel, const Neighbors &neighbors, Scratch &scratch, double *P) const;
  /// dE/dr_j, given dE/dP, to neighbors.gx, gy, gz, or added to what is there; after forward() with the same scratch.
  void backward(const Kernel &kernel, Neighbors &neighbors, Scratch &scratch, const double *dP,
                bool add) const;
  /// Change of the descriptor, dP[size()], when neighbor j moves by neighbors.tx, ty, tz (A), to first
  /// order; after forward() with the same scratch, with a kernel of Precision::full.
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
  /// Those within the cutoff, `neighbors` itself or scratch.near, whose tags are slots of `neighbors`.
  const Neighbors &near(const Neighbors &neighbors, Scratch &scratch) const;
  KernelNeighbors lanes(const Kernel &kernel, const Scratch &scratch, int t) const;
  void *planes(const Kernel &kernel, const Scratch &scratch, int t) const;
  void order_weights();
  KernelBasis kernel_basis() const;

  int ntypes_, nn_;
  double rcut_;
  bool shorter_;    ///< than the reach of the neighbors
  int lmax_;        ///< degree of the harmonics
  int rows_;        ///< harmonics, padded
  Invariants invariants_;
  WeightTensor weights_;
  TrainableWeights trainable_;
  /// W as offsets into A and c, and its transpose into C (theory page, eq. 13), in order of what they add to.
  std::vector<KernelWeight> gather_, scatter_;
};

}    // namespace turing_glass::nnap
