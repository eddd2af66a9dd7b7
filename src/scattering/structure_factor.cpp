// SPDX-License-Identifier: GPL-2.0-only

#include "structure_factor.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <queue>
#include <sstream>
#include <stdexcept>
#include <string>

namespace turing_glass::scattering {

namespace {

constexpr double two_pi = 6.283185307179586;

/// A scrambled number of a vector (the finaliser of splitmix64).
std::uint64_t scrambled(const std::array<int, 3> &n)
{
  std::uint64_t z = 0;
  for (const int k : n) {
    z += static_cast<std::uint64_t>(static_cast<std::int64_t>(k)) + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    z ^= z >> 31;
  }
  return z;
}

/// cos and sin of 2 pi m s for m = 0 ... largest and a block of atoms.
struct Phases {
  static constexpr int block = 64;
  std::vector<double> real, imaginary;    // [m][atom]

  void fill(const double *s, int atoms, int largest)
  {
    real.resize(static_cast<std::size_t>(largest + 1) * block);
    imaginary.resize(real.size());
    for (int m = 0; m <= largest; ++m)
      for (int i = 0; i < atoms; ++i) {
        const double phase = two_pi * m * s[i];
        real[m * block + i] = std::cos(phase);
        imaginary[m * block + i] = std::sin(phase);
      }
  }
};

}    // namespace

std::vector<WaveVector> wave_vectors(const Cell &cell, double q_max, int bins, int most)
{
  const Vector &h = cell.lengths;
  const double radius = q_max / two_pi;    // of the ball, in units without 2 pi
  double about = 0.5;    // half of the vectors in a box around the ball, with no tilt
  for (const double length : h) {
    if (!(length > 0.0) || !std::isfinite(length) || !std::isfinite(cell.xy + cell.xz + cell.yz))
      throw std::runtime_error("the cell has no volume");
    about *= 2.0 * radius * length + 1.0;
  }
  constexpr double too_many = 2e9;    // the ball fills half of the box
  if (about > too_many) {
    std::ostringstream text;
    text << "up to this q there are some " << 0.5 * about << " wave vectors: lower it";
    throw std::runtime_error(text.str());
  }

  // of each bin those with the lowest scrambled numbers, the highest of them on top
  struct Candidate {
    std::uint64_t order;
    WaveVector vector;
    bool operator<(const Candidate &other) const { return order < other.order; }
  };
  std::vector<std::priority_queue<Candidate>> found(bins);
  // q/(2 pi) = (a, b, c) with a = x / h_x, b = (y - xy a) / h_y, c = (z - xz a - yz b) / h_z; opposite ones once
  const auto first = [radius](double center, double length) {
    return static_cast<int>(std::ceil(center - radius * length));
  };
  const auto last = [radius](double center, double length) {
    return static_cast<int>(std::floor(center + radius * length));
  };
  for (int x = 0; x <= last(0.0, h[0]); ++x) {
    const double a = x / h[0], y_center = cell.xy * a;
    for (int y = x == 0 ? 0 : first(y_center, h[1]); y <= last(y_center, h[1]); ++y) {
      const double b = (y - y_center) / h[1], z_center = cell.xz * a + cell.yz * b;
      for (int z = x == 0 && y == 0 ? 1 : first(z_center, h[2]); z <= last(z_center, h[2]); ++z) {
        const double length = two_pi * std::hypot(a, b, (z - z_center) / h[2]);
        if (length >= q_max) continue;
        const int bin = std::min(bins - 1, static_cast<int>(length / q_max * bins));
        found[bin].push({scrambled({x, y, z}), {{x, y, z}, bin, length}});
        if (static_cast<int>(found[bin].size()) > most) found[bin].pop();
      }
    }
  }
  std::vector<WaveVector> vectors;
  for (auto &bin : found)
    for (; !bin.empty(); bin.pop()) vectors.push_back(bin.top().vector);
  // neighbors in the tables of phases
  std::sort(vectors.begin(), vectors.end(),
            [](const WaveVector &a, const WaveVector &b) { return a.n < b.n; });
  return vectors;
}

void add_amplitudes(const std::vector<WaveVector> &vectors, const std::vector<Vector> &places,
                    const std::vector<int> &types, int type_count, std::vector<double> &amplitudes)
{
  std::array<int, 3> largest{};
  for (const WaveVector &v : vectors)
    for (int k = 0; k < 3; ++k) largest[k] = std::max(largest[k], std::abs(v.n[k]));
  std::array<Phases, 3> phases;
  for (int type = 1; type <= type_count; ++type) {
    std::vector<std::size_t> mine;
    for (std::size_t i = 0; i < types.size(); ++i)
      if (types[i] == type) mine.push_back(i);
    for (std::size_t begin = 0; begin < mine.size(); begin += Phases::block) {
      const int atoms = static_cast<int>(std::min<std::size_t>(Phases::block, mine.size() - begin));
      for (int k = 0; k < 3; ++k) {
        double s[Phases::block];
        for (int i = 0; i < atoms; ++i) s[i] = places[mine[begin + i]][k];
        phases[k].fill(s, atoms, largest[k]);
      }
      for (std::size_t v = 0; v < vectors.size(); ++v) {
        const auto &n = vectors[v].n;
        const double *re[3], *im[3];
        double sign[3];
        for (int k = 0; k < 3; ++k) {
          re[k] =
              phases[k].real.data() + static_cast<std::ptrdiff_t>(std::abs(n[k])) * Phases::block;
          im[k] = phases[k].imaginary.data() +
              static_cast<std::ptrdiff_t>(std::abs(n[k])) * Phases::block;
          sign[k] = n[k] < 0 ? -1.0 : 1.0;
        }
        double real = 0.0, imaginary = 0.0;
        for (int i = 0; i < atoms; ++i) {
          const double ix = sign[0] * im[0][i], iy = sign[1] * im[1][i], iz = sign[2] * im[2][i];
          const double r = re[0][i] * re[1][i] - ix * iy, j = re[0][i] * iy + ix * re[1][i];
          real += r * re[2][i] - j * iz;
          imaginary += r * iz + j * re[2][i];
        }
        double *sum = &amplitudes[2 * (v * type_count + type - 1)];
        sum[0] += real;
        sum[1] += imaginary;
      }
    }
  }
}

std::vector<StructureFactorBin> structure_factor(const std::vector<WaveVector> &vectors, int bins,
                                                 const std::vector<double> &amplitudes,
                                                 const std::vector<double> &atoms)
{
  const int types = static_cast<int>(atoms.size());
  const double total = std::accumulate(atoms.begin(), atoms.end(), 0.0);
  std::vector<StructureFactorBin> result(bins);
  for (auto &bin : result) bin.partial.assign(types * (types + 1) / 2, 0.0);
  if (total == 0.0) return result;
  for (std::size_t v = 0; v < vectors.size(); ++v) {
    auto &bin = result[vectors[v].bin];
    bin.q += vectors[v].length;
    ++bin.vectors;
    const double *rho = &amplitudes[2 * v * types];
    double real = 0.0, imaginary = 0.0;
    auto pair = bin.partial.begin();
    for (int a = 0; a < types; ++a) {
      real += rho[2 * a];
      imaginary += rho[2 * a + 1];
      for (int b = a; b < types; ++b)
        *pair++ += rho[2 * a] * rho[2 * b] + rho[2 * a + 1] * rho[2 * b + 1];
    }
    bin.total += real * real + imaginary * imaginary;
  }
  for (auto &bin : result) {
    if (bin.vectors == 0) continue;
    bin.q /= bin.vectors;
    bin.total /= bin.vectors * total;
    auto pair = bin.partial.begin();
    for (int a = 0; a < types; ++a)
      for (int b = a; b < types; ++b, ++pair) {
        const double ca = atoms[a] / total, cb = atoms[b] / total;
        *pair = ca * cb > 0.0
            ? 1.0 + (*pair / (bin.vectors * total) - (a == b ? ca : 0.0)) / (ca * cb)
            : 0.0;
      }
  }
  return result;
}

}    // namespace turing_glass::scattering
