// SPDX-License-Identifier: GPL-2.0-only

// Enthalpies of isothermal holds: what the onset of the glass transition is found from.

#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace turing_glass::fit {

/// Sound data that do not determine an onset, and why. An unreadable file is no refusal.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Mean enthalpy of an isothermal hold.
struct Hold {
  double T, H;
  double error;    ///< standard error of H, from the blocks; 0: not known (one block, or all equal)
  int blocks;      ///< block averages of which H is the mean
  /// Of each block with the next: the sum of products of their deviations over the sum of squares.
  double correlation;
};

struct HoldFile {
  std::vector<Hold> holds;    ///< sorted by temperature
  int replaced = 0;           ///< lines that a later line of the same or an earlier step replaces
};

/// Reads lines  step T H ...  of block averages, as fix ave/time writes them. Consecutive lines with the same T are one
/// hold. A step that does not grow within a hold is that of a run resumed from a restart file: it replaces the lines of
/// its step and of later ones. Blank lines and lines that begin with # are comments. Throws std::runtime_error with
/// file, line and remedy.
HoldFile read_holds(const std::string &path);

/// Averages several samples of one kind at each temperature. An offset of a sample, such as the energy of the glass as
/// it was made, cancels. Throws std::runtime_error if the temperatures differ.
std::vector<Hold> average(const std::vector<std::vector<Hold>> &samples);

/// The temperatures of the holds, each once, in order.
std::vector<double> temperatures(const std::vector<Hold> &holds);

/// Whether each hold has an error from its blocks. Otherwise all errors come from the scatter around the fit.
bool errors_known(const std::vector<Hold> &holds);

}    // namespace turing_glass::fit
