// SPDX-License-Identifier: GPL-2.0-only

// The reaction-diffusion model against its linear theory, its planar front and a plain solver; masks, patches, files.
// Every number is dimensionless, as in the model.

#include "pattern/checkpoint.h"
#include "pattern/explicit_scheme.h"
#include "pattern/grid_file.h"
#include "pattern/mask.h"
#include "pattern/spectral_scheme.h"
#include "pattern/structure_factor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <random>

using namespace turing_glass::pattern;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

namespace {

constexpr double pi = 3.14159265358979323846;

int rank()
{
  int me = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &me);
  return me;
}

/// Sets the fields of a solver on this rank alone.
void fill(ReactionDiffusion &solver, const std::function<State(int, int)> &state)
{
  for (int y = 0; y < solver.rows(); ++y)
    for (int x = 0; x < solver.grid().nx; ++x) {
      const State s = state(x, solver.first_row() + y);
      solver.row(Field::u, y)[x] = s.u;
      solver.row(Field::v, y)[x] = s.v;
    }
}

/// Amplitude of the first cosine along x in the row 0.
double first_mode(ReactionDiffusion &solver)
{
  const int n = solver.grid().nx;
  double sum = 0.0;
  for (int x = 0; x < n; ++x) sum += solver.row(Field::u, 0)[x] * std::cos(2.0 * pi * x / n);
  return 2.0 * sum / n;
}

/// The linear operator of the mode with the symbol -s of the Laplacian about a homogeneous fixed point.
struct Linear {
  double a[2][2];

