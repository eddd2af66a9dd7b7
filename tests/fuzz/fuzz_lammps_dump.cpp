// SPDX-License-Identifier: GPL-2.0-only

// Any bytes as a dump file: the first frame comes out whole, or std::runtime_error says why not.

#include "io/lammps_dump.h"

#include <cstdint>
#include <cstdlib>
#include <stdexcept>

#include <sys/mman.h>
#include <unistd.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
  // the reader opens a path, as zlib does; a file in memory has one
  static const int file = memfd_create("fuzz", 0);
  if (ftruncate(file, 0) != 0 || pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    return 0;
  try {
    const auto frame = turing_glass::io::read_dump_frame("/proc/self/fd/" + std::to_string(file));
    if (frame.x.size() != frame.ids.size()) std::abort();
    for (const double length : frame.cell.lengths)
      if (!(length > 0.0)) std::abort();
  } catch (const std::runtime_error &) {
    // what a damaged file should give
  }
  return 0;
}
