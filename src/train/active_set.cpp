// SPDX-License-Identifier: GPL-2.0-only

#include "active_set.h"

#include "frame_loss.h"

#include "nnap/evaluator.h"

#include <Eigen/Dense>

namespace turing_glass::train {

namespace {

/// The set begins with one row of this length for each component. Those that no environment replaces
/// stay: along them the training set has no extent, and the grade counts in this length.
constexpr double smallest_extent = 1e-3;

using Vector = Eigen::RowVectorXd;
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

class MaxVol {
 public:
  explicit MaxVol(Matrix rows) : rows_(std::move(rows)), inverse_(rows_.inverse()) {}

  /// Takes `x` in exchange for a row where that makes the volume larger by more than the tolerance.
  bool offer(const Vector &x)
  {
    coefficients_.noalias() = x * inverse_;
    Eigen::Index k = 0;
    const double grade = coefficients_.cwiseAbs().maxCoeff(&k);
    if (!(grade > largest_training_grade)) return false;
    rows_.row(k) = x;
    if (++exchanges_ % refresh == 0) {
      inverse_ = rows_.inverse();
      return true;
    }
    // Sherman and Morrison
    const double pivot = coefficients_[k];
    coefficients_[k] -= 1.0;
    column_ = inverse_.col(k) / pivot;
    inverse_.noalias() -= column_ * coefficients_;
    return true;
  }

  const Matrix &rows() const { return rows_; }

 private:
  static constexpr int refresh = 100;    // exchanges after which the inverse is computed anew
  Matrix rows_, inverse_;
  Vector coefficients_;
  Eigen::VectorXd column_;
  int exchanges_ = 0;
};

}    // namespace

void select_active_sets(nnap::Potential &potential, const std::vector<TrainingFrame> &frames,
                        MPI_Comm comm)
{
  const int ntypes = static_cast<int>(potential.elements.size());
  std::vector<Matrix> sets;
  for (const auto &model : potential.models) {
    const int n = model->inputs() + 1;
    sets.push_back(smallest_extent * Matrix::Identity(n, n));
  }
  const nnap::Evaluator evaluator(potential);
  nnap::Workspace workspace;

  // each rank improves the common sets by its own frames; the first rank's sets then take what the
  // others found. The volume grows with each round in which anything was exchanged, so it ends.
  for (int exchanged = 1; exchanged;) {
    exchanged = 0;
    std::vector<MaxVol> mine(sets.begin(), sets.end());
    for (const TrainingFrame &frame : frames)
      for (int i = 0; i < frame.atoms(); ++i) {
        const int t = frame.data.types[i];
        const nnap::ElementModel &model = *potential.models[t];
        set_neighbors(evaluator, frame, i, workspace.neighbors);
        const double *P = evaluator.descriptor(t, workspace);
        Vector x(model.inputs() + 1);
        for (int k = 0; k < model.inputs(); ++k)
          x[k] = (P[k] - model.norm_mu[k]) / model.norm_sigma[k];
        x[model.inputs()] = 1.0;
        if (mine[t].offer(x)) exchanged = 1;
      }
    MPI_Allreduce(MPI_IN_PLACE, &exchanged, 1, MPI_INT, MPI_MAX, comm);

    int size = 0;
    MPI_Comm_size(comm, &size);
    for (int t = 0; t < ntypes; ++t) {
      const Matrix &own = mine[t].rows();
      const auto count = static_cast<int>(own.size());
      std::vector<double> all(static_cast<std::size_t>(count) * size);
      MPI_Allgather(own.data(), count, MPI_DOUBLE, all.data(), count, MPI_DOUBLE, comm);
      const Eigen::Map<const Matrix> rows(all.data(), own.rows() * size, own.cols());
      MaxVol merged(rows.topRows(own.rows()));
      for (bool again = true; again;) {
        again = false;
        for (Eigen::Index k = own.rows(); k < rows.rows(); ++k)
          if (merged.offer(rows.row(k))) again = true;
      }
      sets[t] = merged.rows();
    }
  }
  for (int t = 0; t < ntypes; ++t)
    potential.models[t]->active_set.assign(sets[t].data(), sets[t].data() + sets[t].size());
}

}    // namespace turing_glass::train
