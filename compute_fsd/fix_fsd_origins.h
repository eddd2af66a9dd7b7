// SPDX-License-Identifier: GPL-2.0-only

// Helper of compute fsd: keeps its time origins with the atoms and measures; made by the compute alone

#ifdef FIX_CLASS
// clang-format off
FixStyle(FSD/ORIGINS,FixFSDOrigins);
// clang-format on
#else

#ifndef LMP_FIX_FSD_ORIGINS_H
#define LMP_FIX_FSD_ORIGINS_H

#include "fix.h"

#include "geometry/cell.h"
#include "lammps/restart.h"

#include <memory>
#include <string>
#include <vector>

namespace turing_glass::scattering {
class Relaxation;
}
namespace turing_glass::lammps {
class Words;
}

namespace LAMMPS_NS {

class FixFSDOrigins : public Fix {
 public:
  FixFSDOrigins(class LAMMPS *, int, char **);
  ~FixFSDOrigins() override;

  int setmask() override;
  void init() override;
  void setup(int) override;
  void min_setup(int) override;
  void end_of_step() override;
  void post_run() override;

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

  // for compute fsd
  bool made_by_compute = false;    // not by a script
  const turing_glass::scattering::Relaxation &relaxation() const;
  std::vector<double> times() const;         // of all lags
  bool enough(int type, int slice) const;    // atoms to be shown
  double thickness() const { return width; }

 private:
  using Vector = turing_glass::geometry::Vector;

  turing_glass::lammps::Messages say;
  struct Ring;    // origins and sums, no business of LAMMPS's
  std::unique_ptr<Ring> ring;
  std::vector<char> oxygen_type;    // [types + 1]; none of 'none'
  double width = 0.75;              // of a slice
  double mincount = 100.0;
  bool drift_removed = true;
  std::string file;
  std::string times_given;                         // as the script has them
  double dt = 0.0;                                 // of the first origin
  bigint seen_at = -1;                             // step of the last slot of `kept`
  turing_glass::lammps::RestoredParts restored;    // from a restart file
  // [atom][slot][4]: unwrapped fractional position at the origin; then the bin, -1 if the atom was not there. One slot
  // more has the position at the end of the last run or frame, and 1 for an atom of the group, 0 for others, -1 for
  // new ones.
  double **kept = nullptr;
  int kept_values = 0;    // of an atom
  int kept_atoms = 0;

  void read(turing_glass::lammps::Words &words);
  void room(int atoms);
  turing_glass::geometry::Cell frame() const;
  std::vector<Vector> unwrapped() const;
  Vector unwrapped(const turing_glass::geometry::Cell &cell, int i) const;
  double *last_slot(int i) const;
  void see(int i, const turing_glass::geometry::Cell &cell, double *slot) const;
  void see_all();
  void compare_with_seen();
  void sample();
  void open(int);
  void measure();
  void warn_of_hidden() const;
  void write() const;
  turing_glass::io::StateRecord state() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
