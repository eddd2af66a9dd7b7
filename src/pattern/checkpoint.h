// The state of a reaction-diffusion run in a file: a head of lines "name value", an empty line, then u and v as
// doubles, [ny][nx] each. The last line of the head is the step.

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
  std::vector<double> u, v;
};

/// The file appears under its name only when it is complete. std::runtime_error where it cannot be written.
void write_checkpoint(const std::string &path, const Checkpoint &checkpoint);

/// Fills step, u and v. std::runtime_error where the file is damaged, has not `cells` cells, or was written with
/// other parameters, the first of which is named.
void read_checkpoint(const std::string &path, std::size_t cells, Checkpoint &checkpoint);

}    // namespace turing_glass::pattern
