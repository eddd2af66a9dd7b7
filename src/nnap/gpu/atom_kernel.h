// SPDX-License-Identifier: GPL-2.0-only

// Energy of one atom and the forces that it exerts, by the lanes of a warp (nnap theory page, eqs. 1-14):
//
//     1  neighbors within the cutoff, by element            lanes: entries of the list
//     2  Y_lm and f_c T_n of 32 neighbors                   lanes: neighbors
//     3  A[n][lm] of one element, added to c[p][lm]         lanes: rows lm
//     4  invariants, network and back: dE/dP                lanes: numbers of a layer
//     5  D[t][lm][n] = sum_p W[t][p][n] dE/dc[p][lm]        lanes: rows lm
//     6  dE/dr_j = d/dr sum_lm,n D[t][lm][n] f_c T_n Y_lm   lanes: neighbors
//
// 2 and 3 alternate; nothing but energies and forces leaves the room of a warp. Differences of positions, distances and
// f_c are found in double precision and then rounded, as on the host.

#pragma once

#include "model.h"

namespace turing_glass::nnap::gpu {

/// Sizes known to the compiler, or (N = 0) the largest there may be.
template <int N, int L> struct Shape {
  static constexpr bool known = N > 0;
  static constexpr int nn = known ? N : Basis::largest_nmax + 1;
  static constexpr int lmax = known ? L : Basis::largest_lmax;
  static constexpr int rows_per_lane = ((lmax + 1) * (lmax + 1) + lane_count - 1) / lane_count;
};

/// Where a warp keeps what its lanes share: offsets in bytes.
struct Room {
  int first = 0, list = 0, out = 0, c = 0, x = 0, slope = 0, network = 0, radial = 0, stage = 0;
  int bytes = 0;

