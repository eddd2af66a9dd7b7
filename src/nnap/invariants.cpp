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

int Invariants::rows(const Basis &basis)
{
  return padded(Harmonics::row_count(degree(basis)) + together - 1);
}

Invariants::Invariants(const Basis &basis) :
    kind_(basis.kind), count_(per_channel(basis)), lmax_(basis.lmax)
{
  const int lmax = degree(basis);
  for (int m = 0; m <= lmax; ++m)
    for (int part = 0; part < (m > 0 ? 2 : 1); ++part) {
      const int first = Harmonics::row(lmax, m, part == 0 ? m : -m);
      for (int l = m; l <= lmax; l += together) rows_.push_back({first + l - m, l, 0});
      for (int l = m / together * together; l <= lmax; l += together)
        degrees_.push_back({first + l - m, l, std::max(m - l, 0)});
    }
  std::stable_sort(degrees_.begin(), degrees_.end(),
                   [](const KernelRun &a, const KernelRun &b) { return a.l < b.l; });
  const std::vector<double> norm = Harmonics(lmax).norm;
  power_factor_.resize(rows(basis), 0.0);
  for (int l = 0; l <= lmax; ++l)
    for (int m = -l; m <= l; ++m) {
      const int row = Harmonics::row(lmax, l, m);
      power_factor_[row] = four_pi / (2 * l + 1) * norm[row] * norm[row];
    }

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

void Invariants::evaluate(const Kernel &kernel, const double *c, double *invariants) const
{
  if (kind_ == Basis::Kind::chebyshev) {
    invariants[0] = c[0];
    return;
  }
  double power[most_degrees];
  kernel.add_products(degrees_.data(), static_cast<int>(degrees_.size()), power_factor_.data(), c, c,
                      power);
  std::copy_n(power, lmax_ + 1, invariants);
  double *b = invariants + lmax_ + 1;
  for (const Cubic &cubic : cubic_) {
    double sum = 0.0;
    for (const Term &t : cubic.terms) sum += t.factor * c[t.a] * c[t.b] * c[t.c];
    *b++ = sum;
  }
}

void Invariants::gradient(const Kernel &kernel, const double *c, const double *weight,
                          double *slope) const
{
  if (kind_ == Basis::Kind::chebyshev) {
    slope[0] = weight[0];
    return;
  }
  double factor[most_degrees] = {};
  for (int l = 0; l <= lmax_; ++l) factor[l] = 2.0 * weight[l];
  kernel.scale(rows_.data(), static_cast<int>(rows_.size()), power_factor_.data(), factor, c, slope);
  const double *w = weight + lmax_ + 1;
  for (const Cubic &cubic : cubic_) {
    for (const Term &t : cubic.terms) {
      const double f = *w * t.factor;
      slope[t.a] += f * c[t.b] * c[t.c];
      slope[t.b] += f * c[t.a] * c[t.c];
      slope[t.c] += f * c[t.a] * c[t.b];
    }
    ++w;
  }
}

void Invariants::tangent(const Kernel &kernel, const double *c, const double *dc,
                         double *change) const
{
  if (kind_ == Basis::Kind::chebyshev) {
    change[0] = dc[0];
    return;
  }
  double power[most_degrees];
  kernel.add_products(degrees_.data(), static_cast<int>(degrees_.size()), power_factor_.data(), c, dc,
                      power);
  for (int l = 0; l <= lmax_; ++l) change[l] = 2.0 * power[l];
  double *b = change + lmax_ + 1;
  for (const Cubic &cubic : cubic_) {
    double sum = 0.0;
    for (const Term &t : cubic.terms)
      sum += t.factor *
          (dc[t.a] * c[t.b] * c[t.c] + c[t.a] * dc[t.b] * c[t.c] + c[t.a] * c[t.b] * dc[t.c]);
    *b++ = sum;
  }
}

}    // namespace turing_glass::nnap
