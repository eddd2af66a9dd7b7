// SPDX-License-Identifier: GPL-2.0-only

// What of this core's arithmetic the sums over neighbors of pair_style nnap use, for the papers' shape.
//
//     cmake --build build --target benchmark_kernel && build/tests/benchmark/benchmark_kernel
//
// Prints, for each instruction set this processor runs and each precision: the rate of multiply-adds from
// registers (the peak), the rates of loads from the first and the second cache, and the time of the energy
// part (forward) and the gradient part of the sums for one neighbor, with their share of the peak by the count
// of docs/nnap_theory.rst. Shortest times; the machine should be idle.

#include "nnap/kernel.h"
#include "nnap/aligned.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

using namespace turing_glass::nnap;

namespace {

double now()
{
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of one call, the shortest of several measurements.
template <class Body> double seconds(Body body)
{
  constexpr int calls = 20, repeats = 101;
  double shortest = 1e9;
  for (int k = 0; k < repeats; ++k) {
    const double begin = now();
    for (int i = 0; i < calls; ++i) body();
    shortest = std::min(shortest, (now() - begin) / calls);
  }
  return shortest;
}

/// Multiply-adds of whole registers per second, and bytes loaded per second from a buffer.
struct Rates {
  double (*multiply_adds)();
  double (*loads)(const char *buffer, long bytes);
};

#define TG_RATES(name, instructions, Real, size)                                                 \
  namespace name {                                                                               \
  typedef Real Pack __attribute__((vector_size(size), may_alias));                               \
  __attribute__((target(instructions), noinline)) Real chains(long count, Real one, Real little) \
  {                                                                                              \
    Pack a0{}, a1 = a0 + one, a2 = a1 + one, a3 = a2 + one, a4 = a3 + one, a5 = a4 + one;        \
    Pack a6 = a5 + one, a7 = a6 + one, a8 = a7 + one, a9 = a8 + one;                             \
    for (long k = 0; k < count; ++k) {                                                           \
      a0 = a0 * one + little, a1 = a1 * one + little, a2 = a2 * one + little;                    \
      a3 = a3 * one + little, a4 = a4 * one + little, a5 = a5 * one + little;                    \
      a6 = a6 * one + little, a7 = a7 * one + little, a8 = a8 * one + little;                    \
      a9 = a9 * one + little;                                                                    \
    }                                                                                            \
    return (a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9)[0];                                 \
  }                                                                                              \
  __attribute__((target(instructions), noinline)) Real total(const char *buffer, long bytes)     \
  {                                                                                              \
    const Pack *p = reinterpret_cast<const Pack *>(buffer);                                      \
    Pack a0{}, a1{}, a2{}, a3{}, a4{}, a5{}, a6{}, a7{};                                         \
    for (const Pack *end = p + bytes / static_cast<long>(sizeof(Pack)); p < end; p += 8) {       \
      a0 += p[0], a1 += p[1], a2 += p[2], a3 += p[3];                                            \
      a4 += p[4], a5 += p[5], a6 += p[6], a7 += p[7];                                            \
    }                                                                                            \
    return (a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7)[0];                                           \
  }                                                                                              \
  double multiply_adds()                                                                         \
  {                                                                                              \
    constexpr long count = 2000;                                                                 \
    volatile Real zero = 0, sink;                                                                \
    return 10 * count / seconds([&] { sink = chains(count, 1 + zero, zero); });                  \
  }                                                                                              \
  double loads(const char *buffer, long bytes)                                                   \
  {                                                                                              \
    volatile Real sink;                                                                          \
    return bytes / seconds([&] { sink = total(buffer, bytes); });                                \
  }                                                                                              \
  }

#ifdef TG_X86
TG_RATES(sse_double, "sse2", double, 16)
TG_RATES(sse_float, "sse2", float, 16)
TG_RATES(avx2_double, "avx2,fma", double, 32)
TG_RATES(avx2_float, "avx2,fma", float, 32)
TG_RATES(avx512vl_double, "avx512f,avx512dq,avx512vl,fma", double, 32)
TG_RATES(avx512vl_float, "avx512f,avx512dq,avx512vl,fma", float, 32)
TG_RATES(avx512_double, "avx512f,avx512dq,avx512vl,fma", double, 64)
TG_RATES(avx512_float, "avx512f,avx512dq,avx512vl,fma", float, 64)
#endif

Rates rates_of(const char *kernel, Precision precision)
{
  const bool full = precision == Precision::full;
#ifdef TG_X86
  if (std::strcmp(kernel, "AVX2") == 0)
    return full ? Rates{avx2_double::multiply_adds, avx2_double::loads}
                : Rates{avx2_float::multiply_adds, avx2_float::loads};
  if (std::strcmp(kernel, "AVX-512VL") == 0)
    return full ? Rates{avx512vl_double::multiply_adds, avx512vl_double::loads}
                : Rates{avx512vl_float::multiply_adds, avx512vl_float::loads};
  if (std::strcmp(kernel, "AVX-512") == 0)
    return full ? Rates{avx512_double::multiply_adds, avx512_double::loads}
                : Rates{avx512_float::multiply_adds, avx512_float::loads};
  return full ? Rates{sse_double::multiply_adds, sse_double::loads}
              : Rates{sse_float::multiply_adds, sse_float::loads};
#endif
}

void measure(const Kernel &kernel, Precision precision)
{
  // operations on one neighbor, docs/nnap_theory.rst, "What it costs"
  constexpr double forward_count = 107 + 72 + 405, gradient_count = 567 + 342;
  constexpr int nn = 5, lmax = 8, types = 2, neighbors_of_type = 43;
  const int rows = KernelBasis::rows_of(lmax);
  const KernelBasis basis{nn, lmax, rows, 7.0};
  const int blocks_of_type = (neighbors_of_type + kernel.width - 1) / kernel.width;
  const int slots = types * blocks_of_type * kernel.width;
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  AlignedVector x(slots), y(slots), z(slots), r(slots), rinv(slots), gx(slots), gy(slots),
      gz(slots);
  for (int k = 0; k < slots; ++k) {
    const double v[3] = {normal(random), normal(random), normal(random)};
    const double length = std::hypot(v[0], v[1], v[2]);
    x[k] = v[0] / length, y[k] = v[1] / length, z[k] = v[2] / length;
    r[k] = 2.5 + 4.5 * k / slots, rinv[k] = 1.0 / r[k];
  }
  const std::size_t planes_of_type =
      static_cast<std::size_t>(blocks_of_type) * kernel.plane_bytes(basis) / sizeof(double);
  AlignedVector planes(types * planes_of_type);
  AlignedVector A(types * nn * rows + kernel.width), C(types * nn * rows);
  for (int k = 0; k < types * nn * rows; ++k)
    if (precision == Precision::full)
      C[k] = normal(random);
    else
      reinterpret_cast<float *>(C.data())[k] = static_cast<float>(normal(random));
  const Rates rates = rates_of(kernel.name, precision);
  const double peak = rates.multiply_adds();
  const AlignedVector buffer(1 << 16);
  const char *bytes = reinterpret_cast<const char *>(buffer.data());
  const double first_cache = rates.loads(bytes, 1 << 14),
               second_cache = rates.loads(bytes, 1 << 18);

  // of each element: its first slot, planes, and the begin of its sums
  const auto each_type = [&](auto body) {
    for (int t = 0; t < types; ++t) {
      const int slot = t * blocks_of_type * kernel.width;
      body(slot,
           KernelNeighbors{blocks_of_type, x.data() + slot, y.data() + slot, z.data() + slot,
                           r.data() + slot, rinv.data() + slot},
           planes.data() + t * planes_of_type, t * nn * rows);
    }
  };
  const double forward = seconds([&] {
    each_type([&](int, const KernelNeighbors &neighbors, double *plane, int at) {
      kernel.forward(basis, neighbors, plane,
                     reinterpret_cast<char *>(A.data()) + at * kernel.number_bytes);
    });
  });
  const double gradient = seconds([&] {
    each_type([&](int slot, const KernelNeighbors &neighbors, const double *plane, int at) {
      kernel.gradient(basis, neighbors, plane,
                      reinterpret_cast<const char *>(C.data()) + at * kernel.number_bytes,
                      gx.data() + slot, gy.data() + slot, gz.data() + slot);
    });
  });
  const int count = types * neighbors_of_type;
  const auto share = [&](double operations, double time) {
    return 100 * operations * count / kernel.width / peak / time;
  };
  std::printf("%-9s %-7s %10.1f %10.0f %10.0f %12.1f %5.0f %12.1f %5.0f %12.2f\n", kernel.name,
              precision == Precision::full ? "double" : "mixed", 1e-9 * peak * kernel.width,
              1e-9 * first_cache, 1e-9 * second_cache, 1e9 * forward / count,
              share(forward_count, forward), 1e9 * gradient / count,
              share(gradient_count, gradient), 1e6 * (forward + gradient));
}

}    // namespace

int main()
{
  std::printf(
      "                     peak     16 KiB    256 KiB      forward       gradient           86 neighbors\n"
      "                     G/s       GB/s       GB/s        ns a neighbor, %% of peak       us\n");
  for (const Precision precision : {Precision::full, Precision::mixed})
    for (auto kernel = runnable_kernels(precision); *kernel; ++kernel) measure(**kernel, precision);
}
