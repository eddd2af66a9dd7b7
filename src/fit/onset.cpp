// SPDX-License-Identifier: GPL-2.0-only

#include "onset.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <optional>
#include <random>

namespace turing_glass::fit {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::string shown(double value)
{
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// What bounds a fit: the holds in reduced units, and how narrow a transition they resolve.
struct Data {
  std::vector<Hold> holds;    // T and H are x and h
  ReducedUnits units;
  int degree;
  double narrowest;
  bool known;    // errors

  std::string range() const { return shown(units.T(0.0)) + " to " + shown(units.T(1.0)); }
  double weight(const Hold &hold) const { return known ? 1.0 / hold.error : 1.0; }
};

[[noreturn]] void no_transition(const Data &data, const std::string &why)
{
  throw Refusal("no transition lies within the isothermal holds, " + data.range() + ": " + why);
}

void need(const std::string &what, std::size_t holds, std::size_t at_temperatures,
          const std::vector<Hold> &given)
{
  if (given.size() < holds)
    throw Refusal(what + " need at least " + std::to_string(holds) +
                  " isothermal holds, there are " + std::to_string(given.size()));
  const std::vector<double> T = temperatures(given);
  constexpr double apart = 1e-6;    // relative
  if (T.back() - T.front() <= apart * T.back())
    throw Refusal("all isothermal holds are at " + shown(T[0]));
  if (T.size() < at_temperatures)
    throw Refusal(what + " need isothermal holds at " + std::to_string(at_temperatures) +
                  " temperatures or more, they are at " + std::to_string(T.size()));
}

ReducedUnits units_of(const std::vector<Hold> &holds)
{
  const auto [low, high] = std::minmax_element(
      holds.begin(), holds.end(), [](const Hold &a, const Hold &b) { return a.H < b.H; });
  const std::vector<double> T = temperatures(holds);
  if (low->H == high->H) throw Refusal("the enthalpy is the same in all isothermal holds");
  return {T.front(), T.back() - T.front(), low->H, high->H - low->H};
}

Data data_of(const std::vector<Hold> &holds, int degree)
{
  Data data{holds, units_of(holds), degree, 0.0, true};
  for (Hold &hold : data.holds) {
    hold.T = data.units.x(hold.T);
    hold.H = (hold.H - data.units.H_0) / data.units.H_range;
    hold.error /= data.units.H_range;
    if (hold.error < std::numeric_limits<double>::epsilon()) hold.error = 0.0;
  }
  data.known = errors_known(data.holds);
  data.narrowest = 0.5 / static_cast<double>(temperatures(data.holds).size() - 1);
  return data;
}

Estimate scaled(const Estimate &e, double factor)
{
  return {factor * e.value, std::abs(factor) * e.error};
}

// ---- fits ---------------------------------------------------------------------------------------

/// The best fit for a center and a width: chi^2, and the parameters.
struct Trial {
  Parameters parameters;
  double chi_squared = infinity;
};

Trial best_polynomials(const Data &data, double center, double width)
{
  const int n = static_cast<int>(data.holds.size()), branch = data.degree + 1;
  Eigen::MatrixXd matrix(n, 2 * branch);
  Eigen::VectorXd right(n);
  for (int i = 0; i < n; ++i) {
    const Hold &hold = data.holds[i];
    const double s = Blend::fraction(hold.T, center, width);
    double power = data.weight(hold);
    right[i] = power * hold.H;
    for (int k = 0; k < branch; ++k, power *= hold.T - 0.5) {
      matrix(i, k) = (1.0 - s) * power;
      matrix(i, branch + k) = s * power;
    }
  }
  const Eigen::VectorXd solution = matrix.colPivHouseholderQr().solve(right);
  Parameters p{center, width};
  p.insert(p.end(), solution.data(), solution.data() + 2 * branch);
  return {p, (matrix * solution - right).squaredNorm()};
}

constexpr int centers = 120, widths = 14;    // of the search

int unknowns_of(int degree)
{
  return Blend::POLYNOMIALS + 2 * (degree + 1);
}

/// The best width for each center.
std::vector<Trial> scan(const Data &data)
{
  constexpr double widest = 0.15;
  std::vector<Trial> profile(centers + 1);
  for (int k = 0; k <= centers; ++k)
    for (int j = 0; j < widths; ++j) {
      const double width = data.narrowest * std::pow(widest / data.narrowest, j / (widths - 1.0));
      Trial trial = best_polynomials(data, static_cast<double>(k) / centers, width);
      if (trial.chi_squared < profile[k].chi_squared) profile[k] = std::move(trial);
    }
  return profile;
}

/// A fit of all parameters. A width below `narrowest`, which the distance between holds does not resolve, is fixed there.
struct Refined {
  LeastSquares fit;               // without the width where that is fixed
  std::optional<double> width;    // fixed

