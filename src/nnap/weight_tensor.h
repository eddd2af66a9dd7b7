// SPDX-License-Identifier: GPL-2.0-only

// The tensor W that turns type-resolved sums A into channels c (nnap theory page, eq. 3):
//
//     c[p][lm] = sum_t sum_n W[t][p][n] A[t][n][lm]
//
// Every "weight type" of an NNAP file is one choice of it. With p = channel*(nmax+1) + n':
//
//     none          W = delta(n,n')                                         1 channel
//     default       channel 0: delta(n,n');  1: (-1)^t (t+1) delta(n,n')    2 channels  (Zhang et al., SI, eq. 2)
//     full          channel c: delta(c,t) delta(n,n')                       ntypes channels
//     exfull        channel 0 as none, then full                            1 + ntypes channels
//     fuse          channel k: fuse_weight[t][k] delta(n,n')                k channels
//     exfuse        channel 0 as none, then fuse                            1 + k channels
//     rfuse         W = rfuse_weight[t][p][n]                               any p
//
// t counts from 0. With a single element default, full and exfull mean none. A post-fuse matrix F
// multiplies from the left: W'[t][p'][n] = sum_p F[p'][p] W[t][p][n].

#pragma once

#include "potential.h"

#include <vector>

namespace turing_glass::nnap {

struct WeightTensor {
  /// One element that is not zero for good.
  struct Entry {
    int t, p, n;
    double w;
    int parameter;    ///< index into trainable_weights() of the basis, or -1
  };
  int np = 0;                    ///< number of p
  std::vector<Entry> entries;    ///< ordered by t, then p, then n
};

/// The numbers of the basis that training may change, as a matrix by rows: fuse_weight with a row for each
/// type (fuse, exfuse), rfuse_weight with a row for each type and p (rfuse); without post-fuse matrix.
struct TrainableWeights {
  std::vector<double> Basis::*values = nullptr;    ///< null where there are none
  int rows = 0, columns = 0;

  int count() const { return rows * columns; }
};
TrainableWeights trainable_weights(const Basis &basis, int ntypes);

/// Number of p before a post-fuse matrix is applied.
int channel_rows(const Basis &basis, int ntypes);

/// Requires a basis that check() accepts.
WeightTensor make_weight_tensor(const Basis &basis, int ntypes);

}    // namespace turing_glass::nnap
