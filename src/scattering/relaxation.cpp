// SPDX-License-Identifier: GPL-2.0-only

#include "relaxation.h"

#include <algorithm>
#include <cmath>
#include <sstream>
#include <stdexcept>

namespace turing_glass::scattering {

RelaxationTime relaxation_time(const std::vector<double> &times, const std::vector<Value> &f)
{
  const double level = std::exp(-1.0);
  const auto below =
      std::find_if(f.begin(), f.end(), [level](const Value &v) { return v.mean < level; });
  if (below == f.end()) return {};
  if (below == f.begin()) return {Decay::before_first, -times.front(), 0.0};
  const auto i = static_cast<std::size_t>(below - f.begin());
  const double span = std::log(times[i] / times[i - 1]), drop = f[i - 1].mean - f[i].mean;
  const double part = (f[i - 1].mean - level) / drop;
  const double tau = times[i - 1] * std::exp(part * span);
  const double error = (1.0 - part) * f[i - 1].error + part * f[i].error;
  return {Decay::within, tau, tau * error * span / drop};
}

std::optional<double> diffusion_coefficient(const std::vector<double> &times,
                                            const std::vector<Value> &msd)
{
  double n = 0.0, t = 0.0, m = 0.0, tt = 0.0, tm = 0.0;
  const double last = times.empty() ? 0.0 : times.back();
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (times[i] < 0.1 * last) continue;
    n += 1.0;
    t += times[i];
    m += msd[i].mean;
    tt += times[i] * times[i];
    tm += times[i] * msd[i].mean;
  }
  if (n < 2.0) return std::nullopt;
  return (n * tm - t * m) / (n * tt - t * t) / 6.0;
}

Relaxation::Relaxation(int types, int slices, std::vector<double> q, int lags) :
    types_(types), slices_(slices), lags_(lags), q_(std::move(q)),
    width_(3 + static_cast<int>(q_.size())), origins_(lags, 0.0),
    cells_(static_cast<std::size_t>(types + 1) * (slices + 1) * lags * cell_width(), 0.0)
{
}

int Relaxation::bin(int type, int slice) const
{
  return (type - 1) * (slices_ + 1) + (slice <= slices_ ? slice : 0);
}

void Relaxation::add_atom(int bin, double r_squared, double *sums) const
{
  static constexpr double small = 1e-3;    // the next term of the series is below 1e-14
  double *s = sums + static_cast<std::ptrdiff_t>(bin) * width_;
  s[0] += 1.0;
  s[1] += r_squared;
  s[2] += r_squared * r_squared;
  const double r = std::sqrt(r_squared);
  for (std::size_t k = 0; k < q_.size(); ++k) {
    const double x = q_[k] * r;
    s[3 + k] += x < small ? 1.0 - x * x / 6.0 : std::sin(x) / x;
  }
}

std::size_t Relaxation::at(int type, int slice, int lag) const
{
  return ((static_cast<std::size_t>(type) * (slices_ + 1) + slice) * lags_ + lag) * cell_width();
}

int Relaxation::measured(int type, int slice) const
{
  int lag = 0;
  while (lag < lags_ && has_atoms(type, slice, lag)) ++lag;
  return lag;
}

void Relaxation::add_origin(int lag, const double *sums)
{
  // sets: all types and each; all slices, which bins of slice 0 are a part of, and each
  std::vector<double> sets(static_cast<std::size_t>(types_ + 1) * (slices_ + 1) * width_, 0.0);
  for (int type = 1; type <= types_; ++type)
    for (int slice = 0; slice <= slices_; ++slice) {
      const double *s = sums + static_cast<std::ptrdiff_t>(bin(type, slice)) * width_;
      for (const int t : {0, type})
        for (int into = slice;; into = 0) {
          double *set =
              sets.data() + (static_cast<std::ptrdiff_t>(t) * (slices_ + 1) + into) * width_;
          for (int k = 0; k < width_; ++k) set[k] += s[k];
          if (into == 0) break;
        }
    }

  origins_[lag] += 1.0;
  const double *set = sets.data();
  for (int type = 0; type <= types_; ++type)
    for (int slice = 0; slice <= slices_; ++slice, set += width_) {
      const double atoms = set[0];
      if (atoms == 0.0) continue;
      double *c = cells_.data() + at(type, slice, lag);
      c[0] += atoms;
      c[1] += 1.0;
      for (int k = 1; k < width_; ++k) {
        double &mean = c[2 * k], &square = c[2 * k + 1];
        const double f = set[k] / atoms, before = f - mean;
        mean += before * atoms / c[0];
        square += atoms * before * (f - mean);
      }
    }
}

