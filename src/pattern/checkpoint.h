// SPDX-License-Identifier: GPL-2.0-only

// The state of a reaction-diffusion run in a file: a checksummed record of the step, u and v, and of the parameters of
// the run that wrote it.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace turing_glass::pattern {

struct Checkpoint {
  /// What a run must have in common with the one that wrote the file: names and values, as users write them.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::int64_t step = 0;
  std::vector<double> u, v;    ///< [ny][nx]
};

/// The file appears under its name only when it is complete. std::runtime_error where it cannot be written.
void write_checkpoint(const std::string &path, const Checkpoint &checkpoint);

/// Fills step, u and v. std::runtime_error where the file cannot be read, is empty or damaged, has not `cells` cells,
/// holds a negative step or values that are not finite, or was written with other parameters, which are named.
void read_checkpoint(const std::string &path, std::size_t cells, Checkpoint &checkpoint);

}    // namespace turing_glass::pattern
