#include "kernel.h"

namespace turing_glass::nnap {

extern const Kernel kernel_baseline;
#ifdef TG_X86
extern const Kernel kernel_avx2;
extern const Kernel kernel_avx512;
#endif

namespace {

struct Runnable {
  const Kernel *list[4] = {&kernel_baseline, nullptr, nullptr, nullptr};
  const Kernel *best = &kernel_baseline;

  Runnable()
  {
    int count = 1;
    const auto add = [&](const Kernel &kernel) { best = list[count++] = &kernel; };
#ifdef TG_X86
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) add(kernel_avx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
      add(kernel_avx512);
#endif
    static_cast<void>(add);
    static_cast<void>(count);
  }
};

const Runnable &runnable()
{
  static const Runnable instance;
  return instance;
}

}    // namespace

const Kernel &best_kernel()
{
  return *runnable().best;
}

const Kernel *const *runnable_kernels()
{
  return runnable().list;
}

}    // namespace turing_glass::nnap
