// SPDX-License-Identifier: GPL-2.0-only

// From the neighbors of one atom to the inputs of its network (nnap theory page, eqs. 1-5):
//
//     1  neighbors within the cutoff, by element            lanes: entries of the list
//     2  Y_lm and f_c T_n of some neighbors                 lanes: neighbors, twice
//     3  A[n][lm] of one element, added to c[p][lm]         lanes: rows lm
//     4  invariants, normalized                             lanes: invariants
//
// 2 and 3 alternate. Neighbors, c and inputs are left for the kernels that follow (Between).

#pragma once

#include "bond.h"

namespace turing_glass::nnap::gpu {

template <class Real, int N, int L> struct SumKernel {
  static constexpr int warps_per_block = 1, blocks_at_least = sizeof(Real) == 4 ? 18 : 10;
  using Sizes = Shape<Real, N, L>;
  /// Neighbors whose harmonics are kept at a time. Two lanes share one: cosines, and sines.
  static constexpr int batch = lane_count / 2;

  ModelView<Real> model;
  Between<Real> between;
  const double *x = nullptr;       ///< [3 j], A
  const int *element = nullptr;    ///< -1: none of ours
  const int *list = nullptr;       ///< neighbors of i, by element: list[i * stride ...]
  const int *ends = nullptr;       ///< [i * elements + t]: where those of element t end
  int stride = 0;
  Fixed *status = nullptr;

  /// What an item needs: neighbors and where those of an element begin; c; f_c T_n and Y of a batch, and what lanes
  /// without a row read behind it.
  static int room(const ModelSizes &sizes, int elements, int stride)
  {
    const int numbers = padded_to_4(sizes.numbers_c) +
        batch * (padded_to_4(sizes.nn) + tall(sizes.rows)) + lane_count;
    return padded_to_4(stride + elements + 1) * static_cast<int>(sizeof(int)) +
        padded_to_4(numbers) * static_cast<int>(sizeof(Real));
  }

  TG_LANES void operator()(Lanes lanes, int item, char *memory) const
  {
    const int i = between.first_atom + item, e = fetch(element + i);
    if (e < 0) return;
    const FlatElement<Real> of = model.element.of(model.block)[e];
    int *near = reinterpret_cast<int *>(memory), *first = near + stride;
    Real *c = reinterpret_cast<Real *>(near + padded_to_4(stride + model.elements + 1)),
         *stage = c + padded_to_4(of.numbers_c);
    find_neighbors(lanes, i, near, first);
    for (int b = 0; b < of.bases; ++b) {
      const FlatBasis<Real> &basis = of.basis.of(model.block)[b];
      sum_neighbors(lanes, i, near, first, basis, c + basis.first_c, stage);
      find_invariants(lanes, item, of, basis, c + basis.first_c);
    }
    Together<Real> *to = reinterpret_cast<Together<Real> *>(between.c_of(item));
    const Together<Real> *from = reinterpret_cast<const Together<Real> *>(c);
    lanes.each([&](int lane) {
      for (int k = lane; k * Together<Real>::count < of.numbers_c; k += lane_count) to[k] = from[k];
      const int count = first[model.elements];
      for (int k = lane; k < count; k += lane_count) between.near_of(item)[k] = near[k];
      for (int k = lane; k <= model.elements; k += lane_count) between.first_of(item)[k] = first[k];
    });
  }

 private:
  template <class T> using PerLane = typename Lanes::template PerLane<T>;
  using Sums = RowSums<Sizes, Real>;

  /// Distance of the harmonics of two neighbors: lanes that write them do not meet in a bank.
  TG_BOTH static constexpr int tall(int rows)
  {
    return sizeof(Real) == 4 ? (rows + 1) / 2 * 2 + ((rows + 1) / 2 % 2 == 0 ? 2 : 0) : rows | 1;
  }

  // ---- 1 ----

  TG_LANES void find_neighbors(Lanes lanes, int i, int *near, int *first) const
  {
    // two rows of lanes at a time, each with a read under way while the other one is looked at
    constexpr int ahead = 2;
    const int *of_atom = list + static_cast<long>(i) * stride,
              *end = ends + static_cast<long>(i) * model.elements;
    const Position here(x, i);
    const double largest = model.cutoff * model.cutoff;
    const int all = fetch(end + model.elements - 1);
    lanes.each([&](int lane) {
      if (lane == 0) first[0] = 0;
      // has no neighbors, and would go unnoticed
      if (lane == 0 && 0.0 * (here.x + here.y + here.z) != 0.0) lanes.raise(status, Status::lost);
    });
    int count = 0;
    for (int begin = 0; begin < all; begin += ahead * lane_count) {
      PerLane<bool> keep[ahead];
      PerLane<int> atom[ahead], rank;
      lanes.each([&](int lane) {
        TG_UNROLL
        for (int q = 0; q < ahead; ++q) {
          const int at = begin + q * lane_count + lane;
          atom[q][lane] = at < all ? fetch(of_atom + at) : i;
        }
        TG_UNROLL
        for (int q = 0; q < ahead; ++q) {
          const Position there(x, atom[q][lane]);
          const double dx = there.x - here.x, dy = there.y - here.y, dz = there.z - here.z;
          keep[q][lane] =
              begin + q * lane_count + lane < all && dx * dx + dy * dy + dz * dz < largest;
        }
      });
      TG_UNROLL
      for (int q = 0; q < ahead; ++q) {
        const int kept = lanes.rank(keep[q], rank);
        lanes.each([&](int lane) {
          if (keep[q][lane]) near[count + rank[lane]] = atom[q][lane];
          const int at = begin + q * lane_count + lane;
          for (int t = 0; t < model.elements; ++t)
            if (fetch(end + t) == at) first[t + 1] = count + rank[lane];
        });
        count += kept;
      }
    }
    // of elements that end with the list
    lanes.each([&](int lane) {
      for (int t = lane; t < model.elements; t += lane_count)
        if (fetch(end + t) == all) first[t + 1] = count;
    });
  }

  // ---- 2 ----

  /// Cosines or sines of all degrees and orders, without their norm, to Y[row].
  static TG_LANES void harmonics(const FlatBasis<Real> &basis, const Bond<Real> &bond, bool sines,
                                 Real *Y)
  {
    const int lmax = Sizes::lmax(basis);
    const RowOrder order{lmax};
    Real Q[Sizes::most_lmax + 1];
    legendre(lmax, bond.z, Q);
    if (!sines) {
      TG_UNROLL
      for (int l = 0; l <= lmax; ++l) Y[order.zonal(l)] = Q[l];
    }
    if (sines) Y += order.to_sine();
    Real a = 1, b = 0;
    TG_UNROLL
    for (int m = 1; m <= lmax; ++m) {
      raise_order(lmax, m, Q, Q);
      const Real turned = bond.x * a - bond.y * b;
      b = bond.x * b + bond.y * a;
      a = turned;
      const Real factor = sines ? b : a;
      TG_UNROLL
      for (int l = m; l <= lmax; ++l) Y[order.cosine(l, m)] = Q[l] * factor;
    }
  }

  static TG_LANES void radial_functions(const FlatBasis<Real> &basis, const Bond<Real> &bond,
                                        const Table<Real> &g, int s)
  {
    Real here = bond.fc, next = bond.fc * bond.t;
    TG_UNROLL
    for (int n = 0; n < Sizes::nn(basis); ++n) {
      g.at(s, n) = here;
      const Real after = 2 * bond.t * next - here;
      here = next, next = after;
    }
  }

  // ---- 3 ----

  TG_LANES void sum_neighbors(Lanes lanes, int i, const int *near, const int *first,
                              const FlatBasis<Real> &basis, Real *c, Real *stage) const
  {
    const int rows = Sizes::rows(basis), apart = tall(rows);
    const Position here(x, i);
    const Table<Real> g{stage, Sizes::nn(basis), batch};
    Real *Y = stage + batch * padded_to_4(Sizes::nn(basis));
    const int count = first[model.elements], numbers = basis.channels * rows;
    const Real *norm = basis.norm.of(model.block);
    PerLane<OfRows> norms;
    PerLane<Position> there;
    lanes.each([&](int lane) {
      for (int k = lane; k < numbers; k += lane_count) c[k] = 0;
      Sizes::rows_of(lane, rows, [&](int k, int row) { norms[lane].of[k] = fetch(norm + row); });
      if (lane % batch < count) there[lane] = Position(x, near[lane % batch]);
    });
    PerLane<Sums> sums;
    int t = 0;
    for (int base = 0; base < count; base += batch) {
      const int end = count - base < batch ? count : base + batch;
      lanes.each([&](int lane) {
        const int s = lane % batch;
        if (base + s >= end) return;
        const Bond<Real> bond(here, there[lane], basis.rcut);
        if (base + batch + s < count) there[lane] = Position(x, near[base + batch + s]);
        if (lane < batch) radial_functions(basis, bond, g, s);
        harmonics(basis, bond, lane >= batch, Y + s * apart);
      });
      for (int slot = base; slot < end;) {
        while (slot >= first[t + 1]) combine(lanes, t++, basis, norms, c, sums);
        const int last = first[t + 1] < end ? first[t + 1] : end;
        lanes.each([&](int lane) {
          for (int s = slot - base; s < last - base; ++s)
            add_neighbor(basis, Row<N, Real>(g, s), Y + s * apart + lane, sums[lane]);
        });
        slot = last;
      }
    }
    if (count > 0) combine(lanes, t, basis, norms, c, sums);
  }
  struct OfRows {
    Real of[Sizes::rows_per_lane] = {};
  };

  /// A[row][n] += g[n] Y[row]; lanes without a row add what nobody looks at.
  static TG_LANES void add_neighbor(const FlatBasis<Real> &basis, const Row<N, Real> &radial,
                                    const Real *Y, Sums &sums)
  {
    TG_UNROLL
    for (int k = 0; k < Sizes::rows_per_lane; ++k) {
      if (!Sizes::known && k * lane_count >= basis.rows) break;
      const Real y = Y[k * lane_count];
      TG_UNROLL
      for (int n = 0; n < Sizes::nn(basis); ++n) sums.of[k][n] += radial[n] * y;
    }
  }

  /// c += W A for the neighbors of element t, and A = 0 for the next one.
  TG_LANES void combine(Lanes lanes, int t, const FlatBasis<Real> &basis,
                        const PerLane<OfRows> &norms, Real *c, PerLane<Sums> &sums) const
  {
    const int nn = Sizes::nn(basis), rows = Sizes::rows(basis);
    const char *block = model.block;
    lanes.each([&](int lane) {
      Sums &A = sums[lane];
      Sizes::rows_of(lane, rows, [&](int k, int) {
        TG_UNROLL
        for (int n = 0; n < nn; ++n) A.of[k][n] *= norms[lane].of[k];
      });
      const int *shifts = basis.shift_begin.of(block) + t, *dense = basis.row_begin.of(block) + t;
      for (int q = fetch(shifts); q < fetch(shifts + 1); ++q) {
        Real *to = c + fetch(basis.shift_channel.of(block) + q) * rows;
        const Real w = fetch(basis.shift_weight.of(block) + q);
        Sizes::rows_of(lane, rows, [&](int k, int row) {
          TG_UNROLL
          for (int n = 0; n < nn; ++n) to[n * rows + row] += w * A.of[k][n];
        });
      }
      for (int q = fetch(dense); q < fetch(dense + 1); ++q) {
        Real *to = c + fetch(basis.row_channel.of(block) + q) * rows;
        const Real *w = basis.row_weight.of(block) + q * nn;
        Sizes::rows_of(lane, rows, [&](int k, int row) {
          Real sum = to[row];
          TG_UNROLL
          for (int n = 0; n < nn; ++n) sum += fetch(w + n) * A.of[k][n];
          to[row] = sum;
        });
      }
      A = Sums();
    });
  }

  // ---- 4 ----

  TG_LANES void find_invariants(Lanes lanes, int item, const FlatElement<Real> &of,
                                const FlatBasis<Real> &basis, const Real *c) const
  {
    const int count = basis.channels * basis.per_channel;
    Real *input = between.x_of(item) + basis.first_P;
    const Real *mu = of.mu.of(model.block) + basis.first_P,
               *inverse_sigma = of.inverse_sigma.of(model.block) + basis.first_P;
    lanes.each([&](int lane) {
      int which = lane;
      const Real *of_channel = c;
      for (int k = lane; k < count; k += lane_count, which += lane_count) {
        const Real center = fetch(mu + k), scale = fetch(inverse_sigma + k);
        for (; which >= basis.per_channel; which -= basis.per_channel)
          of_channel += Sizes::rows(basis);
        input[k] = (invariant(basis, which, of_channel) - center) * scale;
      }
    });
  }

  TG_LANES Real invariant(const FlatBasis<Real> &basis, int which, const Real *c) const
  {
    if (basis.quadratic == 0) return c[0];
    if (which < basis.quadratic) {
      const int lmax = Sizes::lmax(basis), l = which;
      const RowOrder order{lmax};
      const Real factor = fetch(basis.factor.of(model.block) + l), zonal = c[order.zonal(l)];
      Real sum = zonal * zonal;
      TG_UNROLL
      for (int m = 1; m <= lmax; ++m) {
        if (m > l) break;
        const Real cosine = c[order.cosine(l, m)], sine = c[order.cosine(l, m) + order.to_sine()];
        sum += cosine * cosine + sine * sine;
      }
      return factor * sum;
    }
    Real sum = 0;
    const FlatTerm<Real> *term = basis.term.of(model.block);
    const int *begin = basis.term_begin.of(model.block) + which - basis.quadratic;
    for (int q = fetch(begin); q < fetch(begin + 1); ++q)
      sum += term[q].factor * c[term[q].a] * c[term[q].b] * c[term[q].c];
    return sum;
  }
};

}    // namespace turing_glass::nnap::gpu