  Linear(const Model &m, State at, double s)
  {
    const double f_u = at.v - m.alpha * m.beta / ((at.u + m.beta) * (at.u + m.beta)), f_v = at.u;
    a[0][0] = f_u - m.delta * s, a[0][1] = f_v;
    a[1][0] = -f_u, a[1][1] = -f_v - s;
  }
  double largest_eigenvalue() const
  {
    const double half = 0.5 * (a[0][0] + a[1][1]), det = a[0][0] * a[1][1] - a[0][1] * a[1][0];
    return half + std::sqrt(half * half - det);
  }
};

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string &ending) :
      path_(::testing::TempDir() + "pattern-" + std::to_string(getpid()) + ending)
  {
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string &path() const { return path_; }
  std::string read() const
  {
    std::ifstream file(path_, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  void write(const std::string &bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

 private:
  std::string path_;
};

Mask mask_of_text(const std::vector<std::string> &rows)    // the first row is y = 0
{
  Mask mask{static_cast<int>(rows[0].size()), static_cast<int>(rows.size()), {}};
  for (const std::string &row : rows)
    for (const char c : row) mask.inside.push_back(c == '#');
  return mask;
}

}    // namespace

// ---- the model ----------------------------------------------------------------------------------

TEST(ReactionDiffusion, FixedPoint)
{
  const Model model;
  for (const double tau : {3.0, 4.5, 6.0}) {
    const State s = fixed_point(model, tau);
    EXPECT_NEAR(s.u, 0.5 * (tau - 1.0 + std::sqrt((tau + 5.0) * (tau - 3.0))), 1e-14);
    EXPECT_NEAR(s.u + s.v, tau, 1e-14);
    EXPECT_NEAR(s.u * s.v - model.alpha * s.u / (s.u + model.beta), 0.0, 1e-13);
  }
  EXPECT_THAT([&] { fixed_point(model, 2.9); },
              ThrowsMessage<std::runtime_error>(HasSubstr("tau must be at least 3")));
}

TEST(ReactionDiffusion, StartHasAFiniteMass)
{
  ExplicitScheme solver({}, {16, 16, 0.5}, 0.005, MPI_COMM_WORLD);
  EXPECT_THAT(
      [&] {
        solver.start({6e307, 4e307}, 0.01, 1);
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("tau 1e+308 is too large")));
}

TEST(ReactionDiffusion, StartIsExactInMassAndBelongsToTheCell)
{
  const Grid grid{40, 31, 0.5};
  ExplicitScheme one({}, grid, 0.005, MPI_COMM_WORLD), other({}, grid, 0.005, MPI_COMM_SELF);
  for (ExplicitScheme *s : {&one, &other}) s->start({2.7, 1.8}, 0.01, 7);
  EXPECT_NEAR(one.mean_tau(), 4.5, 1e-14);
  EXPECT_EQ(one.mean_tau(), other.mean_tau());
  const std::vector<double> u = one.gather(Field::u), all = other.gather(Field::u);
  if (rank() == 0) {
    EXPECT_EQ(u, all);
    double square = 0.0;
    for (const double x : u) {
      EXPECT_LT(std::abs(x / 2.7 - 1.0), 0.0105);
      square += (x / 2.7 - 1.0) * (x / 2.7 - 1.0);
    }
    EXPECT_NEAR(std::sqrt(square / grid.cells()), 0.01 / std::sqrt(3.0), 3e-4) << "uniform noise";
  }
  other.start({2.7, 1.8}, 0.01, 8);
  if (rank() == 0) {
    EXPECT_NE(other.gather(Field::u), all) << "another seed";
  } else {
    other.gather(Field::u);
  }
}

TEST(ExplicitScheme, AgainstAPlainSolver)
{
  const Model model{3.5, 1.2, 0.1};
  const Grid grid{17, 13, 0.6};
  const double dt = 0.02;
  ExplicitScheme solver(model, grid, dt, MPI_COMM_SELF);
  solver.start({2.0, 1.7}, 0.3, 3);
  std::vector<double> u = solver.gather(Field::u), v = solver.gather(Field::v);
  constexpr int steps = 57;
  for (int step = 0; step < steps; ++step) {
    const std::vector<double> u0 = u, v0 = v;
    const auto laplacian = [&](const std::vector<double> &w, int x, int y) {
      const auto at = [&](int i, int j) { return w[(i + 17) % 17 + 17 * ((j + 13) % 13)]; };
      return (at(x + 1, y) + at(x - 1, y) + at(x, y + 1) + at(x, y - 1) - 4 * at(x, y)) /
          (0.6 * 0.6);
    };
    for (int y = 0; y < 13; ++y)
      for (int x = 0; x < 17; ++x) {
        const int k = x + 17 * y;
        const double f = u0[k] * v0[k] - 3.5 * u0[k] / (u0[k] + 1.2);
        u[k] += dt * (f + 0.1 * laplacian(u0, x, y));
        v[k] += dt * (-f + laplacian(v0, x, y));
      }
  }
  solver.advance(steps);
  const std::vector<double> u1 = solver.gather(Field::u), v1 = solver.gather(Field::v);
  for (std::size_t k = 0; k < u.size(); ++k) {
    EXPECT_NEAR(u1[k], u[k], 1e-13);
    EXPECT_NEAR(v1[k], v[k], 1e-13);
  }
}

TEST(ExplicitScheme, SameBitsForAnyLevelsRanksAndPortions)
{
  const Grid grid{70, 45, 0.5};
  const auto run = [&](MPI_Comm comm, int levels, const std::vector<int> &portions) {
    ExplicitScheme solver({}, grid, 0.005, comm, levels);
    solver.start({2.736, 1.764}, 0.01, 1);
    for (const int steps : portions) solver.advance(steps);
    return std::make_pair(solver.gather(Field::u), solver.gather(Field::v));
  };
  const auto reference = run(MPI_COMM_SELF, 1, {257});
  for (const int levels : {0, 2, 3, 8, 15, 100}) {
    EXPECT_EQ(run(MPI_COMM_SELF, levels, {257}), reference) << levels << " levels";
    const auto on_all = run(MPI_COMM_WORLD, levels, {100, 1, 13, 143});
    if (rank() == 0) { EXPECT_EQ(on_all, reference) << levels << " levels on all ranks"; }
  }
}

TEST(ExplicitScheme, MassStays)
{
  ExplicitScheme solver({}, {64, 64, 0.5}, 0.005, MPI_COMM_WORLD);
  solver.start({2.736, 1.764}, 0.01, 1);
  solver.advance(40000);
  EXPECT_GT(solver.max_u(), 8.0) << "a pattern must have formed";
  EXPECT_LT(std::abs(solver.mean_tau() / 4.5 - 1.0), 1e-12);
}

TEST(ExplicitScheme, GrowthRateOfASmallMode)
{
  const Model model;
  const State at = fixed_point(model, 4.5);
  const double dt = 0.005;
  for (const int n : {12, 24, 48}) {
    const Grid grid{n, 3, 0.5};
    const double s = (2.0 - 2.0 * std::cos(2.0 * pi / n)) / (0.5 * 0.5);
    const Linear linear(model, at, s);
    const double rate = linear.largest_eigenvalue();
    // along the eigenvector (1, e) only this mode is excited
    const double e = (rate - linear.a[0][0]) / linear.a[0][1];
    ExplicitScheme solver(model, grid, dt, MPI_COMM_SELF);
    constexpr double small = 1e-6;
    fill(solver, [&](int x, int) {
      const double wave = small * std::cos(2.0 * pi * x / n);
      return State{at.u + wave, at.v + e * wave};
    });
    constexpr int steps = 400;
    solver.advance(steps);
    const double measured = (std::pow(first_mode(solver) / small, 1.0 / steps) - 1.0) / dt;
    EXPECT_NEAR(measured, rate, 2e-5 * std::max(1.0, std::abs(rate))) << n << " cells";
  }
}

TEST(ExplicitScheme, PatternsBelowTheCriticalDelta)
{
  // long waves grow for delta < alpha/(u + beta)^2 = 4/(u + 1)^2 (0.186 at tau 4.5)
  const State at = fixed_point({}, 4.5);
  const double critical = 4.0 / ((at.u + 1.0) * (at.u + 1.0));
  EXPECT_NEAR(critical, 0.186, 5e-4);
  for (const double factor : {0.9, 1.1}) {
    Model model;
    model.delta = factor * critical;
    ExplicitScheme solver(model, {64, 3, 0.5}, 0.02, MPI_COMM_SELF);
    fill(solver, [&](int x, int) {
      return State{at.u + 1e-6 * std::cos(2.0 * pi * x / 64), at.v};
    });
    solver.advance(10000);
    const double before = first_mode(solver);
    solver.advance(40000);
    const double growth = first_mode(solver) / before;
    if (factor < 1.0)
      EXPECT_GT(growth, 1.2);
    else
      EXPECT_LT(growth, 0.8);
  }
}

TEST(ExplicitScheme, RefusesStepsOverItsLimit)
{
  const Grid grid{48, 48, 0.5};
  ExplicitScheme solver({}, grid, 0.06, MPI_COMM_WORLD);
  EXPECT_NEAR(solver.step_limit(11.13), 0.046, 5e-4) << "2 / (8 / dx^2 + max u)";
  solver.start({2.736, 1.764}, 0.01, 1);
  EXPECT_THAT([&] { solver.advance(1); }, ThrowsMessage<std::runtime_error>(HasSubstr("= 0.057")));
  // allowed at first; the limit falls as the largest u grows
  ExplicitScheme later({}, grid, 0.05, MPI_COMM_WORLD);
  later.start({2.736, 1.764}, 0.01, 1);
  EXPECT_NO_THROW(later.advance(100));
  EXPECT_THAT([&] { later.advance(100000); },
              ThrowsMessage<std::runtime_error>(HasSubstr("at max u = ")));
  // a fast activator lowers it
  EXPECT_NEAR(ExplicitScheme({4.0, 1.0, 3.0}, grid, 0.01, MPI_COMM_WORLD).step_limit(4.0),
              2.0 / 100.0, 1e-15);
}

TEST(ExplicitScheme, PlanarFront)
{
  // delta u + v is the same everywhere, with the value at which both plateaus have equal areas under f
  const Model model;
  constexpr int n = 80;
  ExplicitScheme solver(model, {n, 3, 0.25}, 0.01, MPI_COMM_SELF);
  fill(solver, [](int x, int) {
    return x < n / 4 || x >= 3 * n / 4 ? State{0.5, 1.0} : State{10.0, 0.4};
  });
  solver.advance(400000);
  double low = 1e9, high = -1e9;
  for (int x = 0; x < n; ++x) {
    const double w = model.delta * solver.row(Field::u, 0)[x] + solver.row(Field::v, 0)[x];
    low = std::min(low, w);
    high = std::max(high, w);
  }
  EXPECT_LT(high - low, 1e-6) << "stationary";
  EXPECT_NEAR(low, 1.0132, 5e-4);
  EXPECT_NEAR(solver.row(Field::u, 0)[n / 2], 11.13, 0.02);
}

TEST(SpectralScheme, EndsWhereTheExplicitOneDoes)
{
  if (!has_spectral_scheme()) GTEST_SKIP() << "built without FFTW";
  const Model model;
  const Grid grid{24, 20, 0.5};
  const auto droplet = [](int x, int y) {
    const double r2 = 0.25 * ((x - 12) * (x - 12) + (y - 10) * (y - 10));
    return State{1.0 + 8.0 * std::exp(-0.1 * r2), 0.9};
  };
  ExplicitScheme plain(model, grid, 0.02, MPI_COMM_SELF);
  SpectralScheme same(model, grid, 0.1, Symbol::five_point, MPI_COMM_SELF);
  SpectralScheme other(model, grid, 0.1, Symbol::exact, MPI_COMM_SELF);
  for (ReactionDiffusion *s : std::vector<ReactionDiffusion *>{&plain, &same, &other})
    fill(*s, droplet);
  const double tau = plain.mean_tau();
  plain.advance(150000);
  same.advance(30000);
  other.advance(30000);
  EXPECT_LT(std::abs(same.mean_tau() / tau - 1.0), 1e-12);
  const std::vector<double> u = plain.gather(Field::u), u1 = same.gather(Field::u),
                            u2 = other.gather(Field::u);
  double difference = 0.0, to_exact = 0.0;
  for (std::size_t k = 0; k < u.size(); ++k) {
    difference = std::max(difference, std::abs(u[k] - u1[k]));
    to_exact = std::max(to_exact, std::abs(u[k] - u2[k]));
  }
  EXPECT_GT(plain.max_u(), 8.0) << "the droplet must be there";
  EXPECT_LT(difference, 1e-8);
  EXPECT_GT(to_exact, 1e-3) << "the true k^2 is another discretization";
}

TEST(SpectralScheme, AnyRanksAndSizes)
{
  if (!has_spectral_scheme()) GTEST_SKIP() << "built without FFTW";
  for (const Grid &grid : {Grid{32, 24, 0.5}, Grid{31, 17, 0.5}, Grid{16, 4, 0.5}}) {
    SpectralScheme one({}, grid, 0.05, Symbol::five_point, MPI_COMM_SELF);
    SpectralScheme all({}, grid, 0.05, Symbol::five_point, MPI_COMM_WORLD);
    ReactionDiffusion *both[] = {&one, &all};
    for (ReactionDiffusion *s : both) {
      s->start({2.736, 1.764}, 0.01, 5);
      s->advance(200);
    }
    EXPECT_LT(std::abs(all.mean_tau() / 4.5 - 1.0), 1e-13);
    const std::vector<double> u = one.gather(Field::u), u1 = all.gather(Field::u);
    for (std::size_t k = 0; k < u1.size(); ++k) ASSERT_NEAR(u1[k], u[k], 1e-11);
  }
  EXPECT_THAT(
      [&] {
        SpectralScheme solver({}, {16, 16, 0.5}, 0.8, Symbol::exact, MPI_COMM_WORLD);
        solver.start({2.736, 1.764}, 0.01, 5);
        solver.advance(1);
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("limit")));
}

// ---- structure factor ---------------------------------------------------------------------------

TEST(StructureFactor, OneWaveAndTheSumRule)
{
  if (!has_structure_factor()) GTEST_SKIP() << "built without FFTW";
  for (const int ny : {32, 33, 20}) {
    constexpr int nx = 32;
    std::vector<double> wave, noise;
    std::mt19937 random(1);
    std::normal_distribution<double> normal;
    for (int y = 0; y < ny; ++y)
      for (int x = 0; x < nx; ++x) {
        wave.push_back(1.0 + 0.5 * std::cos(2.0 * pi * 5 * x / nx));
        noise.push_back(normal(random));
      }
    double sum = 0.0, largest = 0.0, at = 0.0;
    for (const StructureFactor &s : structure_factor(wave, nx, ny, 0.5)) {
      sum += s.S * s.modes;
      if (s.S > largest) largest = s.S, at = s.k;
    }
    EXPECT_NEAR(sum / (nx * ny), 0.125, 1e-12) << "variance of the wave";
    EXPECT_NEAR(at, 2.0 * pi * 5 / (nx * 0.5), 0.5 * 2.0 * pi / (nx * 0.5));

    double mean = 0.0, variance = 0.0;
    for (const double x : noise) mean += x / noise.size();
    for (const double x : noise) variance += (x - mean) * (x - mean) / noise.size();
    int modes = 0;
    sum = 0.0;
    for (const StructureFactor &s : structure_factor(noise, nx, ny, 0.5))
      sum += s.S * s.modes, modes += s.modes;
    EXPECT_EQ(modes, nx * ny - 1);
    EXPECT_NEAR(sum / (nx * ny), variance, 1e-12);
  }
}

// ---- masks and patches --------------------------------------------------------------------------

TEST(Patches, ByHand)
{
  const Mask mask = mask_of_text({
      "#....#..",    // through the corner of the grid: 4 pixels
      "..#.....",    // touches the next by a corner only
      "...##...",
      ".....#..",
      "#......#",
  });
  const Patches p = find_patches(mask);
  ASSERT_EQ(p.patches.size(), 5U);
  EXPECT_NEAR(area_fraction(mask), 8.0 / 40.0, 1e-15);
  EXPECT_EQ(p.patches[0].pixels, 3);
  // pixels (0, 0), (0, 4), (7, 4) at (8, 5), (8, 4), (7, 4): center (8 1/6, 4 5/6), moved into the grid
  EXPECT_NEAR(p.patches[0].x, 23.0 / 3.0 + 0.5 - 8.0, 1e-12);
  EXPECT_NEAR(p.patches[0].y, 13.0 / 3.0 + 0.5, 1e-12);
  EXPECT_EQ(p.patches[1].pixels, 2);
  EXPECT_NEAR(p.patches[1].x, 4.0, 1e-12);
  EXPECT_NEAR(p.patches[1].y, 2.5, 1e-12);
  EXPECT_EQ(p.label[0], 0);
  EXPECT_EQ(p.label[39], 0);
  EXPECT_EQ(p.label[1], -1);
  EXPECT_EQ(p.label[5], 2) << "of patches of one pixel, the lowest first";
  EXPECT_EQ(p.label[10], 3);
  EXPECT_EQ(p.label[29], 4);
  for (const Patch &patch : p.patches) EXPECT_FALSE(patch.infinite_x || patch.infinite_y);
}

TEST(Patches, Infinite)
{
  const Patches along_x = find_patches(mask_of_text({"....", "####", "....", ".#.."}));
  ASSERT_EQ(along_x.patches.size(), 2U);
  EXPECT_TRUE(along_x.patches[0].infinite_x);
  EXPECT_FALSE(along_x.patches[0].infinite_y);
  EXPECT_FALSE(along_x.patches[1].infinite_x);
  // a stairway closes on itself through both faces at once
  const Patches diagonal = find_patches(mask_of_text({"##..", ".##.", "..##", "#..#"}));
  ASSERT_EQ(diagonal.patches.size(), 1U);
  EXPECT_TRUE(diagonal.patches[0].infinite_x);
  EXPECT_TRUE(diagonal.patches[0].infinite_y);
  EXPECT_TRUE(find_patches(mask_of_text({"...", "..."})).patches.empty());
  EXPECT_TRUE(find_patches(mask_of_text({"#.", ".."})).patches[0].pixels == 1);
}

TEST(Patches, SitePercolation)
{
  // threshold of the square lattice: 0.5927
  constexpr int n = 128, masks = 20;
  const auto infinite = [&](double p) {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> uniform;
    int count = 0;
    for (int k = 0; k < masks; ++k) {
      Mask mask{n, n, std::vector<unsigned char>(n * n)};
      for (unsigned char &inside : mask.inside) inside = uniform(random) < p;
      const Patches found = find_patches(mask);
      count += std::any_of(found.patches.begin(), found.patches.end(),
                           [](const Patch &patch) { return patch.infinite_x || patch.infinite_y; });
    }
    return static_cast<double>(count) / masks;
  };
  EXPECT_LT(infinite(0.55), 0.25);
  EXPECT_GT(infinite(0.5927), 0.25);
  EXPECT_GT(infinite(0.63), 0.75);
}

// ---- files --------------------------------------------------------------------------------------

TEST(Checkpoint, RoundTripAndBadOnes)
{
  const TemporaryFile file(".checkpoint");
  Checkpoint saved{{{"NX", "2"}, {"start", "homogeneous 0.5"}}, 700, {1.0, 2.0}, {3.0, 0.1}};
  write_checkpoint(file.path(), saved);
  Checkpoint back{saved.parameters, 0, {}, {}};
  read_checkpoint(file.path(), 2, back);
  EXPECT_EQ(back.step, 700);
  EXPECT_EQ(back.u, saved.u);
  EXPECT_EQ(back.v, saved.v);
  const auto read = [&] { read_checkpoint(file.path(), 2, back); };
  const auto says = [](const char *text) {
    return ThrowsMessage<std::runtime_error>(HasSubstr(text));
  };
  back.parameters[1].second = "fixed";
  EXPECT_THAT(read, says("start homogeneous 0.5, now fixed"));
  back.parameters = saved.parameters;
  EXPECT_THAT([&] { read_checkpoint(file.path(), 3, back); }, says("holds 2 values of 'u'"));

  // each byte flipped, each length shorter, and one longer
  const std::string bytes = file.read();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string other = bytes;
    for (const int bit : {0, 7}) {
      other[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      file.write(other);
      EXPECT_THROW(read(), std::runtime_error) << at << ' ' << bit;
    }
    file.write(bytes.substr(0, at));
    EXPECT_THROW(read(), std::runtime_error) << at;
  }
  file.write("");
  EXPECT_THAT(read, says("is empty: remove the file to start anew"));
  file.write(bytes + "x");
  EXPECT_THAT(read, says("is followed by other data"));

  Checkpoint wrong = saved;
  wrong.step = -1;
  write_checkpoint(file.path(), wrong);
  EXPECT_THAT(read, says("negative step"));
  for (const double value : {std::nan(""), HUGE_VAL}) {
    wrong = saved;
    wrong.v[1] = value;
    write_checkpoint(file.path(), wrong);
    EXPECT_THAT(read, says("not finite"));
  }
  EXPECT_THAT([&] { read_checkpoint(file.path() + ".none", 2, back); }, says("cannot be read"));
}

TEST(GridFile, NpyRoundTrip)
{
  const TemporaryFile file(".npy");
  const Field2D field{3, 2, {0.1, -2.0, 1e300, 4.0, 5.0, 6.0}};
  write_npy(file.path(), field);
  NpyArray back = read_npy(file.path());
  EXPECT_EQ(back.values, field.values);
  EXPECT_EQ(back.nx, 3);
  EXPECT_EQ(back.ny, 2);
  EXPECT_TRUE(back.floating);
  EXPECT_EQ((file.read().size() - 6 * sizeof(double)) % 64, 0U)
      << "values are aligned, as numpy.lib.format wants";
  write_npy(file.path(), Picture{2, 2, {0, 1, 255, 7}});
  back = read_npy(file.path());
  EXPECT_EQ(back.values, (std::vector<double>{0, 1, 255, 7}));
  EXPECT_FALSE(back.floating);
}

TEST(GridFile, NpyOfOtherVersionsAndBadOnes)
{
  const TemporaryFile file(".npy");
  const auto npy = [](const std::string &header, const std::string &values, char version = 1) {
    std::string length = {static_cast<char>(header.size()), 0};
    if (version > 1) length += std::string(2, '\0');
    return std::string("\x93NUMPY") + version + std::string(1, '\0') + length + header + values;
  };
  const float floats[] = {0.5F, 1.5F};
  const std::string two(reinterpret_cast<const char *>(floats), sizeof floats);
  file.write(npy("{'shape':(2,1),'fortran_order':False,'descr':'<f4',}\n", two, 3));
  EXPECT_EQ(read_npy(file.path()).values, (std::vector<double>{0.5, 1.5}));
  file.write(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }\n", {1, 0}));
  EXPECT_EQ(read_npy(file.path()).values, (std::vector<double>{1.0, 0.0}));

  const std::string good =
      npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }\n", "ab");
  const std::vector<std::pair<std::string, const char *>> bad = {
      {"", "is no .npy file"},
      {"\x89PNG and more than ten bytes", "is no .npy file"},
      {good.substr(0, 30), "ends within its header"},
      {good.substr(0, good.size() - 1), "1 bytes of values, where its shape needs 2"},
      {good + "c", "3 bytes of values"},
      {npy("{'descr': '>f8', 'fortran_order': False, 'shape': (1, 2), }\n", two + two), "'>f8'"},
      {npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }\n", two), "Fortran"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", two), "two dimensions"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2), }\n", two),
       "two dimensions"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }\n", ""), "no values"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (999999999, 999999999), }\n", two),
       "2^31"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (3000000000, 1), }\n", two),
       "two dimensions"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, -2), }\n", two),
       "two dimensions"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }\n", two, 7), "version"},
      {npy("{'descr': '|b1', 'fortran_order': False, 'shape': (1, 2), }\n", {1, 2}),
       "other than 0 and 1"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n",
           std::string("\x00\x00\xc0\x7f", 4)),
       "not finite"},
      {npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n",
           std::string("\x00\x00\x80\xff", 4)),
       "not finite"},
      {npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1, 2), }\n", two),
       "plain numbers"},
  };
  for (const auto &[bytes, words] : bad) {
    file.write(bytes);
    EXPECT_THAT([&] { read_npy(file.path()); },
                ThrowsMessage<std::runtime_error>(HasSubstr(words)));
    EXPECT_THAT([&] { read_npy(file.path()); },
                ThrowsMessage<std::runtime_error>(HasSubstr(file.path())));
  }
  EXPECT_THAT([] { read_npy("no-such.npy"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("cannot be opened")));
  EXPECT_THAT(
      [] {
        write_npy("no/such/folder.npy", Picture{1, 1, {0}});
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("cannot be written")));
}

