// SPDX-License-Identifier: GPL-2.0-only

// An atom by its number.

#pragma once

#include "geometry/cell.h"

#include <cstdint>

namespace turing_glass::strain {

using geometry::Vector;
using Id = std::int64_t;

struct Site {
  Id id;
  Vector x;
};

}    // namespace turing_glass::strain
