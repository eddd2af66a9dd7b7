// SPDX-License-Identifier: GPL-2.0-only

// How large the force error of an atom is likely to be, learned from the errors in labeled frames.
//
// For each element a network maps the normalized descriptor x of an atom to its likely force error u,
//
//     ln u = net(asinh(x)),      least squares of ln(|F - F_label| + floor) over the atoms of the frames
//
// (D. Yoo, I. S. Kweon, Learning loss for active learning, CVPR 2019). A fit says nothing about environments that no
// frame has. Disturbed environments stand for these: neighborhoods of the frames from which neighbors are taken away,
// or in which they are displaced. Their error is set to `unknown_error` times the rms force of the labels, so that u
// tends to it where there is no training environment nearby (D. Hendrycks et al., Deep anomaly detection with outlier
// exposure, arXiv:1812.04606).

#pragma once

#include "training_frame.h"

#include "nnap/evaluator.h"
#include "nnap/potential.h"

#include <mpi.h>

#include <random>
#include <vector>

namespace turing_glass::train {

/// Fits the uncertainty of every model of `potential`, whose weights are final, and sets uncertainty_limit. The frames
/// are those of this rank. Frames kept out of the training, `validation`, set the scale; without any, u is the error of the
/// training frames. Collective; the same result on every rank.
void fit_uncertainty(nnap::Potential &potential, const std::vector<TrainingFrame> &training,
                     const std::vector<TrainingFrame> &validation, unsigned seed, int threads,
                     MPI_Comm comm);

/// Likely force errors (eV/A) of the atoms of `frame`; empty where the potential does not know them.
std::vector<double> force_uncertainties(const nnap::Evaluator &evaluator,
                                        const TrainingFrame &frame);

/// Error of a disturbed environment, in rms forces of the labels.
constexpr double unknown_error = 4.0;
/// Disturbed environments, as a part of those of the frames.
constexpr double disturbed_part = 0.1;
/// Part of the training atoms above Potential::uncertainty_limit, each counted with the weight of its frame in the loss.
constexpr double part_beyond_limit = 1e-3;

/// A neighborhood like `neighbors`, within `cutoff` (A), with at least one of these changes, drawn at random: neighbors
/// missing (some of all, those beyond a radius, or those beyond a plane), all distances scaled, neighbors displaced, their
/// elements exchanged.
nnap::Neighbors disturbed(const nnap::Neighbors &neighbors, double cutoff, std::mt19937_64 &random);

}    // namespace turing_glass::train
