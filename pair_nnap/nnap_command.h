// The nnap command: what a potential file holds, and conversion; page: docs/nnap.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(nnap,NNAP);
// clang-format on
#else

#ifndef LMP_NNAP_COMMAND_H
#define LMP_NNAP_COMMAND_H

#include "command.h"

namespace LAMMPS_NS {

class NNAP : public Command {
 public:
  NNAP(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;

 private:
  void info(int, char **);
  void convert(int, char **);
};

}    // namespace LAMMPS_NS

#endif
#endif
