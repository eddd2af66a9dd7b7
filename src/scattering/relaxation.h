// SPDX-License-Identifier: GPL-2.0-only

// Self part of the intermediate scattering function and moments of the displacements, by type and slice.
//
// Of the N atoms of a set that were there at a time origin, with displacements r over the lag t
// (Liu et al., Fig. 4):
//   F_s(q, t)   = < sin(q r) / (q r) >            isotropic average of exp(i q.r)
//   MSD(t)      = < r^2 >
//   alpha_2(t)  = 3 < r^4 > / (5 < r^2 >^2) - 1   0 for Gaussian displacements
// < > is the mean over the atoms of all origins. Standard errors are those over origins, each with the weight N:
//   error^2 = sum N_o (f_o - f)^2 / (sum N_o (n - 1))    of n origins with the means f_o
// They take the origins for independent.
//
// Types are counted from 1, slices from 1 (nearest to oxygen); 0 stands for all of them.
// Units: lengths those of r, q its inverse, times those of the lags given.

#pragma once

#include <optional>
#include <string>
#include <vector>

namespace turing_glass::scattering {

struct Value {
  double mean = 0.0, error = 0.0;
};

/// Whether F falls below 1/e between the times, has done so before the first, or has not at the last.
enum class Decay { within, before_first, after_last };

struct RelaxationTime {
  Decay decay = Decay::after_last;
  /// The time; minus the first time (an upper bound) of before_first, 0 of after_last. As tables and vectors have it.
  double mean = 0.0;
  double error = 0.0;
};

/// Time at which F falls below 1/e, F interpolated linearly in log t between the `times`; its error
/// from that of F there.
RelaxationTime relaxation_time(const std::vector<double> &times, const std::vector<Value> &f);

/// D = slope/6 of the MSD by least squares over the last decade of `times`; nothing of fewer than two.
std::optional<double> diffusion_coefficient(const std::vector<double> &times,
                                            const std::vector<Value> &msd);

class Relaxation {
 public:
  Relaxation(int types, int slices, std::vector<double> q, int lags);

  int types() const { return types_; }
  int slices() const { return slices_; }
  int lags() const { return lags_; }
  const std::vector<double> &q() const { return q_; }

  // ---- sums over the atoms of one origin at one lag, added up over ranks by the caller

  /// Length of the sums.
  int sums() const { return types_ * (slices_ + 1) * width_; }
  /// Of an atom at its origin; `slice` above slices() counts with no slice.
  int bin(int type, int slice) const;
  void add_atom(int bin, double r_squared, double *sums) const;

  // ---- results over origins

  void add_origin(int lag, const double *sums);

  double origins(int lag) const { return origins_[lag]; }
  /// Atoms of the set for each origin, on average. A set is a type and a slice, or all of them.
  double count(int type, int slice) const;
  /// Whether a set had atoms at a lag; its values are 0 otherwise.
  bool has_atoms(int type, int slice, int lag) const { return cell(type, slice, lag)[0] > 0.0; }
  Value f(int type, int slice, int lag, int q) const
  {
    return value(cell(type, slice, lag), 2 + q);
  }
  Value msd(int type, int slice, int lag) const { return value(cell(type, slice, lag), 0); }
  double alpha_2(int type, int slice, int lag) const;
  /// relaxation_time() of a set; `times`: of all lags.
  RelaxationTime tau(int type, int slice, int q, const std::vector<double> &times) const;
  /// diffusion_coefficient() of a set.
  std::optional<double> diffusion(int type, int slice, const std::vector<double> &times) const;

  /// Begins the line before tau of the slices in table().
  static constexpr const char *tau_marker = "# all types by distance";
  /// All sets with at least `mincount` atoms as text: a block of lines each, whose columns the header names; in a
  /// last one tau of the slices.
  std::string table(double thickness, double mincount, const std::vector<double> &times) const;

  std::vector<double> state() const;
  /// Throws std::invalid_argument if it is not of this layout.
  void set_state(const std::vector<double> &state);
  double bytes() const;

 private:
  int types_, slices_, lags_;
  std::vector<double> q_;
  int width_;                      // of sums: atoms, r^2, r^4, sin(q r)/(q r) of each q
  std::vector<double> origins_;    // [lags]
  // [type][slice][lag]: atoms, origins with atoms, then of each quantity the mean and sum N_o (f_o - mean)^2
  std::vector<double> cells_;

  int cell_width() const { return 2 * width_; }
  std::size_t at(int type, int slice, int lag) const;
  const double *cell(int type, int slice, int lag) const
  {
    return cells_.data() + at(type, slice, lag);
  }
  int measured(int type, int slice) const;    // lags of a set; they fill from the first
  Value value(const double *cell, int quantity) const;
};

}    // namespace turing_glass::scattering
