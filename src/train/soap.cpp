// SPDX-License-Identifier: GPL-2.0-only

#include "soap.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <stdexcept>

namespace turing_glass::train {

using nnap::ParameterBlock;

namespace {

using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double momentum_decay = 0.95, square_decay = 0.99,
                 factor_decay = 0.99;    // by step
constexpr double tiny = 1e-12;    // keeps rows of the padding, whose gradient is zero, at rest
constexpr int refresh_interval = 10;

Dense descending_eigenvectors(const Dense &symmetric)
{
  return Eigen::SelfAdjointEigenSolver<Dense>(symmetric).eigenvectors().rowwise().reverse();
}

/// One step of orthogonal iteration towards the eigenvectors of `symmetric`, columns kept in the
/// order of decreasing eigenvalue; returns how the columns were exchanged.
std::vector<int> refresh(const Dense &symmetric, Dense &basis)
{
  const Dense product = symmetric * basis;
  const Eigen::VectorXd values = (basis.transpose() * product).diagonal();
  std::vector<int> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return values[a] > values[b]; });
  Dense sorted(product.rows(), product.cols());
  for (std::size_t k = 0; k < order.size(); ++k) sorted.col(k) = product.col(order[k]);
  basis = Eigen::HouseholderQR<Dense>(sorted).householderQ() *
      Dense::Identity(sorted.rows(), sorted.cols());
  return order;
}

}    // namespace

struct Soap::Matrix {
  ParameterBlock block;
  Dense left, right, left_basis, right_basis, momentum, square;

  explicit Matrix(const ParameterBlock &b) :
      block(b), left(Dense::Zero(b.rows, b.rows)), right(Dense::Zero(b.columns, b.columns)),
      left_basis(Dense::Identity(b.rows, b.rows)),
      right_basis(Dense::Identity(b.columns, b.columns)), momentum(Dense::Zero(b.rows, b.columns)),
      square(Dense::Zero(b.rows, b.columns))
  {
  }

  void step(const double *gradient, double rate, long count, double *parameters)
  {
    const Dense G = Eigen::Map<const Dense>(gradient + block.offset, block.rows, block.columns);
    const double keep = count == 1 ? 0.0 : factor_decay;
    left = keep * left + (1.0 - keep) * G * G.transpose();
    right = keep * right + (1.0 - keep) * G.transpose() * G;
    if (count == 1) {
      left_basis = descending_eigenvectors(left);
      right_basis = descending_eigenvectors(right);
    } else if (count % refresh_interval == 0) {
      const std::vector<int> rows = refresh(left, left_basis),
                             columns = refresh(right, right_basis);
      const Dense before = square;
      for (int i = 0; i < block.rows; ++i)
        for (int k = 0; k < block.columns; ++k) square(i, k) = before(rows[i], columns[k]);
    }
    const Dense turned = left_basis.transpose() * G * right_basis;
    momentum = momentum_decay * momentum + (1.0 - momentum_decay) * G;
    square = square_decay * square + (1.0 - square_decay) * turned.cwiseProduct(turned);

    const double momentum_scale = 1.0 / (1.0 - std::pow(momentum_decay, count));
    const double square_scale = 1.0 / (1.0 - std::pow(square_decay, count));
    const Dense direction = momentum_scale * left_basis.transpose() * momentum * right_basis;
    const Dense normalized = direction.array() / ((square_scale * square).array().sqrt() + tiny);
    Eigen::Map<Dense>(parameters + block.offset, block.rows, block.columns) -=
        rate * left_basis * normalized * right_basis.transpose();
  }

  std::vector<Dense *> parts()
  {
    return {&left, &right, &left_basis, &right_basis, &momentum, &square};
  }
};

Soap::Soap(const std::vector<ParameterBlock> &blocks)
{
  for (const ParameterBlock &block : blocks) matrices_.emplace_back(block);
}

Soap::~Soap() = default;
Soap::Soap(Soap &&) noexcept = default;

void Soap::step(const std::vector<double> &gradient, double rate, std::vector<double> &parameters)
{
  ++steps_;
  for (Matrix &matrix : matrices_) matrix.step(gradient.data(), rate, steps_, parameters.data());
}

std::vector<double> Soap::state() const
{
  std::vector<double> out = {static_cast<double>(steps_)};
  for (const Matrix &matrix : matrices_)
    for (const Dense *part : const_cast<Matrix &>(matrix).parts())
      out.insert(out.end(), part->data(), part->data() + part->size());
  return out;
}

void Soap::set_state(const std::vector<double> &state)
{
  std::size_t size = 1;
  for (Matrix &matrix : matrices_)
    for (const Dense *part : matrix.parts()) size += part->size();
  if (state.size() != size)
    throw std::runtime_error("the checkpoint belongs to a network of another shape");
  steps_ = static_cast<long>(state[0]);
  const double *next = state.data() + 1;
  for (Matrix &matrix : matrices_)
    for (Dense *part : matrix.parts()) {
      std::copy_n(next, part->size(), part->data());
      next += part->size();
    }
}

}    // namespace turing_glass::train
