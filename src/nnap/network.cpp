#include "network.h"

namespace turing_glass::nnap {

Network::Network(const std::vector<Layer> &layers)
{
  std::size_t size = 0;
  for (const Layer &layer : layers) {
    const int in = padded(layer.inputs), out = padded(layer.outputs);
    size += static_cast<std::size_t>(layer.inputs) * out + static_cast<std::size_t>(layer.outputs) * in + out;
    scratch_ += 2 * out;    // values and slopes
  }
  storage_.resize(size);

  double *next = storage_.data();
  for (const Layer &layer : layers) {
    const int in = padded(layer.inputs), out = padded(layer.outputs);
    double *by_input = next, *by_output = by_input + static_cast<std::size_t>(layer.inputs) * out,
           *bias = by_output + static_cast<std::size_t>(layer.outputs) * in;
    next = bias + out;
    for (int o = 0; o < layer.outputs; ++o) {
      bias[o] = layer.bias[o];
      for (int i = 0; i < layer.inputs; ++i)
        by_input[i * out + o] = by_output[o * in + i] = layer.weight[static_cast<std::size_t>(o) * layer.inputs + i];
    }
    layers_.push_back({layer.inputs, layer.outputs, in, out, by_input, by_output, bias, layer.silu});
  }
}

}    // namespace turing_glass::nnap
