// SPDX-License-Identifier: GPL-2.0-only

// Networks of several shapes against a plain evaluation, and their gradients against differences.

#include "nnap/network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace turing_glass::nnap;

namespace {

std::vector<Layer> random_layers(const std::vector<int> &widths, unsigned seed)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::vector<Layer> layers;
  for (std::size_t k = 0; k + 1 < widths.size(); ++k) {
    Layer layer;
    layer.inputs = widths[k];
    layer.outputs = widths[k + 1];
    layer.silu = k + 2 < widths.size();
    for (int i = 0; i < layer.inputs * layer.outputs; ++i) layer.weight.push_back(uniform(random));
    for (int o = 0; o < layer.outputs; ++o) layer.bias.push_back(uniform(random));
    layers.push_back(layer);
  }
  return layers;
}

/// body(kernel, precision) for all kernels this processor can run.
template <class Body> void for_kernels(Body body)
{
  for (const Precision precision : {Precision::full, Precision::mixed})
    for (auto kernel = runnable_kernels(precision); *kernel; ++kernel) body(**kernel, precision);
}

double plain(const std::vector<Layer> &layers, std::vector<double> y)
{
  for (const Layer &layer : layers) {
    std::vector<double> next;
    for (int o = 0; o < layer.outputs; ++o) {
      double v = layer.bias[o];
      for (int i = 0; i < layer.inputs; ++i) v += layer.weight[o * layer.inputs + i] * y[i];
      next.push_back(layer.silu ? v / (1.0 + std::exp(-v)) : v);
    }
    y = next;
  }
  return y[0];
}

}    // namespace

TEST(Network, AgreesWithPlainEvaluationAndDifferences)
{
  const std::vector<std::vector<int>> shapes = {
      {90, 16, 16, 16, 16, 1},       {61, 48, 32, 24, 1}, {5, 1}, {1, 1, 1}, {7, 33, 1},
      {3, 9, 9, 9, 9, 9, 9, 9, 9, 1}};
  for_kernels([&](const Kernel &kernel, Precision precision) {
    const double rounding = precision == Precision::full ? 1e-13 : 5e-6;
    for (const auto &shape : shapes) {
      const auto layers = random_layers(shape, 7);
      const Network network(layers, kernel);
      std::mt19937 random(11);
      std::normal_distribution<double> normal;
      std::vector<double> x(shape[0]);
      for (double &v : x) v = normal(random);
      AlignedVector input(network.inputs_padded()), slope(network.inputs_padded()),
          scratch(network.scratch_size());
      for (int i = 0; i < shape[0]; ++i) input[i] = x[i];

      const double y = network.evaluate(input.data(), slope.data(), scratch.data());
      EXPECT_NEAR(y, plain(layers, x), rounding * (1.0 + std::abs(y))) << kernel.name;
      constexpr double h = 1e-5;
      for (int i = 0; i < shape[0]; ++i) {
        std::vector<double> up = x, down = x;
        up[i] += h, down[i] -= h;
        EXPECT_NEAR(slope[i], (plain(layers, up) - plain(layers, down)) / (2 * h),
                    std::max(1e-8, rounding) * (1.0 + std::abs(y)))
            << kernel.name << " " << i;
      }
    }
  });
}

TEST(Network, ExtremeInputsStayFinite)
{
  const auto layers = random_layers({4, 8, 8, 1}, 3);
  for_kernels([&](const Kernel &kernel, Precision precision) {
    const Network network(layers, kernel);
    AlignedVector input(network.inputs_padded()), slope(network.inputs_padded()),
        scratch(network.scratch_size());
    const double largest = precision == Precision::full ? 1e100 : 1e30;
    for (const double magnitude : {-1e6, 1e6, -largest, largest}) {
      for (int i = 0; i < 4; ++i) input[i] = magnitude;
      EXPECT_TRUE(std::isfinite(network.evaluate(input.data(), slope.data(), scratch.data())));
      for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::isfinite(slope[i])) << magnitude;
    }
  });
}
