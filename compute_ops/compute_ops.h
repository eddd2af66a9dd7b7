// SPDX-License-Identifier: GPL-2.0-only

// Clusters of oxidation-induced pinned structures; page: docs/compute_ops.rst

#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(ops,ComputeOPS);
// clang-format on
#else

#ifndef LMP_COMPUTE_OPS_H
#define LMP_COMPUTE_OPS_H

#include "compute.h"
#include "lammps/messages.h"

#include <array>
#include <memory>
#include <vector>

namespace LAMMPS_NS {

class ComputeOPS : public Compute {
 public:
  ComputeOPS(class LAMMPS *, int, char **);
  ~ComputeOPS() override;

  void init() override;
  double compute_scalar() override;
  void compute_vector() override;
  void compute_array() override;
  void compute_peratom() override;
  int lock_length() override;
  void lock(class Fix *, bigint, bigint) override;
  int pack_forward_comm(int, int *, double *, int, int *) override;
  void unpack_forward_comm(int, int, double *) override;
  int pack_reverse_comm(int, int, double *) override;
  void unpack_reverse_comm(int, int *, double *) override;
  double memory_usage() override;

  // triangles, each with the label of its cluster; those of one cluster together, labels in no order
  struct Mesh {
    std::vector<std::array<double, 3>> vertices;
    std::vector<std::array<int, 3>> triangles;
    std::vector<tagint> labels;
  };
  Mesh mesh();    // on the first rank; needs the keyword hull
  bool has_mesh() const { return probe > 0.0; }

 private:
  turing_glass::lammps::Messages say;
  std::vector<char> kind_of_type;    // turing_glass::ops::Kind
  double cutoff = 2.8, reach = 4.2;
  double probe = 0.0;    // radius, of surfaces; 0: none
  int nmax = 0;
  double **peratom = nullptr;    // what array_atom points to
  std::vector<double> images;    // of own atoms 0, of copies that from which they come
  std::vector<double> bonds;     // O bonded to each Zr, own and copies
  struct Results;
  std::unique_ptr<Results> results;
  bigint invoked = -1, surfaces_invoked = -1;    // steps of all of this

  void update_clusters();
  void find_clusters();
  void update_surfaces();
};

}    // namespace LAMMPS_NS

#endif
#endif
