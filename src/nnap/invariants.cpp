// SPDX-License-Identifier: GPL-2.0-only

#include "invariants.h"

#include "aligned.h"
#include "harmonics.h"
#include "wigner.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdlib>
#include <map>

namespace turing_glass::nnap {

namespace {

constexpr double four_pi = 4.0 * 3.14159265358979323846;
constexpr int most_channels = 16;                       // given to a kernel at a time
constexpr double half_sqrt = 0.70710678118654752440;    // 1/sqrt(2)

struct Triple {
  int l3max, l1, l2, l3;
};
constexpr Triple triples[] = {{2, 2, 2, 2}, {2, 1, 1, 2}, {3, 2, 3, 3}, {3, 1, 2, 3}, {4, 4, 4, 4},
                              {4, 2, 2, 4}, {4, 3, 3, 4}, {4, 2, 4, 4}, {4, 1, 3, 4}};

/// One real harmonic in the expansion of a complex one.
struct Part {
  int row;
  std::complex<double> factor;
};

/// Y_l^m (complex, Condon-Shortley) as a sum of real harmonics:
/// m > 0: (-1)^m (Y_l,m + i Y_l,-m)/sqrt2;  m < 0: (Y_l,|m| - i Y_l,-|m|)/sqrt2.
std::vector<Part> complex_harmonic(int lmax, int l, int m)
{
  if (m == 0) return {{Harmonics::row(lmax, l, 0), 1.0}};
  const double sign = m > 0 && m % 2 ? -1.0 : 1.0;
  const double sense = m > 0 ? 1.0 : -1.0;
  const int order = std::abs(m);
  return {{Harmonics::row(lmax, l, order), {sign * half_sqrt, 0.0}},
          {Harmonics::row(lmax, l, -order), {0.0, sign * sense * half_sqrt}}};
}

}    // namespace

int Invariants::per_channel(const Basis &basis)
{
  if (basis.kind == Basis::Kind::chebyshev) return 1;
  int count = basis.lmax + 1;
  for (const Triple &triple : triples)
    if (triple.l3max <= basis.l3max) ++count;
  return count;
}

std::vector<double> Invariants::quadratic_factors(const Basis &basis)
{
  const int lmax = degree(basis);
  std::vector<double> factors = Harmonics(lmax).norm;
  for (int l = 0; l <= lmax; ++l)
    for (int m = -l; m <= l; ++m) {
      double &factor = factors[Harmonics::row(lmax, l, m)];
      const bool counts = basis.kind == Basis::Kind::spherical_chebyshev && l <= basis.lmax;
      factor = counts ? four_pi / (2 * l + 1) * factor * factor : 0.0;
    }
  return factors;
}

Invariants::Invariants(const Basis &basis) :
    kind_(basis.kind), count_(per_channel(basis)), lmax_(basis.lmax), stride_(rows(basis))
{
  const int lmax = degree(basis);
  const std::vector<double> norm = Harmonics(lmax).norm, quadratic = quadratic_factors(basis);
  for (int m = -lmax; m <= lmax; ++m) {
    const int order = std::abs(m);
    // of the degrees l .. end - 1
    const auto run = [&](int l, int end) {
      KernelRun run = {Harmonics::row(lmax, order, m) + l - order, l, {}};
      for (int k = std::max(order - l, 0); l + k < end; ++k) run.factor[k] = quadratic[run.row + k];
      return run;
    };
    for (int l = order; l <= lmax; l += together)
      rows_.push_back(run(l, std::min(l + together, lmax_ + 1)));
    // from the highest degree down: there are as many rows of one as its height
    for (int end = lmax_ + 1; end > order; end -= together)
      degrees_.push_back(run(std::max(end - together, 0), end));
  }
  std::sort(rows_.begin(), rows_.end(),
            [](const KernelRun &a, const KernelRun &b) { return a.row < b.row; });
  std::stable_sort(degrees_.begin(), degrees_.end(),
                   [](const KernelRun &a, const KernelRun &b) { return a.l < b.l; });

  for (const Triple &triple : triples) {
    if (kind_ == Basis::Kind::chebyshev || triple.l3max > basis.l3max) continue;
    std::map<std::array<int, 3>, std::complex<double>> monomials;
    for (int m1 = -triple.l1; m1 <= triple.l1; ++m1)
      for (int m2 = -triple.l2; m2 <= triple.l2; ++m2) {
        const double w = wigner_3j(triple.l1, triple.l2, triple.l3, m1, m2, -m1 - m2);
        if (w == 0.0) continue;
        for (const Part &a : complex_harmonic(lmax, triple.l1, m1))
          for (const Part &b : complex_harmonic(lmax, triple.l2, m2))
            for (const Part &c : complex_harmonic(lmax, triple.l3, -m1 - m2)) {
              std::array<int, 3> rows = {a.row, b.row, c.row};
              std::sort(rows.begin(), rows.end());
              monomials[rows] += w * a.factor * b.factor * c.factor;
            }
      }
    Cubic cubic;
    for (const auto &[rows, factor] : monomials)
      if (std::abs(factor.real()) > 1e-14)
        cubic.terms.push_back({rows[0], rows[1], rows[2],
                               factor.real() * norm[rows[0]] * norm[rows[1]] * norm[rows[2]]});
    cubic_.push_back(std::move(cubic));
  }
}

template <class Number>
void Invariants::products(const Kernel &kernel, int channels, const Number *a, const Number *b,
                          double times, double *values) const
{
  double by_l[most_channels * degrees];
  for (int p = 0; p < channels; p += most_channels) {
    const int part = std::min(channels - p, most_channels);
    kernel.add_products(degrees_.data(), static_cast<int>(degrees_.size()), part, stride_,
                        a + p * stride_, b + p * stride_, degrees, by_l);
    for (int k = 0; k < part; ++k)
      for (int l = 0; l <= lmax_; ++l) values[(p + k) * count_ + l] = times * by_l[k * degrees + l];
  }
}

template <class Number>
void Invariants::evaluate_numbers(const Kernel &kernel, int channels, const Number *c,
                                  double *invariants) const
{
  if (kind_ == Basis::Kind::chebyshev) {
    for (int p = 0; p < channels; ++p) invariants[p] = c[p * stride_];
    return;
  }
  products(kernel, channels, c, c, 1.0, invariants);
  for (int p = 0; p < channels; ++p, c += stride_, invariants += count_) {
    double *b = invariants + lmax_ + 1;
    for (const Cubic &cubic : cubic_) {
      double sum = 0.0;
      for (const Term &t : cubic.terms) sum += t.factor * c[t.a] * c[t.b] * c[t.c];
      *b++ = sum;
    }
  }
}

void Invariants::evaluate(const Kernel &kernel, int channels, const void *c,
                          double *invariants) const
{
  if (kernel.number_bytes == sizeof(float))
    evaluate_numbers(kernel, channels, static_cast<const float *>(c), invariants);
  else
    evaluate_numbers(kernel, channels, static_cast<const double *>(c), invariants);
}

template <class Number>
void Invariants::gradient_numbers(const Kernel &kernel, int channels, const Number *c,
                                  const double *weight, Number *slope) const
{
  if (kind_ == Basis::Kind::chebyshev) {
    for (int p = 0; p < channels; ++p) slope[p * stride_] = static_cast<Number>(weight[p]);
    return;
  }
  double by_l[most_channels * degrees] = {};
  for (int p = 0; p < channels; p += most_channels) {
    const int part = std::min(channels - p, most_channels);
    for (int k = 0; k < part; ++k)
      for (int l = 0; l <= lmax_; ++l) by_l[k * degrees + l] = 2.0 * weight[(p + k) * count_ + l];
    kernel.scale(rows_.data(), static_cast<int>(rows_.size()), part, stride_, by_l, degrees,
                 c + p * stride_, slope + p * stride_);
  }
  if (cubic_.empty()) return;
  for (int p = 0; p < channels; ++p, c += stride_, slope += stride_, weight += count_) {
    const double *w = weight + lmax_ + 1;
    for (const Cubic &cubic : cubic_) {
      for (const Term &t : cubic.terms) {
        const auto f = static_cast<Number>(*w * t.factor);
        slope[t.a] += f * c[t.b] * c[t.c];
        slope[t.b] += f * c[t.a] * c[t.c];
        slope[t.c] += f * c[t.a] * c[t.b];
      }
      ++w;
    }
  }
}

void Invariants::gradient(const Kernel &kernel, int channels, const void *c, const double *weight,
                          void *slope) const
{
  if (kernel.number_bytes == sizeof(float))
    gradient_numbers(kernel, channels, static_cast<const float *>(c), weight,
                     static_cast<float *>(slope));
  else
    gradient_numbers(kernel, channels, static_cast<const double *>(c), weight,
                     static_cast<double *>(slope));
}

void Invariants::tangent(const Kernel &kernel, int channels, const double *c, const double *dc,
                         double *change) const
{
  if (kind_ == Basis::Kind::chebyshev) {
    for (int p = 0; p < channels; ++p) change[p] = dc[p * stride_];
    return;
  }
  products(kernel, channels, c, dc, 2.0, change);
  for (int p = 0; p < channels; ++p, c += stride_, dc += stride_, change += count_) {
    double *b = change + lmax_ + 1;
    for (const Cubic &cubic : cubic_) {
      double sum = 0.0;
      for (const Term &t : cubic.terms)
        sum += t.factor *
            (dc[t.a] * c[t.b] * c[t.c] + c[t.a] * dc[t.b] * c[t.c] + c[t.a] * c[t.b] * dc[t.c]);
      *b++ = sum;
    }
  }
}

}    // namespace turing_glass::nnap
