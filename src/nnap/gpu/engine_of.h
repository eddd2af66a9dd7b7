// SPDX-License-Identifier: GPL-2.0-only

// Engine on a backend, which holds memory and runs kernels:
//
//     struct Backend {
//       template <class T> class Buffer;   resize(n), data(), bytes(): grows only, contents are lost when it grows
//       template <class T> class Pinned;   the same on the host, for copies
//       void upload(T *to, const T *from, n), download(T *to, const T *from, n), clear(T *, n);   asynchronous, in order
//       void run(const Kernel &, int items, int bytes of room);                                   likewise
//       void sort(int *keys, int *values, n, int largest key);                                    stable
//       void wait();                                                                              for all of these
//     };

#pragma once

#include "cell_lists.h"
#include "engine.h"
#include "force_kernel.h"
#include "model.h"
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
  EngineOf(const Potential &potential, Backend backend) :
      backend_(std::move(backend)), model_(potential),
      elements_(static_cast<int>(potential.elements.size()))
  {
    block_.resize(model_.block.size());
    backend_.upload(block_.data(), model_.block.data(), model_.block.size());
    backend_.wait();
    longest_.resize(1);
    host_longest_.resize(1);
  }

  std::string device() const override { return backend_.device(); }
  bool knows_uncertainty() const override { return model_.knows_uncertainty; }

  void set_atoms(int owned, int points, const int *element) override
  {
    owned_ = owned;
    points_ = points;
    for (int k = 0; k < points_; ++k)
      if (element[k] >= elements_ || (element[k] >= 0 && !model_.has_model[element[k]]))
        throw EngineError("an atom has an element that the potential does not describe");
    x_.resize(3L * points_);
    element_.resize(points_);
    f_.resize(3L * points_ + 1);    // and the status
    energy_.resize(owned_);
    host_x_.resize(3L * points_);
    host_f_.resize(3L * points_ + 1);
    host_energy_.resize(owned_);
    ends_.resize(static_cast<long>(owned_) * elements_);
    host_element_.resize(points_);
    std::copy_n(element, points_, host_element_.data());
    backend_.upload(element_.data(), host_element_.data(), points_);
    backend_.clear(energy_.data(), owned_);    // stays 0 where there is no element
    backend_.wait();
    make_groups();
  }

  void find_neighbors(const double *x, double reach) override
  {
    if (points_ == 0) return;
    upload_positions(x);
    const Cells cells = cells_of(x, reach);
    const int count = cells.count();
    cell_.resize(points_);
    index_.resize(points_);
    begin_.resize(count + 1);
    sorted_x_.resize(3L * points_);
    sorted_element_.resize(points_);
    CellKernel to_cells;
    to_cells.cells = cells;
    to_cells.x = x_.data();
    to_cells.element = element_.data();
    to_cells.points = points_;
    to_cells.beyond = count;
    to_cells.cell = cell_.data();
    to_cells.index = index_.data();
    backend_.run(to_cells, groups(points_), 0);
    backend_.sort(cell_.data(), index_.data(), points_, count);

    BeginKernel begins;
    begins.cell = cell_.data();
    begins.points = points_;
    begins.cells = count;
    begins.begin = begin_.data();
    backend_.run(begins, groups(count + 1), 0);

    SortKernel sorted;
    sorted.x = x_.data();
    sorted.element = element_.data();
    sorted.index = index_.data();
    sorted.points = points_;
    sorted.sorted_x = sorted_x_.data();
    sorted.sorted_element = sorted_element_.data();
    backend_.run(sorted, groups(points_), 0);

    ListKernel lists;
    lists.cells = cells;
    lists.square = reach * reach;
    lists.elements = elements_;
    lists.x = x_.data();
    lists.element = element_.data();
    lists.sorted_x = sorted_x_.data();
    lists.sorted_element = sorted_element_.data();
    lists.index = index_.data();
    lists.begin = begin_.data();
    lists.ends = ends_.data();
    lists.longest = longest_.data();
    for (;;) {
      list_.resize(static_cast<long>(owned_) * stride_);
      lists.list = list_.data();
      lists.stride = stride_;
      backend_.clear(longest_.data(), 1);
      backend_.run(lists, owned_, 0);
      backend_.download(host_longest_.data(), longest_.data(), 1);
      backend_.wait();
      const int most = host_longest_.data()[0];
      if (most <= stride_) return;
      stride_ = padded(most + most / 8);
    }
  }

  void set_neighbors(const int *begin, const int *index) override
  {
    int most = 1;
    for (int i = 0; i < owned_; ++i) most = std::max(most, begin[i + 1] - begin[i]);
    if (most > stride_) stride_ = padded(most + most / 8);
    std::vector<int> lists(static_cast<std::size_t>(owned_) * stride_),
        last(static_cast<std::size_t>(owned_) * elements_);
    for (int i = 0; i < owned_; ++i) {
      int *to = lists.data() + static_cast<std::ptrdiff_t>(i) * stride_, count = 0;
      for (int t = 0; t < elements_; ++t) {
        for (int k = begin[i]; k < begin[i + 1]; ++k)
          if (host_element_.data()[index[k]] == t) to[count++] = index[k];
        last[static_cast<std::size_t>(i) * elements_ + t] = count;
      }
    }
    list_.resize(static_cast<long>(lists.size()));
    backend_.upload(list_.data(), lists.data(), static_cast<long>(lists.size()));
    backend_.upload(ends_.data(), last.data(), static_cast<long>(last.size()));
    backend_.wait();
  }

  Results compute(const double *x, Wanted wanted) override
  {
    Results results;
    if (points_ == 0) return results;
    upload_positions(x);
    backend_.clear(f_.data(), 3L * points_ + 1);
    if (wanted.virial) {
      virial_.resize(6L * points_);
      host_virial_.resize(6L * points_);
      backend_.clear(virial_.data(), 6L * points_);
    }
    if (wanted.uncertainty) {
      uncertainty_.resize(owned_);
      host_uncertainty_.resize(owned_);
      backend_.clear(uncertainty_.data(), owned_);
    }
    const ModelSizes &sizes = model_.sizes;
    if (sizes.one_shape && sizes.nn == 5 && sizes.lmax == 8)
      run_atoms<5, 8>(wanted);
    else if (sizes.one_shape && sizes.nn == 6 && sizes.lmax == 6)
      run_atoms<6, 6>(wanted);
    else
      run_atoms<0, 0>(wanted);
    convert(f_, 3L * points_);
    if (wanted.virial) {
      convert(virial_, 6L * points_);
      backend_.download(host_virial_.data(), reinterpret_cast<const double *>(virial_.data()),
                        6L * points_);
      results.virials = host_virial_.data();
    }
    backend_.download(host_f_.data(), reinterpret_cast<const double *>(f_.data()),
                      3L * points_ + 1);
    if (wanted.energy) {
      backend_.download(host_energy_.data(), energy_.data(), owned_);
      results.energies = host_energy_.data();
    }
    if (wanted.uncertainty) {
      backend_.download(host_uncertainty_.data(), uncertainty_.data(), owned_);
      results.uncertainties = host_uncertainty_.data();
    }
    backend_.wait();
    results.forces = host_f_.data();
    Fixed status;
    std::memcpy(&status, host_f_.data() + 3L * points_, sizeof status);
    results.overflow = (status & Status::overflow) != 0;
    results.lost = (status & Status::lost) != 0;
    return results;
  }

  double bytes() const override
  {
    return static_cast<double>(
        block_.bytes() + x_.bytes() + element_.bytes() + f_.bytes() + energy_.bytes() +
        virial_.bytes() + uncertainty_.bytes() + cell_.bytes() + index_.bytes() + begin_.bytes() +
        sorted_x_.bytes() + sorted_element_.bytes() + list_.bytes() + ends_.bytes() + c_.bytes() +
        inputs_.bytes() + near_.bytes() + first_.bytes() + order_.bytes() + group_.bytes());
  }

 private:
  static int groups(long count) { return static_cast<int>((count + lane_count - 1) / lane_count); }
  static int padded(int count) { return (count + lane_count - 1) / lane_count * lane_count; }

  /// Atoms of each element, in groups, share by share.
  void make_groups()
  {
    std::vector<int> sorted;
    std::vector<Group> all;
    share_begin_.assign(1, 0);
    for (int from = 0; from < owned_; from += share) {
      const int to = std::min(from + share, owned_);
      for (int t = 0; t < elements_; ++t) {
        const int of_element = static_cast<int>(sorted.size());
        for (int i = from; i < to; ++i)
          if (host_element_.data()[i] == t) sorted.push_back(i);
        const int end = static_cast<int>(sorted.size());
        for (int k = of_element; k < end; k += Group::most)
          all.push_back({k, std::min(Group::most, end - k), t});
      }
      share_begin_.push_back(static_cast<int>(all.size()));
    }
    order_.resize(static_cast<long>(sorted.size()));
    group_.resize(static_cast<long>(all.size()));
    backend_.upload(order_.data(), sorted.data(), static_cast<long>(sorted.size()));
    backend_.upload(group_.data(), all.data(), static_cast<long>(all.size()));
    backend_.wait();
  }

  template <int N, int L> void run_atoms(const Wanted &wanted)
  {
    const ModelSizes &sizes = model_.sizes;
    Between<Real> between;
    between.c_stride = padded_to_4(sizes.numbers_c);
    between.x_stride = padded_to_4(sizes.inputs);
    between.near_stride = stride_;
    between.first_stride = elements_ + 1;
    const long most = std::min(share, owned_);
    c_.resize(most * between.c_stride);
    inputs_.resize(most * between.x_stride);
    near_.resize(most * between.near_stride);
    first_.resize(most * between.first_stride);
    between.c = c_.data();
    between.x = inputs_.data();
    between.near = near_.data();
    between.first = first_.data();

    SumKernel<Real, N, L> sum;
    sum.model = model_.view(block_.data());
    sum.x = x_.data();
    sum.element = element_.data();
    sum.list = list_.data();
    sum.ends = ends_.data();
    sum.stride = stride_;
    sum.status = f_.data() + 3L * points_;

    NetworkKernel<Real> network;
    network.model = sum.model;
    network.order = order_.data();
    network.energy = energy_.data();
    network.uncertainty = wanted.uncertainty ? uncertainty_.data() : nullptr;

    ForceKernel<Real, N, L> force;
    force.model = sum.model;
    force.x = x_.data();
    force.element = element_.data();
    force.f = f_.data();
    force.virial = wanted.virial ? virial_.data() : nullptr;
    force.status = sum.status;

    for (int from = 0, k = 0; from < owned_; from += share, ++k) {
      const int count = std::min(share, owned_ - from);
      between.first_atom = from;
      sum.between = network.between = force.between = between;
      network.groups = group_.data() + share_begin_[k];
      backend_.run(sum, count, sum.room(sizes, elements_, stride_));
      backend_.run(network, share_begin_[k + 1] - share_begin_[k], network.room(sizes));
      backend_.run(force, count, force.room(sizes, elements_, stride_));
    }
  }

  void convert(Buffer<Fixed> &values, long count)
  {
    ConvertKernel kernel;
    kernel.values = values.data();
    kernel.count = count;
    kernel.status = f_.data() + 3L * points_;
    backend_.run(kernel, groups(count), 0);
  }

  void upload_positions(const double *x)
  {
    // in parts, so that one travels while the next is copied
    constexpr long part = 3L << 14;
    for (long k = 0; k < 3L * points_; k += part) {
      const long count = std::min(part, 3L * points_ - k);
      std::copy_n(x + k, count, host_x_.data() + k);
      backend_.upload(x_.data() + k, host_x_.data() + k, count);
    }
  }

  Cells cells_of(const double *x, double reach) const
  {
    Cells cells;
    double low[3], high[3];
    for (int d = 0; d < 3; ++d) low[d] = high[d] = x[d];
    for (long k = 0; k < points_; ++k)
      for (int d = 0; d < 3; ++d) {
        const double value = x[3 * k + d];
        if (!std::isfinite(value)) throw EngineError("a position is not finite");
        low[d] = std::min(low[d], value);
        high[d] = std::max(high[d], value);
      }
    // no more cells than there are points, by far
    double edge = 0.5 * reach;
    const double most = 64.0 + 4.0 * points_;
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

  Backend backend_;
  Model<Real> model_;
  int elements_;
  int owned_ = 0, points_ = 0;
  int stride_ = 4 * lane_count;            // grows with the longest list
  static constexpr int share = 1 << 16;    // atoms whose sums are kept at a time
  std::vector<int> share_begin_;           // groups of a share

  Buffer<char> block_;
  Buffer<double> x_, energy_, uncertainty_, sorted_x_;
  Buffer<Fixed> f_, virial_;
  Buffer<Real> c_, inputs_;
  Buffer<Group> group_;
  Buffer<int> near_, first_, order_;
  Buffer<int> element_, list_, ends_, cell_, index_, begin_, sorted_element_, longest_;
  Pinned<double> host_x_, host_f_, host_energy_, host_virial_, host_uncertainty_;
  Pinned<int> host_element_, host_longest_;
};

}    // namespace turing_glass::nnap::gpu
