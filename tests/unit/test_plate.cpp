// SPDX-License-Identifier: GPL-2.0-only

// Masks over plates and back, on any number of ranks.

#include "collective.h"
#include "pattern/plate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

using namespace turing_glass::pattern;
using testing::ElementsAre;

namespace {

/// 4 x 3 pixels of which the number x + 4 y is inside where it is even.
Mask mask()
{
  Mask m{4, 3, {}};
  for (int k = 0; k < 12; ++k) m.inside.push_back(k % 2 == 0);
  return m;
}

template <class Work> std::string refusal(Work &&work)
{
  try {
    work();
  } catch (const std::runtime_error &e) {
    return e.what();
  }
  return "none";
}

}    // namespace

TEST(Plate, Axes)
{
  EXPECT_THAT(plate_axes("x", "y"), ElementsAre(0, 1));
  EXPECT_THAT(plate_axes("z", "x"), ElementsAre(2, 0));
  EXPECT_THAT(refusal([] { plate_axes("x", "x"); }), testing::HasSubstr("two different"));
  EXPECT_THAT(refusal([] { plate_axes("x", "xy"); }), testing::HasSubstr("not 'xy'"));
}

TEST(Plate, WholeMaskOrItsWindow)
{
  const Mask whole = over_plate(mask(), 40.0, 30.5, 0.0);
  EXPECT_EQ(whole.nx, 4);
  EXPECT_EQ(whole.inside, mask().inside);
  EXPECT_THAT(refusal([] { over_plate(mask(), 40.0, 40.0, 0.0); }),
              testing::HasSubstr("4 x 3 pixels"));
  // pixels of 10: three of four along x, two of three along y
  const Mask window = over_plate(mask(), 31.0, 19.0, 10.0);
  EXPECT_EQ(window.nx, 3);
  EXPECT_EQ(window.ny, 2);
  EXPECT_THAT(window.inside, ElementsAre(1, 0, 1, 1, 0, 1));
  EXPECT_THAT(refusal([] { over_plate(mask(), 50.0, 20.0, 10.0); }), testing::HasSubstr("5 x 2"));
}

TEST(Plate, DensityOfSlowParticles)
{
  // 5 in one pixel and 1 in another of 2 x 3, each on the rank that has it; the last lies on the edge of the plate
  const std::vector<std::array<double, 2>> all{{0.1, 0.1}, {0.2, 0.2}, {0.4, 0.3},
                                               {0.0, 0.0}, {0.3, 0.1}, {1.0, 1.0}};
  std::vector<std::array<double, 2>> mine;
  const int ranks = turing_glass::ranks_of(MPI_COMM_WORLD);
  for (std::size_t k = turing_glass::rank_of(MPI_COMM_WORLD); k < all.size(); k += ranks)
    mine.push_back(all[k]);
  const Field2D u = slow_density(mine, 20.0, 31.0, 10.0, 2.0, MPI_COMM_WORLD);
  EXPECT_EQ(u.nx, 2);
  EXPECT_EQ(u.ny, 3);
  EXPECT_THAT(u.values, ElementsAre(10.0, 0.0, 0.0, 0.0, 0.0, 2.0));
  EXPECT_DOUBLE_EQ(std::accumulate(u.values.begin(), u.values.end(), 0.0) / 6.0, 2.0);
  EXPECT_THAT(slow_density({}, 20.0, 10.0, 10.0, 2.0, MPI_COMM_WORLD).values,
              ElementsAre(0.0, 0.0));
}

TEST(Plate, PixelsThatAreTooSmall)
{
  for (const double pixel : {1e-300, 1e-12, 40.0 / 40000.0}) {
    EXPECT_THAT(refusal([&] { over_plate(mask(), 40.0, 30.0, pixel); }),
                testing::HasSubstr("too small for a side of 40"));
    EXPECT_THAT(refusal([&] { slow_density({}, 40.0, 30.0, pixel, 1.0, MPI_COMM_WORLD); }),
                testing::HasSubstr("too small for a side of 40"));
  }
  EXPECT_THAT(refusal([] { slow_density({}, 40.0, 40.0, 2e-3, 1.0, MPI_COMM_WORLD); }),
              testing::HasSubstr("20000 x 20000 pixels are too many"));
  EXPECT_THAT(refusal([] { over_plate(mask(), 40.0, 30.0, 1e300); }),
              testing::HasSubstr("too large for a side of 40"));
  EXPECT_THAT(refusal([] { slow_density({}, 40.0, 30.0, 70.0, 1.0, MPI_COMM_WORLD); }),
              testing::HasSubstr("too large for a side of 30"));
  // beyond the plate, where atoms may be without periodic boundaries
  EXPECT_EQ(pixel_at(-1e300, 7), 0);
  EXPECT_EQ(pixel_at(1e300, 7), 6);
  EXPECT_EQ(pixel_at(0.5, 7), 3);
}

TEST(Plate, Radii)
{
  Patches patches;
  patches.patches.resize(2);
  patches.patches[0].pixels = 16;
  patches.patches[1].pixels = 2;
  EXPECT_THAT(patch_radii(patches, 2.5), ElementsAre(10.0, 2.5 * std::sqrt(2.0)));
}

TEST(Plate, MeanOfAStationaryPattern)
{
  // delta u + v = 1.0132 everywhere, u + v = tau on average
  const double u = stationary_mean(4.5);
  EXPECT_NEAR(0.0614 * u + (4.5 - u), 1.0132, 1e-12);
}
