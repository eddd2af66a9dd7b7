// Helper of compute fsd: keeps its time origins with the atoms and measures; made by the compute alone

#ifdef FIX_CLASS
// clang-format off
FixStyle(FSD/ORIGINS,FixFSDOrigins);
// clang-format on
#else

#ifndef LMP_FIX_FSD_ORIGINS_H
#define LMP_FIX_FSD_ORIGINS_H

#include "fix.h"

#include <memory>
#include <string>
#include <vector>

namespace turing_glass::scattering {
class Relaxation;
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
  struct Ring;    // origins and sums, no business of LAMMPS's
  std::unique_ptr<Ring> ring;
  std::vector<char> oxygen_type;    // [types + 1]
  double width = 0.75;              // of a slice
  double mincount = 100.0;
  bool drift_removed = true;
  std::string file;
  double dt = 0.0;    // of the first origin
  // [atom][slot][4]: unwrapped fractional position at the origin; then the bin, -1 if the atom was not there
  double **kept = nullptr;
  int kept_values = 0;    // of an atom
  int kept_atoms = 0;

  void room(int atoms);
  void sample();
  void open(int);
  void measure();
  void write() const;
  std::vector<double> settings() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
