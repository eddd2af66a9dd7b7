// SPDX-License-Identifier: GPL-2.0-only

#include "checkpoint.h"

#include "finite.h"
#include "io/state_record.h"
#include "text.h"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace turing_glass::pattern {

namespace {

using io::StateError;
using io::StateRecord;

constexpr char kind[] = "pattern solve";
constexpr int version = 2;    // 1 had no checksum

StateRecord record_of(const Checkpoint &checkpoint)
{
  StateRecord record(kind, version);
  for (const auto &[name, value] : checkpoint.parameters) record.setting(name, value);
  return record;
}

void require_sound(const Checkpoint &checkpoint)
{
  if (checkpoint.step < 0) throw StateError("has a negative step");
  for (const std::vector<double> *field : {&checkpoint.u, &checkpoint.v})
    if (!all_finite(*field)) throw StateError("holds densities that are not finite");
}

}    // namespace

void write_checkpoint(const std::string &path, const Checkpoint &checkpoint)
{
  StateRecord record = record_of(checkpoint);
  record.put("step", checkpoint.step);
  record.put("u", checkpoint.u);
  record.put("v", checkpoint.v);
  write_file(path, record.bytes());
}

void read_checkpoint(const std::string &path, std::size_t cells, Checkpoint &checkpoint)
{
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + ": the checkpoint cannot be read");
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  try {
    const StateRecord stored = StateRecord::parse(bytes, kind, version);
    if (const std::string other = stored.differences(record_of(checkpoint)); !other.empty())
      throw StateError("was written with other parameters (" + other + ")");
    checkpoint.step = stored.integer("step");
    checkpoint.u = stored.numbers("u", cells);
    checkpoint.v = stored.numbers("v", cells);
    require_sound(checkpoint);
  } catch (const StateError &e) {
    throw std::runtime_error(path + ": the checkpoint " + e.what() +
                             ": remove the file to start anew, or give another name");
  }
}

}    // namespace turing_glass::pattern
