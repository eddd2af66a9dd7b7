// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include <cstddef>
#include <vector>

namespace turing_glass::nnap {

/// Doubles that start on a cache line, as the kernels' vector loads require.
class AlignedVector {
 public:
  AlignedVector() = default;
  explicit AlignedVector(std::size_t size) { resize(size); }

  /// Sets the size; new elements are zero, old ones keep their value.
  void resize(std::size_t size) { lines_.resize((size + per_line - 1) / per_line); }
  /// As resize(), but never shrinks.
  void reserve_at_least(std::size_t size)
  {
    if (size > capacity()) resize(size);
  }

  double *data() { return reinterpret_cast<double *>(lines_.data()); }
  const double *data() const { return reinterpret_cast<const double *>(lines_.data()); }
  double &operator[](std::size_t i) { return data()[i]; }
  double operator[](std::size_t i) const { return data()[i]; }
  std::size_t capacity() const { return lines_.size() * per_line; }

 private:
  static constexpr std::size_t per_line = 8;
  struct alignas(64) Line {
    double value[per_line] = {};
  };
  std::vector<Line> lines_;
};

/// The smallest multiple of a cache line's doubles that holds n.
constexpr int padded(int n)
{
  return (n + 7) / 8 * 8;
}

}    // namespace turing_glass::nnap
