// SPDX-License-Identifier: GPL-2.0-only

// Whether positions of a trajectory jump by whole cells, as those without image flags do where an atom crosses a face.
//
// Displacements between two samples, in units of the cell vectors, tell it by themselves where they are short: all are
// below a quarter of a cell, but some near a whole one. Where atoms move far between two samples they leave the cell in
// every sense within a few of them; atoms that cross it and are never outside of it have jumped. Both are counted over
// all samples, for each periodic axis.

#pragma once

#include <array>
#include <cmath>

namespace turing_glass::scattering {

class CellJumps {
 public:
  enum : int { whole, between, crossed, outside, counts };
  using Counts = std::array<double, counts>;

  /// Of one atom: unwrapped fractional coordinates at the sample before and at this one.
  static void count(double before, double now, Counts &counts)
  {
    constexpr double quarter = 0.25;
    const double moved = now - before, cells = std::round(moved);
    if (std::abs(moved - cells) > quarter)
      counts[between] += 1.0;
    else if (cells != 0.0)
      counts[whole] += 1.0;
    if (cells != 0.0) counts[crossed] += 1.0;
    if (now < -quarter || now > 1.0 + quarter) counts[outside] += 1.0;
  }

  /// Those of all atoms in a sample.
  void add(const Counts &counts)
  {
    for (int k = 0; k < CellJumps::counts; ++k) total_[k] += counts[k];
  }

  bool found() const
  {
    // random motion gives at most as many steps near whole cells as between them, and for each step above half a cell
    // at least a quarter of an atom outside
    constexpr double margin = 4.0, few = 16.0;
    return total_[whole] > margin * total_[between] ||
        total_[crossed] > margin * total_[outside] + few;
  }

 private:
  Counts total_{};
};

}    // namespace turing_glass::scattering
