// SPDX-License-Identifier: GPL-2.0-only

// Writes the surfaces of compute ops; page: docs/fix_ops_mesh.rst

#ifdef FIX_CLASS
// clang-format off
FixStyle(ops/mesh,FixOPSMesh);
// clang-format on
#else

#ifndef LMP_FIX_OPS_MESH_H
#define LMP_FIX_OPS_MESH_H

#include "fix.h"
#include "lammps/messages.h"

#include <string>

namespace LAMMPS_NS {

class FixOPSMesh : public Fix {
 public:
  FixOPSMesh(class LAMMPS *, int, char **);

  int setmask() override;
  void init() override;
  void setup(int) override;
  void end_of_step() override;

 private:
  turing_glass::lammps::Messages say;
  std::string compute, file;
  class ComputeOPS *ops;    // found by init()
};

}    // namespace LAMMPS_NS

#endif
#endif
