// SPDX-License-Identifier: GPL-2.0-only

// From dE/dP of one atom to the forces that it exerts (nnap theory page, eqs. 12-14):
//
//     1  dE/dc[p][lm]                                        lanes: rows lm
//     2  D[t][lm][n] = sum_p W[t][p][n] dE/dc[p][lm]         lanes: rows lm
//     3  dE/dr_j = d/dr sum_lm,n D[t][lm][n] f_c T_n Y_lm    lanes: neighbors
//
// Forces are added up in whole numbers: whatever the order, the sum is the same, and that of all forces is zero.

#pragma once

#include "bond.h"

namespace turing_glass::nnap::gpu {

template <class Real, int N, int L> struct ForceKernel {
  static constexpr int warps_per_block = 1, blocks_at_least = sizeof(Real) == 4 ? 18 : 10;
  using Sizes = Shape<Real, N, L>;

  ModelView<Real> model;
  Between<Real> between;
  const double *x = nullptr;       ///< [3 j], A
  const int *element = nullptr;    ///< -1: none of ours
  Fixed *f = nullptr;              ///< [3 j], added to
  Fixed *virial = nullptr;         ///< [6 j], added to, or null
  Fixed *status = nullptr;

  /// What an item needs: neighbors and where those of an element begin, D, dE/dP and dE/dc of a basis, or the forces of
  /// a batch of neighbors.
  static int room(const ModelSizes &sizes, int elements, int stride)
  {
    const int lists = padded_to_4(stride + elements + 1) * static_cast<int>(sizeof(int));
    const int D = elements * padded_to_4(sizes.rows * sizes.nn),
              slopes = padded_to_4(sizes.numbers_of_basis);
    const int last = (slopes + padded_to_4(sizes.inputs)) * static_cast<int>(sizeof(Real));
    const int out = 3 * lane_count * static_cast<int>(sizeof(Fixed));
    return lists + D * static_cast<int>(sizeof(Real)) + (last > out ? last : out);
  }

  TG_LANES void operator()(Lanes lanes, int item, char *memory) const
  {
    const int i = between.first_atom + item, e = fetch(element + i);
    if (e < 0) return;
    const FlatElement<Real> of = model.element.of(model.block)[e];
    int *near = reinterpret_cast<int *>(memory), *first = near + between.near_stride;
    Real *D =
        reinterpret_cast<Real *>(near + padded_to_4(between.near_stride + model.elements + 1));
    PerFixed force;
    lanes.each([&](int lane) {
      for (int t = lane; t <= model.elements; t += lane_count)
        first[t] = fetch(between.first_of(item) + t);
    });
    const int count = first[model.elements];
    lanes.each([&](int lane) { copy(lane, between.near_of(item), count, near); });
    for (int b = 0; b < of.bases; ++b) {
      const FlatBasis<Real> &basis = of.basis.of(model.block)[b];
      Real *dP = D + model.elements * of_element(basis),
           *slope = dP + padded_to_4(basis.channels * basis.per_channel);
      find_slopes(lanes, item, basis, dP, slope);
      find_coefficients(lanes, first, basis, slope, D);
      add_forces(lanes, i, near, first, basis, D, reinterpret_cast<Fixed *>(dP), force);
    }
    TG_UNROLL
    for (int k = 0; k < 3; ++k) lanes.sum_groups(force.of[k], 1);
    lanes.each([&](int lane) {
      TG_UNROLL
      for (int k = 0; k < 3; ++k)
        if (lane == k) lanes.add(f + 3L * i + k, force.of[k][lane]);
    });
  }

 private:
  template <class T> using PerLane = typename Lanes::template PerLane<T>;
  struct PerFixed {
    PerLane<Fixed> of[3];
  };

  /// The numbers of a lane, eight reads under way at a time.
  template <class T> static TG_LANES void copy(int lane, const T *from, int count, T *to)
  {
    constexpr int ahead = 8;
    for (int base = lane; base < count; base += ahead * lane_count) {
      T part[ahead];
      TG_UNROLL
      for (int q = 0; q < ahead; ++q)
        if (base + q * lane_count < count) part[q] = fetch(from + base + q * lane_count);
      TG_UNROLL
      for (int q = 0; q < ahead; ++q)
        if (base + q * lane_count < count) to[base + q * lane_count] = part[q];
    }
  }

  /// Numbers of D for one element.
  static TG_LANES int of_element(const FlatBasis<Real> &basis)
  {
    return padded_to_4(Sizes::rows(basis) * Sizes::nn(basis));
  }

  // ---- 1 ----

  TG_LANES void find_slopes(Lanes lanes, int item, const FlatBasis<Real> &basis, Real *dP,
                            Real *slope) const
  {
    const int rows = Sizes::rows(basis), per_channel = basis.per_channel;
    const Real *c = between.c_of(item) + basis.first_c;
    const char *block = model.block;
    lanes.each([&](int lane) {
      copy(lane, between.x_of(item) + basis.first_P, basis.channels * per_channel, dP);
      copy(lane, c, basis.channels * rows, slope);
    });
    lanes.each([&](int lane) {
      Sizes::rows_of(lane, rows, [&](int, int row) {
        const int l = fetch(basis.degree.of(block) + row), which = l < basis.quadratic ? l : 0;
        const Real twice = 2 * fetch(basis.factor.of(block) + l);
        for (int p = 0; p < basis.channels; ++p)
          slope[p * rows + row] = basis.quadratic == 0
              ? dP[p * per_channel]
              : twice * dP[p * per_channel + which] * slope[p * rows + row];
        if (basis.cubic > 0) add_cubic_slopes(basis, row, c, dP, slope);
      });
    });
  }

  TG_LANES void add_cubic_slopes(const FlatBasis<Real> &basis, int row, const Real *c,
                                 const Real *dP, Real *slope) const
  {
    const int rows = Sizes::rows(basis);
    const int *begin = basis.slope_begin.of(model.block) + row;
    const FlatTerm<Real> *term = basis.slope.of(model.block);
    for (int p = 0; p < basis.channels; ++p) {
      const Real *of_channel = c + p * rows, *weight = dP + p * basis.per_channel + basis.quadratic;
      Real sum = 0;
      for (int q = fetch(begin); q < fetch(begin + 1); ++q)
        sum += weight[term[q].cubic] * term[q].factor * fetch(of_channel + term[q].a) *
            fetch(of_channel + term[q].b);
      slope[p * rows + row] += sum;
    }
  }

  // ---- 2 ----

  TG_LANES void find_coefficients(Lanes lanes, const int *first, const FlatBasis<Real> &basis,
                                  const Real *slope, Real *D) const
  {
    const int nn = Sizes::nn(basis), rows = Sizes::rows(basis);
    const char *block = model.block;
    for (int t = 0; t < model.elements; ++t, D += of_element(basis)) {
      if (first[t] == first[t + 1]) continue;
      const Table<Real> table{D, nn, rows};
      lanes.each([&](int lane) {
        RowSums<Sizes, Real> sums;
        const int *shifts = basis.shift_begin.of(block) + t, *dense = basis.row_begin.of(block) + t;
        for (int q = fetch(shifts); q < fetch(shifts + 1); ++q) {
          const Real *from = slope + fetch(basis.shift_channel.of(block) + q) * rows;
          const Real w = fetch(basis.shift_weight.of(block) + q);
          Sizes::rows_of(lane, rows, [&](int k, int row) {
            TG_UNROLL
            for (int n = 0; n < nn; ++n) sums.of[k][n] += w * from[n * rows + row];
          });
        }
        for (int q = fetch(dense); q < fetch(dense + 1); ++q) {
          const Real *from = slope + fetch(basis.row_channel.of(block) + q) * rows,
                     *w = basis.row_weight.of(block) + q * nn;
          Sizes::rows_of(lane, rows, [&](int k, int row) {
            TG_UNROLL
            for (int n = 0; n < nn; ++n) sums.of[k][n] += fetch(w + n) * from[row];
          });
        }
        Sizes::rows_of(lane, rows, [&](int k, int row) {
          const Real norm = fetch(basis.norm.of(block) + row);
          TG_UNROLL
          for (int n = 0; n < nn; ++n) table.at(row, n) = norm * sums.of[k][n];
        });
      });
    }
  }

  // ---- 3 ----

  struct Gradient {
    double x, y, z;
  };

  /// Derivative (eV/A) of sum over rows of Y_row f_c sum_n D[row][n] T_n.
  static TG_LANES Gradient differentiate_energy(const FlatBasis<Real> &basis,
                                                const Bond<Real> &bond, const Table<Real> &D)
  {
    const int nn = Sizes::nn(basis), lmax = Sizes::lmax(basis);
    const RowOrder order{lmax};
    Real T[Sizes::most_nn], dT[Sizes::most_nn];
    T[0] = 1, dT[0] = 0;
    if (nn > 1) T[1] = bond.t, dT[1] = 1;
    TG_UNROLL
    for (int n = 2; n < nn; ++n) {
      T[n] = 2 * bond.t * T[n - 1] - T[n - 2];
      dT[n] = 2 * (T[n - 1] + bond.t * dT[n - 1]) - dT[n - 2];
    }
    // sum of a row and its slope along t
    const auto row_terms = [&](int row, Real &value, Real &slope) {
      const Row<N, Real> d(D, row);
      value = d[0], slope = 0;
      if (nn > 1) value += d[1] * bond.t, slope = d[1];
      TG_UNROLL
      for (int n = 2; n < nn; ++n) {
        value += d[n] * T[n];
        slope += d[n] * dT[n];
      }
    };

    Real Q[Sizes::most_lmax + 1], dQ[Sizes::most_lmax + 1] = {};
    legendre(lmax, bond.z, Q);
    Real E = 0, E_t = 0, vx = 0, vy = 0, vz = 0;
    Real a = 1, b = 0, a_below = 0, b_below = 0;
    TG_UNROLL
    for (int m = 0; m <= lmax; ++m) {
      dQ[m] = 0;
      raise_order(lmax, m + 1, Q, dQ);
      Real alpha = 0, alpha_t = 0, alpha_z = 0, beta = 0, beta_t = 0, beta_z = 0;
      TG_UNROLL
      for (int l = m; l <= lmax; ++l) {
        Real value, slope;
        row_terms(m == 0 ? order.zonal(l) : order.cosine(l, m), value, slope);
        alpha += value * Q[l], alpha_t += slope * Q[l];
        if (l > m) alpha_z += value * dQ[l];
        if (m > 0) {
          row_terms(order.cosine(l, m) + order.to_sine(), value, slope);
          beta += value * Q[l], beta_t += slope * Q[l];
          if (l > m) beta_z += value * dQ[l];
        }
      }
      E += a * alpha;
      E_t += a * alpha_t;
      vz += a * alpha_z;
      if (m > 0) {
        E += b * beta;
        E_t += b * beta_t;
        vz += b * beta_z;
        const Real am = static_cast<Real>(m) * a_below, bm = static_cast<Real>(m) * b_below;
        vx += am * alpha;
        vx += bm * beta;
        vy += am * beta;
        vy -= bm * alpha;
      }
      a_below = a, b_below = b;
      a = bond.x * a_below - bond.y * b_below;
      b = bond.x * b_below + bond.y * a_below;
      TG_UNROLL
      for (int l = m + 1; l <= lmax; ++l) Q[l] = dQ[l];
    }
    // across the bond, then along it
    const Real along = vx * bond.x + vy * bond.y + vz * bond.z;
    const Real across = bond.fc * bond.inverse;
    const Real radial = bond.dfc * E + bond.fc * E_t * bond.dt - across * along;
    return {across * vx + radial * bond.x, across * vy + radial * bond.y,
            across * vz + radial * bond.z};
  }

  TG_LANES Fixed fixed(Lanes lanes, double value) const
  {
    if (!(fabs(value) < largest_contribution)) {
      lanes.raise(status, Status::overflow);
      return 0;
    }
    return static_cast<Fixed>(llrint(value * (1.0 / fixed_unit)));
  }

  TG_LANES void add_forces(Lanes lanes, int i, const int *near, const int *first,
                           const FlatBasis<Real> &basis, Real *D, Fixed *out, PerFixed &force) const
  {
    const int nn = Sizes::nn(basis), rows = Sizes::rows(basis), count = first[model.elements];
    const Position here(x, i);
    PerLane<Position> there;
    lanes.each([&](int lane) {
      if (lane < count) there[lane] = Position(x, near[lane]);
    });
    for (int base = 0; base < count; base += lane_count) {
      const int end = count - base < lane_count ? count : base + lane_count;
      lanes.each([&](int lane) {
        const int slot = base + lane;
        if (slot >= end) return;
        int t = 0;
        while (slot >= first[t + 1]) ++t;
        const Bond<Real> bond(here, there[lane], basis.rcut);
        if (slot + lane_count < count) there[lane] = Position(x, near[slot + lane_count]);
        const Gradient g = differentiate_energy(basis, bond, {D + t * of_element(basis), nn, rows});
        const Fixed of[3] = {fixed(lanes, g.x), fixed(lanes, g.y), fixed(lanes, g.z)};
        TG_UNROLL
        for (int k = 0; k < 3; ++k) {
          out[3 * lane + k] = of[k];
          force.of[k][lane] += of[k];
        }
        if (virial) add_virial(lanes, i, near[slot], bond, g);
      });
      // neighboring lanes add the three components of a force, which lie side by side
      lanes.each([&](int lane) {
        TG_UNROLL
        for (int k = 0; k < 3; ++k) {
          const int flat = k * lane_count + lane, slot = base + flat / 3;
          if (slot < end) lanes.add(f + 3L * near[slot] + flat % 3, -out[flat]);
        }
      });
    }
  }

  /// Half of -d g to either end.
  TG_LANES void add_virial(Lanes lanes, int i, int j, const Bond<Real> &bond,
                           const Gradient &g) const
  {
    const double half[6] = {-0.5 * bond.dx * g.x, -0.5 * bond.dy * g.y, -0.5 * bond.dz * g.z,
                            -0.5 * bond.dx * g.y, -0.5 * bond.dx * g.z, -0.5 * bond.dy * g.z};
    TG_UNROLL
    for (int k = 0; k < 6; ++k) {
      const Fixed value = fixed(lanes, half[k]);
      lanes.add(virial + 6L * i + k, value);
      lanes.add(virial + 6L * j + k, value);
    }
  }
};

}    // namespace turing_glass::nnap::gpu
