// SPDX-License-Identifier: GPL-2.0-only

#include "kernel.h"

namespace turing_glass::nnap {

extern const Kernel kernel_baseline, kernel_baseline_mixed;
#ifdef TG_X86
extern const Kernel kernel_avx2, kernel_avx2_mixed;
extern const Kernel kernel_avx512vl, kernel_avx512vl_mixed;
extern const Kernel kernel_avx512, kernel_avx512_mixed;
#endif

namespace {

struct Runnable {
  explicit Runnable(Precision precision)
  {
    int count = 0;
    const auto add = [&](const Kernel &full, const Kernel &mixed, bool better = true) {
      list[count] = precision == Precision::full ? &full : &mixed;
      if (better) best = list[count];
      ++count;
    };
    add(kernel_baseline, kernel_baseline_mixed);
#ifdef TG_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      add(kernel_avx2, kernel_avx2_mixed);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
      add(kernel_avx512vl, kernel_avx512vl_mixed);
      // Zen 4 makes two operations of one on 512 bits, so that only the longer blocks are left of them
      add(kernel_avx512, kernel_avx512_mixed, !__builtin_cpu_is("amdfam19h"));
    }
#endif
  }
  const Kernel *list[5] = {};
  const Kernel *best;
};

const Runnable &runnable(Precision precision)
{
  static const Runnable full(Precision::full), mixed(Precision::mixed);
  return precision == Precision::full ? full : mixed;
}

}    // namespace

const Kernel &best_kernel(Precision precision)
{
  return *runnable(precision).best;
}

const Kernel *const *runnable_kernels(Precision precision)
{
  return runnable(precision).list;
}

}    // namespace turing_glass::nnap
