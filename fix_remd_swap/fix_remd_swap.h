// SPDX-License-Identifier: GPL-2.0-only

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
#include <vector>

namespace turing_glass::lammps {
class Messages;
}

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

  std::unique_ptr<turing_glass::lammps::Messages> say;
  std::unique_ptr<Replicas> replicas;
  MPI_Comm roots;              // the first ranks of all partitions; null on others
  class Fix *thermostat;       // found by init()
  class Fix *barostat;         // that with a target pressure, or none
  class Compute *potential;    // energy
  bool checked = false;        // that all replicas are copies of one system
  bool in_run = false;
  bool ended = false;               // the run, early: some replica has left its one
  bigint last_step = -1;            // of the last run
  double exchanged_energy = 0.0;    // taken from velocities and thermostat so far

  void parse(int, char **);
  double temperature() const;
  void find_thermostat();
  void check_thermostat() const;
  void check_barostat() const;
  std::vector<Report> meet(int);
  void check_same_exchange();
  void begin_log(bool, const std::vector<Report> &);
  bool warming_up() const;
  bigint next_energy() const;
  void predict(bool);
  void sample();
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