double Relaxation::count(int type, int slice) const
{
  return origins_[0] > 0.0 ? cell(type, slice, 0)[0] / origins_[0] : 0.0;
}

Value Relaxation::value(const double *cell, int quantity) const
{
  const double atoms = cell[0], origins = cell[1], square = cell[2 * quantity + 3];
  return {cell[2 * quantity + 2],
          origins > 1.0 ? std::sqrt(std::max(0.0, square) / (atoms * (origins - 1.0))) : 0.0};
}

double Relaxation::alpha_2(int type, int slice, int lag) const
{
  const double *c = cell(type, slice, lag);
  const double r2 = value(c, 0).mean, r4 = value(c, 1).mean;
  return r2 > 0.0 ? 3.0 * r4 / (5.0 * r2 * r2) - 1.0 : 0.0;
}

RelaxationTime Relaxation::tau(int type, int slice, int q, const std::vector<double> &times) const
{
  std::vector<Value> curve;
  const int count = measured(type, slice);
  for (int lag = 0; lag < count; ++lag) curve.push_back(f(type, slice, lag, q));
  return relaxation_time({times.begin(), times.begin() + count}, curve);
}

std::optional<double> Relaxation::diffusion(int type, int slice,
                                            const std::vector<double> &times) const
{
  std::vector<Value> curve;
  const int count = measured(type, slice);
  for (int lag = 0; lag < count; ++lag) curve.push_back(msd(type, slice, lag));
  return diffusion_coefficient({times.begin(), times.begin() + count}, curve);
}

std::string Relaxation::table(double thickness, double mincount,
                              const std::vector<double> &times) const
{
  std::ostringstream text;
  text.precision(10);
  const auto name = [](int number, const char *what) {
    return number == 0 ? "all " + std::string(what) + "s" : what + (" " + std::to_string(number));
  };
  text << "# time  origins  MSD  error  alpha_2";
  for (const double q : q_) text << "  F(q=" << q << ")  error";
  text << "\n";
  for (int type = 0; type <= types_; ++type)
    for (int slice = 0; slice <= slices_; ++slice) {
      const double atoms = count(type, slice);
      if (atoms == 0.0 || atoms < mincount) continue;
      text << "\n\n# " << name(type, "type") << ", " << name(slice, "slice");
      if (slice > 0)
        text << ", distance " << thickness * (slice - 1) << " to " << thickness * slice;
      text << ", atoms " << atoms;
      for (std::size_t k = 0; k < q_.size(); ++k) {
        const RelaxationTime t = tau(type, slice, static_cast<int>(k), times);
        text << ", tau(q=" << q_[k] << ") ";
        if (t.decay == Decay::within)
          text << t.mean << " +- " << t.error;
        else if (t.decay == Decay::before_first)
          text << "shorter than " << times.front();
        else
          text << "not reached";
      }
      if (const auto d = diffusion(type, slice, times)) text << ", D " << *d;
      text << "\n";
      for (int lag = 0; lag < measured(type, slice); ++lag) {
        const Value m = msd(type, slice, lag);
        text << times[lag] << " " << origins_[lag] << " " << m.mean << " " << m.error << " "
             << alpha_2(type, slice, lag);
        for (std::size_t k = 0; k < q_.size(); ++k) {
          const Value v = f(type, slice, lag, static_cast<int>(k));
          text << " " << v.mean << " " << v.error;
        }
        text << "\n";
      }
    }
  text << "\n\n" << tau_marker;
  for (const double q : q_) text << "  tau(q=" << q << ")  error";
  text << "\n";
  for (int slice = 1; slice <= slices_; ++slice) {
    const double atoms = count(0, slice);
    if (atoms == 0.0 || atoms < mincount) continue;
    text << thickness * (slice - 0.5);
    for (std::size_t k = 0; k < q_.size(); ++k) {
      const RelaxationTime t = tau(0, slice, static_cast<int>(k), times);
      text << " " << t.mean << " " << t.error;
    }
    text << "\n";
  }
  return text.str();
}

std::vector<double> Relaxation::state() const
{
  std::vector<double> state = origins_;
  state.insert(state.end(), cells_.begin(), cells_.end());
  return state;
}

void Relaxation::set_state(const std::vector<double> &state)
{
  if (state.size() != origins_.size() + cells_.size())
    throw std::invalid_argument("sums of another number of types, slices, wave numbers or times");
  const auto middle = state.begin() + lags_;
  std::copy(state.begin(), middle, origins_.begin());
  std::copy(middle, state.end(), cells_.begin());
}

double Relaxation::bytes() const
{
  return static_cast<double>(origins_.capacity() + cells_.capacity()) * sizeof(double);
}

}    // namespace turing_glass::scattering
