// SPDX-License-Identifier: GPL-2.0-only

// The first frame of a text file of LAMMPS's dump style custom or atom, plain or gzipped.

#pragma once

#include "geometry/cell.h"

#include <cstdint>
#include <string>
#include <vector>

namespace turing_glass::io {

struct DumpFrame {
  std::int64_t step = 0;
  geometry::Cell cell;
  std::vector<std::int64_t> ids;
  std::vector<geometry::Vector> x;    ///< scaled coordinates are made Cartesian; not wrapped
};

/// Needs the columns id and x y z, xu yu zu, xs ys zs or xsu ysu zsu. Throws std::runtime_error with file and line
/// for anything else.
DumpFrame read_dump_frame(const std::string &path);

}    // namespace turing_glass::io
