// SPDX-License-Identifier: GPL-2.0-only

// Loops over threads out of which exceptions come as out of any other loop: one that leaves an OpenMP region by itself
// ends the program.

#pragma once

#include <exception>

namespace turing_glass {

/// Keeps an exception of one thread until all of them are done.
class Failure {
 public:
  template <class Work> void keep_from(Work &&work) noexcept
  {
    try {
      work();
    } catch (...) {
#if defined(_OPENMP)
#pragma omp critical(turing_glass_failure)
#endif
      failure_ = std::current_exception();
    }
  }
  void rethrow() const
  {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
};

/// work(share) for share = 0 ... shares - 1, each on a thread of its own where OpenMP grants so many.
template <class Work> void for_each_share(int shares, Work &&work)
{
  Failure failure;
#if defined(_OPENMP)
#pragma omp parallel for num_threads(shares) schedule(static, 1)
#endif
  for (int share = 0; share < shares; ++share) failure.keep_from([&] { work(share); });
  failure.rethrow();
}

/// work(k) for k = 0 ... count - 1 on so many threads, for work of uneven size.
template <class Work> void for_each_parallel([[maybe_unused]] int threads, long count, Work &&work)
{
  Failure failure;
#if defined(_OPENMP)
#pragma omp parallel for num_threads(threads) schedule(dynamic)
#endif
  for (long k = 0; k < count; ++k) failure.keep_from([&] { work(k); });
  failure.rethrow();
}

}    // namespace turing_glass
