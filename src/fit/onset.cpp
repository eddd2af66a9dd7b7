#include "onset.h"

#include "io/line_reader.h"
#include "text.h"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <random>
#include <sstream>
#include <stdexcept>

namespace turing_glass::fit {

namespace {

enum : int { CENTER, WIDTH, POLYNOMIALS };
constexpr double unit = 1000.0;    // K, of the argument of the polynomials

/// The blend and its first two derivatives by T.
class Blend {
 public:
  Blend(const Parameters &p, int degree, double middle) : p_(p), degree_(degree), middle_(middle) {}

  double center() const { return p_[CENTER]; }
  double width() const { return p_[WIDTH]; }
  double H(double T) const
  {
    const double s = fraction(T);
    return (1.0 - s) * branch(0, T, 0) + s * branch(1, T, 0);
  }
  double C_p(double T) const
  {
    const double s = fraction(T), ds = s * (1.0 - s) / width();
    return glass(T) + s * (liquid(T) - glass(T)) + ds * (branch(1, T, 0) - branch(0, T, 0));
  }
  double rise(double T) const
  {
    const double s = fraction(T), ds = s * (1.0 - s) / width(),
                 dds = ds * (1.0 - 2.0 * s) / width();
    return (1.0 - s) * branch(0, T, 2) + s * branch(1, T, 2) + 2.0 * ds * (liquid(T) - glass(T)) +
        dds * (branch(1, T, 0) - branch(0, T, 0));
  }
  double glass(double T) const { return branch(0, T, 1); }
  double liquid(double T) const { return branch(1, T, 1); }

  /// Where f is largest near the centre: on a grid, then between its points.
  template <class F> double largest(F &&f) const
  {
    constexpr int points = 400;
    constexpr double reach = 5.0;    // widths
    const double step = 2.0 * reach * width() / points;
    double best = center() - reach * width();
    for (int k = 1; k <= points; ++k) {
      const double T = center() - reach * width() + k * step;
      if (f(T) > f(best)) best = T;
    }
    const double left = f(best - step), here = f(best), right = f(best + step);
    const double bend = left - 2.0 * here + right;
    return bend < 0.0 ? best + 0.5 * step * (left - right) / bend : best;
  }

  double steepest() const
  {
    return largest([this](double T) { return rise(T); });
  }
  /// The tangent at the steepest rise meets the baseline of the glass.
  double onset() const
  {
    const double T = steepest();
    return T - (C_p(T) - glass(T)) / (rise(T) - branch(0, T, 2));
  }

 private:
  double fraction(double T) const { return 1.0 / (1.0 + std::exp(-(T - center()) / width())); }
  /// Derivative of the polynomial of the glass (0) or liquid (1).
  double branch(int which, double T, int derivative) const
  {
    const double *c = p_.data() + POLYNOMIALS + which * (degree_ + 1);
    const double x = (T - middle_) / unit;
    double sum = 0.0;
    for (int k = degree_; k >= derivative; --k) {
      double factor = c[k];
      for (int j = 0; j < derivative; ++j) factor *= (k - j) / unit;
      sum = sum * x + factor;
    }
    return sum;
  }

  const Parameters &p_;
  int degree_;
  double middle_;
};

bool errors_known(const std::vector<Stay> &stays)
{
  return std::all_of(stays.begin(), stays.end(), [](const Stay &s) { return s.error > 0.0; });
}

/// The polynomials that fit best for a centre and a width, and their chi^2.
std::pair<Parameters, double> best_polynomials(const std::vector<Stay> &stays, int degree,
                                               double middle, double center, double width)
{
  const bool known = errors_known(stays);
  const int n = static_cast<int>(stays.size()), columns = 2 * (degree + 1);
  Eigen::MatrixXd matrix(n, columns);
  Eigen::VectorXd right(n);
  for (int i = 0; i < n; ++i) {
    const double weight = known ? 1.0 / stays[i].error : 1.0;
    const double s = 1.0 / (1.0 + std::exp(-(stays[i].T - center) / width));
    double power = weight;
    for (int k = 0; k <= degree; ++k, power *= (stays[i].T - middle) / unit) {
      matrix(i, k) = (1.0 - s) * power;
      matrix(i, degree + 1 + k) = s * power;
    }
    right[i] = weight * stays[i].H;
  }
  const Eigen::VectorXd solution = matrix.colPivHouseholderQr().solve(right);
  Parameters p{center, width};
  p.insert(p.end(), solution.data(), solution.data() + columns);
  return {p, (matrix * solution - right).squaredNorm()};
}

/// The fit from `start` on. A width below `narrowest`, which the distance between stays does not resolve, stays there.
struct Refined {
  LeastSquares fit;               // without the width where that is fixed
  std::optional<double> width;    // fixed

