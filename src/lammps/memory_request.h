// SPDX-License-Identifier: GPL-2.0-only

// Whether what a script asks for can be held at all.

#pragma once

#include "lammps/messages.h"

#include <string>

namespace turing_glass::lammps {

/// Stops if `bytes` on one of the ranks are more than its machine has: "<what> needs 3.2 GB ...". `what` names the
/// words of the script that ask for them. Collective.
void require_memory(const Messages &say, double bytes, const std::string &what);

}    // namespace turing_glass::lammps
