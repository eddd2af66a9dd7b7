// SPDX-License-Identifier: GPL-2.0-only

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
#include <vector>

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

  void *extract(const char *, int &) override;
  void *extract_peratom(const char *, int &) override;
  double memory_usage() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl;

  bool mixed_precision = false;

  // the extrapolation grade (docs/pair_nnap.rst)
  enum class Extrapolation { automatic, ignore, warn, stop };
  Extrapolation extrapolation = Extrapolation::automatic;
  static constexpr double default_limit = 2.0;
  double grade_limit = default_limit;
  int grade_requested = 0;    // by fix pair, for this step
  double *grade = nullptr;    // [nmax], of the last step with grades
  int grade_nmax = 0;
  bigint grade_step = -1;            // to which they belong
  bigint most_beyond = 0;            // atoms beyond the limit, when last warned of
  bool neighbors_checked = false;    // in this run

  // what one share of the atoms adds up to
  struct Sums {
    double energy = 0.0;
    double virial[6] = {};
    double lost = 0.0;    // not a number if a position is not finite
  };

  void allocate();
  void make_evaluator();
  void check_neighbors();
  void require_finite(const std::vector<Sums> &);
  Sums compute_share(int first, int last, int share, bool clear_copies, bool with_grades);
  void sum_over_shares();
  bool watches() const;
  void check_grades();
};

}    // namespace LAMMPS_NS

#endif
#endif
