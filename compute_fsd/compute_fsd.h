// SPDX-License-Identifier: GPL-2.0-only

// Self-intermediate scattering by distance to oxygen; page: docs/compute_fsd.rst

#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(fsd,ComputeFSD);
// clang-format on
#else

#ifndef LMP_COMPUTE_FSD_H
#define LMP_COMPUTE_FSD_H

#include "compute.h"

#include "lammps/helper_fix.h"

namespace LAMMPS_NS {

// Shows what its helper, fix FSD/ORIGINS, has measured: a compute is not called every step and has no restart.
class ComputeFSD : public Compute {
 public:
  ComputeFSD(class LAMMPS *, int, char **);
  ~ComputeFSD() override;

  void init() override {}
  void compute_vector() override;
  void compute_array() override;
  double memory_usage() override;

 private:
  turing_glass::lammps::HelperFix<class FixFSDOrigins> origins;
};

}    // namespace LAMMPS_NS

#endif
#endif
