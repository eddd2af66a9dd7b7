// SPDX-License-Identifier: GPL-2.0-only

// The engine on the processor: the kernels that a device runs, for tests.

#include "engine_of.h"

#include <cstring>
#include <numeric>
#include <vector>

namespace turing_glass::nnap::gpu {

namespace {

struct HostBackend {
  template <class T> class Buffer {
   public:
    void resize(long n)
    {
      if (n > static_cast<long>(values_.size())) values_.assign(n, T());
    }
    T *data() { return values_.data(); }
    const T *data() const { return values_.data(); }
    std::size_t bytes() const { return values_.size() * sizeof(T); }

   private:
    std::vector<T> values_;
  };
  template <class T> using Pinned = Buffer<T>;

  std::string device() const { return "the processor, one core"; }
  template <class T> void upload(T *to, const T *from, long n) { std::copy_n(from, n, to); }
  template <class T> void download(T *to, const T *from, long n) { std::copy_n(from, n, to); }
  template <class T> void clear(T *values, long n) { std::fill_n(values, n, T()); }
  void wait() {}
  void sort(int *keys, int *values, int n, int)
  {
    std::vector<int> order(n), old_keys(keys, keys + n), old_values(values, values + n);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return old_keys[a] < old_keys[b]; });
    for (int k = 0; k < n; ++k) {
      keys[k] = old_keys[order[k]];
      values[k] = old_values[order[k]];
    }
  }
  template <class Kernel> void run(const Kernel &kernel, int items, int room)
  {
    struct alignas(16) Line {
      char bytes[16];
    };
    std::vector<Line> memory(room / 16 + 1);
    for (int item = 0; item < items; ++item) kernel(Lanes(), item, memory.data()->bytes);
  }
};

}    // namespace

/// The processor counts as the only device of its node.
std::unique_ptr<Engine> make_engine(const Potential &potential, bool mixed_precision,
                                    DeviceChoice choice)
{
  choice.among(1);
  if (mixed_precision)
    return std::make_unique<EngineOf<HostBackend, float>>(potential, HostBackend());
  return std::make_unique<EngineOf<HostBackend, double>>(potential, HostBackend());
}

}    // namespace turing_glass::nnap::gpu
