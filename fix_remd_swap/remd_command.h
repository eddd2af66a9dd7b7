// SPDX-License-Identifier: GPL-2.0-only

// The remd command: demux; page: docs/remd.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(remd,REMD);
// clang-format on
#else

#ifndef LMP_REMD_COMMAND_H
#define LMP_REMD_COMMAND_H

#include "command.h"

namespace LAMMPS_NS {

class REMD : public Command {
 public:
  REMD(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;
};

}    // namespace LAMMPS_NS

#endif
#endif
