// SPDX-License-Identifier: GPL-2.0-only

#include "network.h"

#include <algorithm>

namespace turing_glass::nnap {

Network::Network(const std::vector<Layer> &layers, const Kernel &kernel) : kernel_(kernel)
{
  std::size_t size = 0;
  scratch_ = padded(layers.front().inputs);
  for (const Layer &layer : layers) {
    const int in = padded(layer.inputs), out = padded(layer.outputs);
    size += static_cast<std::size_t>(layer.inputs) * out +
        static_cast<std::size_t>(layer.outputs) * in + out;
    scratch_ +=
        6 * out;    // what network_gradient keeps of a layer; evaluation needs a third of it
    parameters_ += (layer.inputs + 1) * out;
  }
  storage_.resize(size);
  const bool rounds = kernel.number_bytes == sizeof(float);
  if (rounds) rounded_.resize(size * sizeof(float) / sizeof(double));
  const auto rounded = [&](const double *stored) -> const void * {
    if (!rounds) return stored;
    return reinterpret_cast<const float *>(rounded_.data()) + (stored - storage_.data());
  };

  double *next = storage_.data();
  for (const Layer &layer : layers) {
    const int in = padded(layer.inputs), out = padded(layer.outputs);
    double *by_input = next, *by_output = by_input + static_cast<std::size_t>(layer.inputs) * out,
           *bias = by_output + static_cast<std::size_t>(layer.outputs) * in;
    next = bias + out;
    for (int o = 0; o < layer.outputs; ++o) {
      bias[o] = layer.bias[o];
      for (int i = 0; i < layer.inputs; ++i)
        by_input[i * out + o] = by_output[o * in + i] =
            layer.weight[static_cast<std::size_t>(o) * layer.inputs + i];
    }
    layers_.push_back({layer.inputs, layer.outputs, in, out, by_input, by_output, bias,
                       rounded(by_input), rounded(by_output), rounded(bias), layer.silu});
  }
  round();
}

void Network::round()
{
  const std::size_t count = rounded_.capacity() * sizeof(double) / sizeof(float);
  float *to = reinterpret_cast<float *>(rounded_.data());
  for (std::size_t k = 0; k < std::min(count, storage_.capacity()); ++k)
    to[k] = static_cast<float>(storage_[k]);
}

void Network::copy_parameters_to(double *parameters) const
{
  for (const KernelLayer &layer : layers_) {
    parameters = std::copy_n(layer.by_input, layer.inputs * layer.outputs_padded, parameters);
    parameters = std::copy_n(layer.bias, layer.outputs_padded, parameters);
  }
}

void Network::set_parameters(const double *parameters)
{
  double *next = storage_.data();
  for (const KernelLayer &layer : layers_) {
    const int in = layer.inputs_padded, out = layer.outputs_padded;
    double *by_output = std::copy_n(parameters, layer.inputs * out, next);
    double *bias = by_output + static_cast<std::size_t>(layer.outputs) * in;
    for (int o = 0; o < layer.outputs; ++o)
      for (int i = 0; i < layer.inputs; ++i) by_output[o * in + i] = parameters[i * out + o];
    next = std::copy_n(parameters + layer.inputs * out, out, bias);
    parameters += (layer.inputs + 1) * out;
  }
  round();
}

std::vector<ParameterBlock> Network::parameter_blocks() const
{
  std::vector<ParameterBlock> blocks;
  int offset = 0;
  for (const KernelLayer &layer : layers_) {
    blocks.push_back({offset, layer.inputs + 1, layer.outputs_padded});
    offset += (layer.inputs + 1) * layer.outputs_padded;
  }
  return blocks;
}

std::vector<Layer> Network::layers() const
{
  std::vector<Layer> out;
  for (const KernelLayer &layer : layers_) {
    Layer plain;
    plain.inputs = layer.inputs;
    plain.outputs = layer.outputs;
    plain.silu = layer.silu;
    for (int o = 0; o < layer.outputs; ++o) {
      const double *row = layer.by_output + o * layer.inputs_padded;
      plain.weight.insert(plain.weight.end(), row, row + layer.inputs);
    }
    plain.bias.assign(layer.bias, layer.bias + layer.outputs);
    out.push_back(std::move(plain));
  }
  return out;
}

}    // namespace turing_glass::nnap
