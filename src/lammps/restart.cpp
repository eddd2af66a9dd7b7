// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/restart.h"

#include "atom.h"

#include <cstring>
#include <limits>
#include <stdexcept>

namespace turing_glass::lammps {

using io::Checksum;
using io::StateRecord;

namespace {

constexpr char damaged[] =
    "the restart file is damaged: what it holds of this style {}; use another restart file";

/// As LAMMPS moves it: a double that holds the bits.
double seal_of(const double *buf, int numbers)
{
  const std::uint64_t sum = Checksum().add(buf, (numbers + 1) * sizeof(double)).value();
  double bits = 0.0;
  std::memcpy(&bits, &sum, sizeof bits);
  return bits;
}

}    // namespace

void write_record(FILE *fp, const StateRecord &state)
{
  const std::string bytes = state.bytes();
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw std::length_error("the state is larger than a restart file of LAMMPS can hold (2 GiB)");
  const int size = static_cast<int>(bytes.size());
  std::fwrite(&size, sizeof size, 1, fp);
  std::fwrite(bytes.data(), 1, bytes.size(), fp);
}

StateRecord read_record(const Messages &say, const char *buf, const StateRecord &now)
{
  StateRecord stored = now;
  try {
    stored = StateRecord::parse_at(buf, now.kind(), now.version());
  } catch (const io::StateError &e) {
    say.stop(FLERR, damaged, e.what());
  }
  const std::string other = stored.differences(now);
  if (!other.empty())
    say.stop(
        FLERR,
        "the state in the restart file was written with other settings ({}); give the same ones, or "
        "another ID to begin anew",
        other);
  return stored;
}

void RestoredParts::require_both(const Messages &say) const
{
  std::int64_t atoms = 0;
  MPI_Allreduce(&atoms_, &atoms, 1, MPI_INT64_T, MPI_SUM, say.lmp()->world);
  if (record_ != (atoms > 0) && say.lmp()->atom->natoms > 0)
    say.stop(FLERR, damaged,
             record_ ? "lacks the state of the atoms" : "lacks the state of the fix");
}

int seal(double *buf, int numbers)
{
  buf[0] = sealed_size(numbers);
  buf[numbers + 1] = seal_of(buf, numbers);
  return sealed_size(numbers);
}

SealedNumbers sealed(const Messages &say, const LAMMPS_NS::Atom *atom, int i, int nth)
{
  // LAMMPS's own array: the records of all fixes one after another, each with its size in front
  const double *record = atom->extra[i];
  const double *const end = record + atom->nextra_store;
  for (int fix = 0;; ++fix) {
    const double size = record < end ? *record : 0.0;
    if (!(size >= 1.0 && size <= static_cast<double>(end - record)))
      say.stop_one(FLERR, damaged, fmt::format("has a wrong size for atom {}", atom->tag[i]));
    if (fix == nth) break;
    record += static_cast<int>(size);
  }
  const int numbers = static_cast<int>(*record) - sealed_size(0);
  bool sound = numbers >= 0 && *record == sealed_size(numbers);
  if (sound) {
    const double seal = seal_of(record, numbers);
    sound = std::memcmp(&seal, record + numbers + 1, sizeof seal) == 0;    // bits, not values
  }
  if (!sound)
    say.stop_one(FLERR, damaged, fmt::format("is not what was written for atom {}", atom->tag[i]));
  return {record + 1, numbers};
}

}    // namespace turing_glass::lammps
