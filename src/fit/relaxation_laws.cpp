#include "relaxation_laws.h"

#include "io/line_reader.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace turing_glass::fit {

namespace {

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
  if (best.empty())
    throw std::runtime_error("relaxation times do not grow as the temperature falls");
  return best;
}

std::vector<Point> between(const std::vector<Point> &points, double from, double to)
{
  std::vector<Point> some;
  std::copy_if(points.begin(), points.end(), std::back_inserter(some),
               [&](const Point &p) { return p.x >= from && p.x <= to; });
  return some;
}

}    // namespace

std::vector<Point> read_points(const std::string &path, const std::string &marker)
{
  std::vector<Point> points;
  try {
    io::LineReader reader(path);
    std::string_view line;
    while (reader.next(line)) {
      if (line.substr(0, marker.size()) == marker) points.clear();    // of other blocks
      if (line.empty() || line[0] == '#') continue;
      std::istringstream words{std::string(line)};
      Point p{};
      if (!(words >> p.x >> p.tau))
        throw std::runtime_error(path + ", line " + std::to_string(reader.line()) +
                                 ": two numbers or three are needed, not " + in_quotes(line));
      if (!(words >> p.error)) p.error = 0.0;
      if (p.tau > 0.0) points.push_back(p);
    }
  } catch (const io::LineError &e) {
    throw std::runtime_error(path + ": " + e.what());
  }
  return points;
}

VftLaw fit_vft(const std::vector<Point> &points, double tau_g)
{
  if (points.size() < 4)
    throw std::runtime_error("the fit needs relaxation times at four temperatures or more");
  const double coldest =
      std::min_element(points.begin(), points.end(), [](const Point &a, const Point &b) {
        return a.x < b.x;
      })->x;
  if (coldest <= 0.0) throw std::runtime_error("temperatures must be above 0");
  const auto fit =
      fit_logarithms(points, vft_start(points, coldest), [coldest](const Parameters &p, double t) {
        return p[2] < coldest ? p[0] + p[1] * p[2] / (t - p[2])
                              : std::numeric_limits<double>::infinity();
      });
  const auto tg = [tau_g](const Parameters &p) {
    return p[2] + p[1] * p[2] / (std::log(tau_g) - p[0]);
  };
  VftLaw law;
  law.tau0 = fit.estimate([](const Parameters &p) { return std::exp(p[0]); });
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
  return fit.estimate([](const Parameters &p) { return -1.0 / p[1]; });
}

std::optional<Estimate> crossing(const std::vector<Point> &a, const std::vector<Point> &b)
{
  struct Difference {
    double d, value, variance;
  };
  std::vector<Difference> differences;
  for (const Point &p : a)
    for (const Point &q : b)
      if (std::abs(p.x - q.x) < 1e-6 * (std::abs(p.x) + std::abs(q.x)))
        differences.push_back({p.x, std::log(p.tau / q.tau),
                               std::pow(p.error / p.tau, 2) + std::pow(q.error / q.tau, 2)});
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
