// SPDX-License-Identifier: GPL-2.0-only

// Likely force error of each atom under pair style nnap; page: docs/compute_nnap_uncertainty.rst

#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(nnap/uncertainty,ComputeNNAPUncertainty);
// clang-format on
#else

#ifndef LMP_COMPUTE_NNAP_UNCERTAINTY_H
#define LMP_COMPUTE_NNAP_UNCERTAINTY_H

#include "compute.h"

#include "lammps/messages.h"

#include <vector>

namespace LAMMPS_NS {

class ComputeNNAPUncertainty : public Compute {
 public:
  ComputeNNAPUncertainty(class LAMMPS *, int, char **);

  void init() override;
  void compute_peratom() override;
  double memory_usage() override;

 private:
  turing_glass::lammps::Messages say;
  std::vector<class PairNNAP *> pairs;    // several in hybrid styles
  std::vector<double> each, of_pair;
};

}    // namespace LAMMPS_NS

#endif
#endif
