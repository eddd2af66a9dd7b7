// SPDX-License-Identifier: GPL-2.0-only

// The state of a fix in LAMMPS's restart files: one checksummed record for the fix, one sealed list of numbers for each
// atom. Nothing is restored unless all of it is sound and belongs to a fix with the same settings.
//
// Global state:
//     void FixX::write_restart(FILE *fp) { if (comm->me == 0) write_record(fp, state()); }
//     void FixX::restart(char *buf)
//     {
//       const auto stored = read_record(say, buf, state());     // stops if damaged, or with other settings
//       say.guard(FLERR, [&] { times = stored.numbers("times"); });
//     }
// where state() returns a StateRecord with settings and values.
//
// State of an atom, n numbers in buf[1] to buf[n]:
//     int FixX::pack_restart(int i, double *buf) { return seal(buf, pack(i, buf + 1)); }
//     void FixX::unpack_restart(int nlocal, int nth) { const auto values = sealed(say, atom, nlocal, nth); ... }
//     int FixX::size_restart(int i) { return sealed_size(numbers of atom i); }

#pragma once

#include "io/state_record.h"
#include "lammps/messages.h"

#include <cstdint>
#include <cstdio>

namespace LAMMPS_NS {
class Atom;
}

namespace turing_glass::lammps {

/// Whether both parts of a fix's state have come out of a restart file. One of them alone would be taken for a new
/// beginning, or for atoms that are new.
class RestoredParts {
 public:
  void add_record() { record_ = true; }    ///< in restart()
  void add_atom() { ++atoms_; }            ///< in unpack_restart()
  /// When a run begins. Stops where one part is missing. Collective.
  void require_both(const Messages &say) const;

 private:
  bool record_ = false;
  std::int64_t atoms_ = 0;    // of this rank
};

/// On the first rank of the partition.
void write_record(FILE *fp, const io::StateRecord &state);

/// `now`: the record of the fix as it is defined now, for its kind and settings. `version` is that of `now`.
io::StateRecord read_record(const Messages &say, const char *buf, const io::StateRecord &now);

/// What LAMMPS stores for an atom of whom a fix keeps `numbers` numbers.
constexpr int sealed_size(int numbers)
{
  return numbers + 2;
}

/// Closes the record of an atom with `numbers` numbers from buf[1] on; returns its size.
int seal(double *buf, int numbers);

struct SealedNumbers {
  const double *begin;
  int count;
};

/// The numbers that the nth fix has stored of atom `i`, which may be called on one rank. Stops if they are damaged.
SealedNumbers sealed(const Messages &say, const LAMMPS_NS::Atom *atom, int i, int nth);

}    // namespace turing_glass::lammps
