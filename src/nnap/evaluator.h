// SPDX-License-Identifier: GPL-2.0-only

// Energy of one atom and its gradient: descriptors, normalization, network.
//
//     E_i = sigma_E net((P - mu)/sigma) + mu_E + ref          (nnap theory page, eq. 1)
//
// An Evaluator is immutable and shared by all threads; each thread brings a Workspace. Energies in
// eV, lengths in A, gradients in eV/A.

#pragma once

#include "descriptor.h"
#include "network.h"
#include "potential.h"

#include <optional>
#include <string>
#include <vector>

namespace turing_glass::nnap {

/// The descriptor of an atom and its derivatives by the positions of the neighbors, kept in single precision
/// so that a training need not compute them again: dP[component][kept_stride()], x of all neighbors in the order of
/// Neighbors::each(), y, z.
struct KeptDescriptor {
  const double *P;
  const float *dP;
};

struct Workspace {
  Neighbors neighbors;
  std::vector<Descriptor::Scratch> scratch;    ///< one per basis of a model
  AlignedVector P, x, dP, network;
  AlignedVector xt, v;                 ///< change of x along a displacement, and dG/dP (training)
  std::vector<float> displacements;    ///< with KeptDescriptor
  std::size_t bytes() const;
};

class Evaluator {
 public:
  /// Throws PotentialError where sizes do not fit together.
  explicit Evaluator(const Potential &potential, const Kernel &kernel = best_kernel());

  int ntypes() const { return static_cast<int>(models_.size()); }
  double cutoff() const { return cutoff_; }
  const char *kernel_name() const { return kernel_.name; }
  bool has_model(int type) const { return models_[type].has_value(); }

  /// Descriptor of an atom of element `type` with workspace.neighbors; valid until the next call.
  const double *descriptor(int type, Workspace &workspace) const;
  int descriptor_size(int type) const { return models_[type]->inputs; }

  /// E_i (eV); workspace.neighbors.gx,gy,gz receive dE_i/dr_j (eV/A).
  double evaluate(int type, Workspace &workspace) const;

  /// The same with what keep() found for these neighbors; only where bases have no trainable weights.
  double evaluate(int type, Workspace &workspace, const KeptDescriptor &kept) const;
  void keep(int type, Workspace &workspace, double *P, float *dP) const;
  /// Floats between the components of KeptDescriptor::dP.
  static int kept_stride(int neighbors)
  {
    return (3 * neighbors + float_padding - 1) / float_padding * float_padding;
  }

  /// Whether all models can tell how large their force errors are.
  bool knows_uncertainty() const;
  /// Likely error (eV/A) of the force on the atom last given to descriptor() or evaluate() with this workspace (nnap
  /// theory page, eq. 19); infinite where the descriptor is not finite. Only where knows_uncertainty().
  double force_uncertainty(int type, Workspace &workspace) const;
  /// The input of that network, arsinh(x), for the same atom; valid until the next call.
  const double *uncertainty_input(int type, Workspace &workspace) const;

  /// What training may change: for each element in order the weights of its network
  /// (Network::copy_parameters_to), then those of its bases (Descriptor::trainable).
  int parameter_count() const;
  /// Training changes the networks alone from now on.
  void freeze_bases();
  void copy_parameters_to(double *parameters) const;
  void set_parameters(const double *parameters);
  /// Index of the first parameter of an element.
  int first_parameter(int type) const;
  std::vector<ParameterBlock> parameter_blocks() const;
  /// Writes the present weights into `potential`, from which this was made.
  void store_weights(Potential &potential) const;

  /// After evaluate() with this workspace (and `kept`), with a kernel of Precision::full: adds to
  /// gradient[parameter_count()] the derivative by the parameters of
  /// G = a E_i + sum_j (dE_i/dr_j) . t_j, where t_j = workspace.neighbors.tx,ty,tz[j] (A)
  /// stays fixed. With a and t from the errors of energies and forces this is the gradient of a loss
  /// (training theory page, eq. 5).
  void add_parameter_gradient(int type, Workspace &workspace, double a, double *gradient,
                              const KeptDescriptor *kept = nullptr) const;

 private:
  struct Model {
    std::vector<Descriptor> descriptors;
    Network network;
    int inputs;
    std::vector<double> mu, inverse_sigma;
    double energy_shift, energy_scale;
    std::optional<Network> uncertainty;
  };
  /// workspace.x from workspace.P
  void normalize(const Model &model, Workspace &workspace) const;
  /// E_i from workspace.P; workspace.dP receives dE_i/dP.
  double evaluate_network(const Model &model, Workspace &workspace) const;

  const Kernel &kernel_;
  double cutoff_;
  std::vector<std::optional<Model>> models_;
};

}    // namespace turing_glass::nnap
