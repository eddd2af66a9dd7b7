// SPDX-License-Identifier: GPL-2.0-only

// Any bytes into the reader of NNAP JSON: it returns a potential that can be evaluated and written, or
// throws PotentialError. Everything else is a finding.
//
// Every second mutation keeps the input JSON: one value of it becomes another one, is doubled or goes,
// which leads behind the parser sooner than changed bytes do.

#include "fuzz_potential.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace turing_glass;
using nlohmann::json;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
  nnap::Potential potential;
  try {
    potential = nnap::read_nnap_json(std::string_view(reinterpret_cast<const char *>(data), size),
                                     "input.json");
  } catch (const nnap::PotentialError &e) {
    fuzz::check_message(e, "input.json");
    return 0;
  }
  fuzz::evaluate(potential);
  fuzz::write_and_read(potential);
  return 0;
}

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size, std::size_t most);

namespace {

/// All values below `root`, itself first.
std::vector<json *> values_of(json &root)
{
  std::vector<json *> values = {&root};
  for (std::size_t k = 0; k < values.size(); ++k)
    if (values[k]->is_structured())
      for (json &value : *values[k]) values.push_back(&value);
  return values;
}

void change(json &document, std::minstd_rand &random)
{
  static const std::vector<json> others = {nullptr,
                                           true,
                                           false,
                                           "",
                                           "Cu",
                                           0,
                                           1,
                                           2,
                                           3,
                                           -1,
                                           5,
                                           21,
                                           100000,
                                           0.5,
                                           1e-320,
                                           1e300,
                                           -1e300,
                                           2147483647,
                                           -2147483648,
                                           1e9,
                                           json::array(),
                                           json::object(),
                                           "full",
                                           "fuse",
                                           "rfuse",
                                           "exfull",
                                           "merge"};
  const std::vector<json *> values = values_of(document);
  json &value = *values[random() % values.size()];
  switch (random() % 4) {
    case 0:
      value = json(*values[random() % values.size()]);
      break;
    case 1:
      if (value.is_structured() && !value.empty()) {
        auto at = value.begin();
        std::advance(at, random() % value.size());
        value.erase(at);
        break;
      }
      [[fallthrough]];
    case 2:
      if (value.is_array() && !value.empty()) {
        value.push_back(json(value[random() % value.size()]));
        break;
      }
      [[fallthrough]];
    default:
      value = others[random() % others.size()];
  }
}

}    // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                               std::size_t most, unsigned seed)
{
  std::minstd_rand random(seed);
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  constexpr long deepest = 1000;    // writing JSON is recursive
  const auto opens =
      std::count(text.begin(), text.end(), '[') + std::count(text.begin(), text.end(), '{');
  if (random() % 2 == 0 || opens > deepest) return LLVMFuzzerMutate(data, size, most);
  json document = json::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded()) return LLVMFuzzerMutate(data, size, most);
  change(document, random);
  const std::string changed = document.dump();
  if (changed.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(changed.begin(), changed.end(), data);
  return changed.size();
}
