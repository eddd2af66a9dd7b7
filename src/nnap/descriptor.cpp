// SPDX-License-Identifier: GPL-2.0-only

#include "descriptor.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace turing_glass::nnap {

namespace {

/// Distances below this are taken for it, so that coinciding atoms give finite numbers.
constexpr double shortest_distance = 1e-6;

/// Slots in a block of the widest kernel.
constexpr int widest_block = 16;

constexpr std::size_t doubles_in(std::size_t bytes)
{
  return (bytes + sizeof(double) - 1) / sizeof(double);
}

std::size_t doubles(std::initializer_list<const AlignedVector *> arrays)
{
  std::size_t sum = 0;
  for (const AlignedVector *a : arrays) sum += a->capacity();
  return sum * sizeof(double);
}

/// Coefficients of the Chebyshev polynomials T_0 .. T_{nn-1} in what the gradient is summed in, [n][k].
std::vector<double> chebyshev_coefficients(int nn)
{
  std::vector<double> C(static_cast<std::size_t>(nn) * nn, 0.0);
  if (!KernelBasis::in_powers(nn)) {
    for (int n = 0; n < nn; ++n) C[n * nn + n] = 1.0;
    return C;
  }
  for (int n = 0; n < nn; ++n)
    for (int k = 0; k <= n; ++k) {
      const double before = n > 1 ? C[(n - 2) * nn + k] : 0.0;
      const double raised = n > 0 && k > 0 ? C[(n - 1) * nn + k - 1] : 0.0;
      C[n * nn + k] = n == 0 ? 1.0 : (n == 1 ? raised : 2.0 * raised - before);
    }
  return C;
}

static_assert(KernelBasis::largest_nn == Basis::largest_nmax + 1);
static_assert(KernelBasis::largest_lmax == Basis::largest_lmax);

}    // namespace

void Neighbors::start(int elements, int most)
{
  room = (most + widest_block - 1) / widest_block * widest_block;
  const std::size_t slots = static_cast<std::size_t>(elements) * room;
  for (AlignedVector *a : {&gx, &gy, &gz}) a->reserve_at_least(slots);
  if (d.size() < slots) d.resize(slots);
  if (tag.size() < slots) tag.resize(slots);
  next.resize(elements);
  for (int t = 0; t < elements; ++t) next[t] = first(t);
}

std::size_t Neighbors::bytes() const
{
  return doubles({&gx, &gy, &gz, &tx, &ty, &tz}) + d.capacity() * sizeof(Separation) +
      (tag.capacity() + next.capacity()) * sizeof(int);
}

std::size_t Descriptor::Scratch::bytes() const
{
  return doubles({&x,     &y, &z,  &r,  &rinv, &gx,    &gy, &gz, &planes,  &A,     &c,
                  &slope, &C, &tx, &ty, &tz,   &turns, &dA, &dc, &shifted, &slopes}) +
      first.capacity() * sizeof(int) + near.bytes();
}

Descriptor::Descriptor(const Basis &basis, int ntypes, double reach) :
    ntypes_(ntypes), nn_(basis.nmax + 1), rcut_(basis.rcut), shorter_(basis.rcut < reach),
    lmax_(Invariants::degree(basis)), rows_(Invariants::rows(basis)), invariants_(basis),
    weights_(make_weight_tensor(basis, ntypes)), trainable_(trainable_weights(basis, ntypes))
{
  order_weights();
}

void Descriptor::order_weights()
{
  // sums of what is added to the same row from the same row
  std::map<std::pair<int, int>, double> gather, scatter;
  // a row to which nothing is added is zero times some row
  for (int p = 0; p < weights_.np; ++p) gather[{p * rows_, 0}] = 0.0;
  for (int k = 0; k < ntypes_ * nn_; ++k) scatter[{k * rows_, 0}] = 0.0;
  const std::vector<double> chebyshev = chebyshev_coefficients(nn_);
  for (const WeightTensor::Entry &e : weights_.entries) {
    gather[{e.p * rows_, (e.t * nn_ + e.n) * rows_}] += e.w;
    for (int k = 0; k < nn_; ++k)
      if (const double C = chebyshev[e.n * nn_ + k]; C != 0.0)
        scatter[{(e.t * nn_ + k) * rows_, e.p * rows_}] += C * e.w;
  }
  const auto list = [](const std::map<std::pair<int, int>, double> &sums) {
    std::vector<KernelWeight> weights;
    for (const auto &[rows, w] : sums) weights.push_back({rows.first, rows.second, w});
    return weights;
  };
  gather_ = list(gather);
  scatter_ = list(scatter);
}

KernelBasis Descriptor::kernel_basis() const
{
  return {nn_, lmax_, rows_, rcut_};
}

const Neighbors &Descriptor::near(const Neighbors &neighbors, Scratch &s) const
{
  if (!shorter_) return neighbors;
  s.near.start(ntypes_, neighbors.room);
  neighbors.each([&](int slot, int t) {
    const auto &[x, y, z, rsq] = neighbors.d[slot];
    if (rsq < rcut_ * rcut_) s.near.push(x, y, z, rsq, t, slot);
  });
  return s.near;
}

