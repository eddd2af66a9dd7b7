// SPDX-License-Identifier: GPL-2.0-only

// The onset command; page: docs/onset.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(onset,OnsetCommand);
// clang-format on
#else

#ifndef LMP_ONSET_COMMAND_H
#define LMP_ONSET_COMMAND_H

#include "command.h"

namespace LAMMPS_NS {

class OnsetCommand : public Command {
 public:
  OnsetCommand(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;
};

}    // namespace LAMMPS_NS

#endif
#endif
