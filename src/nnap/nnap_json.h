// SPDX-License-Identifier: GPL-2.0-only

// NNAP JSON, the native format: versions 4, 5 and 6 (docs: nnap_format page).

#pragma once

#include "potential.h"

#include <string>
#include <string_view>

namespace turing_glass::nnap {

/// Parses the text of a file; `name` is for messages. Throws PotentialError.
Potential read_nnap_json(std::string_view text, const std::string &name);

/// The text of a version 5 file that read_nnap_json() reads back to the same numbers.
/// Throws PotentialError if an element has no model.
std::string write_nnap_json(const Potential &potential);

}    // namespace turing_glass::nnap
