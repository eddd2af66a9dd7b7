// SPDX-License-Identifier: GPL-2.0-only

// Distances to oxygen, time origins, and what is measured from them.

#include "geometry/nearest_point.h"
#include "scattering/cell_jumps.h"
#include "scattering/grid_amplitudes.h"
#include "scattering/relaxation.h"
#include "scattering/structure_factor.h"
#include "scattering/time_origins.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

using namespace turing_glass::scattering;
using turing_glass::geometry::NearestPoint;

namespace {

/// All pairs; over so many images along the second and third axis that none farther is near, and the best along the first.
double nearest_by_comparison(const Cell &cell, const std::vector<Vector> &points, const Vector &s)
{
  const auto images = [&](int k) {
    const double longest = *std::max_element(cell.lengths.begin(), cell.lengths.end());
    return cell.periodic[k] ? static_cast<int>(std::ceil(longest / cell.lengths[k])) + 3 : 0;
  };
  const int ys = images(1), zs = images(2);
  double best = 1e300;
  for (const Vector &p : points)
    for (int y = -ys; y <= ys; ++y)
      for (int z = -zs; z <= zs; ++z) {
        Vector d = cell.difference({p[0] - s[0], p[1] - s[1] + y, p[2] - s[2] + z});
        if (cell.periodic[0]) d[0] -= std::round(d[0] / cell.lengths[0]) * cell.lengths[0];
        best = std::min(best, d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
      }
  return std::sqrt(best);
}

}    // namespace

TEST(NearestPoint, AgainstAllImages)
{
  std::mt19937 random(3);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const Cell cells[] = {
      {{}, {20.0, 18.0, 22.0}, 0.0, 0.0, 0.0, {true, true, true}},
      {{}, {20.0, 18.0, 22.0}, 8.0, 9.0, -7.0, {true, true, true}},
      {{}, {20.0, 18.0, 22.0}, 28.0, -49.0, 33.0, {true, true, true}},    // tilt large
      {{}, {60.0, 60.0, 5.0}, 0.0, 0.0, 0.0, {true, true, true}},
      {{}, {5.0, 5.0, 90.0}, 2.0, -2.5, 1.0, {true, true, true}},
      {{}, {90.0, 4.0, 5.0}, 1.0, 2.0, 2.5, {true, true, true}},
      {{}, {100.0, 100.0, 1.0}, 0.0, 33.0, 0.0, {true, true, true}},
      {{}, {50.0, 50.0, 2.0}, 25.0, 16.3, -21.0, {true, true, true}},
      {{}, {50.0, 2.0, 40.0}, 17.0, 0.0, 0.0, {true, true, false}},
      {{}, {20.0, 18.0, 22.0}, 5.0, 0.0, 4.0, {true, false, true}},
      {{}, {20.0, 3.0, 22.0}, 0.0, 9.0, 0.0, {false, true, true}},
      {{}, {20.0, 18.0, 22.0}, 0.0, 0.0, 0.0, {false, false, false}}};
  for (const Cell &cell : cells)
    for (const int count : {1, 2, 30, 200})
      for (const double spread : {1.0, 0.1, 0.0}) {    // all over the cell, in a corner, on a plane
        std::vector<Vector> points(count);
        for (Vector &p : points)
          p = {uniform(random) * std::max(spread, 0.2), uniform(random), uniform(random) * spread};
        const NearestPoint nearest(cell, points);
        for (int i = 0; i < 40; ++i) {
          const Vector s = {1.2 * uniform(random) - 0.1, 1.2 * uniform(random) - 0.1,
                            1.2 * uniform(random) - 0.1};
          ASSERT_NEAR(nearest.distance(s), nearest_by_comparison(cell, points, s), 1e-9)
              << cell.lengths[0] << " " << cell.lengths[1] << " " << cell.lengths[2];
        }
        ASSERT_NEAR(nearest.distance(points[count / 2]), 0.0, 1e-9);
      }
}

/// Of random lattices, the shapes of which are anything.
TEST(NearestPoint, RandomCells)
{
  std::mt19937 random(8);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  const auto length = [&] { return std::pow(10.0, 1.5 * uniform(random)); };
  for (int k = 0; k < 3000; ++k) {
    Cell cell{{}, {length(), length(), length()}, 0.0, 0.0, 0.0, {true, true, true}};
    cell.xy = (uniform(random) - 0.5) * cell.lengths[0];
    cell.xz = (uniform(random) - 0.5) * cell.lengths[0];
    cell.yz = (uniform(random) - 0.5) * cell.lengths[1];
    const Vector point = {uniform(random), uniform(random), uniform(random)},
                 place = {uniform(random), uniform(random), uniform(random)};
    ASSERT_NEAR(NearestPoint(cell, {point}).distance(place),
                nearest_by_comparison(cell, {point}, place), 1e-9);
  }
}

/// One oxygen atom in a wire, and a cluster of them in the corner of a large plate: no more work for an atom than in a
/// cube. Searching shells of cubes took minutes.
TEST(NearestPoint, LongThinCells)
{
  const Cell wire{{}, {10.0, 10.0, 9900.0}, 0.0, 0.0, 0.0, {true, true, true}};
  const NearestPoint one(wire, {{0.0, 0.0, 0.25}});
  for (int i = 0; i < 54000; ++i) {
    const double z = i / 54000.0, d = 9900.0 * std::abs(z - 0.25 - std::round(z - 0.25));
    ASSERT_NEAR(one.distance({0.4, 0.0, z}), std::hypot(4.0, d), 1e-8);
  }
  const Cell plate{{}, {5000.0, 5000.0, 3.0}, 0.0, 0.0, 0.0, {true, true, true}};
  std::mt19937 random(2);
  std::uniform_real_distribution<double> uniform(0.0, 1e-4);
  std::vector<Vector> cluster(20000);
  for (Vector &p : cluster) p = {uniform(random), uniform(random), 0.0};
  const NearestPoint many(plate, cluster);
  for (int i = 0; i < 20000; ++i)
    ASSERT_NEAR(many.distance({0.5, 0.5, 0.5}), std::hypot(2500.0, 2500.0, 1.5), 1.0);
}

TEST(NearestPoint, RefusesWhatIsNowhere)
{
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = 1.0 / 0.0;
  const Cell cell{{}, {10.0, 10.0, 10.0}, 0.0, 0.0, 0.0, {true, true, true}};
  EXPECT_THROW(NearestPoint(cell, {}), std::runtime_error);
  for (const double value : {nan, infinite, -infinite}) {
    EXPECT_THROW(NearestPoint(cell, {{0.1, 0.2, 0.3}, {0.5, value, 0.5}}), std::runtime_error);
    Cell tilted = cell;
    tilted.xz = value;
    EXPECT_THROW(NearestPoint(tilted, {{0.1, 0.2, 0.3}}), std::runtime_error);
  }
  for (const double length : {0.0, -1.0, nan}) {
    Cell flat = cell;
    flat.lengths[1] = length;
    EXPECT_THROW(NearestPoint(flat, {{0.1, 0.2, 0.3}}), std::runtime_error);
  }
  const NearestPoint nearest(cell, {{0.1, 0.2, 0.3}});
  EXPECT_FALSE(std::isfinite(nearest.distance({0.1, nan, 0.3})));
}

TEST(NearestPoint, OtherImagesOfPointsAndPlaces)
{
  const NearestPoint nearest({{}, {10.0, 10.0, 10.0}, 0.0, 0.0, 0.0}, {{{3.05, -2.0, 7.5}}});
  EXPECT_NEAR(nearest.distance({-7.95, 1.0, 0.7}), 2.0, 1e-12);    // 10 (0, 0, 0.2)
}

TEST(TimeOrigins, LagsAreLogarithmic)
{
  EXPECT_EQ(log_lags(100, 5), (std::vector<Count>{1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100}));
  EXPECT_EQ(log_lags(1, 10), std::vector<Count>{1});
  EXPECT_EQ(log_lags(45, 1), (std::vector<Count>{1, 10, 45}));
}

TEST(TimeOrigins, EachOriginIsSeenOnceAtEachLag)
{
  for (const int slots : {1, 3, 7, 50}) {
    TimeOrigins origins(log_lags(40, 6), slots);
    std::vector<Count> start(slots, -1);
    std::map<Count, std::vector<Count>> seen;    // lags of the origin that began at the key
    Count begun = 0;
    origins.begin(5);
    for (Count sample = 5; sample <= 500; ++sample) {
      EXPECT_EQ(sample > 5 && origins.interrupted(sample), false);
      for (const auto &event : origins.due(sample)) {
        const Count lag = origins.lags()[event.lag];
        EXPECT_EQ(start[event.slot], sample - lag);
        seen[start[event.slot]].push_back(lag);
      }
      if (const int slot = origins.opens(sample); slot >= 0) {
        start[slot] = sample;
        ++begun;
      }
      origins.done(sample);
    }
    EXPECT_EQ(begun, 495 / origins.spacing() + 1);
    for (const auto &[first, lags] : seen) {
      if (first > 460) continue;    // not at its end
      EXPECT_EQ(lags, origins.lags()) << first;
    }
    EXPECT_TRUE(origins.interrupted(502));
    EXPECT_TRUE(origins.interrupted(500));
    TimeOrigins copy(log_lags(40, 6), slots);
    copy.set_state(origins.state());
    EXPECT_FALSE(copy.interrupted(501));
    EXPECT_EQ(copy.opens(501), origins.opens(501));
  }
}

/// Walks that are unwrapped never look like jumps, whatever their steps; those that are wrapped do before they have
/// crossed the cell a few times.
TEST(CellJumps, WrappedAndUnwrappedWalks)
{
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::normal_distribution<double> normal;
  const auto found_after = [&](int atoms, double step, double mobile, bool wrapped) {
    std::vector<double> place(3 * atoms), before(3 * atoms), site;
    for (double &s : place) s = uniform(random);
    before = site = place;
    CellJumps jumps;
    for (int sample = 1; sample <= 100; ++sample) {
      CellJumps::Counts counts{};
      for (int i = 0; i < 3 * atoms; ++i) {
        if (i < 3 * mobile * atoms)
          place[i] += step * normal(random);
        else
          place[i] = site[i] + 0.003 * normal(random);    // in a cage
        const double now = wrapped ? place[i] - std::floor(place[i]) : place[i];
        CellJumps::count(before[i], now, counts);
        before[i] = now;
      }
      jumps.add(counts);
      if (jumps.found()) return sample;
    }
    return 0;
  };
  for (const int atoms : {32, 128, 1000})
    for (const double step : {0.003, 0.03, 0.1, 0.15, 0.2, 0.3, 1.0})
      for (int k = 0; k < 1000 / atoms; ++k) {
        ASSERT_EQ(found_after(atoms, step, 1.0, false), 0) << atoms << " " << step;
        if (step <= 0.3 && atoms > 32) {
          ASSERT_EQ(found_after(atoms, step, 0.05, false), 0) << step;
        }
        const int wrapped = found_after(atoms, step, 1.0, true);
        // 2.4 N s crossings in each sample of N atoms and steps s
        if (atoms * step > 1.0) {
          ASSERT_GT(wrapped, 0) << atoms << " " << step;
          ASSERT_LE(wrapped, 10) << atoms << " " << step;
        }
      }
}

TEST(Relaxation, OneDistance)
{
  Relaxation r(1, 1, {0.5, 2.71}, 1);
  std::vector<double> sums(r.sums(), 0.0);
  r.add_atom(r.bin(1, 1), 1.7 * 1.7, sums.data());
  r.add_origin(0, sums.data());
  for (int slice = 0; slice <= 1; ++slice) {
    EXPECT_NEAR(r.f(0, slice, 0, 0).mean, std::sin(0.85) / 0.85, 1e-15);
    EXPECT_NEAR(r.f(0, slice, 0, 1).mean, std::sin(2.71 * 1.7) / (2.71 * 1.7), 1e-15);
    EXPECT_NEAR(r.msd(0, slice, 0).mean, 2.89, 1e-15);
    EXPECT_NEAR(r.alpha_2(0, slice, 0), -0.4, 1e-15);    // <r^4> = <r^2>^2
  }
}

TEST(Relaxation, SeriesOfTheSineMeetsIt)
{
  Relaxation r(1, 0, {1.0}, 1);
  for (const double x : {0.0, 0.0009999, 0.0010001}) {
    std::vector<double> sums(r.sums(), 0.0);
    r.add_atom(0, x * x, sums.data());
    EXPECT_NEAR(sums[3], 1.0 - x * x / 6.0, 1e-13);
  }
}

/// F = exp(-q^2 s^2 / 2), MSD = 3 s^2, alpha_2 = 0 of Gaussian displacements with the variance s^2 along each axis;
/// alpha_2 = -2/7 of displacements that fill a ball.
TEST(Relaxation, GaussianDisplacementsAndABall)
{
  std::mt19937 random(9);
  std::normal_distribution<double> normal(0.0, 0.4);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  Relaxation r(2, 1, {2.71}, 1);
  for (int origin = 0; origin < 40; ++origin) {
    std::vector<double> sums(r.sums(), 0.0);
    for (int i = 0; i < 2000; ++i) {
      r.add_atom(r.bin(1, 1),
                 std::pow(normal(random), 2) + std::pow(normal(random), 2) +
                     std::pow(normal(random), 2),
                 sums.data());
      r.add_atom(r.bin(2, 2), std::pow(uniform(random), 2.0 / 3.0), sums.data());
    }
    r.add_origin(0, sums.data());
  }
  const Value f = r.f(1, 1, 0, 0), msd = r.msd(1, 1, 0);
  EXPECT_NEAR(f.mean, std::exp(-0.5 * 2.71 * 2.71 * 0.16), 4.0 * f.error);
  EXPECT_NEAR(msd.mean, 0.48, 4.0 * msd.error);
  // the variance of r^2 is 6 s^4
  EXPECT_NEAR(msd.error, std::sqrt(6.0 / 80000.0) * 0.16, 0.4 * msd.error);
  EXPECT_NEAR(r.alpha_2(1, 1, 0), 0.0, 0.03);
  EXPECT_NEAR(r.alpha_2(2, 0, 0), -2.0 / 7.0, 0.01);
  EXPECT_EQ(r.count(1, 1), 2000.0);
  EXPECT_EQ(r.count(2, 1), 0.0);
  EXPECT_EQ(r.count(0, 0), 4000.0);
}

/// Means and errors over origins with different numbers of atoms, from the formulas written out.
TEST(Relaxation, WeightsOfOrigins)
{
  std::mt19937 random(2);
  std::uniform_real_distribution<double> uniform(0.0, 3.0);
  Relaxation r(3, 2, {1.3}, 2);
  std::vector<double> atoms, means;
  for (int origin = 0; origin < 9; ++origin) {
    std::vector<double> sums(r.sums(), 0.0);
    double total = 0.0;
    const int n = origin == 4 ? 0 : 3 + 5 * origin;
    for (int i = 0; i < n; ++i) {
      const double x = uniform(random);
      r.add_atom(r.bin(1 + i % 3, 2), x, sums.data());
      total += x;
    }
    for (int i = 0; i < 10; ++i) r.add_atom(r.bin(2, 1), 1.0, sums.data());
    r.add_origin(1, sums.data());
    if (n == 0) continue;
    atoms.push_back(n);
    means.push_back(total / n);
  }
  double weight = 0.0, mean = 0.0, square = 0.0;
  for (std::size_t o = 0; o < atoms.size(); ++o) weight += atoms[o];
  for (std::size_t o = 0; o < atoms.size(); ++o) mean += atoms[o] * means[o] / weight;
  for (std::size_t o = 0; o < atoms.size(); ++o) square += atoms[o] * std::pow(means[o] - mean, 2);
  EXPECT_NEAR(r.msd(0, 2, 1).mean, mean, 1e-13);
  EXPECT_NEAR(r.msd(0, 2, 1).error,
              std::sqrt(square / weight / (static_cast<double>(atoms.size()) - 1.0)), 1e-13);
  EXPECT_EQ(r.msd(0, 1, 1).mean, 1.0);
  EXPECT_EQ(r.msd(0, 1, 1).error, 0.0);

  Relaxation copy(3, 2, {1.3}, 2);
  copy.set_state(r.state());
  EXPECT_EQ(copy.msd(2, 0, 1).error, r.msd(2, 0, 1).error);
  EXPECT_EQ(copy.origins(1), 9.0);
  Relaxation other(2, 2, {1.3}, 2);
  EXPECT_THROW(other.set_state(r.state()), std::invalid_argument);
}

TEST(Relaxation, TimeOfADecay)
{
  std::vector<double> times;
  std::vector<Value> line, decay, msd;
  for (int k = 0; k <= 30; ++k) {
    const double t = 0.03 * std::pow(10.0, 0.1 * k);
    times.push_back(t);
    line.push_back({0.6 - 0.1 * std::log(t), 0.01});
    decay.push_back({std::exp(-t / 2.3), 0.0});
    msd.push_back({0.4 + 6.0 * 0.7 * t, 0.0});
  }
  const auto exact = relaxation_time(times, line);    // linear in log t: nothing is lost
  ASSERT_EQ(exact.decay, Decay::within);
  const double tau = std::exp((0.6 - std::exp(-1.0)) / 0.1);
  EXPECT_NEAR(exact.mean, tau, 1e-9 * tau);
  EXPECT_NEAR(exact.error, tau * 0.01 / 0.1, 1e-9 * tau);
  EXPECT_NEAR(relaxation_time(times, decay).mean, 2.3, 0.005);
  const auto slow = relaxation_time({1.5, 2.0}, {{0.9, 0.0}, {0.5, 0.0}}),
             fast = relaxation_time({1.5, 2.0}, {{0.3, 0.1}, {0.1, 0.0}}),
             none = relaxation_time({}, {});
  EXPECT_EQ(slow.decay, Decay::after_last);
  EXPECT_EQ(slow.mean, 0.0);
  EXPECT_EQ(fast.decay, Decay::before_first);
  EXPECT_EQ(fast.mean, -1.5);    // below 1.5
  EXPECT_EQ(fast.error, 0.0);
  EXPECT_EQ(none.decay, Decay::after_last);
  EXPECT_NEAR(*diffusion_coefficient(times, msd), 0.7, 1e-12);
  EXPECT_FALSE(diffusion_coefficient({1.0}, {{1.0, 0.0}}));
}

/// A slice without atoms at the origins that have been followed longest has no values there: they are not 0, and F has
/// not decayed.
TEST(Relaxation, LagsWithoutAtoms)
{
  Relaxation r(1, 2, {1.0}, 2);
  std::vector<double> near(r.sums(), 0.0), far(r.sums(), 0.0);
  r.add_atom(r.bin(1, 1), 0.01, near.data());
  r.add_atom(r.bin(1, 2), 0.01, far.data());
  r.add_origin(0, far.data());    // the older origin
  r.add_origin(0, near.data());
  r.add_origin(1, far.data());
  EXPECT_TRUE(r.has_atoms(0, 1, 0));
  EXPECT_FALSE(r.has_atoms(0, 1, 1));
  EXPECT_EQ(r.tau(0, 1, 0, {1.0, 2.0}).decay, Decay::after_last);
  EXPECT_EQ(r.tau(0, 2, 0, {1.0, 2.0}).decay, Decay::after_last);
  const std::string text = r.table(1.0, 0.0, {1.0, 2.0});
  const auto begin = text.find("# type 1, slice 1"), end = text.find("\n\n", begin);
  EXPECT_EQ(std::count(text.begin() + begin, text.begin() + end, '\n'), 1) << text;
}

TEST(Relaxation, TableTellsWhereTauIs)
{
  Relaxation r(1, 1, {20.0}, 2);
  for (const double squared : {4.0, 4.4}) {
    std::vector<double> sums(r.sums(), 0.0);
    r.add_atom(r.bin(1, 1), squared, sums.data());
    for (const int lag : {0, 1}) r.add_origin(lag, sums.data());
  }
  const std::string text = r.table(1.0, 0.0, {0.2, 0.4});
  EXPECT_NE(text.find("tau(q=20) shorter than 0.2, D"), std::string::npos) << text;
  EXPECT_EQ(text.find("not reached"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.rfind("error\n")), "error\n0.5 -0.2 0\n");
}

TEST(Relaxation, TableHoldsWhatHasEnoughAtoms)
{
  Relaxation r(1, 2, {2.0}, 2);
  std::vector<double> sums(r.sums(), 0.0);
  for (int i = 0; i < 5; ++i) r.add_atom(r.bin(1, 2), 0.01, sums.data());
  r.add_atom(r.bin(1, 1), 0.01, sums.data());
  r.add_origin(0, sums.data());
  const std::string text = r.table(0.75, 3.0, {0.5, 5.0});
  EXPECT_NE(
      text.find(
          "# type 1, slice 2, distance 0.75 to 1.5, atoms 5, tau(q=2) not reached\n0.5 1 0.01 0 "),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("# all types, all slices, atoms 6"), std::string::npos);
  EXPECT_EQ(text.find("slice 1,"), std::string::npos);
  const std::string end = Relaxation::tau_marker + std::string("  tau(q=2)  error\n1.125 0 0\n");
  EXPECT_EQ(text.substr(text.size() - end.size()), end);
}

/// Against the sum over all pairs of atoms, sum_ij cos q.r_ij, in a tilted cell.
TEST(StructureFactor, AgainstAllPairs)
{
  constexpr double pi = 3.14159265358979323846;
  const Cell cell{{}, {9.0, 8.0, 7.0}, 2.5, -2.0, 1.5};
  std::mt19937 random(4);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  std::vector<Vector> places(150);
  std::vector<int> types;
  for (Vector &s : places) {
    s = {uniform(random), uniform(random), uniform(random)};
    types.push_back(random() % 3 == 0 ? 1 : 3);    // no atoms of type 2
  }
  const std::vector<double> atoms = {
      static_cast<double>(std::count(types.begin(), types.end(), 1)), 0.0,
      static_cast<double>(std::count(types.begin(), types.end(), 3))};
  const int bins = 40;
  const auto vectors = wave_vectors(cell, 4.0, bins, 1 << 30);
  // half of the vectors in the ball, of which there are V q^3 / (6 pi^2)
  EXPECT_NEAR(2.0 * static_cast<double>(vectors.size()), 9.0 * 8.0 * 7.0 * 64.0 / (6.0 * pi * pi),
              25.0);
  std::vector<double> amplitudes(2 * vectors.size() * 3, 0.0);
  // in two parts, as of two ranks
  const auto half = places.begin() + 70;
  add_amplitudes(vectors, {places.begin(), half}, {types.begin(), types.begin() + 70}, 3,
                 amplitudes);
  add_amplitudes(vectors, {half, places.end()}, {types.begin() + 70, types.end()}, 3, amplitudes);
  const auto result = structure_factor(vectors, bins, amplitudes, atoms);

  std::vector<double> total(bins, 0.0), cross(bins, 0.0), same(bins, 0.0), count(bins, 0.0);
  for (const WaveVector &v : vectors) {
    // q.a_k = 2 pi n_k
    const Vector &h = cell.lengths;
    Vector q{};
    q[0] = 2.0 * pi * v.n[0] / h[0];
    q[1] = (2.0 * pi * v.n[1] - q[0] * cell.xy) / h[1];
    q[2] = (2.0 * pi * v.n[2] - q[0] * cell.xz - q[1] * cell.yz) / h[2];
    EXPECT_NEAR(std::hypot(q[0], q[1], q[2]), v.length, 1e-12);
    count[v.bin] += 1.0;
    for (std::size_t i = 0; i < places.size(); ++i)
      for (std::size_t j = 0; j < places.size(); ++j) {
        const Vector r = cell.difference({places[i][0] - places[j][0], places[i][1] - places[j][1],
                                          places[i][2] - places[j][2]});
        const double term = std::cos(q[0] * r[0] + q[1] * r[1] + q[2] * r[2]);
        total[v.bin] += term;
        if (types[i] == 1 && types[j] == 3) cross[v.bin] += term;
        if (types[i] == 3 && types[j] == 3) same[v.bin] += term;
      }
  }
  for (int b = 0; b < bins; ++b) {
    EXPECT_EQ(result[b].vectors, count[b]);
    if (count[b] == 0.0) continue;
    const double n = 150.0, c1 = atoms[0] / n, c3 = atoms[2] / n;
    EXPECT_NEAR(result[b].total, total[b] / count[b] / n, 1e-9);
    EXPECT_NEAR(result[b].partial[2], 1.0 + cross[b] / count[b] / n / (c1 * c3), 1e-9);
    EXPECT_NEAR(result[b].partial[5], 1.0 + (same[b] / count[b] / n - c3) / (c3 * c3), 1e-9);
    EXPECT_EQ(result[b].partial[1], 0.0);
    const auto &p = result[b].partial;
    EXPECT_NEAR(
        result[b].total,
        1.0 + c1 * c1 * (p[0] - 1.0) + 2.0 * c1 * c3 * (p[2] - 1.0) + c3 * c3 * (p[5] - 1.0), 1e-9);
  }
}

/// q does not depend on which vectors are chosen for a lattice, and a long thin cell costs no more than a cube.
TEST(StructureFactor, VectorsOfTiltedAndThinCells)
{
  const auto lengths = [](const Cell &cell, double q_max) {
    std::vector<double> list;
    for (const auto &v : wave_vectors(cell, q_max, 7, 1 << 30)) list.push_back(v.length);
    std::sort(list.begin(), list.end());
    return list;
  };
  const Cell cell{{}, {9.0, 8.0, 7.0}, 2.5, -2.0, 1.5},
      other{{}, {9.0, 8.0, 7.0}, 92.5, -2.0 + 5.0, 17.5};
  // b + 10 a; c + 2 b
  const auto a = lengths(cell, 6.0), b = lengths(other, 6.0);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(a[k], b[k], 1e-9);

  constexpr double two_pi = 6.283185307179586;
  const auto wire = wave_vectors({{}, {1e-3, 1e-3, 1e6}, 0.0, 0.0, 0.0}, 1.0, 10, 1 << 30);
  EXPECT_EQ(wire.size(), static_cast<std::size_t>(1e6 / two_pi));
  for (const auto &v : wire) EXPECT_TRUE(v.bin >= 0 && v.bin < 10);
  EXPECT_THROW(wave_vectors({{}, {1e-3, 1e-3, 1e12}, 0.0, 0.0, 0.0}, 1.0, 10, 5),
               std::runtime_error);
  EXPECT_THROW(wave_vectors({{}, {10.0, 0.0, 10.0}, 0.0, 0.0, 0.0}, 1.0, 10, 5),
               std::runtime_error);
  EXPECT_THROW(wave_vectors({{}, {10.0, 10.0, 10.0}, std::nan(""), 0.0, 0.0}, 1.0, 10, 5),
               std::runtime_error);
}

TEST(StructureFactor, VectorsOfABin)
{
  const Cell cell{{}, {30.0, 30.0, 30.0}, 0.0, 0.0, 0.0},
      larger{{}, {30.003, 30.003, 30.003}, 0.0, 0.0, 0.0};
  const auto all = wave_vectors(cell, 5.0, 10, 1 << 30), some = wave_vectors(cell, 5.0, 10, 50),
             others = wave_vectors(larger, 5.0, 10, 50);
  std::vector<int> count(10, 0), count_all(10, 0);
  double x = 0.0, z = 0.0;
  for (const auto &v : all) ++count_all[v.bin];
  for (const auto &v : some) {
    ++count[v.bin];
    if (v.bin == 9) x += std::pow(v.n[0] / v.length, 2);
    if (v.bin == 9) z += std::pow(v.n[2] / v.length, 2);
  }
  for (int b = 0; b < 10; ++b) EXPECT_EQ(count[b], std::min(50, count_all[b]));
  EXPECT_NEAR(x / z, 1.0, 0.6);    // all directions
  int same = 0;
  for (const auto &v : some)
    same +=
        std::any_of(others.begin(), others.end(), [&](const WaveVector &o) { return o.n == v.n; });
  EXPECT_GT(same, static_cast<int>(some.size()) - 40);
}

TEST(StructureFactor, GridGivesTheSameAmplitudes)
{
  if (!has_grid_amplitudes()) GTEST_SKIP() << "built without FFTW";
  std::mt19937 random(17);
  std::uniform_real_distribution<double> uniform(-0.5, 1.5);
  const Cell cell{{}, {12.0, 15.0, 9.0}, 3.0, -2.0, 4.0, {true, true, true}};
  const auto vectors = wave_vectors(cell, 8.0, 40, std::numeric_limits<int>::max());
  ASSERT_GT(vectors.size(), 5000);
  std::vector<Vector> places(400);
  std::vector<int> types;
  for (Vector &s : places) {
    for (double &x : s) x = uniform(random);
    types.push_back(types.size() % 3 == 0 ? 2 : 1);
  }
  std::vector<double> exact(4 * vectors.size(), 0.0), grid(exact);
  add_amplitudes(vectors, places, types, 2, exact);
  add_grid_amplitudes(vectors, places, types, 2, grid, MPI_COMM_SELF);
  double largest = 0.0;
  for (std::size_t k = 0; k < exact.size(); ++k)
    largest = std::max(largest, std::abs(exact[k] - grid[k]));
  EXPECT_LT(largest, 2e-5 * std::sqrt(400.0));
  RecordProperty("largest_difference", std::to_string(largest / std::sqrt(400.0)));
}

TEST(StructureFactor, GridTooLarge)
{
  if (!has_grid_amplitudes()) GTEST_SKIP() << "built without FFTW";
  std::vector<double> amplitudes(2);
  EXPECT_THROW(add_grid_amplitudes({{{600, 0, 600}, 0, 1.0}, {{0, 600, 0}, 0, 1.0}},
                                   {{0.0, 0.0, 0.0}}, {1}, 1, amplitudes, MPI_COMM_SELF),
               std::runtime_error);
}
