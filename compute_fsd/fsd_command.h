// SPDX-License-Identifier: GPL-2.0-only

// The fsd command: vft, slices; page: docs/fsd.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(fsd,FSD);
// clang-format on
#else

#ifndef LMP_FSD_COMMAND_H
#define LMP_FSD_COMMAND_H

#include "command.h"

namespace LAMMPS_NS {

class FSD : public Command {
 public:
  FSD(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;
};

}    // namespace LAMMPS_NS

#endif
#endif