  Parameters all(const Parameters &free) const
  {
    Parameters p = free;
    if (width) p.insert(p.begin() + WIDTH, *width);
    return p;
  }
  /// Of a function of all parameters.
  template <class F> Estimate estimate(F &&f) const
  {
    return fit.estimate([&](const Parameters &free) { return f(all(free)); });
  }
};

/// What bounds a fit: the range of the stays, and how narrow a transition they resolve.
struct Frame {
  int degree;
  double low, high, narrowest;

  double middle() const { return 0.5 * (low + high); }
  bool holds(const Parameters &p) const
  {
    return p[CENTER] > low && p[CENTER] < high && p[WIDTH] > 0.0 && p[WIDTH] < high - low;
  }
};

Refined refined(const std::vector<Stay> &stays, const Frame &frame, const Parameters &start)
{
  const bool known = errors_known(stays);
  Refined result;
  const auto residuals = [&](const Parameters &free) {
    const Parameters p = result.all(free);
    const Blend blend(p, frame.degree, frame.middle());
    std::vector<double> r;
    for (const Stay &stay : stays)
      r.push_back(frame.holds(p) ? (blend.H(stay.T) - stay.H) / (known ? stay.error : 1.0)
                                 : std::numeric_limits<double>::infinity());
    return r;
  };
  try {
    result.fit = least_squares(residuals, start, known);
    if (result.fit.parameters[WIDTH] >= frame.narrowest) return result;
  } catch (const std::runtime_error &) {
    // of a width that tends to 0 nothing depends any more: without it, then
  }
  result.width = frame.narrowest;
  Parameters without = start;
  without.erase(without.begin() + WIDTH);
  result.fit = least_squares(residuals, without, known);
  return result;
}

/// The temperatures of the stays, each once, in order: several samples have stays at the same ones.
std::vector<double> temperatures(const std::vector<Stay> &stays)
{
  std::vector<double> T;
  for (const Stay &stay : stays) T.push_back(stay.T);
  std::sort(T.begin(), T.end());
  T.erase(std::unique(T.begin(), T.end()), T.end());
  return T;
}

std::string kelvin(double T)
{
  return std::to_string(std::lround(T)) + " K";
}

void need(const std::string &what, int fewest, const std::vector<Stay> &stays)
{
  if (static_cast<int>(stays.size()) < fewest)
    throw std::runtime_error(what + " need " + std::to_string(fewest) +
                             " stays at least, there are " + std::to_string(stays.size()));
  const auto other = [&](const Stay &s) { return s.T != stays.front().T; };
  if (std::none_of(stays.begin(), stays.end(), other))
    throw std::runtime_error("all stays are at " + kelvin(stays.front().T));
}

/// Blocks that depend on each other make errors that are too small; in the transition the glass relaxes, which is
/// physics, so stays there are left out.
void check_blocks(const std::vector<Stay> &stays, const Blend &blend)
{
  double sum = 0.0;
  int count = 0;
  for (const Stay &stay : stays) {
    constexpr double reach = 2.0;    // widths
    constexpr int enough = 4;
    if (std::abs(stay.T - blend.center()) < reach * blend.width() || stay.blocks < enough) continue;
    sum += stay.correlation + 1.0 / stay.blocks;    // of independent blocks -1/n
    ++count;
  }
  constexpr double allowed = 0.35;
  if (count > 4 && sum / count > allowed)
    throw std::runtime_error(
        "stays are too short: each block of a stay depends on the one before (correlation " +
        std::to_string(sum / count) + " on average): make stays and blocks longer");
}

}    // namespace

std::vector<Stay> read_stays(const std::string &path)
{
  std::vector<std::pair<double, std::vector<double>>> blocks;
  try {
    io::LineReader reader(path);
    std::string_view line;
    while (reader.next(line)) {
      if (line.empty() || line[0] == '#') continue;
      std::istringstream words{std::string(line)};
      double step = 0.0, T = 0.0, H = 0.0;
      if (!(words >> step >> T >> H) || !std::isfinite(T) || !std::isfinite(H))
        throw std::runtime_error(path + ", line " + std::to_string(reader.line()) +
                                 ": step, temperature and enthalpy are needed, not " +
                                 in_quotes(line));
      if (blocks.empty() || blocks.back().first != T) blocks.push_back({T, {}});
      blocks.back().second.push_back(H);
    }
  } catch (const io::LineError &e) {
    throw std::runtime_error(path + ": " + e.what());
  }
  std::vector<Stay> stays;
  for (const auto &[T, values] : blocks) {
    const auto n = static_cast<double>(values.size());
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
    double squares = 0.0, products = 0.0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      squares += (values[k] - mean) * (values[k] - mean);
      if (k > 0) products += (values[k] - mean) * (values[k - 1] - mean);
    }
    stays.push_back({T, mean, n > 1.0 ? std::sqrt(squares / (n * (n - 1.0))) : 0.0,
                     static_cast<int>(values.size()), squares > 0.0 ? products / squares : 0.0});
  }
  std::stable_sort(stays.begin(), stays.end(),
                   [](const Stay &a, const Stay &b) { return a.T < b.T; });
  return stays;
}