TEST(GridFile, PngRoundTripAndBadOnes)
{
  if (!has_png()) GTEST_SKIP() << "built without libpng";
  const TemporaryFile file(".png");
  Picture picture{16, 16, {}};
  for (int k = 0; k < 256; ++k) picture.values.push_back(static_cast<unsigned char>(k));
  write_png(file.path(), picture);
  EXPECT_EQ(read_png(file.path()).values, picture.values);
  const std::string bytes = file.read();
  for (std::size_t length = 0; length < bytes.size() - 12;
       length += 7) {    // the last chunk is empty
    file.write(bytes.substr(0, length));
    EXPECT_THAT([&] { read_png(file.path()); },
                ThrowsMessage<std::runtime_error>(HasSubstr(file.path())))
        << length;
  }
  std::string damaged = bytes;
  damaged[damaged.size() - 20] = static_cast<char>(damaged[damaged.size() - 20] ^ 1);
  file.write(damaged);
  EXPECT_THROW(read_png(file.path()), std::runtime_error);
  EXPECT_THROW(read_png("no-such.png"), std::runtime_error);
  EXPECT_THROW(write_png("no/such/folder.png", picture), std::runtime_error);
}

TEST(GridFile, PictureHasYUpwards)
{
  if (!has_png()) GTEST_SKIP() << "built without libpng";
  // one column, the upper pixel white and the lower black, written by Python's zlib without compression
  const unsigned char bytes[] = {
      0x89, 'P',  'N',  'G',  0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 'I',  'H',  'D',
      'R',  0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x08, 0x00, 0x00, 0x00, 0x00, 0xbc,
      0xea, 0xe9, 0xfb, 0x00, 0x00, 0x00, 0x0f, 'I',  'D',  'A',  'T',  0x78, 0x01, 0x01, 0x04,
      0x00, 0xfb, 0xff, 0x00, 0xff, 0x00, 0x00, 0x03, 0x01, 0x01, 0x00, 0x8d, 0x1d, 0xe5, 0x82,
      0x00, 0x00, 0x00, 0x00, 'I',  'E',  'N',  'D',  0xae, 0x42, 0x60, 0x82};
  const TemporaryFile file(".png");
  file.write(std::string(reinterpret_cast<const char *>(bytes), sizeof bytes));
  EXPECT_EQ(read_png(file.path()).values, (std::vector<unsigned char>{0, 255}));
  const Mask mask = mask_of_text({"#..", "..."});
  write_mask(file.path(), mask);
  EXPECT_EQ(read_mask(file.path()).inside, mask.inside);
}

TEST(Mask, FromFieldsAndFiles)
{
  const Mask mask = mask_of({3, 1, {4.36, 4.37, 4.38}});
  EXPECT_EQ(mask.inside, (std::vector<unsigned char>{0, 0, 1})) << "above the threshold";
  const TemporaryFile file(".npy");
  write_mask(file.path(), mask);
  EXPECT_EQ(read_mask(file.path()).inside, mask.inside);
  write_npy(file.path(), Field2D{3, 1, {1.0, 5.0, 3.0}});
  EXPECT_EQ(read_mask(file.path(), 2.0).inside, (std::vector<unsigned char>{0, 1, 1}));
  EXPECT_THAT([&] { read_mask(file.path()); },
              ThrowsMessage<std::runtime_error>(HasSubstr("give the threshold")));
  EXPECT_THAT([] { read_mask("mask.jpg"); },
              ThrowsMessage<std::runtime_error>(HasSubstr(".png or a .npy")));
  EXPECT_THAT([&] { write_mask("mask.jpg", mask); },
              ThrowsMessage<std::runtime_error>(HasSubstr(".png or a .npy")));
}
