// Helper of compute dmin2: each atom's neighbours in the reference, kept with the atom; made by the compute alone

#ifdef FIX_CLASS
// clang-format off
FixStyle(DMIN2/REFERENCE,FixDMin2Reference);
// clang-format on
#else

#ifndef LMP_FIX_DMIN2_REFERENCE_H
#define LMP_FIX_DMIN2_REFERENCE_H

#include "fix.h"

#include <memory>
#include <string>
#include <vector>

namespace turing_glass::strain {
struct ReferenceNeighbor;
}

namespace LAMMPS_NS {

class FixDMin2Reference : public Fix {
 public:
  FixDMin2Reference(class LAMMPS *, int, char **);
  ~FixDMin2Reference() override;

  int setmask() override;
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
  using Neighbors = std::vector<turing_glass::strain::ReferenceNeighbor>;
  static constexpr bigint none = -1;
  bigint reference_step() const;    // of the reference for this step; none where there is none yet
  // of own atom i in this reference, by ID; empty for atoms that are not in it
  const Neighbors &neighbors(int i);

 private:
  double cutoff;
  std::string file;
  bigint lag = 0;               // 0: one reference for all time
  std::vector<bigint> steps;    // of the references that are kept: one, with a lag two
  // of each atom its neighbours in each reference
  struct Kept;
  std::unique_ptr<Kept> kept;
  int most = 0;    // neighbours of one atom, on any rank

  int slot() const;
  void sample();
  void take(int);
  struct Configuration;
  Configuration present() const;
  Configuration of_file() const;
  void room(int atoms);
  int packed(int i, double *buf) const;
  int unpack(int i, const double *buf);
  int largest() const;
  std::vector<double> settings() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
