// SPDX-License-Identifier: GPL-2.0-only

// Non-affine deformation of neighborhoods and its localization; page: docs/compute_dmin2.rst

#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(dmin2,ComputeDMin2);
// clang-format on
#else

#ifndef LMP_COMPUTE_DMIN2_H
#define LMP_COMPUTE_DMIN2_H

#include "compute.h"

#include "lammps/helper_fix.h"

#include <vector>

namespace turing_glass::strain {
struct Site;
}

namespace LAMMPS_NS {

// Its helper, fix DMIN2/REFERENCE, keeps the neighbors of the reference with the atoms.
class ComputeDMin2 : public Compute {
 public:
  ComputeDMin2(class LAMMPS *, int, char **);
  ~ComputeDMin2() override;

  void init() override;
  void compute_vector() override;
  void compute_peratom() override;
  double memory_usage() override;

 private:
  turing_glass::lammps::Messages say;
  turing_glass::lammps::HelperFix<class FixDMin2Reference> reference;
  bool mean = false;          // D2min over the number of neighbors
  bool gradient = false;      // the model with second gradients
  double length = 0.0;        // of Lambda; 0: mean distance of nearest neighbors
  double threshold = 0.25;    // of strained atoms
  double link = 0.0;          // of two of them in a region; 0: first minimum of g(r)
  int nmax = 0;
  double **peratom = nullptr;    // what array_atom points to
  bigint invoked = -1;           // step of all of this
  // what users are told once
  bool told_far = false, told_new = false;

  void update_all();
  struct Rows;
  void fit(Rows &);
  void update_vector(const Rows &);
  void tell(bigint atoms, bigint created, bigint far);
};

}    // namespace LAMMPS_NS

#endif
#endif
