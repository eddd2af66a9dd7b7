// SPDX-License-Identifier: GPL-2.0-only

// Components of periodic graphs: by hand, against a search in breadth, on any number of ranks.

#include "collective.h"
#include "graph/components.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <vector>

using turing_glass::graph::Components;
using turing_glass::graph::Id;
using turing_glass::graph::Image;

namespace {

constexpr Image here = {0, 0, 0};

int rank()
{
  return turing_glass::rank_of(MPI_COMM_WORLD);
}

int ranks()
{
  return turing_glass::ranks_of(MPI_COMM_WORLD);
}

}    // namespace

TEST(Components, TwoAndOneAlone)
{
  Components c;
  for (const Id id : {7, 3, 5}) c.add(id);
  c.connect(7, 3, {0, 1, 0});
  c.resolve(MPI_COMM_SELF);
  EXPECT_EQ(c.place(7).label, 3);
  EXPECT_EQ(c.place(7).image, (Image{0, -1, 0})) << "3 is one cell above 7, so 7 one below 3";
  EXPECT_EQ(c.place(3).image, here);
  EXPECT_EQ(c.place(5).label, 5);
  EXPECT_EQ(c.infinite(3), 0U);
}

TEST(Components, ChainsThroughFaces)
{
  // a chain of four that leaves the cell through x and comes back to its beginning: infinite along x
  Components chain;
  for (Id id = 1; id <= 4; ++id) chain.add(id);
  chain.connect(1, 2, here);
  chain.connect(2, 3, here);
  chain.connect(3, 4, here);
  chain.connect(4, 1, {1, 0, 0});
  chain.resolve(MPI_COMM_SELF);
  EXPECT_EQ(chain.infinite(3), 1U);

  // the same chain broken, through two faces, is finite and is put together
  Components broken;
  broken.connect(1, 2, here);
  broken.connect(2, 3, {0, 0, 1});
  broken.connect(3, 4, {0, -1, 0});
  broken.resolve(MPI_COMM_SELF);
  EXPECT_EQ(broken.infinite(1), 0U);
  EXPECT_EQ(broken.place(4).image, (Image{0, -1, 1}));
  EXPECT_EQ(broken.place(4).label, 1);

  // a vertex that is its own neighbor in the next cell along the diagonal
  Components diagonal;
  diagonal.connect(1, 1, {0, 1, 1});
  diagonal.resolve(MPI_COMM_SELF);
  EXPECT_EQ(diagonal.infinite(1), 6U);
}

TEST(Components, SitePercolationAgainstSearchInBreadth)
{
  // sites of a periodic simple cubic lattice, occupied with the probability p; sites belong to ranks at
  // random, and an edge is told by the owner of its lower end
  constexpr int n = 12;
  int spanning = 0;
  for (const double p : {0.15, 0.28, 0.31, 0.34, 0.5}) {
    std::mt19937 random(17);
    std::uniform_real_distribution<double> uniform;
    std::vector<bool> occupied(n * n * n);
    std::vector<int> owner(n * n * n);
    std::vector<Id> id(n * n * n);
    for (std::size_t k = 0; k < occupied.size(); ++k) {
      occupied[k] = uniform(random) < p;
      owner[k] = static_cast<int>(random() % ranks());
      id[k] = static_cast<Id>(7919 * k % occupied.size());
    }
    const auto neighbor = [](int k, int axis, int step, Image &image) {
      int x[3] = {k % n, k / n % n, k / n / n};
      x[axis] += step;
      image = {0, 0, 0};
      if (x[axis] == n) x[axis] = 0, image[axis] = 1;
      if (x[axis] < 0) x[axis] = n - 1, image[axis] = -1;
      return x[0] + n * (x[1] + n * x[2]);
    };

    Components components;
    for (int k = 0; k < n * n * n; ++k) {
      if (!occupied[k] || owner[k] != rank()) continue;
      components.add(id[k]);
      for (int axis = 0; axis < 3; ++axis) {
        Image image;
        if (const int other = neighbor(k, axis, 1, image); occupied[other])
          components.connect(id[k], id[other], image);
      }
    }
    components.resolve(MPI_COMM_WORLD);

    // the reference knows all sites
    std::vector<int> component(occupied.size(), -1);
    std::vector<Image> image(occupied.size());
    std::vector<Id> lowest;
    std::vector<int> lowest_site;
    std::vector<unsigned> infinite;
    for (std::size_t begin = 0; begin < occupied.size(); ++begin) {
      if (!occupied[begin] || component[begin] >= 0) continue;
      const int mine = static_cast<int>(lowest.size());
      lowest.push_back(id[begin]);
      lowest_site.push_back(static_cast<int>(begin));
      infinite.push_back(0);
      component[begin] = mine;
      image[begin] = here;
      std::deque<int> queue = {static_cast<int>(begin)};
      while (!queue.empty()) {
        const int k = queue.front();
        queue.pop_front();
        if (id[k] < lowest[mine]) lowest[mine] = id[k], lowest_site[mine] = k;
        for (int axis = 0; axis < 3; ++axis)
          for (const int step : {-1, 1}) {
            Image across;
            const int other = neighbor(k, axis, step, across);
            if (!occupied[other]) continue;
            for (int a = 0; a < 3; ++a) across[a] += image[k][a];
            if (component[other] < 0) {
              component[other] = mine;
              image[other] = across;
              queue.push_back(other);
            } else
              for (int a = 0; a < 3; ++a)
                if (across[a] != image[other][a]) infinite[mine] |= 1U << a;
          }
      }
    }
    for (int k = 0; k < n * n * n; ++k) {
      if (!occupied[k] || owner[k] != rank()) continue;
      const int mine = component[k];
      ASSERT_EQ(components.place(id[k]).label, lowest[mine]) << "p = " << p;
      ASSERT_EQ(components.infinite(id[k]), infinite[mine]) << "p = " << p;
      if (infinite[mine] != 0) continue;
      for (int a = 0; a < 3; ++a)
        ASSERT_EQ(components.place(id[k]).image[a], image[k][a] - image[lowest_site[mine]][a]);
    }
    for (const unsigned axes : infinite) spanning += axes != 0;
  }
  EXPECT_GT(spanning, 0) << "the test must see infinite components";
}
