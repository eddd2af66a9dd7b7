// SPDX-License-Identifier: GPL-2.0-only

// Speed of the engine of pair style nnap/gpu on the device of this machine, without LAMMPS.
//
//     benchmark_gpu POTENTIAL.json [double|mixed|both] [atoms ...]
//
// A bcc solution of the elements with displaced atoms, 0.06 atoms/A^3, with images in a shell of cutoff + 2 A around
// it, as a rank of LAMMPS has them. A step is compute(): positions down, forces up, and the kernels between. Medians.

#include "nnap/gpu/engine.h"
#include "nnap/nnap_json.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

using namespace turing_glass::nnap;

namespace {

double now()
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Points {
  int owned = 0;
  std::vector<double> x;
  std::vector<int> element;
};

/// At least `atoms` atoms, and their images within `shell` of the box.
Points bcc_solution(int atoms, int elements, double shell)
{
  const int cells = static_cast<int>(std::ceil(std::cbrt(atoms / 2.0) - 1e-9));
  const double edge = std::cbrt(2.0 / 0.06), length = cells * edge;
  std::mt19937 random(4711);
  std::uniform_real_distribution<double> displacement(-0.25, 0.25), uniform;
  Points p;
  for (int k = 0; k < 2 * cells * cells * cells; ++k) {
    const int cell = k / 2, index[3] = {cell % cells, cell / cells % cells, cell / cells / cells};
    for (int d = 0; d < 3; ++d)
      p.x.push_back((index[d] + 0.5 * (k % 2)) * edge + displacement(random));
    p.element.push_back(static_cast<int>(uniform(random) * elements));
  }
  p.owned = static_cast<int>(p.element.size());
  const int images = static_cast<int>(std::ceil(shell / length));
  for (int a = -images; a <= images; ++a)
    for (int b = -images; b <= images; ++b)
      for (int c = -images; c <= images; ++c) {
        if (a == 0 && b == 0 && c == 0) continue;
        const double shift[3] = {a * length, b * length, c * length};
        for (int k = 0; k < p.owned; ++k) {
          double x[3];
          bool inside = true;
          for (int d = 0; d < 3; ++d) {
            x[d] = p.x[3L * k + d] + shift[d];
            inside = inside && x[d] > -shell && x[d] < length + shell;
          }
          if (!inside) continue;
          p.x.insert(p.x.end(), x, x + 3);
          p.element.push_back(p.element[k]);
        }
      }
  return p;
}

template <class Body> double median_seconds(int repeats, Body body)
{
  std::vector<double> times;
  for (int k = 0; k < repeats; ++k) {
    const double begin = now();
    body();
    times.push_back(now() - begin);
  }
  std::nth_element(times.begin(), times.begin() + repeats / 2, times.end());
  return times[repeats / 2];
}

void measure(const Potential &potential, bool mixed, int atoms)
{
  const double reach = potential.cutoff() + 2.0;
  const Points p = bcc_solution(atoms, static_cast<int>(potential.elements.size()), reach);
  const auto engine = gpu::make_engine(potential, mixed, {});
  engine->set_atoms(p.owned, static_cast<int>(p.element.size()), p.element.data());
  engine->find_neighbors(p.x.data(), reach);
  engine->compute(p.x.data(), {});
  const int repeats = std::max(5, std::min(50, 2000000 / p.owned));
  const double lists = median_seconds(5, [&] { engine->find_neighbors(p.x.data(), reach); });
  const double step = median_seconds(repeats, [&] { engine->compute(p.x.data(), {}); });
  std::printf(
      "%-6s %9d atoms %9zu points: lists %9.3f ms, step %9.3f ms, %7.2f M atom-steps/s, %6.0f MB\n",
      mixed ? "mixed" : "double", p.owned, p.element.size(), 1e3 * lists, 1e3 * step,
      1e-6 * p.owned / step, 1e-6 * engine->bytes());
  std::fflush(stdout);
}

}    // namespace

int main(int argc, char **argv)
{
  if (argc < 2) {
    std::fprintf(stderr, "usage: benchmark_gpu POTENTIAL.json [double|mixed|both] [atoms ...]\n");
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    const std::string text((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
    const Potential potential = read_nnap_json(text, argv[1]);
    const std::string precision = argc > 2 ? argv[2] : "both";
    std::vector<int> sizes;
    for (int k = 3; k < argc; ++k) sizes.push_back(std::atoi(argv[k]));
    if (sizes.empty()) sizes = {1024, 16384, 131072, 1048576};
    std::printf("device: %s\n", gpu::make_engine(potential, true, {})->device().c_str());
    for (const bool mixed : {true, false})
      for (const int atoms : sizes)
        if (precision == "both" || (precision == "mixed") == mixed)
          measure(potential, mixed, atoms);
  } catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
