// SPDX-License-Identifier: GPL-2.0-only

// Any bytes into the reader of aenet networks: it returns a potential that can be evaluated and written,
// or throws PotentialError. Everything else is a finding. The first byte tells whether the rest is one file
// or two of the same length.

#include "fuzz_potential.h"

#include "nnap/aenet.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace turing_glass;

namespace {

/// The first half of `bytes` and the second, or all of it and nothing.
std::vector<nnap::AenetFile> split(std::string_view bytes)
{
  const bool two = !bytes.empty() && bytes.front() == '2';
  bytes.remove_prefix(bytes.empty() ? 0 : 1);
  if (!two) return {{"input.nn", bytes}};
  return {{"input.nn", bytes.substr(0, bytes.size() / 2)},
          {"input.nn", bytes.substr(bytes.size() / 2)}};
}

}    // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
  nnap::Potential potential;
  try {
    potential =
        nnap::read_aenet(split(std::string_view(reinterpret_cast<const char *>(data), size)));
  } catch (const nnap::PotentialError &e) {
    fuzz::check_message(e, "input.nn");
    return 0;
  }
  fuzz::evaluate(potential);
  fuzz::write_and_read(potential);
  return 0;
}
