// SPDX-License-Identifier: GPL-2.0-only

// The pattern command: solve, map and radii; page: docs/pattern.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(pattern,Pattern);
// clang-format on
#else

#ifndef LMP_PATTERN_COMMAND_H
#define LMP_PATTERN_COMMAND_H

#include "command.h"
#include "lammps/messages.h"

namespace LAMMPS_NS {

class Pattern : public Command {
 public:
  Pattern(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;

 private:
  using Messages = turing_glass::lammps::Messages;

  void solve(const Messages &, int, char **);
  void map(const Messages &, int, char **);
  void radii(const Messages &, int, char **);
};

}    // namespace LAMMPS_NS

#endif
#endif
