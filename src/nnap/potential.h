// SPDX-License-Identifier: GPL-2.0-only

// What a Spherical-Chebyshev neural-network potential (NNAP) consists of, as its files say it.
//
// Plain data: the readers (nnap_json.h, aenet.h) fill it, the writer prints it, Evaluator
// compiles it into something fast. Units are those of the LAMMPS style "metal": A, eV.
// The type index t of every formula is the position of the element in `elements`, counted from 0.

#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace turing_glass::nnap {

/// What is wrong with a potential file: which file, which element of it, and what to do.
class PotentialError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How neighbors of different elements are told apart: one choice of the tensor W (weight_tensor.h).
/// The numbers are the integer codes of NNAP files.
enum class WeightType {
  none = -1,
  standard = 0,
  full = 2,
  exfull = 3,
  fuse = 4,
  rfuse = 5,
  exfuse = 6
};

/// The word NNAP files use for a weight type ("default" for WeightType::standard).
const char *name(WeightType type);

/// One expansion of the neighborhood.
struct Basis {
  enum class Kind {
    chebyshev,             ///< radial only: P[p] = sum_t,n W sum_j f_c R_n
    spherical_chebyshev    ///< power spectrum (and, with l3max, bispectrum-like sums) of f_c R_n Y_lm
  };
  static constexpr int largest_nmax = 20, largest_lmax = 12, largest_l3max = 4;
  /// Columns of fuse weights, rows of rfuse and post-fuse weights.
  static constexpr int largest_fuse = 10000;

  Kind kind = Kind::spherical_chebyshev;
  int nmax = 5;         ///< highest Chebyshev order
  int lmax = 6;         ///< highest degree of the power spectrum (0 for Kind::chebyshev)
  int l3max = 0;        ///< highest degree of the cubic invariants, 0 for none
  double rcut = 6.0;    ///< cutoff radius (A)
  WeightType wtype = WeightType::standard;
  std::vector<double> fuse_weight;     ///< fuse, exfuse: [type][k]
  int fuse_size = 0;                   ///< number of k
  std::vector<double> rfuse_weight;    ///< rfuse: [type][p][n], scale and standardization applied
  int rfuse_size = 0;                  ///< number of p
  std::vector<double> post_fuse_weight;    ///< [p'][p], scale applied; empty for none
  int post_fuse_size = 0;                  ///< number of p'
};

/// One fully connected layer: y = f(weight x + bias), f = SiLU or identity.
struct Layer {
  int inputs = 0, outputs = 0;
  std::vector<double> weight;    ///< [output][input]
  std::vector<double> bias;      ///< [output]
  bool silu = false;
};

/// Energy of one atom of this element:
/// E = sigma_energy * network((P - norm_mu) / norm_sigma) + mu_energy + reference_energy.
struct ElementModel {
  /// Inputs, and nodes of a layer. Potentials have hundreds; beyond this a file is damaged.
  static constexpr int largest_width = 100000;

  std::vector<Basis> basis;    ///< concatenated in this order
  std::vector<double> norm_mu, norm_sigma;
  double mu_energy = 0.0, sigma_energy = 1.0;    ///< eV
  double reference_energy = 0.0;                 ///< eV
  std::vector<Layer> network;                    ///< the last layer has one output
  /// Logarithm of the likely force error (eV/A) from the normalized descriptor x: network(asinh(x)), fitted to the
  /// errors in labeled frames (train/uncertainty.h). Empty where these are not known.
  std::vector<Layer> uncertainty;

  int inputs() const { return static_cast<int>(norm_mu.size()); }
};

struct Potential {
  /// Some more than the periodic table has, for isotopes and the like.
  static constexpr int most_elements = 128;

  std::string format;                   ///< "NNAP JSON, version 5", "aenet"
  std::vector<std::string> elements;    ///< order defines the type index t
  std::vector<std::optional<ElementModel>>
      models;    ///< by t; absent where no file describes the element
  /// Likely force error (eV/A) that one in a thousand of the training atoms exceeds (train/uncertainty.h); 0 where it is
  /// not known.
  double uncertainty_limit = 0.0;

  /// Largest cutoff of all models (A).
  double cutoff() const;
};

/// Number of descriptor components of a sound `basis` with `ntypes` elements in the potential.
int descriptor_size(const Basis &basis, int ntypes);

/// Number of descriptor components of all `bases`. Throws PotentialError, beginning with `where`,
/// unless each of them is sound.
int input_count(const std::vector<Basis> &bases, int ntypes, const std::string &where);

/// Throws PotentialError, beginning with `where`, unless sizes fit together and every number is finite.
void check(const ElementModel &model, int ntypes, const std::string &where);

}    // namespace turing_glass::nnap