std::vector<Stay> average(const std::vector<std::vector<Stay>> &samples)
{
  std::vector<Stay> mean = samples.at(0);
  const auto n = static_cast<double>(samples.size());
  for (std::size_t k = 0; k < mean.size(); ++k) {
    double H = 0.0, squares = 0.0, correlation = 0.0;
    bool told = true;
    for (const std::vector<Stay> &sample : samples) {
      if (sample.size() != mean.size() || sample[k].T != mean[k].T)
        throw std::runtime_error(
            "the samples have stays at other temperatures: only such with the same ones can be averaged");
      const Stay &stay = sample[k];
      H += stay.H / n;
      squares += stay.error * stay.error / (n * n);
      correlation += stay.correlation / n;
      told = told && stay.error > 0.0;
      mean[k].blocks = std::min(mean[k].blocks, stay.blocks);
    }
    mean[k].H = H;
    mean[k].error = told ? std::sqrt(squares) : 0.0;
    mean[k].correlation = correlation;
  }
  return mean;
}

Estimate corner(const std::vector<Stay> &stays)
{
  need("two straight lines", 6, stays);
  if (temperatures(stays).size() < 5)
    throw std::runtime_error("two straight lines need stays at five temperatures at least");
  const bool known = errors_known(stays);
  const auto model = [](const Parameters &p, double T) {
    return p[1] + (T < p[0] ? p[2] : p[3]) * (T - p[0]);
  };
  const auto residuals = [&](const Parameters &p) {
    std::vector<double> r;
    for (const Stay &stay : stays)
      r.push_back((model(p, stay.T) - stay.H) / (known ? stay.error : 1.0));
    return r;
  };
  // from each temperature in turn that has two others on either side
  LeastSquares best;
  best.chi_squared = std::numeric_limits<double>::infinity();
  const double slope = (stays.back().H - stays.front().H) / (stays.back().T - stays.front().T);
  const std::vector<double> T = temperatures(stays);
  for (std::size_t k = 2; k + 2 < T.size(); ++k) {
    const double H = stays.front().H + slope * (T[k] - stays.front().T);
    try {
      const auto fit = least_squares(residuals, {T[k], H, slope, slope}, known);
      if (fit.chi_squared < best.chi_squared) best = fit;
    } catch (const std::runtime_error &) {
      // it left the stays, where nothing depends on it
    }
  }
  if (best.parameters.empty())
    throw std::runtime_error("two straight lines meet nowhere within the stays");
  return best.estimate([](const Parameters &p) { return p[0]; });
}

double OnsetFit::H(double T) const
{
  return Blend(parameters, degree, middle).H(T);
}

double OnsetFit::baseline(double T) const
{
  return Blend(parameters, degree, middle).glass(T);
}

double OnsetFit::C_p(double T) const
{
  return Blend(parameters, degree, middle).C_p(T);
}

