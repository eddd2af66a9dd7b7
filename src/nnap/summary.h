// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include "potential.h"

#include <string>

namespace turing_glass::nnap {

/// What a potential holds, for people: one line per fact, one block per element.
std::string summary(const Potential &potential);

}    // namespace turing_glass::nnap
