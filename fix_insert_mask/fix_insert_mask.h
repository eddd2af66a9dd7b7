// SPDX-License-Identifier: GPL-2.0-only

// Oxygen in the holes of a glass where a mask is set; page: docs/fix_insert_mask.rst

#ifdef FIX_CLASS
// clang-format off
FixStyle(insert/mask,FixInsertMask);
// clang-format on
#else

#ifndef LMP_FIX_INSERT_MASK_H
#define LMP_FIX_INSERT_MASK_H

#include "fix.h"
#include "io/state_record.h"
#include "lammps/messages.h"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace LAMMPS_NS {

class FixInsertMask : public Fix {
 public:
  FixInsertMask(class LAMMPS *, int, char **);
  ~FixInsertMask() override;

  int setmask() override;
  void setup_pre_exchange() override;
  double compute_scalar() override;
  double compute_vector(int) override;
  void write_restart(FILE *) override;
  void restart(char *) override;

 private:
  enum : int { INSERTED, SEATS, MOVED, SWAPPED, BEFORE, AFTER, RESULTS };

  turing_glass::lammps::Messages say;
  int oxygen;        // type
  double percent;    // of all atoms
  std::uint64_t seed;
  double distance = 1.6;                  // from other atoms, at least
  double apart = 2.8;                     // of two O, at least
  double shell = 2.8;                     // how far an atom is a neighbor of an O
  double reach = 5.0;                     // how far from an O zirconium is looked for
  std::vector<char> copper, zirconium;    // of types; empty: no swaps
  struct Plate;
  std::unique_ptr<Plate> plate;    // none: oxygen everywhere
  bool done = false;
  std::array<double, RESULTS> results{};

  turing_glass::io::StateRecord state();
  std::array<bigint, 2> count_atoms();
  void insert();
  void create(const std::vector<std::array<double, 3>> &);
  void swap_around(const std::vector<std::array<double, 3>> &);
};

}    // namespace LAMMPS_NS

#endif
#endif
