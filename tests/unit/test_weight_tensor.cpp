// SPDX-License-Identifier: GPL-2.0-only

#include "nnap/weight_tensor.h"

#include <gtest/gtest.h>

#include <vector>

using namespace turing_glass::nnap;

namespace {

std::vector<double> dense(const Basis &basis, int ntypes)
{
  const WeightTensor tensor = make_weight_tensor(basis, ntypes);
  const int nn = basis.nmax + 1;
  std::vector<double> out(ntypes * tensor.np * nn, 0.0);
  for (const auto &[t, p, n, w, parameter] : tensor.entries) out[(t * tensor.np + p) * nn + n] = w;
  return out;
}

Basis basis_of(WeightType wtype, int nmax)
{
  Basis basis;
  basis.wtype = wtype;
  basis.nmax = nmax;
  return basis;
}

}    // namespace

TEST(WeightTensor, DiagonalTypes)
{
  // nmax 0: W[t][p] is the table of channel weights, one row per type
  EXPECT_EQ(dense(basis_of(WeightType::none, 0), 3), (std::vector<double>{1, 1, 1}));
  EXPECT_EQ(dense(basis_of(WeightType::standard, 0), 3), (std::vector<double>{1, 1, 1, -2, 1, 3}));
  EXPECT_EQ(dense(basis_of(WeightType::full, 0), 3),
            (std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  EXPECT_EQ(dense(basis_of(WeightType::exfull, 0), 2), (std::vector<double>{1, 1, 0, 1, 0, 1}));
}

TEST(WeightTensor, OneElementIsUnweighted)
{
  for (const WeightType wtype :
       {WeightType::none, WeightType::standard, WeightType::full, WeightType::exfull}) {
    EXPECT_EQ(dense(basis_of(wtype, 1), 1), (std::vector<double>{1, 0, 0, 1})) << name(wtype);
    EXPECT_EQ(channel_rows(basis_of(wtype, 1), 1), 2) << name(wtype);
  }
}

TEST(WeightTensor, RadialFunctionsDoNotMixExceptForRfuse)
{
  EXPECT_EQ(dense(basis_of(WeightType::standard, 1), 2),
            (std::vector<double>{1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, -2, 0, 0, -2}));
  Basis basis = basis_of(WeightType::rfuse, 1);
  basis.rfuse_size = 1;
  basis.rfuse_weight = {2, 3, 5, 7};    // [type][p][n]
  EXPECT_EQ(dense(basis, 2), basis.rfuse_weight);
}

TEST(WeightTensor, FuseAndPostFuse)
{
  Basis basis = basis_of(WeightType::fuse, 0);
  basis.fuse_size = 2;
  basis.fuse_weight = {2, 3, 5, 7};    // [type][k]
  EXPECT_EQ(dense(basis, 2), (std::vector<double>{2, 3, 5, 7}));
  basis.wtype = WeightType::exfuse;
  EXPECT_EQ(dense(basis, 2), (std::vector<double>{1, 2, 3, 1, 5, 7}));
  // one row of the post-fuse matrix adds the three channels with weights 1, 10, 100
  basis.post_fuse_size = 1;
  basis.post_fuse_weight = {1, 10, 100};
  EXPECT_EQ(dense(basis, 2), (std::vector<double>{321, 751}));
  EXPECT_EQ(descriptor_size(basis, 2), basis.lmax + 1);
}
