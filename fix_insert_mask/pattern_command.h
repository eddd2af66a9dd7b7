// The pattern command: solve, map and radii; page: docs/pattern.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(pattern,Pattern);
// clang-format on
#else

#ifndef LMP_PATTERN_COMMAND_H
#define LMP_PATTERN_COMMAND_H

#include "command.h"

namespace LAMMPS_NS {

class Pattern : public Command {
 public:
  Pattern(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;

 private:
  void solve(int, char **);
  void map(int, char **);
  void radii(int, char **);
};

}    // namespace LAMMPS_NS

#endif
#endif
