// SPDX-License-Identifier: GPL-2.0-only

// The nnap command: info, convert, label, train, uncertainty, test; page: docs/nnap.rst

#ifdef COMMAND_CLASS
// clang-format off
CommandStyle(nnap,NNAP);
// clang-format on
#else

#ifndef LMP_NNAP_COMMAND_H
#define LMP_NNAP_COMMAND_H

#include "command.h"

#include <string>

namespace LAMMPS_NS {

class NNAP : public Command {
 public:
  NNAP(class LAMMPS *lmp) : Command(lmp) {}
  void command(int, char **) override;

 private:
  void info(int, char **);
  void convert(int, char **);
  void label(int, char **);
  void train(int, char **);
  void uncertainty(int, char **);
  void test(int, char **);
};

}    // namespace LAMMPS_NS

#endif
#endif
