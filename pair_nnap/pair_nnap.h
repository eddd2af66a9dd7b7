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
#include <string>
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
  double memory_usage() override;

  // for compute nnap/uncertainty: likely force errors (eV/A) of the local atoms with a bit of `groupbit` in their mask, at
  // their present positions; those of other atoms, and of atoms that belong to other styles, are left as they are
  virtual void force_uncertainties(int groupbit, double *each);

 protected:
  PairNNAP(class LAMMPS *, const char *style);

  struct Impl;
  std::unique_ptr<Impl> impl;

  bool mixed_precision = false;

  // likely force errors (docs/pair_nnap.rst)
  enum class Extrapolation { automatic, ignore, warn, stop };
  Extrapolation extrapolation = Extrapolation::automatic;
  double limit = 0.0;                // eV/A; 0: that of the potential
  bigint most_beyond = 0;            // atoms beyond the limit, when last warned of
  bool neighbors_checked = false;    // in this run

  // what one share of the atoms adds up to
  struct Sums {
    double energy = 0.0;
    double virial[6] = {};
    double lost = 0.0;    // not a number if a position is not finite
  };

  // from the potential, for the precision of the settings
  virtual void make_evaluator();
  void make_host_evaluator();
  void tell_kernels(const std::string &name);
  virtual void request_lists();
  void require_uncertainties(bool has_run);
  void check_neighbors();
  void find_absent();
  bool is_ours(int i) const;
  bool watches() const;
  void check_uncertainties();

 private:
  void allocate();
  void require_finite(const std::vector<Sums> &);
  void find_neighbors(int i, int share);
  Sums compute_share(int first, int last, int share, bool clear_copies, bool with_uncertainties);
  void sum_over_shares();
};

}    // namespace LAMMPS_NS

#endif
#endif
