// Spherical-Chebyshev neural-network potentials; page: docs/pair_nnap.rst

#ifdef PAIR_CLASS
// clang-format off
PairStyle(nnap,PairNNAP);
// clang-format on
#else

#ifndef LMP_PAIR_NNAP_H
#define LMP_PAIR_NNAP_H

#include "pair.h"

#include <memory>

namespace LAMMPS_NS {

class PairNNAP : public Pair {
 public:
  PairNNAP(class LAMMPS *);
  ~PairNNAP() override;

  void settings(int, char **) override;
  void coeff(int, char **) override;
  void init_style() override;
  double init_one(int, int) override;

  void compute(int, int) override;

  double memory_usage() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl;
  bool clear_force_copies = true;

  // what one thread's atoms add up to
  struct Sums {
    double energy = 0.0;
    double virial[6] = {};
  };

  void allocate();
  Sums compute_range(int first, int last, int thread);
  void sum_over_threads();
};

}    // namespace LAMMPS_NS

#endif
#endif
