// SPDX-License-Identifier: GPL-2.0-only

// Energies and forces of many atoms on a device: potential in, positions in, forces out.
//
//     set_atoms(), then find_neighbors() or set_neighbors()      whenever atoms or their order change
//     compute()                                                  every step
//
// Points 0 .. owned-1 are atoms whose energies are wanted, those behind them images and atoms of other ranks. Units: A,
// eV, eV/A. Errors are EngineError, with what to do in the text.

#pragma once

#include "nnap/potential.h"

#include <memory>
#include <stdexcept>
#include <string>

namespace turing_glass::nnap::gpu {

class EngineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class Engine {
 public:
  /// What compute() is to give besides forces.
  struct Wanted {
    bool energy = false;         ///< of each owned atom
    bool virial = false;         ///< of each point
    bool uncertainty = false;    ///< likely force error of each owned atom
  };
  /// By point; valid until the next call.
  struct Results {
    const double *forces = nullptr;      ///< [3 points]
    const double *energies = nullptr;    ///< [owned], 0 where there is no element
    const double *virials =
        nullptr;    ///< [6 points] xx yy zz xy xz yz: half of each bond's to either end
    const double *uncertainties = nullptr;    ///< [owned]
    bool overflow = false;    ///< a force is not finite, or larger than any sound one
    bool lost = false;        ///< the position of an owned atom is not finite
  };

  virtual ~Engine() = default;
  /// "NVIDIA H100 ...", and for the log what of it is used
  virtual std::string device() const = 0;
  virtual bool knows_uncertainty() const = 0;

  /// element[points]: index into the elements of the potential, or -1 for points that do not count.
  virtual void set_atoms(int owned, int points, const int *element) = 0;
  /// Neighbors within `reach`, at least the cutoff, at the positions x[3 points].
  virtual void find_neighbors(const double *x, double reach) = 0;
  /// The same from outside: those of atom i are index[begin[i]] .. index[begin[i+1]-1], in any order.
  virtual void set_neighbors(const int *begin, const int *index) = 0;

  virtual Results compute(const double *x, Wanted wanted) = 0;

  virtual double bytes() const = 0;    ///< of memory on the device
};

/// Processes of a node take its devices in turn.
struct DeviceChoice {
  int rank_on_node = 0;
  int wanted = 0;    ///< how many of the devices that this process sees are to be used; 0: all

  /// The device of this process, of so many that it sees. Throws EngineError if these are too few.
  int among(int visible) const;
};

/// Throws EngineError where there is no device, or PotentialError.
std::unique_ptr<Engine> make_engine(const Potential &potential, bool mixed_precision,
                                    DeviceChoice choice);

}    // namespace turing_glass::nnap::gpu