  template <class Real> static Room of(const ModelSizes &sizes, int elements, int most_neighbors)
  {
    Room room;
    const auto take = [&room](int count, std::size_t size) {
      const int at = room.bytes;
      room.bytes += (count * static_cast<int>(size) + 15) / 16 * 16;
      return at;
    };
    room.first = take(elements + 1, sizeof(int));
    room.list = take(most_neighbors, sizeof(int));
    room.out = take(3 * lane_count, sizeof(Fixed));
    room.c = take(sizes.numbers_c, sizeof(Real));
    room.x = take(sizes.inputs, sizeof(Real));
    room.slope = take(sizes.inputs, sizeof(Real));
    room.network = take(sizes.network, sizeof(Real));
    // Y and f_c T_n of the neighbors of a batch; then D
    const int nn = padded(sizes.nn), rows = sizes.rows;
    const int batch = lane_count * ((rows | 1) + nn) + lane_count, D = elements * rows * nn;
    room.radial = room.bytes;
    room.stage = room.radial + lane_count * nn * static_cast<int>(sizeof(Real));
    take(batch > D ? batch : D, sizeof(Real));
    return room;
  }
  /// Numbers of a row of radial functions, so that four are read at once.
  TG_BOTH static constexpr int padded(int nn) { return (nn + 3) / 4 * 4; }
};

/// `count` numbers that begin on a boundary of 16 bytes, in registers; where the compiler does not know how many (0), they
/// stay where they are.
template <int count, class Real> struct Numbers {
  static constexpr int together = 16 / static_cast<int>(sizeof(Real));
  struct alignas(16) Together {
    Real number[together];
  };
  Real of[count];

  TG_LANES explicit Numbers(const Real *from)
  {
    TG_UNROLL
    for (int k = 0; k < count; k += together) {
      // whole rows are padded
      const Together part = *reinterpret_cast<const Together *>(from + k);
      TG_UNROLL
      for (int i = 0; i < together; ++i)
        if (k + i < count) of[k + i] = part.number[i];
    }
  }
  TG_LANES Real operator[](int k) const { return of[k]; }
};
template <class Real> struct Numbers<0, Real> {
  const Real *of;
  TG_LANES explicit Numbers(const Real *from) : of(from) {}
  TG_LANES Real operator[](int k) const { return of[k]; }
};

/// Row of the cosine of order m and degree m (harmonics.h); the sine is lmax + 1 - m rows behind it.
TG_LANES int first_row(int lmax, int m)
{
  return m == 0 ? 0 : 2 * (m * (lmax + 1) - m * (m - 1) / 2) - (lmax + 1);
}

/// A neighbor as the sums see it.
template <class Real> struct Bond {
  double dx, dy, dz;     ///< A
  Real x, y, z;          ///< unit vector
  Real inverse;          ///< 1/r
  Real fc, dfc, t;       ///< f_c, its slope along r, argument of T_n
  Real dt;               ///< slope of t

  TG_LANES Bond(const double *from, const double *to, double rcut)
  {
    dx = to[0] - from[0], dy = to[1] - from[1], dz = to[2] - from[2];
    const double square = dx * dx + dy * dy + dz * dz;
    const double r = square > 1e-12 ? sqrt(square) : 1e-6, over = 1.0 / r;
    x = static_cast<Real>(dx * over), y = static_cast<Real>(dy * over),
    z = static_cast<Real>(dz * over);
    inverse = static_cast<Real>(over);
    const double scale = 1.0 / rcut, s = r * scale, u = s < 1.0 ? 1.0 - s * s : 0.0, u3 = u * u * u;
    fc = static_cast<Real>(u3 * u);
    dfc = static_cast<Real>(-8.0 * scale * u3 * s);
    t = static_cast<Real>(1.0 - 2.0 * s);
    dt = static_cast<Real>(-2.0 * scale);
  }
};

template <class Real_, int N, int L> struct AtomKernel {
  using Real = Real_;
  using Sizes = Shape<N, L>;
  static constexpr int warps_per_block = 1;

  ModelView<Real> model;
  Room room;
  const double *x = nullptr;       ///< [3 j], A
  const int *element = nullptr;    ///< -1: none of ours
  const int *list = nullptr;       ///< neighbors of i, by element: list[i * stride ...]
  const int *ends = nullptr;       ///< [i * elements + t]: where those of element t end
  int stride = 0;

  Fixed *f = nullptr;               ///< [3 j], added to
  double *energy = nullptr;         ///< eV
  Fixed *virial = nullptr;          ///< [6 j], added to, or null
  double *uncertainty = nullptr;    ///< eV/A, or null
  int *status = nullptr;

  TG_LANES void operator()(Lanes lanes, int i, char *memory) const
  {
    const int e = element[i];
    if (e < 0) return;
    const FlatElement<Real> of = model.element.of(model.block)[e];
    const FlatBasis<Real> *bases = of.basis.of(model.block);
    find_neighbors(lanes, i, memory);
    for (int b = 0; b < of.bases; ++b) {
      sum_neighbors(lanes, i, bases[b], memory);
      find_invariants(lanes, of, bases[b], memory);
    }
    Real *input = at<Real>(memory, room.x), *slope = at<Real>(memory, room.slope);
    const Real result = run_network(lanes, of.network, input, slope, memory);
    const Real *inverse_sigma = of.inverse_sigma.of(model.block);
    lanes.each([&](int lane) {
      if (lane == 0) energy[i] = of.energy_scale * result + of.energy_shift;
      for (int k = lane; k < of.inputs; k += lane_count)
        slope[k] *= static_cast<Real>(of.energy_scale) * inverse_sigma[k];
    });

    PerFixed force;
    for (int b = 0; b < of.bases; ++b) {
      find_slopes(lanes, bases[b], memory);
      find_coefficients(lanes, bases[b], memory);
      add_forces(lanes, i, bases[b], memory, force);
    }
    TG_UNROLL
    for (int k = 0; k < 3; ++k) lanes.sum_groups(force.of[k], 1);
    lanes.each([&](int lane) {
      TG_UNROLL
      for (int k = 0; k < 3; ++k)
        if (lane == k) lanes.add(f + 3L * i + k, force.of[k][lane]);
    });
    if (uncertainty) estimate_error(lanes, i, of, memory);
  }

 private:
  template <class T> using PerLane = typename Lanes::template PerLane<T>;
  struct PerFixed {
    PerLane<Fixed> of[3];
  };
  struct Sums {
    Real of[Sizes::rows_per_lane][Sizes::nn] = {};
  };

  template <class T> static TG_LANES T *at(char *memory, int offset)
  {
    return reinterpret_cast<T *>(memory + offset);
  }
  static TG_LANES int nn_of(const FlatBasis<Real> &basis) { return Sizes::known ? N : basis.nn; }
  static TG_LANES int lmax_of(const FlatBasis<Real> &basis)
  {
    return Sizes::known ? L : basis.lmax;
  }
  static TG_LANES int rows_of(const FlatBasis<Real> &basis)
  {
    return Sizes::known ? (L + 1) * (L + 1) : basis.rows;
  }

  // ---- 1 ----

  TG_LANES void find_neighbors(Lanes lanes, int i, char *memory) const
  {
    int *first = at<int>(memory, room.first), *near = at<int>(memory, room.list);
    const int *of_atom = list + static_cast<long>(i) * stride;
    const double xi = x[3L * i], yi = x[3L * i + 1], zi = x[3L * i + 2],
                 largest = model.cutoff * model.cutoff;
    int count = 0, begin = 0;
    for (int t = 0; t < model.elements; ++t) {
      lanes.each([&](int lane) {
        if (lane == 0) first[t] = count;
      });
      const int end = ends[static_cast<long>(i) * model.elements + t];
      for (; begin < end; begin += lane_count) {
        PerLane<bool> keep;
        PerLane<int> atom;
        lanes.each([&](int lane) {
          keep[lane] = false;
          if (begin + lane >= end) return;
          const int j = of_atom[begin + lane];
          const double dx = x[3L * j] - xi, dy = x[3L * j + 1] - yi, dz = x[3L * j + 2] - zi;
          atom[lane] = j;
          keep[lane] = dx * dx + dy * dy + dz * dz < largest;
        });
        count += lanes.compact(keep, [&](int lane, int rank) { near[count + rank] = atom[lane]; });
      }
      begin = end;
    }
    lanes.each([&](int lane) {
      if (lane == 0) first[model.elements] = count;
    });
  }

  // ---- 2 ----

  /// store(row, Y) of all harmonics without their norm.
  template <class Store>
  static TG_LANES void harmonics(const FlatBasis<Real> &basis, const Bond<Real> &bond, Store store)
  {
    const int lmax = lmax_of(basis);
    Real Q[Sizes::lmax + 1];
    legendre(lmax, bond.z, Q);
    TG_UNROLL
    for (int l = 0; l <= lmax; ++l) store(l, Q[l]);
    Real a = 1, b = 0;
    TG_UNROLL
    for (int m = 1; m <= lmax; ++m) {
      differentiate(lmax, m, Q, Q);
      const Real turned = bond.x * a - bond.y * b;
      b = bond.x * b + bond.y * a;
      a = turned;
      const int cosines = first_row(lmax, m), sines = cosines + lmax + 1 - m;
      TG_UNROLL
      for (int l = m; l <= lmax; ++l) {
        store(cosines + l - m, Q[l] * a);
        store(sines + l - m, Q[l] * b);
      }
    }
  }

  static TG_LANES void legendre(int lmax, Real z, Real *P)
  {
    Real below = 0, here = 1;
    TG_UNROLL
    for (int l = 0; l <= lmax; ++l) {
      P[l] = here;
      const Real up = static_cast<Real>((2.0 * l + 1.0) / (l + 1)),
                 down = static_cast<Real>(static_cast<double>(l) / (l + 1));
      const Real above = up * z * here - down * below;
      below = here, here = above;
    }
  }

  /// Q_l,m from Q_l,m-1, l = m..lmax; may be in place.
  static TG_LANES void differentiate(int lmax, int m, const Real *lower, Real *Q)
  {
    Real below = 0, here = 0, before = lower[m - 1];
    TG_UNROLL
    for (int l = m; l <= lmax; ++l) {
      const Real next = below + static_cast<Real>(2 * l - 1) * before;
      before = lower[l];
      Q[l] = next;
      below = here, here = next;
    }
  }

  // ---- 3 ----

  TG_LANES void sum_neighbors(Lanes lanes, int i, const FlatBasis<Real> &basis, char *memory) const
  {
    const int nn = nn_of(basis), rows = rows_of(basis), wide = Room::padded(nn), tall = rows | 1;
    const int *first = at<int>(memory, room.first), *near = at<int>(memory, room.list);
    Real *c = at<Real>(memory, room.c) + basis.first_c, *g = at<Real>(memory, room.radial),
         *Y = at<Real>(memory, room.stage);
    const int count = first[model.elements], numbers = basis.channels * rows;
    lanes.each([&](int lane) {
      for (int k = lane; k < numbers; k += lane_count) c[k] = 0;
    });
    PerLane<Sums> sums;
    int t = 0;
    for (int base = 0; base < count; base += lane_count) {
      const int end = count - base < lane_count ? count : base + lane_count;
      lanes.each([&](int lane) {
        if (base + lane >= end) return;
        const Bond<Real> bond(x + 3L * i, x + 3L * near[base + lane], basis.rcut);
        Real here = bond.fc, next = bond.fc * bond.t;
        TG_UNROLL
        for (int n = 0; n < nn; ++n) {
          g[lane * wide + n] = here;
          const Real after = 2 * bond.t * next - here;
          here = next, next = after;
        }
        harmonics(basis, bond, [&](int row, Real value) { Y[lane * tall + row] = value; });
      });
      for (int slot = base; slot < end;) {
        while (slot >= first[t + 1]) combine(lanes, t++, basis, c, sums);
        const int last = first[t + 1] < end ? first[t + 1] : end;
        lanes.each([&](int lane) {
          for (int s = slot - base; s < last - base; ++s) {
            const Numbers<N, Real> radial(g + s * wide);
            TG_UNROLL
            for (int k = 0; k < Sizes::rows_per_lane; ++k) {
              if (!Sizes::known && k * lane_count >= rows) break;
              const Real y = Y[s * tall + k * lane_count + lane];
              TG_UNROLL
              for (int n = 0; n < nn; ++n) sums[lane].of[k][n] += radial[n] * y;
            }
          }
        });
        slot = last;
      }
    }
    if (count > 0) combine(lanes, t, basis, c, sums);
  }

  /// c += W A for the neighbors of element t, and A = 0 for the next one.
  TG_LANES void combine(Lanes lanes, int t, const FlatBasis<Real> &basis, Real *c,
                        PerLane<Sums> &sums) const
  {
    const int nn = nn_of(basis), rows = rows_of(basis);
    const int *begin = basis.begin.of(model.block), *channel = basis.channel.of(model.block);
    const Real *weight = basis.weight.of(model.block);
    lanes.each([&](int lane) {
      for (int entry = begin[t]; entry < begin[t + 1]; ++entry) {
        Real *of_channel = c + channel[entry] * rows;
        const Real *w = weight + entry * nn;
        TG_UNROLL
        for (int k = 0; k < Sizes::rows_per_lane; ++k) {
          const int row = k * lane_count + lane;
          if (row >= rows) break;
          Real sum = of_channel[row];
          TG_UNROLL
          for (int n = 0; n < nn; ++n) sum += w[n] * sums[lane].of[k][n];
          of_channel[row] = sum;
        }
      }
      sums[lane] = Sums();
    });
  }

  // ---- 4 ----

  /// The inputs of the network that are of this basis.
  TG_LANES void find_invariants(Lanes lanes, const FlatElement<Real> &of,
                                const FlatBasis<Real> &basis, char *memory) const
  {
    const int lmax = lmax_of(basis), rows = rows_of(basis), quadratic = basis.quadratic;
    const Real *c = at<Real>(memory, room.c) + basis.first_c;
    const Real *factor = basis.factor.of(model.block);
    const int *begin = basis.term_begin.of(model.block);
    const FlatTerm<Real> *term = basis.term.of(model.block);
    Real *input = at<Real>(memory, room.x) + basis.first_P;
    const Real *mu = of.mu.of(model.block) + basis.first_P,
               *inverse_sigma = of.inverse_sigma.of(model.block) + basis.first_P;
    lanes.each([&](int lane) {
      for (int k = lane; k < basis.channels * basis.per_channel; k += lane_count) {
        const int p = k / basis.per_channel, which = k % basis.per_channel;
        const Real *of_channel = c + p * rows;
        Real sum = 0;
        if (quadratic == 0)
          sum = of_channel[0];
        else if (which < quadratic) {
          const int l = which;
          sum = factor[l] * of_channel[l] * of_channel[l];
          for (int m = 1; m <= l; ++m) {
            const int row = first_row(lmax, m) + l - m;
            const Real cosine = of_channel[row], sine = of_channel[row + lmax + 1 - m];
            sum += factor[row] * (cosine * cosine + sine * sine);
          }
        } else
          for (int q = begin[which - quadratic]; q < begin[which - quadratic + 1]; ++q)
            sum += term[q].factor * of_channel[term[q].a] * of_channel[term[q].b] *
                of_channel[term[q].c];
        input[k] = (sum - mu[k]) * inverse_sigma[k];
      }
    });
  }

  /// body(k, sum_i x[i] matrix[i][k]) for ny columns, by one lane each.
  template <class Body>
  static TG_LANES void multiply(Lanes lanes, const Real *matrix, int nx, int ny, const Real *x,
                                Body body)
  {
    // a narrow matrix is cut into parts, of which groups of lanes take one each
    int width = 1;
    while (width < ny && width < lane_count) width *= 2;
    const int parts = lane_count / width;
    for (int begin = 0; begin < ny; begin += width) {
      PerLane<Real> sum;
      lanes.each([&](int lane) {
        const int k = begin + lane % width;
        Real of_part = 0;
        if (k < ny) {
          TG_UNROLL_8
          for (int i = lane / width; i < nx; i += parts) of_part += x[i] * matrix[i * ny + k];
        }
        sum[lane] = of_part;
      });
      lanes.sum_groups(sum, width);
      lanes.each([&](int lane) {
        if (lane < width && begin + lane < ny) body(begin + lane, sum[lane]);
      });
    }
  }

  /// The output for `input`; dx receives its gradient.
  TG_LANES Real run_network(Lanes lanes, const FlatNetwork<Real> &network, const Real *input,
                            Real *dx, char *memory) const
  {
    const FlatLayer<Real> *layers = network.layer.of(model.block);
    const Real *from = input;
    Real *value = at<Real>(memory, room.network);    // by layer: values, then slopes
    for (int k = 0; k < network.layers; ++k) {
      const FlatLayer<Real> layer = layers[k];
      const Real *bias = layer.bias.of(model.block);
      Real *slope = value + layer.outputs;
      multiply(lanes, layer.by_input.of(model.block), layer.inputs, layer.outputs, from,
               [&](int o, Real sum) {
                 const Real v = sum + bias[o];
                 const Real s = layer.silu ? 1 / (1 + exp(-v)) : Real(1);
                 value[o] = v * s;
                 slope[o] = s + (layer.silu ? v * s * (1 - s) : Real(0));
               });
      from = value;
      value = slope + layer.outputs;
    }
    const Real result = from[0];
    for (int k = network.layers - 1; k >= 0; --k) {
      const FlatLayer<Real> layer = layers[k];
      value -= 2 * layer.outputs;
      const Real *delta = value + layer.outputs;
      Real *below = k > 0 ? value - layers[k - 1].outputs : dx;
      multiply(lanes, layer.by_output.of(model.block), layer.outputs, layer.inputs, delta,
               [&](int i, Real sum) { below[i] = k > 0 ? below[i] * sum : sum; });
    }
    return result;
  }

  TG_LANES void estimate_error(Lanes lanes, int i, const FlatElement<Real> &of, char *memory) const
  {
    Real *input = at<Real>(memory, room.x), *slope = at<Real>(memory, room.slope);
    lanes.each([&](int lane) {
      for (int k = lane; k < of.inputs; k += lane_count) input[k] = asinh(input[k]);
    });
    const Real logarithm = run_network(lanes, of.uncertainty, input, slope, memory);
    lanes.each([&](int lane) {
      if (lane == 0) uncertainty[i] = exp(static_cast<double>(logarithm));
    });
  }

  // ---- 5 ----

  /// dE/dc in place of c.
  TG_LANES void find_slopes(Lanes lanes, const FlatBasis<Real> &basis, char *memory) const
  {
    const int rows = rows_of(basis), quadratic = basis.quadratic;
    const Real *factor = basis.factor.of(model.block);
    const int *degree = basis.degree.of(model.block), *begin = basis.slope_begin.of(model.block);
    const FlatTerm<Real> *term = basis.slope.of(model.block);
    for (int p = 0; p < basis.channels; ++p) {
      Real *c = at<Real>(memory, room.c) + basis.first_c + p * rows;
      const Real *dP = at<Real>(memory, room.slope) + basis.first_P + p * basis.per_channel;
      PerLane<RowsOfLane> slope;
      lanes.each([&](int lane) {
        TG_UNROLL
        for (int k = 0; k < Sizes::rows_per_lane; ++k) {
          const int row = k * lane_count + lane;
          if (row >= rows) break;
          const int l = degree[row];
          Real sum = 0;
          if (quadratic == 0)
            sum = dP[0];
          else if (l < quadratic)
            sum = 2 * factor[row] * dP[l] * c[row];
          if (basis.cubic > 0)
            for (int q = begin[row]; q < begin[row + 1]; ++q)
              sum += dP[quadratic + term[q].cubic] * term[q].factor * c[term[q].a] * c[term[q].b];
          slope[lane].of[k] = sum;
        }
      });
      lanes.each([&](int lane) {
        TG_UNROLL
        for (int k = 0; k < Sizes::rows_per_lane; ++k) {
          const int row = k * lane_count + lane;
          if (row >= rows) break;
          c[row] = slope[lane].of[k];
        }
      });
    }
  }
  struct RowsOfLane {
    Real of[Sizes::rows_per_lane];
  };

  /// D[t][row][n] from dE/dc.
  TG_LANES void find_coefficients(Lanes lanes, const FlatBasis<Real> &basis, char *memory) const
  {
    const int nn = nn_of(basis), rows = rows_of(basis), wide = Room::padded(nn);
    const Real *slope = at<Real>(memory, room.c) + basis.first_c;
    Real *D = at<Real>(memory, room.radial);
    const int *first = at<int>(memory, room.first), *begin = basis.begin.of(model.block),
              *channel = basis.channel.of(model.block);
    const Real *weight = basis.weight.of(model.block);
    for (int t = 0; t < model.elements; ++t, D += rows * wide) {
      if (first[t] == first[t + 1]) continue;
      lanes.each([&](int lane) {
        Sums sums;
        for (int entry = begin[t]; entry < begin[t + 1]; ++entry) {
          const Real *of_channel = slope + channel[entry] * rows, *w = weight + entry * nn;
          TG_UNROLL
          for (int k = 0; k < Sizes::rows_per_lane; ++k) {
            const int row = k * lane_count + lane;
            if (row >= rows) break;
            const Real s = of_channel[row];
            TG_UNROLL
            for (int n = 0; n < nn; ++n) sums.of[k][n] += w[n] * s;
          }
        }
        TG_UNROLL
        for (int k = 0; k < Sizes::rows_per_lane; ++k) {
          const int row = k * lane_count + lane;
          if (row >= rows) break;
          TG_UNROLL
          for (int n = 0; n < nn; ++n) D[row * wide + n] = sums.of[k][n];
        }
      });
    }
  }

  // ---- 6 ----

  struct Gradient {
    double x, y, z;
  };

  /// Derivative (eV/A) of sum over rows of Y_row f_c sum_n D[row][n] T_n.
  static TG_LANES Gradient differentiate_energy(const FlatBasis<Real> &basis,
                                                const Bond<Real> &bond, const Real *D)
  {
    const int nn = nn_of(basis), lmax = lmax_of(basis), wide = Room::padded(nn);
    Real T[Sizes::nn], dT[Sizes::nn];
    T[0] = 1, dT[0] = 0;
    if (nn > 1) T[1] = bond.t, dT[1] = 1;
    TG_UNROLL
    for (int n = 2; n < nn; ++n) {
      T[n] = 2 * bond.t * T[n - 1] - T[n - 2];
      dT[n] = 2 * (T[n - 1] + bond.t * dT[n - 1]) - dT[n - 2];
    }
    // sum of a row and its slope along t
    const auto row_terms = [&](int row, Real &value, Real &slope) {
      const Numbers<N, Real> d(D + row * wide);
      value = d[0], slope = 0;
      TG_UNROLL
      for (int n = 1; n < nn; ++n) {
        value += d[n] * T[n];
        slope += d[n] * dT[n];
      }
    };

    Real Q[Sizes::lmax + 1], dQ[Sizes::lmax + 1] = {};
    legendre(lmax, bond.z, Q);
    Real E = 0, E_t = 0, vx = 0, vy = 0, vz = 0;
    Real a = 1, b = 0, a_below = 0, b_below = 0;
    TG_UNROLL
    for (int m = 0; m <= lmax; ++m) {
      dQ[m] = 0;
      differentiate(lmax, m + 1, Q, dQ);
      const int cosines = first_row(lmax, m), sines = cosines + lmax + 1 - m;
      Real alpha = 0, alpha_t = 0, alpha_z = 0, beta = 0, beta_t = 0, beta_z = 0;
      TG_UNROLL
      for (int l = m; l <= lmax; ++l) {
        Real value, slope;
        row_terms(cosines + l - m, value, slope);
        alpha += value * Q[l], alpha_t += slope * Q[l];
        if (l > m) alpha_z += value * dQ[l];
        if (m > 0) {
          row_terms(sines + l - m, value, slope);
          beta += value * Q[l], beta_t += slope * Q[l];
          if (l > m) beta_z += value * dQ[l];
        }
      }
      E += a * alpha + b * beta;
      E_t += a * alpha_t + b * beta_t;
      vz += a * alpha_z + b * beta_z;
      vx += static_cast<Real>(m) * (a_below * alpha + b_below * beta);
      vy += static_cast<Real>(m) * (a_below * beta - b_below * alpha);
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

  TG_LANES void add_forces(Lanes lanes, int i, const FlatBasis<Real> &basis, char *memory,
                           PerFixed &force) const
  {
    const int rows = rows_of(basis), wide = Room::padded(nn_of(basis));
    const int *first = at<int>(memory, room.first), *near = at<int>(memory, room.list);
    const Real *D = at<Real>(memory, room.radial);
    Fixed *out = at<Fixed>(memory, room.out);
    const int count = first[model.elements];
    for (int base = 0; base < count; base += lane_count) {
      const int here = count - base < lane_count ? count - base : lane_count;
      lanes.each([&](int lane) {
        if (lane >= here) return;
        int t = 0;
        while (base + lane >= first[t + 1]) ++t;
        const int j = near[base + lane];
        const Bond<Real> bond(x + 3L * i, x + 3L * j, basis.rcut);
        const Gradient g = differentiate_energy(basis, bond, D + t * rows * wide);
        const Fixed of[3] = {fixed(lanes, g.x), fixed(lanes, g.y), fixed(lanes, g.z)};
        TG_UNROLL
        for (int k = 0; k < 3; ++k) {
          out[3 * lane + k] = of[k];
          force.of[k][lane] += of[k];
        }
        if (virial) add_virial(lanes, i, j, bond, g);
      });
      // neighboring lanes add the three components of a force, which lie side by side
      lanes.each([&](int lane) {
        TG_UNROLL
        for (int k = 0; k < 3; ++k) {
          const int flat = k * lane_count + lane, neighbor = flat / 3;
          if (neighbor < here)
            lanes.add(f + 3L * near[base + neighbor] + flat % 3, -out[flat]);
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
