// SPDX-License-Identifier: GPL-2.0-only

// Networks of some atoms of one element: inputs to energies, and dE/dP in place of the inputs (nnap theory page, eqs. 6,
// 12). Four lanes share an atom, each with a quarter of the outputs of a layer.

#pragma once

#include "bond.h"

namespace turing_glass::nnap::gpu {

/// Atoms of one element: those at order[first ...].
struct Group {
  static constexpr int most = 8;
  int first = 0, count = 0, element = 0;
};

template <class Real> struct NetworkKernel {
  static constexpr int warps_per_block = 1, blocks_at_least = sizeof(Real) == 4 ? 18 : 10;
  static constexpr int quarters = lane_count / Group::most;
  /// Outputs that a lane sums side by side.
  static constexpr int together = FlatMatrix<Real>::together / quarters;
  /// Numbers between two rows, one number of each atom; lanes then meet in no bank of memory.
  static constexpr int row = Group::most + 2;

  ModelView<Real> model;
  Between<Real> between;
  const Group *groups = nullptr;
  const int *order = nullptr;       ///< atoms
  double *energy = nullptr;         ///< eV
  double *uncertainty = nullptr;    ///< eV/A, or null

  /// Rows: inputs, then slopes of the activations by layer, then values of two layers.
  static int room(const ModelSizes &sizes)
  {
    const int rows = sizes.inputs + sizes.nodes + 2 * sizes.widest;
    return padded_to_4(rows * row) * static_cast<int>(sizeof(Real));
  }

  TG_LANES void operator()(Lanes lanes, int item, char *memory) const
  {
    const Group group = groups[item];
    const FlatElement<Real> of = model.element.of(model.block)[group.element];
    Real *input = reinterpret_cast<Real *>(memory), *nodes = input + of.inputs * row;
    load_inputs(lanes, group, of, input);
    if (uncertainty) {
      evaluate<true>(lanes, of.uncertainty, input, nodes);
      lanes.each([&](int lane) {
        if (lane >= group.count) return;
        const double error = exp(static_cast<double>(result(of.uncertainty, nodes)[lane]));
        uncertainty[order[group.first + lane]] = error == error ? error : HUGE_VAL;
      });
    }
    evaluate<false>(lanes, of.network, input, nodes);
    lanes.each([&](int lane) {
      if (lane < group.count)
        energy[order[group.first + lane]] =
            of.energy_scale * result(of.network, nodes)[lane] + of.energy_shift;
    });
    differentiate(lanes, of.network, input, nodes);
    store_slopes(lanes, group, of, input);
  }

 private:
  TG_LANES Real *outside(const Group &group, int a) const
  {
    return between.x_of(fetch(order + group.first + a) - between.first_atom);
  }

  TG_LANES void load_inputs(Lanes lanes, const Group &group, const FlatElement<Real> &of,
                            Real *input) const
  {
    lanes.each([&](int lane) {
      // reads of all atoms under way together
      const Real *from[Group::most];
      TG_UNROLL
      for (int a = 0; a < Group::most; ++a)
        from[a] = outside(group, a < group.count ? a : group.count - 1);
      for (int k = lane; k < of.inputs; k += lane_count) {
        Real part[Group::most];
        TG_UNROLL
        for (int a = 0; a < Group::most; ++a) part[a] = from[a][k];
        TG_UNROLL
        for (int a = 0; a < Group::most; ++a) input[k * row + a] = part[a];
      }
    });
  }

  /// dE/dP (eV) in place of the inputs outside.
  TG_LANES void store_slopes(Lanes lanes, const Group &group, const FlatElement<Real> &of,
                             const Real *slope) const
  {
    const Real scale = static_cast<Real>(of.energy_scale),
               *inverse_sigma = of.inverse_sigma.of(model.block);
    lanes.each([&](int lane) {
      for (int a = 0; a < group.count; ++a) {
        Real *to = outside(group, a);
        for (int k = lane; k < of.inputs; k += lane_count)
          to[k] = slope[k * row + a] * scale * fetch(inverse_sigma + k);
      }
    });
  }

  /// Values of two layers lie behind each other.
  static TG_LANES Real *values(const FlatNetwork<Real> &network, Real *nodes, int k)
  {
    return nodes + (network.nodes + k % 2 * network.widest) * row;
  }
  static TG_LANES const Real *result(const FlatNetwork<Real> &network, Real *nodes)
  {
    return values(network, nodes, network.layers - 1);
  }

  /// body(output, atom, sum_i x[i] matrix[i][output]); get(i, atom) gives x.
  template <class Get, class Body>
  TG_LANES void multiply(Lanes lanes, const FlatMatrix<Real> &matrix, Get get, Body body) const
  {
    lanes.each([&](int lane) {
      const int a = lane % Group::most, quarter = lane / Group::most;
      for (int begin = together * quarter; begin < matrix.padded;
           begin += FlatMatrix<Real>::together) {
        const Real *w = matrix.weight.of(model.block) + begin;
        Real sum[together] = {};
        TG_UNROLL_8
        for (int i = 0; i < matrix.inputs; ++i) {
          const Real x = get(i, a);
          TG_UNROLL
          for (int k = 0; k < together; k += Together<Real>::count) {
            const Together<Real> part = fetch_together(w + i * matrix.padded + k);
            TG_UNROLL
            for (int o = 0; o < Together<Real>::count; ++o) sum[k + o] += x * part.number[o];
          }
        }
        TG_UNROLL
        for (int o = 0; o < together; ++o)
          if (begin + o < matrix.outputs) body(begin + o, a, sum[o]);
      }
    });
  }

  /// Nodes receive the slopes of the activations. squash: for asinh of the input.
  template <bool squash>
  TG_LANES void evaluate(Lanes lanes, const FlatNetwork<Real> &network, const Real *input,
                         Real *nodes) const
  {
    const FlatLayer<Real> *layers = network.layer.of(model.block);
    Real *slope = nodes;
    const Real *from = input;
    for (int k = 0; k < network.layers; ++k) {
      const FlatLayer<Real> layer = layers[k];
      const Real *bias = layer.bias.of(model.block);
      Real *to = values(network, nodes, k);
      multiply(
          lanes, layer.forward,
          [&](int i, int a) {
            const Real x = from[i * row + a];
            return squash && k == 0 ? asinh(x) : x;
          },
          [&](int o, int a, Real sum) {
            const Real v = sum + fetch(bias + o), s = layer.silu ? 1 / (1 + exp(-v)) : Real(1);
            to[o * row + a] = v * s;
            slope[o * row + a] = layer.silu ? s + v * s * (1 - s) : Real(1);
          });
      from = to;
      slope += layer.forward.outputs * row;
    }
  }

  /// The derivative of the result by the input, in place of it; after evaluate().
  TG_LANES void differentiate(Lanes lanes, const FlatNetwork<Real> &network, Real *input,
                              Real *nodes) const
  {
    const FlatLayer<Real> *layers = network.layer.of(model.block);
    Real *delta = nodes + network.nodes * row;
    for (int k = network.layers - 1; k >= 0; --k) {
      const FlatLayer<Real> layer = layers[k];
      delta -= layer.forward.outputs * row;
      Real *below = k > 0 ? delta - layer.forward.inputs * row : input;
      multiply(
          lanes, layer.backward, [&](int o, int a) { return delta[o * row + a]; },
          [&](int i, int a, Real sum) {
            Real &to = below[i * row + a];
            to = k > 0 ? to * sum : sum;
          });
    }
  }
};

}    // namespace turing_glass::nnap::gpu
