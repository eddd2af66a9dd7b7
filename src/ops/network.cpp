// SPDX-License-Identifier: GPL-2.0-only

#include "network.h"

#include "finite.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

namespace turing_glass::ops {

namespace {

double distance_squared(const double *a, const double *b)
{
  const double dx = a[0] - b[0], dy = a[1] - b[1], dz = a[2] - b[2];
  return dx * dx + dy * dy + dz * dz;
}

/// The atoms of one kind sorted into cubes at least as wide as a cutoff.
class Cells {
 public:
  Cells(const Atoms &atoms, Kind kind, double cutoff) : x_(atoms.x)
  {
    std::vector<int> members;
    for (int i = 0; i < static_cast<int>(atoms.kind.size()); ++i)
      if (atoms.kind[i] == kind) {
        if (!all_finite(x_[i], x_[i] + 3)) throw std::runtime_error("a position is not finite");
        members.push_back(i);
      }
    if (members.empty()) return;
    std::array<double, 3> high{};
    for (int k = 0; k < 3; ++k) {
      const auto [low, top] = std::minmax_element(
          members.begin(), members.end(), [&](int a, int b) { return x_[a][k] < x_[b][k]; });
      low_[k] = x_[*low][k];
      high[k] = x_[*top][k];
    }
    // no more cubes than some for each atom, however empty the space is
    for (width_ = cutoff;; width_ *= 2.0) {
      double cubes = 1.0;
      for (int k = 0; k < 3; ++k) cubes *= std::floor((high[k] - low_[k]) / width_) + 1.0;
      if (cubes <= 8.0 * static_cast<double>(members.size()) + 1000.0) break;
    }
    for (int k = 0; k < 3; ++k) size_[k] = static_cast<int>((high[k] - low_[k]) / width_) + 1;
    first_.assign(static_cast<std::size_t>(size_[0]) * size_[1] * size_[2] + 1, 0);
    const auto cell = [this](int i) {
      return at(coordinate(x_[i], 0), coordinate(x_[i], 1), coordinate(x_[i], 2));
    };
    for (const int i : members) ++first_[cell(i) + 1];
    for (std::size_t c = 1; c < first_.size(); ++c) first_[c] += first_[c - 1];
    std::vector<int> next(first_.begin(), first_.end() - 1);
    atoms_.resize(members.size());
    for (const int i : members) atoms_[next[cell(i)]++] = i;
  }

  /// Calls visit(j) for the atoms within the cutoff of `place`.
  template <class Visit> void near(const double *place, double cutoff, Visit &&visit) const
  {
    if (atoms_.empty()) return;
    int begin[3], end[3];
    for (int k = 0; k < 3; ++k) {
      begin[k] = std::max(coordinate(place, k) - 1, 0);
      end[k] = std::min(coordinate(place, k) + 1, size_[k] - 1);
    }
    for (int a = begin[0]; a <= end[0]; ++a)
      for (int b = begin[1]; b <= end[1]; ++b)
        for (int m = first_at(a, b, begin[2]); begin[2] <= end[2] && m < first_at(a, b, end[2] + 1);
             ++m)
          if (distance_squared(place, x_[atoms_[m]]) <= cutoff * cutoff) visit(atoms_[m]);
  }

 private:
  int coordinate(const double *place, int k) const
  {
    // places outside may be farther away than an integer counts
    return static_cast<int>(
        std::clamp(std::floor((place[k] - low_[k]) / width_), -2.0, size_[k] + 1.0));
  }
  std::size_t at(int a, int b, int c) const
  {
    return (static_cast<std::size_t>(a) * size_[1] + b) * size_[2] + c;
  }
  int first_at(int a, int b, int c) const { return first_[at(a, b, c)]; }

  const double *const *x_;
  double low_[3] = {0.0, 0.0, 0.0}, width_ = 0.0;
  int size_[3] = {0, 0, 0};
  std::vector<int> first_, atoms_;
};

}    // namespace

Network find_bonds(const Atoms &atoms, double cutoff)
{
  const int n = static_cast<int>(atoms.kind.size());
  const Cells zirconium(atoms, Kind::zirconium, cutoff);
  std::vector<std::pair<int, int>> bonds;    // O, Zr
  Network network;
  network.first.assign(n + 1, 0);
  for (int i = 0; i < n; ++i) {
    if (atoms.kind[i] != Kind::oxygen) continue;
    zirconium.near(atoms.x[i], cutoff, [&](int j) {
      bonds.emplace_back(i, j);
      ++network.first[i + 1];
      ++network.first[j + 1];
    });
  }
  for (int i = 0; i < n; ++i) network.first[i + 1] += network.first[i];
  std::vector<int> next(network.first.begin(), network.first.end() - 1);
  network.bonded.resize(2 * bonds.size());
  for (const auto &[o, zr] : bonds) {
    network.bonded[next[o]++] = zr;
    network.bonded[next[zr]++] = o;
  }
  return network;
}

std::vector<Connection> connections(const Atoms &atoms, const Network &network, double reach)
{
  std::vector<Connection> result;
  std::vector<int> seen(atoms.kind.size(), -1);
  for (int i = 0; i < atoms.own; ++i) {
    if (atoms.kind[i] != Kind::oxygen) continue;
    Connection c;
    seen[i] = i;
    for (int a = network.first[i]; a < network.first[i + 1]; ++a) {
      const int zr = network.bonded[a];
      for (int b = network.first[zr]; b < network.first[zr + 1]; ++b) {
        const int other = network.bonded[b];
        if (other == i) continue;
        ++c.paths;
        if (seen[other] == i) continue;
        seen[other] = i;
        ++c.neighbors;
        c.close += distance_squared(atoms.x[i], atoms.x[other]) <= reach * reach;
      }
    }
    result.push_back(c);
  }
  return result;
}

}    // namespace turing_glass::ops
