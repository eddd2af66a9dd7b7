// SPDX-License-Identifier: GPL-2.0-only

#include "pattern/insertion.h"

#include "collective.h"
#include "geometry/points_near.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <unordered_map>

namespace turing_glass::pattern {

namespace {

// splitmix64: each bit of the result depends on each bit of the argument
std::uint64_t mix(std::uint64_t z)
{
  z += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}    // namespace

std::uint64_t hole_key(std::uint64_t seed, const std::vector<std::int64_t> &atoms)
{
  std::uint64_t key = mix(seed);
  for (const std::int64_t id : atoms) key = mix(key ^ static_cast<std::uint64_t>(id));
  return key;
}

long oxygen_needed(long others, double fraction)
{
  constexpr double most = 1e15;
  const double needed = static_cast<double>(others) * fraction / (1.0 - fraction);
  if (!(needed < most))
    throw std::runtime_error("so close to 100 % oxygen no number of atoms is large enough");
  return std::lround(needed);
}

std::vector<long> share_out(long total, const std::vector<long> &areas)
{
  const double sum = std::accumulate(areas.begin(), areas.end(), 0.0);
  std::vector<long> shares(areas.size(), 0);
  std::vector<double> remainders(areas.size());
  long rest = total;
  for (std::size_t p = 0; p < areas.size(); ++p) {
    const double exact = static_cast<double>(total) * static_cast<double>(areas[p]) / sum;
    shares[p] = static_cast<long>(exact);
    remainders[p] = exact - static_cast<double>(shares[p]);
    rest -= shares[p];
  }
  std::vector<std::size_t> order(areas.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](auto a, auto b) { return remainders[a] > remainders[b]; });
  for (long k = 0; k < rest; ++k) ++shares[order[k]];
  return shares;
}

Placement place_oxygen(const std::vector<Hole> &own, const std::vector<Vector> &taken,
                       const std::vector<long> &areas, long total, double apart, const Cell &cell,
                       MPI_Comm comm)
{
  std::vector<Hole> holes = own;
  for (Hole &hole : holes) {
    hole.x = cell.wrapped(hole.x);
    for (double &x : hole.x) x = 1e-8 * std::nearbyint(1e8 * x);
  }
  holes = gather_first(holes, comm);

  Placement result;
  if (rank_of(comm) == 0) {
    std::sort(holes.begin(), holes.end(), [](const Hole &a, const Hole &b) {
      return std::tie(a.key, a.x) < std::tie(b.key, b.x);
    });
    geometry::PointsNear occupied(cell, apart);
    for (const Vector &x : taken) occupied.add(x);
    const auto free = [&](const Hole &hole) {
      return !occupied.any(hole.x, [](int, double) { return true; });
    };
    std::vector<long> shares = share_out(total, areas);
    std::vector<char> filled(holes.size(), 0);
    long placed = 0;
    // first each patch its share, then the rest where there is room, then on, to know how many seats there are
    enum class Pass { share, rest, count };
    for (const Pass pass : {Pass::share, Pass::rest, Pass::count})
      for (std::size_t h = 0; h < holes.size(); ++h) {
        if (pass != Pass::count && placed == total) break;
        if (filled[h] || (pass == Pass::share && shares[holes[h].patch] == 0) || !free(holes[h]))
          continue;
        occupied.add(holes[h].x);
        ++result.seats;
        if (pass == Pass::count) continue;
        filled[h] = 1;
        ++placed;
        if (pass == Pass::share)
          --shares[holes[h].patch];
        else
          ++result.moved;
      }
    for (std::size_t h = 0; h < holes.size(); ++h)
      if (filled[h]) result.oxygen.push_back(holes[h].x);
  }
  broadcast(result.oxygen, comm);
  std::array<long, 2> counts{result.moved, result.seats};
  MPI_Bcast(counts.data(), 2, MPI_LONG, 0, comm);
  result.moved = counts[0];
  result.seats = counts[1];
  return result;
}

Shells fill_shells(const std::vector<Neighbor> &own, int oxygen, double shell, MPI_Comm comm)
{
  std::vector<Neighbor> all = gather_first(own, comm);
  Shells result;
  if (rank_of(comm) == 0) {
    std::sort(all.begin(), all.end(), [](const Neighbor &a, const Neighbor &b) {
      return std::tie(a.oxygen, a.distance, a.id) < std::tie(b.oxygen, b.distance, b.id);
    });
    std::unordered_map<std::int64_t, bool> zirconium, in_a_shell;
    for (const Neighbor &n : all) {
      zirconium[n.id] = n.zirconium;
      in_a_shell[n.id] = in_a_shell[n.id] || n.distance <= shell;
    }
    const auto mean = [&] {
      long count = 0;
      for (const Neighbor &n : all) count += n.distance <= shell && zirconium[n.id];
      return oxygen > 0 ? static_cast<double>(count) / oxygen : 0.0;
    };
    result.before = mean();
    for (auto begin = all.begin(); begin != all.end();) {
      const auto end = std::find_if(begin, all.end(),
                                    [&](const Neighbor &n) { return n.oxygen != begin->oxygen; });
      auto beyond = begin;
      for (auto n = begin; n != end && n->distance <= shell; ++n) {
        if (zirconium[n->id]) continue;
        beyond = std::find_if(
            beyond, end, [&](const Neighbor &m) { return !in_a_shell[m.id] && zirconium[m.id]; });
        if (beyond == end) break;
        std::swap(zirconium[n->id], zirconium[beyond->id]);
        result.swaps.push_back({n->id, beyond->id});
      }
      begin = end;
    }
    result.after = mean();
  }
  broadcast(result.swaps, comm);
  std::array<double, 2> means{result.before, result.after};
  MPI_Bcast(means.data(), 2, MPI_DOUBLE, 0, comm);
  result.before = means[0];
  result.after = means[1];
  return result;
}

}    // namespace turing_glass::pattern
