// SPDX-License-Identifier: GPL-2.0-only

// Engine on a backend, which holds memory and runs kernels:
//
//     struct Backend {
//       template <class T> class Buffer;   resize(n), size(), data(): grows only, contents lost when it does
//       template <class T> class Pinned;   the same on the host, for copies
//       void upload(T *to, const T *from, n), download(T *to, const T *from, n), clear(T *, n);   in order, not waited for
//       void wait();
//       void sort(int *keys, int *values, n, int largest key, Buffers);
//       void run(const Kernel &, int items, int bytes of room);
//     };

#pragma once

#include "engine.h"
#include "force_kernel.h"
#include "model.h"
#include "neighbor_kernels.h"
#include "network_kernel.h"
#include "sum_kernel.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

namespace turing_glass::nnap::gpu {

template <class Backend, class Real> class EngineOf : public Engine {
  template <class T> using Buffer = typename Backend::template Buffer<T>;
  template <class T> using Pinned = typename Backend::template Pinned<T>;

 public:
  EngineOf(const Potential &potential, Backend backend_in) :
      backend(std::move(backend_in)), model(potential), elements(potential.elements.size())
  {
    block.resize(model.block.size());
    backend.upload(block.data(), model.block.data(), model.block.size());
    backend.wait();
    cutoff = potential.cutoff();
    longest.resize(1);
    host_longest.resize(1);
  }

  std::string device() const override { return backend.device(); }
  bool knows_uncertainty() const override { return model.knows_uncertainty; }

  void set_atoms(int owned_in, int points_in, const int *element_in) override
  {
    owned = owned_in;
    points = points_in;
    for (int k = 0; k < points; ++k)
      if (element_in[k] >= elements || (element_in[k] >= 0 && !model.has_model[element_in[k]]))
        throw EngineError("an atom has an element that the potential does not describe");
    x.resize(3L * points);
    element.resize(points);
    f.resize(3L * points + 1);    // and the status
    energy.resize(owned);
    host_x.resize(3L * points);
    host_f.resize(3L * points + 1);
    host_energy.resize(owned);
    ends.resize(static_cast<long>(owned) * elements);
    host_element.resize(points);
    std::copy_n(element_in, points, host_element.data());
    backend.upload(element.data(), host_element.data(), points);
    backend.clear(energy.data(), owned);    // stays 0 where there is no element
    backend.wait();
    make_groups();
  }

  void find_neighbors(const double *x_in, double reach) override
  {
    if (points == 0) return;
    upload_positions(x_in);
    const Cells cells = cells_of(x_in, reach);
    const int count = cells.count();
    cell.resize(points);
    index.resize(points);
    begin.resize(count + 1);
    sorted_x.resize(3L * points);
    sorted_element.resize(points);
    CellKernel to_cells;
    to_cells.cells = cells;
    to_cells.x = x.data();
    to_cells.element = element.data();
    to_cells.points = points;
    to_cells.beyond = count;
    to_cells.cell = cell.data();
    to_cells.index = index.data();
    run(to_cells, groups(points));
    backend.sort(cell.data(), index.data(), points, count);

    BeginKernel begins;
    begins.cell = cell.data();
    begins.points = points;
    begins.cells = count;
    begins.begin = begin.data();
    run(begins, groups(count + 1));

    SortKernel sorted;
    sorted.x = x.data();
    sorted.element = element.data();
    sorted.index = index.data();
    sorted.points = points;
    sorted.sorted_x = sorted_x.data();
    sorted.sorted_element = sorted_element.data();
    run(sorted, groups(points));

    ListKernel lists;
    lists.cells = cells;
    lists.square = reach * reach;
    lists.elements = elements;
    lists.x = x.data();
    lists.element = element.data();
    lists.sorted_x = sorted_x.data();
    lists.sorted_element = sorted_element.data();
    lists.index = index.data();
    lists.begin = begin.data();
    lists.ends = ends.data();
    lists.longest = longest.data();
    for (;;) {
      list.resize(static_cast<long>(owned) * stride);
      lists.list = list.data();
      lists.stride = stride;
      backend.clear(longest.data(), 1);
      run(lists, owned);
      backend.download(host_longest.data(), longest.data(), 1);
      backend.wait();
      const int most = host_longest.data()[0];
      if (most <= stride) return;
      stride = padded(most + most / 8);
    }
  }

  void set_neighbors(const int *begin_in, const int *index_in) override
  {
    int longest = 1;
    for (int i = 0; i < owned; ++i) longest = std::max(longest, begin_in[i + 1] - begin_in[i]);
    if (longest > stride) stride = padded(longest + longest / 8);
    std::vector<int> lists(static_cast<std::size_t>(owned) * stride),
        last(static_cast<std::size_t>(owned) * elements);
    for (int i = 0; i < owned; ++i) {
      int *to = lists.data() + static_cast<std::ptrdiff_t>(i) * stride, count = 0;
      for (int t = 0; t < elements; ++t) {
        for (int k = begin_in[i]; k < begin_in[i + 1]; ++k)
          if (host_element.data()[index_in[k]] == t) to[count++] = index_in[k];
        last[static_cast<std::size_t>(i) * elements + t] = count;
      }
    }
    list.resize(static_cast<long>(lists.size()));
    backend.upload(list.data(), lists.data(), static_cast<long>(lists.size()));
    backend.upload(ends.data(), last.data(), static_cast<long>(last.size()));
    backend.wait();
  }

  Results compute(const double *x_in, Wanted wanted) override
  {
    Results results;
    if (points == 0) return results;
    upload_positions(x_in);
    backend.clear(f.data(), 3L * points + 1);
    if (wanted.virial) {
      virial.resize(6L * points);
      host_virial.resize(6L * points);
      backend.clear(virial.data(), 6L * points);
    }
    if (wanted.uncertainty) {
      uncertainty.resize(owned);
      host_uncertainty.resize(owned);
      backend.clear(uncertainty.data(), owned);
    }
    const ModelSizes &sizes = model.sizes;
    if (sizes.one_shape && sizes.nn == 5 && sizes.lmax == 8)
      run_atoms<5, 8>(wanted);
    else if (sizes.one_shape && sizes.nn == 6 && sizes.lmax == 6)
      run_atoms<6, 6>(wanted);
    else
      run_atoms<0, 0>(wanted);
    convert(f, 3L * points);
    if (wanted.virial) {
      convert(virial, 6L * points);
      backend.download(host_virial.data(), reinterpret_cast<const double *>(virial.data()),
                       6L * points);
      results.virials = host_virial.data();
    }
    backend.download(host_f.data(), reinterpret_cast<const double *>(f.data()), 3L * points + 1);
    if (wanted.energy) {
      backend.download(host_energy.data(), energy.data(), owned);
      results.energies = host_energy.data();
    }
    if (wanted.uncertainty) {
      backend.download(host_uncertainty.data(), uncertainty.data(), owned);
      results.uncertainties = host_uncertainty.data();
    }
    backend.wait();
    results.forces = host_f.data();
    Fixed status;
    std::memcpy(&status, host_f.data() + 3L * points, sizeof status);
    results.overflow = (status & Status::overflow) != 0;
    results.lost = (status & Status::lost) != 0;
    return results;
  }

  double bytes() const override
  {
    return static_cast<double>(block.bytes() + x.bytes() + element.bytes() + f.bytes() +
                               energy.bytes() + virial.bytes() + uncertainty.bytes() +
                               cell.bytes() + index.bytes() + begin.bytes() + sorted_x.bytes() +
                               sorted_element.bytes() + list.bytes() + ends.bytes() +
                               c.bytes() + inputs.bytes() + near.bytes() + first.bytes() +
                               order.bytes() + group.bytes());
  }

 private:
  static int groups(long count) { return static_cast<int>((count + lane_count - 1) / lane_count); }
  static int padded(int count) { return (count + lane_count - 1) / lane_count * lane_count; }

  template <class Kernel> void run(const Kernel &kernel, int items, int room = 0)
  {
    backend.run(kernel, items, room);
  }

  /// Atoms of each element, in groups, share by share.
  void make_groups()
  {
    std::vector<int> sorted;
    std::vector<Group> all;
    share_begin.assign(1, 0);
    for (int first = 0; first < owned; first += share) {
      const int last = std::min(first + share, owned);
      for (int t = 0; t < elements; ++t) {
        const int begin = static_cast<int>(sorted.size());
        for (int i = first; i < last; ++i)
          if (host_element.data()[i] == t) sorted.push_back(i);
        const int end = static_cast<int>(sorted.size());
        for (int k = begin; k < end; k += Group::most)
          all.push_back({k, std::min(Group::most, end - k), t});
      }
      share_begin.push_back(static_cast<int>(all.size()));
    }
    order.resize(static_cast<long>(sorted.size()));
    group.resize(static_cast<long>(all.size()));
    backend.upload(order.data(), sorted.data(), static_cast<long>(sorted.size()));
    backend.upload(group.data(), all.data(), static_cast<long>(all.size()));
    backend.wait();
  }

  template <int N, int L> void run_atoms(const Wanted &wanted)
  {
    const ModelSizes &sizes = model.sizes;
    Between<Real> between;
    between.c_stride = padded_to_4(sizes.numbers_c);
    between.x_stride = padded_to_4(sizes.inputs);
    between.near_stride = stride;
    between.first_stride = elements + 1;
    const long most = std::min(share, owned);
    c.resize(most * between.c_stride);
    inputs.resize(most * between.x_stride);
    near.resize(most * between.near_stride);
    first.resize(most * between.first_stride);
    between.c = c.data();
    between.x = inputs.data();
    between.near = near.data();
    between.first = first.data();

    SumKernel<Real, N, L> sum;
    sum.model = model.view(block.data());
    sum.x = x.data();
    sum.element = element.data();
    sum.list = list.data();
    sum.ends = ends.data();
    sum.stride = stride;
    sum.status = f.data() + 3L * points;

    NetworkKernel<Real> network;
    network.model = sum.model;
    network.order = order.data();
    network.energy = energy.data();
    network.uncertainty = wanted.uncertainty ? uncertainty.data() : nullptr;

    ForceKernel<Real, N, L> force;
    force.model = sum.model;
    force.x = x.data();
    force.element = element.data();
    force.f = f.data();
    force.virial = wanted.virial ? virial.data() : nullptr;
    force.status = sum.status;

    for (int begin = 0, k = 0; begin < owned; begin += share, ++k) {
      const int count = std::min(share, owned - begin);
      between.first_atom = begin;
      sum.between = network.between = force.between = between;
      network.groups = group.data() + share_begin[k];
      run(sum, count, sum.room(sizes, elements, stride));
      run(network, share_begin[k + 1] - share_begin[k], network.room(sizes));
      run(force, count, force.room(sizes, elements, stride));
    }
  }

  void convert(Buffer<Fixed> &values, long count)
  {
    ConvertKernel kernel;
    kernel.values = values.data();
    kernel.count = count;
    kernel.status = f.data() + 3L * points;
    run(kernel, groups(count));
  }

  void upload_positions(const double *x_in)
  {
    // in parts, so that one travels while the next is copied
    constexpr long part = 3L << 14;
    for (long k = 0; k < 3L * points; k += part) {
      const long count = std::min(part, 3L * points - k);
      std::copy_n(x_in + k, count, host_x.data() + k);
      backend.upload(x.data() + k, host_x.data() + k, count);
    }
  }

  Cells cells_of(const double *x_in, double reach) const
  {
    Cells cells;
    double low[3], high[3];
    for (int d = 0; d < 3; ++d) low[d] = high[d] = x_in[d];
    for (long k = 0; k < points; ++k)
      for (int d = 0; d < 3; ++d) {
        const double value = x_in[3 * k + d];
        if (!std::isfinite(value)) throw EngineError("a position is not finite");
        low[d] = std::min(low[d], value);
        high[d] = std::max(high[d], value);
      }
    // no more cells than there are points, by far
    double edge = 0.5 * reach;
    const double most = 64.0 + 4.0 * points;
    for (;; edge *= 1.5) {
      double count = 1.0;
      for (int d = 0; d < 3; ++d) count *= std::floor((high[d] - low[d]) / edge) + 1.0;
      if (count <= most) break;
    }
    cells.inverse = 1.0 / edge;
    for (int d = 0; d < 3; ++d) {
      cells.origin[d] = low[d];
      cells.n[d] = static_cast<int>((high[d] - low[d]) / edge) + 1;
    }
    return cells;
  }

  Backend backend;
  Model<Real> model;
  int elements;
  double cutoff = 0.0;
  int owned = 0, points = 0;
  int stride = 4 * lane_count;    // grows with the longest list
  static constexpr int share = 1 << 16;    // atoms whose sums are kept at a time
  std::vector<int> share_begin;            // groups of a share

  Buffer<char> block;
  Buffer<double> x, energy, uncertainty, sorted_x;
  Buffer<Fixed> f, virial;
  Buffer<Real> c, inputs;
  Buffer<Group> group;
  Buffer<int> near, first, order;
  Buffer<int> element, list, ends, cell, index, begin, sorted_element, longest;
  Pinned<double> host_x, host_f, host_energy, host_virial, host_uncertainty;
  Pinned<int> host_element, host_longest;
};

}    // namespace turing_glass::nnap::gpu
