// SPDX-License-Identifier: GPL-2.0-only

// Any bytes as a file of training data: frames come out whole, or ExtendedXYZError says why not.

#include "io/extended_xyz.h"

#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>
#include <unistd.h>

using namespace turing_glass::io;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
  // the reader opens a path, as zlib does; a file in memory has one
  static const int file = memfd_create("fuzz", 0);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    return 0;
  try {
    ExtendedXYZReader reader("/proc/self/fd/" + std::to_string(file), {"Cu", "Zr", "O"});
    for (LabeledFrame frame; reader.next(frame);) {
      const std::size_t numbers = 3 * frame.atoms();
      if (frame.positions.size() != numbers) std::abort();
      if (!frame.forces.empty() && frame.forces.size() != numbers) std::abort();
    }
  } catch (const ExtendedXYZError &) {
    // what a damaged file should give
  }
  return 0;
}
