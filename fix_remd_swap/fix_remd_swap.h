// Replica exchange of temperatures between partitions; page: docs/fix_remd_swap.rst

#ifdef FIX_CLASS
// clang-format off
FixStyle(remd/swap,FixREMDSwap);
// clang-format on
#else

#ifndef LMP_FIX_REMD_SWAP_H
#define LMP_FIX_REMD_SWAP_H

#include "fix.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

class FixREMDSwap : public Fix {
 public:
  FixREMDSwap(class LAMMPS *, int, char **);
  ~FixREMDSwap() override;

  int setmask() override;
  void init() override;
  void setup_pre_exchange() override;
  void setup(int) override;
  void end_of_step() override;
  void post_run() override;
  double compute_scalar() override;
  double compute_vector(int) override;
  double compute_array(int, int) override;
  void write_restart(FILE *) override;
  void restart(char *) override;
  double memory_usage() override;

 private:
  struct Report;      // what a replica tells the others when they meet
  struct Replicas;    // ladder, exchange, samples, log: all that is no business of LAMMPS's

  std::unique_ptr<Replicas> replicas;
  MPI_Comm roots;              // the first ranks of all partitions; null on others
  class Fix *thermostat;       // found by init()
  class Fix *barostat;         // that with a target pressure, or none
  class Compute *potential;    // energy
  bool checked = false;        // that all replicas are copies of one system
  bool in_run = false;
  bool ended = false;               // the run, early: some replica has left its one
  double exchanged_energy = 0.0;    // taken from velocities and thermostat so far

  [[noreturn]] void stop(const std::string &);
  void tell(const std::string &);
  double temperature() const;
  void find_thermostat();
  std::vector<Report> meet(int);
  void check_same_atoms();
  void check_same_potential();
  double energy_now();
  bool warming_up() const;
  bool exchanging(bigint) const;
  bigint next_energy() const;
  void predict(bool);
  std::string verdict(const std::vector<double> &) const;
  void measure();
  void attempt();
  void move(double, double);
  double kinetic_energy();
  double target_pressure() const;
  double pressure_volume() const;
};

}    // namespace LAMMPS_NS

#endif
#endif