KernelNeighbors Descriptor::lanes(const Kernel &kernel, const Scratch &s, int t) const
{
  const int at = s.first[t];
  return {(s.first[t + 1] - at) / kernel.width,
          s.x.data() + at,
          s.y.data() + at,
          s.z.data() + at,
          s.r.data() + at,
          s.rinv.data() + at};
}

void *Descriptor::planes(const Kernel &kernel, const Scratch &s, int t) const
{
  return reinterpret_cast<char *>(const_cast<double *>(s.planes.data())) +
      static_cast<std::ptrdiff_t>(s.first[t] / kernel.width) * kernel.plane_bytes(kernel_basis());
}

void Descriptor::forward(const Kernel &kernel, const Neighbors &neighbors, Scratch &s,
                         double *P) const
{
  const Neighbors &nb = near(neighbors, s);
  s.first.resize(ntypes_ + 1);
  for (int t = 0, slot = 0; t <= ntypes_; ++t) {
    s.first[t] = slot;
    if (t < ntypes_) slot += (nb.count(t) + kernel.width - 1) / kernel.width * kernel.width;
  }
  const int slots = s.first[ntypes_];
  for (AlignedVector *a : {&s.x, &s.y, &s.z, &s.r, &s.rinv, &s.gx, &s.gy, &s.gz})
    a->reserve_at_least(slots);
  const KernelBasis basis = kernel_basis();
  s.planes.reserve_at_least(
      doubles_in(static_cast<std::size_t>(slots / kernel.width) * kernel.plane_bytes(basis)));
  s.A.reserve_at_least(static_cast<std::size_t>(ntypes_) * nn_ * rows_);
  s.c.reserve_at_least(static_cast<std::size_t>(weights_.np) * rows_);
  s.slope.reserve_at_least(static_cast<std::size_t>(weights_.np) * rows_);
  s.C.reserve_at_least(static_cast<std::size_t>(ntypes_) * nn_ * rows_);

  for (int t = 0; t < ntypes_; ++t) {
    const int from = nb.first(t), to = s.first[t];
    kernel.normalize(nb.count(t), shortest_distance, rcut_, nb.d.data() + from, s.x.data() + to,
                     s.y.data() + to, s.z.data() + to, s.r.data() + to, s.rinv.data() + to);
    kernel.forward(basis, lanes(kernel, s, t), planes(kernel, s, t),
                   reinterpret_cast<char *>(s.A.data()) + t * nn_ * rows_ * kernel.number_bytes);
  }
  kernel.combine(gather_.data(), static_cast<int>(gather_.size()), rows_, s.A.data(), s.c.data());
  invariants_.evaluate(kernel, weights_.np, s.c.data(), P);
}

void Descriptor::backward(const Kernel &kernel, Neighbors &neighbors, Scratch &s, const double *dP,
                          bool add) const
{
  const KernelBasis basis = kernel_basis();
  invariants_.gradient(kernel, weights_.np, s.c.data(), dP, s.slope.data());
  kernel.combine(scatter_.data(), static_cast<int>(scatter_.size()), rows_, s.slope.data(),
                 s.C.data());
  const char *polynomials = reinterpret_cast<const char *>(s.C.data());
  const std::ptrdiff_t of_element = static_cast<std::ptrdiff_t>(nn_) * rows_ * kernel.number_bytes;

  // to the neighbors themselves, unless there are others, or numbers in their place
  const bool direct = !shorter_ && !add;
  for (int t = 0; t < ntypes_; ++t) {
    const auto place = [&](AlignedVector &neighbor, AlignedVector &scratch) {
      return direct ? neighbor.data() + neighbors.first(t) : scratch.data() + s.first[t];
    };
    kernel.gradient(basis, lanes(kernel, s, t), planes(kernel, s, t), polynomials + t * of_element,
                    place(neighbors.gx, s.gx), place(neighbors.gy, s.gy),
                    place(neighbors.gz, s.gz));
  }
  if (direct) return;
  if (!add)
    neighbors.each(
        [&](int slot, int) { neighbors.gx[slot] = neighbors.gy[slot] = neighbors.gz[slot] = 0.0; });
  const Neighbors &nb = shorter_ ? s.near : neighbors;
  nb.each([&](int slot, int t) {
    const int from = s.first[t] + slot - nb.first(t), to = shorter_ ? nb.tag[slot] : slot;
    neighbors.gx[to] += s.gx[from];
    neighbors.gy[to] += s.gy[from];
    neighbors.gz[to] += s.gz[from];
  });
}

