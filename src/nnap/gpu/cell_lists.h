// SPDX-License-Identifier: GPL-2.0-only

// Neighbor lists from cells, without LAMMPS: atoms and images alike are points, so that no boundary matters here.
//
// Cells have half of the reach as an edge at least. Points are sorted by cell, and by index within a cell; the list of an
// atom goes by element, then by cell. It is the same on every run.

#pragma once

#include "lanes.h"

namespace turing_glass::nnap::gpu {

struct Cells {
  double origin[3] = {0, 0, 0};    ///< A
  double inverse = 1.0;            ///< 1/edge
  int n[3] = {1, 1, 1};

  int count() const { return n[0] * n[1] * n[2]; }
  TG_LANES int along(int k, double x) const
  {
    const int cell = static_cast<int>((x - origin[k]) * inverse);
    return cell < 0 ? 0 : (cell < n[k] ? cell : n[k] - 1);
  }
  TG_LANES int of(const double *x) const
  {
    return (along(2, x[2]) * n[1] + along(1, x[1])) * n[0] + along(0, x[0]);
  }
};

/// The cell of each point; points without an element lie behind all cells. Items: 32 points.
struct CellKernel {
  static constexpr int warps_per_block = 8, blocks_at_least = 4;
  Cells cells;
  const double *x = nullptr;
  const int *element = nullptr;
  int points = 0, beyond = 0;
  int *cell = nullptr, *index = nullptr;

  TG_LANES void operator()(Lanes lanes, int item, char *) const
  {
    lanes.each([&](int lane) {
      const int k = item * lane_count + lane;
      if (k >= points) return;
      cell[k] = element[k] < 0 ? beyond : cells.of(x + 3L * k);
      index[k] = k;
    });
  }
};

/// Where the points of a cell begin among the sorted ones. Items: 32 cells, one more than there are.
struct BeginKernel {
  static constexpr int warps_per_block = 8, blocks_at_least = 4;
  const int *cell = nullptr;    ///< sorted
  int points = 0, cells = 0;
  int *begin = nullptr;

  TG_LANES void operator()(Lanes lanes, int item, char *) const
  {
    lanes.each([&](int lane) {
      const int c = item * lane_count + lane;
      if (c > cells) return;
      int low = 0, high = points;
      while (low < high) {
        const int middle = low + (high - low) / 2;
        if (cell[middle] < c)
          low = middle + 1;
        else
          high = middle;
      }
      begin[c] = low;
    });
  }
};

/// Copies in the order of the cells. Items: 32 points.
struct SortKernel {
  static constexpr int warps_per_block = 8, blocks_at_least = 4;
  const double *x = nullptr;
  const int *element = nullptr, *index = nullptr;
  int points = 0;
  double *sorted_x = nullptr;
  int *sorted_element = nullptr;

  TG_LANES void operator()(Lanes lanes, int item, char *) const
  {
    lanes.each([&](int lane) {
      const int k = item * lane_count + lane;
      if (k >= points) return;
      const int from = index[k];
      for (int d = 0; d < 3; ++d) sorted_x[3L * k + d] = x[3L * from + d];
      sorted_element[k] = element[from];
    });
  }
};

/// The neighbors of one atom within the reach. Items: atoms.
struct ListKernel {
  static constexpr int warps_per_block = 4, blocks_at_least = 4;
  Cells cells;
  double square = 0.0;    ///< of the reach, A^2
  int elements = 0, stride = 0;
  const double *x = nullptr;
  const int *element = nullptr;
  const double *sorted_x = nullptr;
  const int *sorted_element = nullptr, *index = nullptr, *begin = nullptr;
  int *list = nullptr, *ends = nullptr;
  int *longest = nullptr;    ///< of all lists; those that do not fit the stride are cut off

  TG_LANES void operator()(Lanes lanes, int i, char *) const
  {
    if (element[i] < 0) return;
    const double xi = x[3L * i], yi = x[3L * i + 1], zi = x[3L * i + 2];
    const int cx = cells.along(0, xi), cy = cells.along(1, yi), cz = cells.along(2, zi);
    const int left = low(cx), right = high(cx, 0);
    int count = 0;
    for (int t = 0; t < elements; ++t) {
      for (int z = low(cz); z <= high(cz, 2); ++z)
        for (int y = low(cy); y <= high(cy, 1); ++y) {
          const int row = (z * cells.n[1] + y) * cells.n[0];
          const int end = begin[row + right + 1];
          for (int first = begin[row + left]; first < end; first += lane_count) {
            Lanes::PerLane<bool> keep;
            lanes.each([&](int lane) {
              const int k = first + lane;
              keep[lane] = false;
              if (k >= end || sorted_element[k] != t) return;
              const double dx = sorted_x[3L * k] - xi, dy = sorted_x[3L * k + 1] - yi,
                           dz = sorted_x[3L * k + 2] - zi;
              keep[lane] = dx * dx + dy * dy + dz * dz < square && index[k] != i;
            });
            Lanes::PerLane<int> rank;
            const int kept = lanes.rank(keep, rank);
            lanes.each([&](int lane) {
              const int at = count + rank[lane];
              if (keep[lane] && at < stride)
                list[static_cast<long>(i) * stride + at] = index[first + lane];
            });
            count += kept;
          }
        }
      lanes.each([&](int lane) {
        if (lane == 0) ends[static_cast<long>(i) * elements + t] = count < stride ? count : stride;
      });
    }
    lanes.each([&](int lane) {
      if (lane == 0) lanes.raise_to(longest, count);
    });
  }

 private:
  static TG_LANES int low(int c) { return c > 2 ? c - 2 : 0; }
  TG_LANES int high(int c, int k) const { return c + 2 < cells.n[k] ? c + 2 : cells.n[k] - 1; }
};

/// Sums in fixed point to numbers, in place. Items: 32 numbers.
struct ConvertKernel {
  static constexpr int warps_per_block = 8, blocks_at_least = 4;
  Fixed *values = nullptr;
  long count = 0;
  Fixed *status = nullptr;

  TG_LANES void operator()(Lanes lanes, int item, char *) const
  {
    lanes.each([&](int lane) {
      const long k = static_cast<long>(item) * lane_count + lane;
      if (k >= count) return;
      const double value = static_cast<double>(values[k]) * fixed_unit;
      if (fabs(value) > largest_sum) lanes.raise(status, Status::overflow);
      reinterpret_cast<double *>(values)[k] = value;
    });
  }
};

}    // namespace turing_glass::nnap::gpu