  Parameters all(const Parameters &free) const
  {
    Parameters p = free;
    if (width) p.insert(p.begin() + Blend::WIDTH, *width);
    return p;
  }
  Parameters parameters() const { return all(fit.parameters); }
  /// Of a function of the Blend.
  template <class F> Estimate estimate(int degree, F &&f) const
  {
    return fit.estimate([&](const Parameters &free) { return f(Blend(all(free), degree)); });
  }
};

/// Throws std::runtime_error if the data do not determine the parameters.
Refined refine(const Data &data, const Parameters &start)
{
  Refined result;
  const auto residuals = [&](const Parameters &free) {
    const Blend blend(result.all(free), data.degree);
    const double center = blend.center(), width = blend.width();
    const bool holds = center > 0.0 && center < 1.0 && width > 0.0 && width < 1.0;
    std::vector<double> r;
    for (const Hold &hold : data.holds)
      r.push_back(holds ? data.weight(hold) * (blend.h(hold.T) - hold.H) : infinity);
    return r;
  };
  try {
    result.fit = least_squares(residuals, start, data.known);
    if (result.fit.parameters[Blend::WIDTH] >= data.narrowest) return result;
  } catch (const std::runtime_error &) {
    // nothing depends on a width that tends to 0: the fit without it, then
  }
  result.width = data.narrowest;
  Parameters without = start;
  without.erase(without.begin() + Blend::WIDTH);
  result.fit = least_squares(residuals, without, data.known);
  return result;
}

Refined best_fit(const Data &data, const std::vector<Trial> &profile)
{
  const auto lowest =
      std::min_element(profile.begin(), profile.end(), [](const Trial &a, const Trial &b) {
        return a.chi_squared < b.chi_squared;
      });
  try {
    if (std::isfinite(lowest->chi_squared)) return refine(data, lowest->parameters);
  } catch (const std::runtime_error &) {
  }
  no_transition(data, "or several do, for the holds do not determine the fit");
}

// ---- what is refused ----------------------------------------------------------------------------

/// There must be holds on both sides of the transition, and a step in C_p.
void require_transition(const Data &data, const Refined &best)
{
  const Blend blend(best.parameters(), data.degree);
  const auto side = [&](double sign) {
    return std::count_if(data.holds.begin(), data.holds.end(), [&](const Hold &hold) {
      return sign * (hold.T - blend.center()) > 2.0 * blend.width();
    });
  };
  const int fewest = data.degree + 1;
  if (side(-1.0) < fewest || side(1.0) < fewest)
    no_transition(data,
                  "the best fit has its center at " + shown(data.units.T(blend.center())) +
                      " and a width of " + shown(data.units.T_range * blend.width()) +
                      ", and there must be " + std::to_string(fewest) +
                      " holds on either side of it");
  const double center = blend.center();
  const Estimate step = best.estimate(
      data.degree, [=](const Blend &b) { return b.liquid(center) - b.glass(center); });
  constexpr double significant = 3.0;    // standard deviations
  if (!(step.value >= significant * step.error) || step.value <= 0.0)
    no_transition(data,
                  "C_p does not rise by more than " + shown(significant) + " times its error");
}

/// Blocks that depend on each other make errors that are too small. In the transition the glass relaxes, which is
/// physics, so the holds there are left out, and those whose blocks are all equal, which tell nothing of it.
void require_long_holds(const Data &data, const Blend &blend)
{
  double sum = 0.0;
  int count = 0;
  for (const Hold &hold : data.holds) {
    constexpr double reach = 2.0;    // widths
    constexpr int enough = 4;
    if (std::abs(hold.T - blend.center()) < reach * blend.width() || hold.blocks < enough ||
        hold.error == 0.0)
      continue;
    sum += hold.correlation + 1.0 / hold.blocks;    // of independent blocks -1/n
    ++count;
  }
  constexpr double allowed = 0.35;
  if (count > 4 && sum / count > allowed)
    throw Refusal("isothermal holds are too short: each block of a hold depends on the one before "
                  "(correlation " +
                  shown(sum / count) + " on average): make holds and blocks longer");
}

/// No other minimum that the data do not tell from the first: chi^2 within 4 of it, two standard deviations.
void require_unique(const Data &data, const std::vector<Trial> &profile, const Refined &best)
{
  const Blend blend(best.parameters(), data.degree);
  const double spread = best.fit.chi_squared / best.fit.freedom;
  const double noise = data.known ? std::max(1.0, spread) : spread;
  for (auto at = profile.begin() + 1; at + 1 != profile.end(); ++at) {
    if (at->chi_squared > (at - 1)->chi_squared || at->chi_squared > (at + 1)->chi_squared ||
        at->chi_squared > best.fit.chi_squared + 4.0 * noise)
      continue;
    const double other = at->parameters[Blend::CENTER];
    if (std::abs(other - blend.center()) > 2.0 * blend.width() + 2.0 / centers)
      throw Refusal("the fit is not unique: a transition at " + shown(data.units.T(other)) +
                    " fits as well as that at " + shown(data.units.T(blend.center())) +
                    "; make holds longer, or take polynomials of degree 1");
  }
}

// ---- the result ---------------------------------------------------------------------------------

bool within(double x)
{
  return x >= 0.0 && x <= 1.0;
}

/// The error of the onset: its standard deviation over fits to holds drawn with replacement.
void bootstrap(OnsetFit &result, const Data &data, int samples, unsigned seed)
{
  std::mt19937 generator(seed);
  std::uniform_int_distribution<std::size_t> draw(0, data.holds.size() - 1);
  std::vector<double> onsets;
  Data drawn = data;
  for (int sample = 0; sample < samples; ++sample) {
    for (Hold &hold : drawn.holds) hold = data.holds[draw(generator)];
    try {
      const Refined again = refine(drawn, result.parameters);
      const double onset = Blend(again.parameters(), data.degree).onset();
      if (within(onset)) onsets.push_back(onset);
    } catch (const std::runtime_error &) {
      // counted as failed
    }
  }
  const int found = static_cast<int>(onsets.size());
  result.bootstrap = samples;
  result.failed = samples - found;
  if (samples > 0 && found < result.failed)
    throw Refusal("of " + std::to_string(samples) + " resamplings of the isothermal holds " +
                  std::to_string(result.failed) +
                  " do not determine an onset: there are too few holds");
  if (found < 2) return;
  const double mean = std::accumulate(onsets.begin(), onsets.end(), 0.0) / found;
  double squares = 0.0;
  for (const double onset : onsets) squares += (onset - mean) * (onset - mean);
  result.onset.error = data.units.T_range * std::sqrt(squares / (found - 1.0));
}

OnsetFit result_of(const Data &data, const Refined &best)
{
  const ReducedUnits &units = data.units;
  const Blend blend(best.parameters(), data.degree);
  const double onset = blend.onset(), peak = blend.peak();
  if (!within(onset))
    no_transition(data,
                  "the tangent to C_p at its steepest rise meets the baseline of the glass at " +
                      shown(units.T(onset)));
  const auto slope = [&](auto &&f) {
    return scaled(best.estimate(data.degree, f), units.C_p(1.0));
  };
  OnsetFit result;
  result.degree = data.degree;
  result.units = units;
  result.parameters = best.parameters();
  result.chi_squared = best.fit.chi_squared * (data.known ? 1.0 : units.H_range * units.H_range);
  result.freedom = best.fit.freedom;
  result.errors_from_blocks = data.known;
  result.width_resolved = !best.width;
  result.onset.value = units.T(onset);
  result.center =
      scaled(best.estimate(data.degree, [](const Blend &b) { return b.center(); }), units.T_range);
  result.center.value += units.T_0;
  result.width =
      scaled(best.estimate(data.degree, [](const Blend &b) { return b.width(); }), units.T_range);
  result.glass = slope([=](const Blend &b) { return b.glass(onset); });
  result.liquid = slope([=](const Blend &b) { return b.liquid(onset); });
  result.steepest = units.T(blend.steepest());
  result.peak_T = units.T(peak);
  result.peak = units.C_p(blend.slope(peak));
  return result;
}

}    // namespace

Estimate corner(const std::vector<Hold> &given)
{
  need("two straight lines", 6, 5, given);
  const Data data = data_of(given, 1);
  const ReducedUnits &units = data.units;
  const auto model = [](const Parameters &p, double x) {
    return p[1] + (x < p[0] ? p[2] : p[3]) * (x - p[0]);
  };
  const auto residuals = [&](const Parameters &p) {
    std::vector<double> r;
    for (const Hold &hold : data.holds)
      r.push_back(data.weight(hold) * (model(p, hold.T) - hold.H));
    return r;
  };
  // from each temperature in turn that has two others on either side
  LeastSquares best;
  best.chi_squared = infinity;
  const double first = data.holds.front().H, slope = data.holds.back().H - first;
  const std::vector<double> x = temperatures(data.holds);
  for (std::size_t k = 2; k + 2 < x.size(); ++k) {
    try {
      const auto fit =
          least_squares(residuals, {x[k], first + slope * x[k], slope, slope}, data.known);
      if (fit.chi_squared < best.chi_squared) best = fit;
    } catch (const std::runtime_error &) {
      // it left the holds, where nothing depends on it
    }
  }
  if (best.parameters.empty())
    throw Refusal("two straight lines meet nowhere within the isothermal holds");
  Estimate lines = scaled(best.estimate([](const Parameters &p) { return p[0]; }), units.T_range);
  lines.value += units.T_0;
  return lines;
}

double OnsetFit::H(double T) const
{
  return units.H(Blend(parameters, degree).h(units.x(T)));
}

double OnsetFit::baseline(double T) const
{
  return units.C_p(Blend(parameters, degree).glass(units.x(T)));
}

double OnsetFit::C_p(double T) const
{
  return units.C_p(Blend(parameters, degree).slope(units.x(T)));
}

int significant_degree(const std::vector<Hold> &given)
{
  const auto fewest = static_cast<std::size_t>(unknowns_of(2));
  if (given.size() < fewest + 3 || temperatures(given).size() < fewest) return 1;
  const auto fit = [&](int degree) {
    const Data data = data_of(given, degree);
    return best_fit(data, scan(data)).fit;
  };
  double straight = infinity;
  try {
    straight = fit(1).chi_squared;
  } catch (const Refusal &) {
    // degree 2 may fit nevertheless
  }
  try {
    const LeastSquares curved = fit(2);
    constexpr double level = 0.01;
    return std::pow(curved.chi_squared / straight, 0.5 * curved.freedom) < level ? 2 : 1;
  } catch (const Refusal &) {
    return 1;
  }
}

OnsetFit fit_onset(const std::vector<Hold> &given, int degree, int samples, unsigned seed)
{
  need("polynomials of degree " + std::to_string(degree), unknowns_of(degree) + 3,
       unknowns_of(degree), given);
  const Data data = data_of(given, degree);
  const std::vector<Trial> profile = scan(data);
  const Refined best = best_fit(data, profile);
  require_transition(data, best);
  require_long_holds(data, Blend(best.parameters(), degree));
  require_unique(data, profile, best);
  OnsetFit result = result_of(data, best);
  result.lines = corner(given);
  bootstrap(result, data, samples, seed);
  return result;
}

}    // namespace turing_glass::fit
