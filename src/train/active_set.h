// SPDX-License-Identifier: GPL-2.0-only

// The training environments that span the training set, for the extrapolation grade (nnap/potential.h).
//
// MaxVol: of all environments of an element choose n (the number of descriptor components and one), so
// that the volume spanned by their normalized descriptors cannot be made larger by exchanging one.
// S. A. Goreinov et al., How to find a good submatrix (2010);
// E. V. Podryabinkin, A. V. Shapeev, Comput. Mater. Sci. 140, 171 (2017).

#pragma once

#include "training_frame.h"

#include "nnap/potential.h"

#include <mpi.h>

#include <vector>

namespace turing_glass::train {

/// Chooses the active set of every element of `potential` (basis and normalization must be there) from
/// this rank's `frames`. Afterwards no environment of the frames has a grade above
/// `largest_training_grade`. Collective; the same result on every rank.
void select_active_sets(nnap::Potential &potential, const std::vector<TrainingFrame> &frames,
                        MPI_Comm comm);

constexpr double largest_training_grade = 1.01;

}    // namespace turing_glass::train
