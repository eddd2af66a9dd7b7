// SPDX-License-Identifier: GPL-2.0-only

#include "relaxation_laws.h"

#include "io/line_reader.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string_view>

namespace turing_glass::fit {

namespace {

constexpr char not_slower[] = "relaxation times do not grow as the temperature falls";

bool errors_known(const std::vector<Point> &points)
{
  return std::all_of(points.begin(), points.end(), [](const Point &p) { return p.error > 0.0; });
}

/// (ln tau of the model - ln tau)/error of all points.
template <class Model>
LeastSquares fit_logarithms(const std::vector<Point> &points, const Parameters &start,
                            Model &&model)
{
  const bool known = errors_known(points);
  return least_squares(
      [&](const Parameters &p) {
        std::vector<double> r;
        for (const Point &point : points)
          r.push_back((model(p, point.x) - std::log(point.tau)) /
                      (known ? point.error / point.tau : 1.0));
        return r;
      },
      start, known);
}

/// T0 given, ln tau is linear in 1/(T - T0): the best of many T0 is where the fit starts.
Parameters vft_start(const std::vector<Point> &points, double coldest)
{
  Parameters best;
  double least = std::numeric_limits<double>::max();
  for (double part = 0.02; part < 0.99; part += 0.01) {
    const double t0 = part * coldest;
    double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0, yy = 0.0;
    for (const Point &p : points) {
      const double u = t0 / (p.x - t0), v = std::log(p.tau);
      n += 1.0;
      x += u;
      y += v;
      xx += u * u;
      xy += u * v;
      yy += v * v;
    }
    const double slope = (n * xy - x * y) / (n * xx - x * x), at_zero = (y - slope * x) / n;
    const double square = yy - at_zero * y - slope * xy;
    if (square < least && slope > 0.0) {
      least = square;
      best = {at_zero, slope, t0};
    }
  }
  if (best.empty()) throw std::runtime_error(not_slower);
  return best;
}

std::vector<Point> between(const std::vector<Point> &points, double from, double to)
{
  std::vector<Point> some;
  for (const Point &p : by_distance(points))
    if (p.x >= from && p.x <= to) some.push_back(p);
  return some;
}

/// Of one table, though its numbers may have been rounded.
bool same_place(double a, double b)
{
  constexpr double rounding = 1e-6;
  return std::abs(a - b) <= rounding * std::max(std::abs(a), std::abs(b));
}

std::string shown(double value)
{
  std::ostringstream text;
  text << value;
  return text.str();
}

/// A number of a row of a file; throws what is wrong with it.
double number(std::string_view word, const char *what)
{
  double value = 0.0;
  if (!parse(word, value) || !std::isfinite(value))
    throw std::runtime_error(std::string(what) + " must be a number, not " + in_quotes(word));
  return value;
}

Point point_of(const std::vector<std::string_view> &words)
{
  const auto column = [&](std::size_t k) {
    return k < words.size() ? words[k] : std::string_view();
  };
  Point p{};
  p.x = number(column(0), "the first column (temperature or distance)");
  p.tau = number(column(1), "the second column (tau)");
  if (words.size() > 2) p.error = number(words[2], "the third column (the error of tau)");
  if (p.error < 0.0)
    throw std::runtime_error("the error of tau, " + shown(p.error) + ", is below 0");
  return p;
}

}    // namespace

PointFile read_points(const std::string &path, const std::string &marker)
{
  PointFile file;
  io::LineReader reader = [&] {
    try {
      return io::LineReader(path);
    } catch (const io::LineError &e) {
      throw std::runtime_error(path + ": " + e.what());
    }
  }();
  try {
    std::string_view line;
    while (reader.next(line)) {
      if (line.substr(0, marker.size()) == marker) {
        file = {};    // without what other blocks have
        file.block = true;
      }
      const std::vector<std::string_view> words = words_of(line);
      if (words.empty() || words[0][0] == '#') continue;
      const Point p = point_of(words);
      if (p.tau > 0.0)
        file.points.push_back(p);
      else
        ++(p.tau < 0.0 ? file.too_short : file.not_reached);
    }
  } catch (const std::runtime_error &e) {
    throw std::runtime_error(path + ", line " + std::to_string(reader.line()) + ": " + e.what());
  }
  if (file.points.empty())
    throw std::runtime_error(path + ": no row has a relaxation time (" +
                             std::to_string(file.not_reached + file.too_short) +
                             " rows with tau of 0 or below)");
  return file;
}

std::vector<Point> by_distance(std::vector<Point> points)
{
  std::sort(points.begin(), points.end(), [](const Point &a, const Point &b) { return a.x < b.x; });
  if (!points.empty() && points.front().x < 0.0)
    throw std::runtime_error("the distance " + shown(points.front().x) + " is below 0");
  const auto twice =
      std::adjacent_find(points.begin(), points.end(),
                         [](const Point &a, const Point &b) { return same_place(a.x, b.x); });
  if (twice != points.end())
    throw std::runtime_error("the distance " + shown(twice->x) +
                             " comes twice: give one relaxation time for each");
  return points;
}

VftLaw fit_vft(const std::vector<Point> &points, double tau_g)
{
  std::vector<double> temperatures;
  for (const Point &p : points) temperatures.push_back(p.x);
  std::sort(temperatures.begin(), temperatures.end());
  temperatures.erase(std::unique(temperatures.begin(), temperatures.end(), same_place),
                     temperatures.end());
  if (temperatures.size() < 4)
    throw std::runtime_error("the fit needs relaxation times at four temperatures or more");
  const double coldest = temperatures.front();
  if (coldest <= 0.0) throw std::runtime_error("temperatures must be above 0");
  const auto fit =
      fit_logarithms(points, vft_start(points, coldest), [coldest](const Parameters &p, double t) {
        return p[2] < coldest ? p[0] + p[1] * p[2] / (t - p[2])
                              : std::numeric_limits<double>::infinity();
      });
  if (!(fit.parameters[1] * fit.parameters[2] > 0.0)) throw std::runtime_error(not_slower);
  const auto tg = [tau_g](const Parameters &p) {
    return p[2] + p[1] * p[2] / (std::log(tau_g) - p[0]);
  };
  VftLaw law;
  law.tau0 = fit.estimate([](const Parameters &p) { return std::exp(p[0]); });
  if (!(std::log(tau_g) > fit.parameters[0]))
    throw std::runtime_error(
        "relaxation times of the law are above tau0 = " + shown(law.tau0.value) +
        " at all temperatures: T_g needs a longer tau than " + shown(tau_g));
  law.strength = fit.estimate([](const Parameters &p) { return p[1]; });
  law.t0 = fit.estimate([](const Parameters &p) { return p[2]; });
  law.tg = fit.estimate(tg);
  law.fragility = fit.estimate([&tg](const Parameters &p) {
    return p[1] * p[2] * tg(p) / (std::log(10.0) * std::pow(tg(p) - p[2], 2));
  });
  law.chi_squared = fit.chi_squared;
  law.freedom = fit.freedom;
  return law;
}

Estimate plateau(const std::vector<Point> &points, double from)
{
  const auto far = between(points, from, std::numeric_limits<double>::max());
  if (far.empty()) throw std::runtime_error("no relaxation time at the distances of the bulk");
  if (far.size() == 1) return {far[0].tau, far[0].error};
  const auto fit =
      fit_logarithms(far, {std::log(far[0].tau)}, [](const Parameters &p, double) { return p[0]; });
  return fit.estimate([](const Parameters &p) { return std::exp(p[0]); });
}

Estimate decay_length(const std::vector<Point> &points, double from, double to)
{
  const auto some = between(points, from, to);
  if (some.size() < 3)
    throw std::runtime_error("fewer than three relaxation times within the range");
  const double start =
      std::log(some.back().tau / some.front().tau) / (some.back().x - some.front().x);
  const auto fit =
      fit_logarithms(some, {std::log(some.front().tau) - start * some.front().x, start},
                     [](const Parameters &p, double d) { return p[0] + p[1] * d; });
  if (!(fit.parameters[1] < 0.0))
    throw std::runtime_error("relaxation times do not fall with distance within the range");
  return fit.estimate([](const Parameters &p) { return -1.0 / p[1]; });
}

std::optional<Estimate> crossing(const std::vector<Point> &a, const std::vector<Point> &b)
{
  struct Difference {
    double d, value, variance;
  };
  std::vector<Difference> differences;
  const std::vector<Point> others = by_distance(b);
  auto q = others.begin();
  for (const Point &p : by_distance(a)) {
    while (q != others.end() && q->x < p.x && !same_place(q->x, p.x)) ++q;
    if (q != others.end() && same_place(q->x, p.x))
      differences.push_back({p.x, std::log(p.tau / q->tau),
                             std::pow(p.error / p.tau, 2) + std::pow(q->error / q->tau, 2)});
  }
  if (differences.size() < 2)
    throw std::runtime_error("the two curves have " + std::to_string(differences.size()) +
                             " distances in common; a crossing needs two at least");
  for (std::size_t i = 1; i < differences.size(); ++i) {
    const Difference &u = differences[i - 1], &v = differences[i];
    if (u.value * v.value > 0.0 || u.value == v.value) continue;
    const double part = u.value / (u.value - v.value), length = v.d - u.d;
    const double error = std::sqrt(std::pow(1.0 - part, 2) * u.variance + part * part * v.variance);
    return Estimate{u.d + part * length, error * length / std::abs(v.value - u.value)};
  }
  return std::nullopt;
}

}    // namespace turing_glass::fit
