// SPDX-License-Identifier: GPL-2.0-only

// aenet network files (`*.nn`, Fortran unformatted, little endian), Spherical_Chebyshev set-ups only.
//
// Each file holds one element. Its channels are the unweighted sum and one weighted with aenet's
// "spin": the elements in the file's order get -1, 0, 1 (three elements), symmetric about zero, zero
// left out for an even number. That is the weight type exfuse with one column.

#pragma once

#include "potential.h"

#include <string>
#include <string_view>
#include <vector>

namespace turing_glass::nnap {

struct AenetFile {
  std::string name;    ///< for messages
  std::string_view content;
};

/// Combines the files of one potential (one element each, same element order inside).
/// Elements without a file have no model. Throws PotentialError.
Potential read_aenet(const std::vector<AenetFile> &files);

/// Whether `content` begins as such a file does.
bool looks_like_aenet(std::string_view content);

}    // namespace turing_glass::nnap
