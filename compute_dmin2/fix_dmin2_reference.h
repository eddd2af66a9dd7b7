// SPDX-License-Identifier: GPL-2.0-only

// Helper of compute dmin2: each atom's neighbors in the reference, kept with the atom; made by the compute alone

#ifdef FIX_CLASS
// clang-format off
FixStyle(DMIN2/REFERENCE,FixDMin2Reference);
// clang-format on
#else

#ifndef LMP_FIX_DMIN2_REFERENCE_H
#define LMP_FIX_DMIN2_REFERENCE_H

#include "fix.h"

#include "lammps/restart.h"

#include <memory>
#include <string>
#include <vector>

namespace turing_glass::io {
struct DumpFrame;
}    // namespace turing_glass::io
namespace turing_glass::strain {
struct ReferenceNeighbor;
}

namespace LAMMPS_NS {

class FixDMin2Reference : public Fix {
 public:
  FixDMin2Reference(class LAMMPS *, int, char **);
  ~FixDMin2Reference() override;

  int setmask() override;
  void init() override;
  void setup(int) override;
  void min_setup(int) override;
  void end_of_step() override;

  void grow_arrays(int) override {}    // room() does, without ghost atoms
  void copy_arrays(int, int, int) override;
  void set_arrays(int) override;
  int pack_exchange(int, double *) override;
  int unpack_exchange(int, double *) override;
  void write_restart(FILE *) override;
  void restart(char *) override;
  int pack_restart(int, double *) override;
  void unpack_restart(int, int) override;
  int size_restart(int) override;
  int maxsize_restart() override;
  double memory_usage() override;

  // for compute dmin2
  bool made_by_compute = false;    // not by a script
  bool tell_link = false;          // whether users are still to be told
  using Neighbors = std::vector<turing_glass::strain::ReferenceNeighbor>;
  static constexpr bigint none = -1;
  bigint reference_step() const;    // of the reference for this step; none where there is none yet
  // of own atom i in this reference, by ID; nullptr for atoms that are not in it
  const Neighbors *neighbors(int i);
  double link() const { return first_minimum > 0.0 ? first_minimum : cutoff; }

 private:
  turing_glass::lammps::Messages say;
  double cutoff = 0.0;
  std::string kind;             // first, lag or file
  std::string file, content;    // and a checksum of the frame in it, when it has been read
  bigint lag = 0;               // 0: one reference for all time
  std::vector<bigint> steps;    // of the references that are kept: one, with a lag two
  double first_minimum =
      0.0;    // of g(r) of the first of all references; 0: none within the cutoff
  turing_glass::lammps::RestoredParts
      restored;    // from a restart file: references, neighbors of atoms
  // of each atom its neighbors in each reference
  struct Kept;
  std::unique_ptr<Kept> kept;
  int most = 0;    // neighbors of one atom, on any rank

  int slot() const;
  void sample();
  void take(int);
  struct Configuration;
  Configuration present() const;
  Configuration of_file();
  turing_glass::io::DumpFrame read_file();
  void begin();
  void room(int atoms);
  int packed(int i, double *buf) const;
  int unpack(int i, const double *buf, int available);
  int largest() const;
  turing_glass::io::StateRecord state() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
