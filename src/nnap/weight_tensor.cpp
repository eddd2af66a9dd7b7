// SPDX-License-Identifier: GPL-2.0-only

#include "weight_tensor.h"

namespace turing_glass::nnap {

namespace {

/// Weights of channel c for type t of the wtypes that are diagonal in n, [channel][type].
std::vector<std::vector<double>> channel_weights(const Basis &basis, int ntypes)
{
  const std::vector<double> unweighted(ntypes, 1.0);
  std::vector<std::vector<double>> channels;
  const WeightType wtype = basis.wtype;
  const bool fuses = wtype == WeightType::fuse || wtype == WeightType::exfuse;
  if (ntypes == 1 && !fuses) return {unweighted};

  if (wtype != WeightType::full && wtype != WeightType::fuse) channels.push_back(unweighted);
  if (wtype == WeightType::standard) {
    std::vector<double> alternating(ntypes);
    for (int t = 0; t < ntypes; ++t) alternating[t] = (t % 2 ? -1.0 : 1.0) * (t + 1);
    channels.push_back(alternating);
  }
  if (wtype == WeightType::full || wtype == WeightType::exfull)
    for (int c = 0; c < ntypes; ++c) {
      channels.emplace_back(ntypes, 0.0);
      channels.back()[c] = 1.0;
    }
  if (fuses)
    for (int k = 0; k < basis.fuse_size; ++k) {
      channels.emplace_back(ntypes);
      for (int t = 0; t < ntypes; ++t)
        channels.back()[t] = basis.fuse_weight[t * basis.fuse_size + k];
    }
  return channels;
}

/// W as a dense array [type][p][n], before post-fusion.
std::vector<double> dense_tensor(const Basis &basis, int ntypes)
{
  if (basis.wtype == WeightType::rfuse) return basis.rfuse_weight;
  const int nn = basis.nmax + 1;
  const auto channels = channel_weights(basis, ntypes);
  const size_t np = channels.size() * nn;
  std::vector<double> dense(ntypes * np * nn, 0.0);
  for (int t = 0; t < ntypes; ++t)
    for (size_t c = 0; c < channels.size(); ++c)
      for (int n = 0; n < nn; ++n) dense[(t * np + c * nn + n) * nn + n] = channels[c][t];
  return dense;
}

}    // namespace

int channel_rows(const Basis &basis, int ntypes)
{
  if (basis.wtype == WeightType::rfuse) return basis.rfuse_size;
  int channels = 1;
  switch (basis.wtype) {
    case WeightType::fuse:
      channels = basis.fuse_size;
      break;
    case WeightType::exfuse:
      channels = 1 + basis.fuse_size;
      break;
    case WeightType::standard:
      channels = ntypes == 1 ? 1 : 2;
      break;
    case WeightType::full:
      channels = ntypes;
      break;
    case WeightType::exfull:
      channels = ntypes == 1 ? 1 : 1 + ntypes;
      break;
    case WeightType::none:
    case WeightType::rfuse:
      break;
  }
  return channels * (basis.nmax + 1);
}

WeightTensor make_weight_tensor(const Basis &basis, int ntypes)
{
  const int nn = basis.nmax + 1;
  int np = channel_rows(basis, ntypes);
  std::vector<double> dense = dense_tensor(basis, ntypes);

  if (!basis.post_fuse_weight.empty()) {
    const int fused = basis.post_fuse_size;
    std::vector<double> product(static_cast<size_t>(ntypes) * fused * nn, 0.0);
    for (int t = 0; t < ntypes; ++t)
      for (int q = 0; q < fused; ++q)
        for (int p = 0; p < np; ++p)
          for (int n = 0; n < nn; ++n)
            product[(t * fused + q) * nn + n] +=
                basis.post_fuse_weight[q * np + p] * dense[(t * np + p) * nn + n];
    dense = std::move(product);
    np = fused;
  }

  const TrainableWeights trainable = trainable_weights(basis, ntypes);
  const int fixed =
      basis.wtype == WeightType::exfuse ? 1 : 0;    // channels before the trainable ones
  const auto parameter = [&](int t, int p, int n) {
    if (trainable.count() == 0) return -1;
    if (basis.wtype == WeightType::rfuse) return (t * np + p) * nn + n;
    const int channel = p / nn - fixed;
    return p % nn == n && channel >= 0 ? t * basis.fuse_size + channel : -1;
  };
  WeightTensor tensor;
  tensor.np = np;
  for (int t = 0; t < ntypes; ++t)
    for (int p = 0; p < np; ++p)
      for (int n = 0; n < nn; ++n) {
        const double w = dense[(t * np + p) * nn + n];
        const int index = parameter(t, p, n);
        if (w != 0.0 || index >= 0) tensor.entries.push_back({t, p, n, w, index});
      }
  return tensor;
}

TrainableWeights trainable_weights(const Basis &basis, int ntypes)
{
  if (!basis.post_fuse_weight.empty()) return {};
  if (basis.wtype == WeightType::rfuse)
    return {&Basis::rfuse_weight, ntypes * basis.rfuse_size, basis.nmax + 1};
  if (basis.wtype == WeightType::fuse || basis.wtype == WeightType::exfuse)
    return {&Basis::fuse_weight, ntypes, basis.fuse_size};
  return {};
}

}    // namespace turing_glass::nnap
