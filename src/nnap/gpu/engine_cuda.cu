// SPDX-License-Identifier: GPL-2.0-only

// The engine on a CUDA device: a warp is an item, a block some warps, all work in one stream.

#include "engine_of.h"

#include <cub/device/device_radix_sort.cuh>
#include <cuda_runtime.h>

#include <utility>

namespace turing_glass::nnap::gpu {

namespace {

void check(cudaError_t error, const char *what)
{
  if (error == cudaSuccess) return;
  std::string text = std::string(what) + ": " + cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation)
    text += "; use more devices, or fewer atoms for each";
  else if (error == cudaErrorNoKernelImageForDevice || error == cudaErrorUnsupportedPtxVersion)
    text += "; build the plugin for this device: -D CMAKE_CUDA_ARCHITECTURES=...";
  else if (error == cudaErrorInsufficientDriver)
    text = std::string(what) +
        ": there is no driver of a device, or it is older than the CUDA toolkit of the plugin. Run on a "
        "node that has a device, update the driver, or build with an older toolkit; or use pair style nnap";
  throw EngineError(text);
}

/// Memory of the device, or page-locked memory of the host, that only grows and belongs to one owner.
template <class T, bool on_device> class Memory {
 public:
  Memory() = default;
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  ~Memory() { release(); }
  void resize(long n)
  {
    if (n <= size_) return;
    release();
    const long room = n + n / 8;    // for numbers of atoms that vary a little
    if (on_device)
      check(cudaMalloc(&data_, room * sizeof(T)), "memory on the device");
    else
      check(cudaMallocHost(&data_, room * sizeof(T)), "page-locked memory");
    size_ = room;
  }
  T *data() { return data_; }
  const T *data() const { return data_; }
  std::size_t bytes() const { return size_ * sizeof(T); }

 private:
  void release()
  {
    size_ = 0;
    T *const data = std::exchange(data_, nullptr);
    if (on_device)
      cudaFree(data);
    else
      cudaFreeHost(data);
  }

  T *data_ = nullptr;
  long size_ = 0;
};

template <class Kernel>
__global__ void __launch_bounds__(Kernel::warps_per_block *lane_count, Kernel::blocks_at_least)
    run_kernel(const __grid_constant__ Kernel kernel, int items, int room)
{
  extern __shared__ int4 memory[];
  const int warp = static_cast<int>(threadIdx.x) / lane_count;
  const int item = static_cast<int>(blockIdx.x) * Kernel::warps_per_block + warp;
  if (item >= items) return;
  kernel(Lanes(), item, reinterpret_cast<char *>(memory) + warp * room);
}

struct CudaBackend {
  template <class T> using Buffer = Memory<T, true>;
  template <class T> using Pinned = Memory<T, false>;

  explicit CudaBackend(DeviceChoice choice)
  {
    int visible = 0;
    const cudaError_t error = cudaGetDeviceCount(&visible);
    if (error != cudaErrorNoDevice) check(error, "looking for CUDA devices");
    const int device = choice.among(visible);
    check(cudaSetDevice(device), "choosing the device");
    check(cudaGetDeviceProperties(&properties_, device), "properties of the device");
    check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "a stream");
  }
  CudaBackend(CudaBackend &&other) noexcept :
      properties_(other.properties_), stream_(std::exchange(other.stream_, nullptr))
  {
  }
  ~CudaBackend()
  {
    if (stream_) cudaStreamDestroy(stream_);
  }

  std::string device() const { return properties_.name; }

  template <class T> void upload(T *to, const T *from, long n)
  {
    check(cudaMemcpyAsync(to, from, n * sizeof(T), cudaMemcpyHostToDevice, stream_),
          "copy to the device");
  }
  template <class T> void download(T *to, const T *from, long n)
  {
    check(cudaMemcpyAsync(to, from, n * sizeof(T), cudaMemcpyDeviceToHost, stream_),
          "copy from the device");
  }
  template <class T> void clear(T *values, long n)
  {
    check(cudaMemsetAsync(values, 0, n * sizeof(T), stream_), "clearing memory of the device");
  }
  void wait() { check(cudaStreamSynchronize(stream_), "work on the device"); }

  /// Stable: equal keys keep their order.
  void sort(int *keys, int *values, int n, int largest)
  {
    int bits = 1;
    while (bits < 31 && (1L << bits) <= largest) ++bits;
    keys_.resize(n);
    values_.resize(n);
    std::size_t bytes = 0;
    check(cub::DeviceRadixSort::SortPairs(nullptr, bytes, keys, keys_.data(), values,
                                          values_.data(), n, 0, bits, stream_),
          "sorting");
    room_.resize(static_cast<long>(bytes));
    check(cub::DeviceRadixSort::SortPairs(room_.data(), bytes, keys, keys_.data(), values,
                                          values_.data(), n, 0, bits, stream_),
          "sorting");
    check(cudaMemcpyAsync(keys, keys_.data(), n * sizeof(int), cudaMemcpyDeviceToDevice, stream_),
          "sorting");
    check(
        cudaMemcpyAsync(values, values_.data(), n * sizeof(int), cudaMemcpyDeviceToDevice, stream_),
        "sorting");
  }

  template <class Kernel> void run(const Kernel &kernel, int items, int room)
  {
    if (items == 0) return;
    constexpr int warps = Kernel::warps_per_block;
    const int bytes = warps * room;
    if (bytes > static_cast<int>(properties_.sharedMemPerBlockOptin))
      throw EngineError("an atom needs " + std::to_string(room) +
                        " bytes of shared memory, but a block of " + properties_.name + " has " +
                        std::to_string(properties_.sharedMemPerBlockOptin) +
                        ": use precision mixed, fewer channels, or pair style nnap");
    if (bytes > 48 * 1024)
      check(cudaFuncSetAttribute(run_kernel<Kernel>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 bytes),
            "shared memory");
    run_kernel<Kernel>
        <<<(items + warps - 1) / warps, warps * lane_count, bytes, stream_>>>(kernel, items, room);
    check(cudaGetLastError(), "starting a kernel");
  }

 private:
  cudaDeviceProp properties_{};
  cudaStream_t stream_ = nullptr;
  Buffer<int> keys_, values_;
  Buffer<char> room_;
};

}    // namespace

std::unique_ptr<Engine> make_engine(const Potential &potential, bool mixed_precision,
                                    DeviceChoice choice)
{
  if (mixed_precision)
    return std::make_unique<EngineOf<CudaBackend, float>>(potential, CudaBackend(choice));
  return std::make_unique<EngineOf<CudaBackend, double>>(potential, CudaBackend(choice));
}

}    // namespace turing_glass::nnap::gpu
