// SPDX-License-Identifier: GPL-2.0-only

// The feed-forward network of one element, laid out for the kernels.
//
//     y_0 = x,   y_k = f_k(W_k y_k-1 + b_k),   f = SiLU: v/(1+exp(-v)), or identity
//
// The result is the single element of the last y; its gradient by x runs backward through the
// same layers (theory page, eqs. 6, 12).

#pragma once

#include "aligned.h"
#include "kernel.h"
#include "potential.h"

#include <vector>

namespace turing_glass::nnap {

/// A matrix inside a vector of parameters, row-major.
struct ParameterBlock {
  int offset = 0, rows = 0, columns = 0;
};

class Network {
 public:
  Network(const std::vector<Layer> &layers, const Kernel &kernel);
  Network(Network &&) = default;    // the layers point into the storage, whose elements do not move

  int inputs() const { return layers_.front().inputs; }
  int inputs_padded() const { return layers_.front().inputs_padded; }
  /// Doubles that evaluate() and add_gradient() need as scratch.
  int scratch_size() const { return scratch_; }

  /// Output for x[inputs_padded()]; dx[inputs_padded()] receives the gradient.
  double evaluate(const double *x, double *dx, double *scratch) const
  {
    return kernel_.network(layers_.data(), static_cast<int>(layers_.size()), x, dx, scratch);
  }

  /// Weights and biases: for each layer [input][output], then the biases; outputs padded by zeros.
  int parameter_count() const { return parameters_; }
  void copy_parameters_to(double *parameters) const;
  void set_parameters(const double *parameters);
  /// One matrix a layer: [input][output], the biases as a last row; offsets from the first parameter.
  std::vector<ParameterBlock> parameter_blocks() const;
  /// The layers with the present weights, without padding.
  std::vector<Layer> layers() const;

  /// Adds the derivative by the parameters of G = a net(x) + (d net/dx) . xt to gradient[parameter_count()];
  /// by_x[inputs_padded()] receives dG/dx.
  void add_gradient(const double *x, const double *xt, double a, double *gradient, double *by_x,
                    double *scratch) const
  {
    kernel_.network_gradient(layers_.data(), static_cast<int>(layers_.size()), x, xt, a, gradient,
                             by_x, scratch);
  }

 private:
  /// Sets rounded_, of a kernel in single precision, from storage_.
  void round();

  const Kernel &kernel_;
  AlignedVector storage_, rounded_;
  std::vector<KernelLayer> layers_;
  int scratch_ = 0, parameters_ = 0;
};

}    // namespace turing_glass::nnap
