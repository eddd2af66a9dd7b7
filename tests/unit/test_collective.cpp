// SPDX-License-Identifier: GPL-2.0-only

// Lists of several ranks brought together, on any number of ranks.

#include "collective.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

using namespace turing_glass;
using testing::ElementsAreArray;

namespace {

const MPI_Comm world = MPI_COMM_WORLD;

/// Rank r has r + 1 pairs (r, 0), (r, 1) ...
std::vector<std::array<int, 2>> pairs_of(int rank)
{
  std::vector<std::array<int, 2>> pairs;
  for (int k = 0; k <= rank; ++k) pairs.push_back({rank, k});
  return pairs;
}

}    // namespace

TEST(Collective, GathersInTheOrderOfRanks)
{
  std::vector<std::array<int, 2>> expected;
  for (int r = 0; r < ranks_of(world); ++r)
    for (const auto &pair : pairs_of(r)) expected.push_back(pair);
  const auto mine = pairs_of(rank_of(world));
  EXPECT_THAT(gather_all(mine, world), ElementsAreArray(expected));
  const auto first = gather_first(mine, world);
  if (rank_of(world) == 0)
    EXPECT_THAT(first, ElementsAreArray(expected));
  else
    EXPECT_TRUE(first.empty());
  EXPECT_EQ(gather_all(std::string("a"), world), std::string(ranks_of(world), 'a'));
  EXPECT_TRUE(gather_all(std::vector<double>{}, world).empty());
}

TEST(Collective, BroadcastsFromAnyRank)
{
  const int last = ranks_of(world) - 1;
  std::string text = rank_of(world) == last ? "from the last" : "mine";
  broadcast(text, world, last);
  EXPECT_EQ(text, "from the last");
}

TEST(Collective, ExchangesLists)
{
  const int ranks = ranks_of(world), me = rank_of(world);
  std::vector<std::vector<int>> to(ranks);
  for (int r = 0; r < ranks; ++r) to[r].assign(r, 10 * me + r);    // nothing for rank 0
  std::vector<int> received, expected;
  const std::vector<int> in = exchange(to, received, world);
  for (int r = 0; r < ranks; ++r) expected.insert(expected.end(), me, 10 * r + me);
  EXPECT_EQ(in, expected);
  EXPECT_EQ(received, std::vector<int>(ranks, me));
}

TEST(Collective, AnErrorOfOneRankComesOnAll)
{
  const int last = ranks_of(world) - 1;
  throw_everywhere("", world);
  const auto text_of = [](auto &&work) {
    try {
      work();
    } catch (const std::runtime_error &e) {
      return std::string(e.what());
    }
    return std::string("none");
  };
  EXPECT_EQ(text_of([&] { throw_everywhere(rank_of(world) == last ? "bad" : "", world); }), "bad");
  EXPECT_EQ(text_of([&] { on_first_rank(world, [] { throw std::logic_error("worse"); }); }),
            "worse");
  int runs = 0;
  on_first_rank(world, [&] { ++runs; });
  EXPECT_EQ(runs, rank_of(world) == 0 ? 1 : 0);
}

TEST(Collective, RefusesMoreThanCanBeCounted)
{
  EXPECT_THROW(Layout({1 << 30, 1 << 30}), std::length_error);
}
