// SPDX-License-Identifier: GPL-2.0-only

// Any bytes as the file of exchanges and the dumps of two replicas, separated by zero bytes: the outputs hold whole
// frames, of steps that ascend, or std::runtime_error says why not.

#include "replica/demux.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

namespace {

fs::path folder()
{
  std::string name = (fs::temp_directory_path() / "fuzz_remd_XXXXXX").string();
  if (!mkdtemp(name.data())) std::abort();
  return name;
}

/// Steps of the frames of a sound file.
std::vector<long> steps_of(const fs::path &path)
{
  std::vector<long> steps;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.substr(0, line.find_last_not_of(" \t\r") + 1) == "ITEM: TIMESTEP" &&
        std::getline(file, line))
      steps.push_back(std::atol(line.c_str()));
  return steps;
}

}    // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
  static const fs::path here = folder();
  std::string_view rest(reinterpret_cast<const char *>(data), size);
  for (const char *name : {"log", "d.0", "d.1"}) {
    const std::string_view part = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    std::ofstream(here / name, std::ios::binary).write(part.data(), part.size());
  }
  for (const char *name : {"T.1", "T.2"}) fs::remove(here / name);
  try {
    const auto report = turing_glass::replica::demultiplex(
        here / "log", {{here / "d.0"}, {here / "d.1"}}, {here / "T.1", here / "T.2"},
        [](const char *, std::int64_t) {});
    for (const char *name : {"T.1", "T.2"}) {
      const std::vector<long> steps = steps_of(here / name);
      if (static_cast<std::int64_t>(steps.size()) != report.steps) std::abort();
      for (std::size_t k = 1; k < steps.size(); ++k)
        if (steps[k] <= steps[k - 1]) std::abort();
    }
  } catch (const std::runtime_error &) {
    // what a damaged file should give
  }
  for (const auto &entry : fs::directory_iterator(here))
    if (entry.path().extension() == ".part") std::abort();
  return 0;
}
