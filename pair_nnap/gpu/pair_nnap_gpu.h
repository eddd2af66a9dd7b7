// SPDX-License-Identifier: GPL-2.0-only

// Pair style nnap on a CUDA device; page: docs/pair_nnap.rst

#ifndef LMP_PAIR_NNAP_GPU_H
#define LMP_PAIR_NNAP_GPU_H

#include "pair_nnap.h"

#include <memory>

namespace LAMMPS_NS {

class PairNNAPGPU : public PairNNAP {
 public:
  PairNNAPGPU(class LAMMPS *);
  ~PairNNAPGPU() override;

  void init_style() override;
  void compute(int, int) override;
  void force_uncertainties(int groupbit, double *each) override;
  double memory_usage() override;

 protected:
  void make_evaluator() override;
  void request_lists() override;

 private:
  struct Device;
  std::unique_ptr<Device> device;
  bool own_lists = true;    // neighbors are found on the device
  bigint lists_known =
      -1;    // neighbor->ncalls when the device was told of the atoms; -1: not in this run

  void update_atoms();
  void take_lists_of_lammps();
  void require_sound_forces(bool overflow, bool lost);
};

}    // namespace LAMMPS_NS

#endif
