// SPDX-License-Identifier: GPL-2.0-only

// What a kernel sees of the machine: 32 lanes that work on one item together.
//
// A kernel is a struct with operator()(Lanes, int item, char *room). It consists of steps, lanes.each([&](int lane) {...}).
// After each step every lane sees what the others have stored in `room`. Values that a lane keeps between two steps
// are in a PerLane. On a device the lanes are the threads of a warp. Elsewhere they are a loop: the same source gives
// the same results, so the kernels can be tested without a device.

#pragma once

#include <cstdint>
#include <math.h>

#ifdef __CUDACC__
#define TG_LANES __device__ __forceinline__
#define TG_BOTH __host__ __device__
#define TG_UNROLL _Pragma("unroll")
#define TG_UNROLL_8 _Pragma("unroll 8")
#else
#define TG_LANES inline
#define TG_BOTH
#define TG_UNROLL
#define TG_UNROLL_8
#endif

namespace turing_glass::nnap::gpu {

constexpr int lane_count = 32;

/// Integer sums do not depend on the order of the additions. The unit of forces and virials is 2^-46 eV/A or eV; the range is
/// +-2^17.
using Fixed = std::int64_t;
constexpr double fixed_unit = 1.0 / (1LL << 46);
/// A larger contribution (eV/A, eV), one that is not a number, and a larger sum raise Status::overflow. A sum that wraps
/// around is detected unless about a hundred contributions of the largest size have the same direction.
constexpr double largest_contribution = 1 << 11, largest_sum = 1 << 16;

/// Bits that kernels raise for errors.
namespace Status {
constexpr int overflow = 1;    ///< a force or virial that is not finite or does not fit
constexpr int lost = 2;        ///< a position that is not finite
}    // namespace Status

TG_BOTH constexpr int padded_to_4(int n)
{
  return (n + 3) / 4 * 4;
}

/// Reads memory that the running kernel does not write: the compiler may move such reads ahead of writes.
template <class T> TG_LANES T fetch(const T *from)
{
#ifdef __CUDACC__
  return __ldg(from);
#else
  return *from;
#endif
}

TG_LANES double inverse_root(double x)
{
#ifdef __CUDACC__
  return rsqrt(x);
#else
  return 1.0 / sqrt(x);
#endif
}

#ifdef __CUDACC__

/// Lanes as the threads of a warp.
struct Lanes {
  template <class T> struct PerLane {
    T value{};
    TG_LANES T &operator[](int) { return value; }
    TG_LANES const T &operator[](int) const { return value; }
  };
  static constexpr unsigned all = 0xffffffffU;

  static TG_LANES int lane() { return static_cast<int>(threadIdx.x) % lane_count; }
  template <class Body> TG_LANES void each(Body body) const
  {
    body(lane());
    __syncwarp();
  }
  TG_LANES int rank(const PerLane<bool> &keep, PerLane<int> &ranks) const
  {
    const unsigned kept = __ballot_sync(all, keep.value);
    ranks.value = __popc(kept & ((1U << lane()) - 1U));
    return __popc(kept);
  }
  template <class T> TG_LANES void sum_groups(PerLane<T> &value, int width) const
  {
    for (int distance = lane_count / 2; distance >= width; distance /= 2)
      value.value += __shfl_xor_sync(all, value.value, distance);
  }
  TG_LANES void add(Fixed *to, Fixed value) const
  {
    atomicAdd(reinterpret_cast<unsigned long long *>(to), static_cast<unsigned long long>(value));
  }
  TG_LANES void raise(Fixed *status, int bits) const
  {
    atomicOr(reinterpret_cast<unsigned long long *>(status), static_cast<unsigned long long>(bits));
  }
  TG_LANES void raise_to(int *value, int least) const { atomicMax(value, least); }
};

#else

/// Lanes as a loop.
struct Lanes {
  template <class T> struct PerLane {
    T of[lane_count] = {};
    T &operator[](int lane) { return of[lane]; }
    const T &operator[](int lane) const { return of[lane]; }
  };

  template <class Body> void each(Body body) const
  {
    for (int lane = 0; lane < lane_count; ++lane) body(lane);
  }
  /// How many lanes before it are kept, for each lane; returns their number.
  int rank(const PerLane<bool> &keep, PerLane<int> &ranks) const
  {
    int count = 0;
    for (int lane = 0; lane < lane_count; ++lane) {
      ranks[lane] = count;
      count += keep[lane];
    }
    return count;
  }
  /// The sum over lanes whose indices differ by multiples of `width`, a power of 2, to all of them.
  template <class T> void sum_groups(PerLane<T> &value, int width) const
  {
    for (int distance = lane_count / 2; distance >= width; distance /= 2) {
      const PerLane<T> before = value;
      for (int lane = 0; lane < lane_count; ++lane) value[lane] += before[lane ^ distance];
    }
  }
  void add(Fixed *to, Fixed value) const { *to += value; }
  void raise(Fixed *status, int bits) const { *status |= bits; }
  void raise_to(int *value, int least) const { *value = *value > least ? *value : least; }
};

#endif

}    // namespace turing_glass::nnap::gpu
