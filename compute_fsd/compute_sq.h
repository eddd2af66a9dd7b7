// SPDX-License-Identifier: GPL-2.0-only

// Total and partial structure factors; page: docs/compute_sq.rst

#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(sq,ComputeSQ);
// clang-format on
#else

#ifndef LMP_COMPUTE_SQ_H
#define LMP_COMPUTE_SQ_H

#include "compute.h"

#include "lammps/messages.h"

namespace LAMMPS_NS {

class ComputeSQ : public Compute {
 public:
  ComputeSQ(class LAMMPS *, int, char **);
  ~ComputeSQ() override;

  void init() override;
  void compute_array() override;
  double memory_usage() override;

 private:
  turing_glass::lammps::Messages say;
  double q_max;
  int most;             // vectors of a bin
  bool grid = false;    // amplitudes by a fast Fourier transform
};

}    // namespace LAMMPS_NS

#endif
#endif
