#include "descriptor.h"

#include <algorithm>
#include <cmath>

namespace turing_glass::nnap {

namespace {

/// Distances below this are taken for it, so that coinciding atoms give finite numbers.
constexpr double shortest_distance = 1e-6;

std::size_t doubles(std::initializer_list<const AlignedVector *> arrays)
{
  std::size_t sum = 0;
  for (const AlignedVector *a : arrays) sum += a->capacity();
  return sum * sizeof(double);
}

}    // namespace

void Neighbors::reserve(int n)
{
  for (AlignedVector *a : {&dx, &dy, &dz, &rsq, &gx, &gy, &gz}) a->reserve_at_least(n);
  if (type.size() < static_cast<std::size_t>(n)) type.resize(n);
}

std::size_t Neighbors::bytes() const
{
  return doubles({&dx, &dy, &dz, &rsq, &gx, &gy, &gz, &tx, &ty, &tz}) +
      type.capacity() * sizeof(int);
}

std::size_t Descriptor::Scratch::bytes() const
{
  return doubles({&x,     &y, &z,  &r,  &rinv, &gx,    &gy, &gz, &planes,  &A,     &c,
                  &slope, &Z, &tx, &ty, &tz,   &turns, &dA, &dc, &shifted, &slopes}) +
      (source.capacity() + first_block.capacity() + next.capacity()) * sizeof(int);
}

Descriptor::Descriptor(const Basis &basis, int ntypes) :
    ntypes_(ntypes), nn_(basis.nmax + 1), rcut_(basis.rcut), harmonics_(Invariants::degree(basis)),
    rows_(padded(Harmonics::row_count(harmonics_.lmax))), invariants_(basis),
    weights_(make_weight_tensor(basis, ntypes)), trainable_(trainable_weights(basis, ntypes))
{
  for (const WeightTensor::Entry &e : weights_.entries) {
    const int sum_row = (e.t * nn_ + e.n) * rows_, channel = e.p * rows_;
    gather_.push_back({channel, sum_row, e.w});
    scatter_.push_back({sum_row, channel, e.w});
  }
  harmonics_.norm.resize(rows_, 0.0);
}

KernelBasis Descriptor::kernel_basis() const
{
  return {nn_,
          harmonics_.lmax,
          rows_,
          rcut_,
          harmonics_.recursion.data(),
          harmonics_.dz.data(),
          harmonics_.drho.data(),
          harmonics_.norm.data()};
}

void Descriptor::sort_by_type(const Kernel &kernel, const Neighbors &neighbors, Scratch &s) const
{
  const double rcutsq = rcut_ * rcut_;
  std::vector<int> &first = s.first_block;
  first.assign(ntypes_ + 1, 0);
  for (int k = 0; k < neighbors.count; ++k)
    if (neighbors.rsq[k] < rcutsq) ++first[neighbors.type[k] + 1];
  for (int t = 0; t < ntypes_; ++t)
    first[t + 1] = first[t] + (first[t + 1] + kernel.width - 1) / kernel.width;

  const int slots = first[ntypes_] * kernel.width;
  if (s.source.size() < static_cast<std::size_t>(slots)) {
    s.source.resize(slots);
    for (AlignedVector *a : {&s.x, &s.y, &s.z, &s.r, &s.rinv, &s.gx, &s.gy, &s.gz})
      a->resize(slots);
  }
  std::fill_n(s.source.begin(), slots, -1);
  s.next.resize(ntypes_);
  for (int t = 0; t < ntypes_; ++t) s.next[t] = first[t] * kernel.width;
  for (int k = 0; k < neighbors.count; ++k)
    if (neighbors.rsq[k] < rcutsq) s.source[s.next[neighbors.type[k]]++] = k;

  for (int slot = 0; slot < slots; ++slot) {
    const int k = s.source[slot];
    // a padding neighbour sits at the cutoff, where every radial function and its slope vanish
    s.x[slot] = k < 0 ? rcut_ : neighbors.dx[k];
    s.y[slot] = k < 0 ? 0.0 : neighbors.dy[k];
    s.z[slot] = k < 0 ? 0.0 : neighbors.dz[k];
    s.r[slot] = k < 0 ? rcutsq : neighbors.rsq[k];
  }
  double *x = s.x.data(), *y = s.y.data(), *z = s.z.data(), *r = s.r.data(), *rinv = s.rinv.data();
  for (int slot = 0; slot < slots; ++slot) {
    r[slot] = std::max(std::sqrt(r[slot]), shortest_distance);
    rinv[slot] = 1.0 / r[slot];
    x[slot] *= rinv[slot];
    y[slot] *= rinv[slot];
    z[slot] *= rinv[slot];
  }
}

void Descriptor::forward(const Kernel &kernel, const Neighbors &neighbors, Scratch &s,
                         double *P) const
{
  sort_by_type(kernel, neighbors, s);
  const KernelBasis basis = kernel_basis();
  const int blocks = s.first_block[ntypes_];
  s.planes.reserve_at_least(static_cast<std::size_t>(blocks) * kernel.block_stride(basis));
  s.A.reserve_at_least(static_cast<std::size_t>(ntypes_) * nn_ * rows_);
  s.c.reserve_at_least(static_cast<std::size_t>(weights_.np) * rows_);
  s.slope.reserve_at_least(static_cast<std::size_t>(weights_.np) * rows_);
  s.Z.reserve_at_least(static_cast<std::size_t>(ntypes_) * nn_ * rows_);

  kernel.expand(basis, {s.x.data(), s.y.data(), s.z.data(), s.r.data(), s.rinv.data()}, blocks,
                s.planes.data());
  for (int t = 0; t < ntypes_; ++t)
    kernel.accumulate(basis, s.first_block[t], s.first_block[t + 1], s.planes.data(),
                      s.A.data() + t * nn_ * rows_);
  std::fill_n(s.c.data(), weights_.np * rows_, 0.0);
  kernel.combine(gather_.data(), static_cast<int>(gather_.size()), rows_, s.A.data(), s.c.data());
  for (int p = 0; p < weights_.np; ++p)
    invariants_.evaluate(s.c.data() + p * rows_, P + p * invariants_.per_channel());
}

void Descriptor::backward(const Kernel &kernel, Neighbors &neighbors, Scratch &s,
                          const double *dP) const
{
  const KernelBasis basis = kernel_basis();
  for (int p = 0; p < weights_.np; ++p) {
    double *slope = s.slope.data() + p * rows_;
    invariants_.gradient(s.c.data() + p * rows_, dP + p * invariants_.per_channel(), slope);
    for (int row = 0; row < rows_; ++row) slope[row] *= harmonics_.norm[row];
  }
  double *Z = s.Z.data();    // dE/dA
  std::fill_n(Z, ntypes_ * nn_ * rows_, 0.0);
  kernel.combine(scatter_.data(), static_cast<int>(scatter_.size()), rows_, s.slope.data(), Z);

  const KernelNeighbors lanes = {s.x.data(), s.y.data(), s.z.data(), s.r.data(), s.rinv.data()};
  for (int t = 0; t < ntypes_; ++t)
    kernel.gradient(basis, lanes, s.first_block[t], s.first_block[t + 1], s.planes.data(),
                    Z + t * nn_ * rows_, s.gx.data(), s.gy.data(), s.gz.data());
  const int slots = s.first_block[ntypes_] * kernel.width;
  for (int slot = 0; slot < slots; ++slot)
    if (const int k = s.source[slot]; k >= 0) {
      neighbors.gx[k] += s.gx[slot];
      neighbors.gy[k] += s.gy[slot];
      neighbors.gz[k] += s.gz[slot];
    }
}

void Descriptor::tangent(const Kernel &kernel, const Neighbors &neighbors, Scratch &s,
                         double *dP) const
{
  const KernelBasis basis = kernel_basis();
  const int blocks = s.first_block[ntypes_], slots = blocks * kernel.width;
  for (AlignedVector *a : {&s.tx, &s.ty, &s.tz}) a->reserve_at_least(slots);
  s.turns.reserve_at_least(static_cast<std::size_t>(slots) * (nn_ + 4));
  s.dA.reserve_at_least(static_cast<std::size_t>(ntypes_) * nn_ * rows_);
  s.dc.reserve_at_least(static_cast<std::size_t>(weights_.np) * rows_);
  for (int slot = 0; slot < slots; ++slot) {
    const int k = s.source[slot];
    s.tx[slot] = k < 0 ? 0.0 : neighbors.tx[k];
    s.ty[slot] = k < 0 ? 0.0 : neighbors.ty[k];
    s.tz[slot] = k < 0 ? 0.0 : neighbors.tz[k];
  }
  const KernelNeighbors lanes = {s.x.data(), s.y.data(), s.z.data(), s.r.data(), s.rinv.data()};
  for (int t = 0; t < ntypes_; ++t)
    kernel.tangent(basis, lanes, s.first_block[t], s.first_block[t + 1], s.planes.data(),
                   s.tx.data(), s.ty.data(), s.tz.data(), s.turns.data(),
                   s.dA.data() + t * nn_ * rows_);
  std::fill_n(s.dc.data(), weights_.np * rows_, 0.0);
  kernel.combine(gather_.data(), static_cast<int>(gather_.size()), rows_, s.dA.data(), s.dc.data());
  for (int p = 0; p < weights_.np; ++p)
    invariants_.tangent(s.c.data() + p * rows_, s.dc.data() + p * rows_,
                        dP + p * invariants_.per_channel());
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
  for (std::size_t k = 0; k < weights_.entries.size(); ++k)
    if (WeightTensor::Entry &e = weights_.entries[k]; e.parameter >= 0)
      e.w = gather_[k].w = scatter_[k].w = parameters[e.parameter];
}

void Descriptor::add_gradient(const double *u, const double *v, Scratch &s, double *gradient) const
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
    invariants_.gradient(s.shifted.data(), u + p * per_channel, ahead);
    for (int row = 0; row < rows_; ++row) s.shifted[row] = c[row] - h * dc[row];
    invariants_.gradient(s.shifted.data(), u + p * per_channel, behind);
    invariants_.gradient(c, u + p * per_channel, by_dc);
    invariants_.gradient(c, v + p * per_channel, by_c);
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
