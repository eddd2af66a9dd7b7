// SPDX-License-Identifier: GPL-2.0-only

// What the command package gpu (or -pk gpu, or -sf gpu) creates in a LAMMPS without the GPU package; page:
// docs/pair_nnap.rst

#ifndef LMP_FIX_PACKAGE_GPU_H
#define LMP_FIX_PACKAGE_GPU_H

#include "fix.h"

namespace LAMMPS_NS {

class FixPackageGPU : public Fix {
 public:
  FixPackageGPU(class LAMMPS *, int, char **);

  int setmask() override { return 0; }

  /// Devices of a node that are to be used; 0: all.
  int devices() const { return devices_; }

 private:
  int devices_ = 0;
};

}    // namespace LAMMPS_NS

#endif