void Descriptor::tangent(const Kernel &kernel, const Neighbors &neighbors, Scratch &s,
                         double *dP) const
{
  const KernelBasis basis = kernel_basis();
  const int slots = s.first[ntypes_];
  for (AlignedVector *a : {&s.tx, &s.ty, &s.tz}) {
    a->reserve_at_least(slots);
    std::fill_n(a->data(), slots, 0.0);
  }
  s.turns.reserve_at_least(
      doubles_in(static_cast<std::size_t>(slots / kernel.width) * kernel.turn_bytes(basis)));
  s.dA.reserve_at_least(static_cast<std::size_t>(ntypes_) * nn_ * rows_);
  s.dc.reserve_at_least(static_cast<std::size_t>(weights_.np) * rows_);
  const Neighbors &nb = shorter_ ? s.near : neighbors;
  nb.each([&](int slot, int t) {
    const int to = s.first[t] + slot - nb.first(t), from = shorter_ ? nb.tag[slot] : slot;
    s.tx[to] = neighbors.tx[from];
    s.ty[to] = neighbors.ty[from];
    s.tz[to] = neighbors.tz[from];
  });
  for (int t = 0; t < ntypes_; ++t)
    kernel.tangent(basis, lanes(kernel, s, t), planes(kernel, s, t), s.tx.data() + s.first[t],
                   s.ty.data() + s.first[t], s.tz.data() + s.first[t], s.turns.data(),
                   s.dA.data() + t * nn_ * rows_);
  kernel.combine(gather_.data(), static_cast<int>(gather_.size()), rows_, s.dA.data(), s.dc.data());
  invariants_.tangent(kernel, weights_.np, s.c.data(), s.dc.data(), dP);
}

void Descriptor::freeze()
{
  trainable_ = {};
  for (WeightTensor::Entry &e : weights_.entries) e.parameter = -1;
}

void Descriptor::copy_parameters_to(double *parameters) const
{
  for (const WeightTensor::Entry &e : weights_.entries)
    if (e.parameter >= 0) parameters[e.parameter] = e.w;
}

void Descriptor::set_parameters(const double *parameters)
{
  if (trainable_.count() == 0) return;
  for (WeightTensor::Entry &e : weights_.entries)
    if (e.parameter >= 0) e.w = parameters[e.parameter];
  order_weights();
}

void Descriptor::add_gradient(const Kernel &kernel, const double *u, const double *v, Scratch &s,
                              double *gradient) const
{
  // dG/d(dc) = J^T u and dG/dc = J^T v + d/dh J(c + h dc)^T u. The gradient of the invariants is a
  // polynomial in c of degree two at most, so that the central difference is exact for any h; this h makes
  // both parts alike in size.
  s.shifted.reserve_at_least(rows_);
  s.slopes.reserve_at_least(static_cast<std::size_t>(4 * weights_.np) * rows_);
  const int per_channel = invariants_.per_channel();
  for (int p = 0; p < weights_.np; ++p) {
    const double *c = s.c.data() + p * rows_, *dc = s.dc.data() + p * rows_;
    double *by_dc = s.slopes.data() + static_cast<std::ptrdiff_t>(4 * p) * rows_;
    double *by_c = by_dc + rows_, *ahead = by_c + rows_, *behind = ahead + rows_;
    double largest_c = 0.0, largest_dc = 0.0;
    for (int row = 0; row < rows_; ++row) {
      largest_c = std::max(largest_c, std::abs(c[row]));
      largest_dc = std::max(largest_dc, std::abs(dc[row]));
    }
    const double h = largest_c > 0.0 && largest_dc > 0.0 ? largest_c / largest_dc : 1.0;
    std::fill_n(by_dc, 4 * rows_, 0.0);
    for (int row = 0; row < rows_; ++row) s.shifted[row] = c[row] + h * dc[row];
    invariants_.gradient(kernel, 1, s.shifted.data(), u + p * per_channel, ahead);
    for (int row = 0; row < rows_; ++row) s.shifted[row] = c[row] - h * dc[row];
    invariants_.gradient(kernel, 1, s.shifted.data(), u + p * per_channel, behind);
    invariants_.gradient(kernel, 1, c, u + p * per_channel, by_dc);
    invariants_.gradient(kernel, 1, c, v + p * per_channel, by_c);
    for (int row = 0; row < rows_; ++row) by_c[row] += (ahead[row] - behind[row]) / (2.0 * h);
  }
  for (const WeightTensor::Entry &e : weights_.entries) {
    if (e.parameter < 0) continue;
    const std::ptrdiff_t sums = static_cast<std::ptrdiff_t>(e.t * nn_ + e.n) * rows_;
    const double *A = s.A.data() + sums, *dA = s.dA.data() + sums;
    const double *by_dc = s.slopes.data() + static_cast<std::ptrdiff_t>(4 * e.p) * rows_,
                 *by_c = by_dc + rows_;
    double sum = 0.0;
    for (int row = 0; row < rows_; ++row) sum += by_c[row] * A[row] + by_dc[row] * dA[row];
    gradient[e.parameter] += sum;
  }
}

}    // namespace turing_glass::nnap