OnsetFit fit_onset(const std::vector<Stay> &stays, int degree, int samples, unsigned seed)
{
  const int branch = degree + 1, unknowns = POLYNOMIALS + 2 * branch;
  need("polynomials of degree " + std::to_string(degree), unknowns + 3, stays);
  const std::vector<double> T = temperatures(stays);
  const double low = T.front(), high = T.back(), range = high - low;
  OnsetFit result;
  result.degree = degree;

  // chi^2 along the centre, of the best width for each
  constexpr int centers = 120, widths = 14;
  const Frame frame{degree, low, high, 0.5 * range / static_cast<double>(T.size() - 1)};
  result.middle = frame.middle();
  const double widest = 0.15 * range;
  std::vector<std::pair<Parameters, double>> profile;
  for (int k = 0; k <= centers; ++k) {
    std::pair<Parameters, double> here{{}, std::numeric_limits<double>::infinity()};
    for (int j = 0; j < widths; ++j) {
      const double width = frame.narrowest * std::pow(widest / frame.narrowest, j / (widths - 1.0));
      auto trial = best_polynomials(stays, degree, result.middle, low + range * k / centers, width);
      if (trial.second < here.second) here = std::move(trial);
    }
    profile.push_back(std::move(here));
  }
  const auto lowest = std::min_element(profile.begin(), profile.end(),
                                       [](auto &a, auto &b) { return a.second < b.second; });
  const Refined best = [&] {
    try {
      return refined(stays, frame, lowest->first);
    } catch (const std::runtime_error &) {
      throw std::runtime_error("no transition lies within the stays, " + kelvin(low) + " to " +
                               kelvin(high) + ", or several: they do not determine the fit");
    }
  }();
  const Parameters p = result.parameters = best.all(best.fit.parameters);
  result.chi_squared = best.fit.chi_squared;
  result.freedom = best.fit.freedom;
  result.width_resolved = !best.width;
  const Blend blend(p, degree, result.middle);
  const auto side = [&](double sign) {
    return std::count_if(stays.begin(), stays.end(), [&](const Stay &s) {
      return sign * (s.T - blend.center()) > 2.0 * blend.width();
    });
  };
  if (side(-1.0) < branch || side(1.0) < branch)
    throw std::runtime_error("no transition lies within the stays, " + kelvin(low) + " to " +
                             kelvin(high) + ": the best fit has its centre at " +
                             kelvin(blend.center()) + " and a width of " + kelvin(blend.width()) +
                             ", and there must be " + std::to_string(branch) +
                             " stays on either side of it");
  result.center = best.estimate([](const Parameters &q) { return q[CENTER]; });
  result.width = best.estimate([](const Parameters &q) { return q[WIDTH]; });
  const double center = blend.center();
  const Estimate step = best.estimate([&](const Parameters &q) {
    const Blend b(q, degree, result.middle);
    return b.liquid(center) - b.glass(center);
  });
  constexpr double significant = 3.0;    // standard deviations
  if (step.value < significant * step.error)
    throw std::runtime_error("no transition lies within the stays, " + kelvin(low) + " to " +
                             kelvin(high) + ": C_p does not rise by more than its error");
  check_blocks(stays, blend);

  // another minimum that the data do not tell from the first: chi^2 within 4 of it, two standard deviations
  const double spread = result.chi_squared / result.freedom;
  const double noise = errors_known(stays) ? std::max(1.0, spread) : spread;
  for (auto at = profile.begin() + 1; at + 1 != profile.end(); ++at) {
    if (at->second > (at - 1)->second || at->second > (at + 1)->second ||
        at->second > result.chi_squared + 4.0 * noise)
      continue;
    const double other = at->first[CENTER];
    if (std::abs(other - center) > 2.0 * blend.width() + 2.0 * range / centers)
      throw std::runtime_error("the fit is not unique: a transition at " + kelvin(other) +
                               " fits as well as that at " + kelvin(center) +
                               "; take longer stays, or polynomials of degree 1");
  }

  result.onset.value = blend.onset();
  result.steepest = blend.steepest();
  result.peak_T = blend.largest([&](double T) { return blend.C_p(T); });
  result.peak = blend.C_p(result.peak_T);
  const double onset = result.onset.value;
  result.glass = best.estimate(
      [&](const Parameters &q) { return Blend(q, degree, result.middle).glass(onset); });
  result.liquid = best.estimate(
      [&](const Parameters &q) { return Blend(q, degree, result.middle).liquid(onset); });
  result.lines = corner(stays);

  std::mt19937 generator(seed);
  std::uniform_int_distribution<std::size_t> draw(0, stays.size() - 1);
  std::vector<double> onsets;
  result.bootstrap = samples;
  for (int sample = 0; sample < samples; ++sample) {
    std::vector<Stay> drawn;
    for (std::size_t k = 0; k < stays.size(); ++k) drawn.push_back(stays[draw(generator)]);
    try {
      const Refined again = refined(drawn, frame, p);
      const Parameters q = again.all(again.fit.parameters);
      const double value = Blend(q, degree, result.middle).onset();
      if (!(value > low && value < high)) throw std::runtime_error("outside");
      onsets.push_back(value);
    } catch (const std::runtime_error &) {
      ++result.failed;    // samples that do not determine it are told, not left out in silence
    }
  }
  if (samples > 0 && 2 * result.failed > samples)
    throw std::runtime_error("of " + std::to_string(samples) + " samples of the stays " +
                             std::to_string(result.failed) +
                             " do not determine an onset: there are too few stays");
  if (onsets.size() > 1) {
    const double n = static_cast<double>(onsets.size());
    const double mean = std::accumulate(onsets.begin(), onsets.end(), 0.0) / n;
    double squares = 0.0;
    for (const double value : onsets) squares += (value - mean) * (value - mean);
    result.onset.error = std::sqrt(squares / (n - 1.0));
  }
  return result;
}

}    // namespace turing_glass::fit
