// SPDX-License-Identifier: GPL-2.0-only

// Records of states: what is written comes back bit for bit; nothing damaged, cut, or of another owner does.

#include "io/state_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

using namespace turing_glass::io;

namespace {

const std::vector<double> strange = {
    0.0, -0.0, 1e-310, 0.1, std::numeric_limits<double>::infinity(), -1e300};

StateRecord example()
{
  StateRecord record("compute example", 3);
  record.setting("group", "mobile");
  record.setting("cutoff", 0.1);
  record.put("times", strange);
  record.put("steps", std::vector<std::int64_t>{1, -1, std::numeric_limits<std::int64_t>::max()});
  record.put("file", std::string("a b\n\0c", 6));
  record.put("none", std::vector<double>{});
  return record;
}

}    // namespace

// the published test vectors of FNV-1a with 64 bits
TEST(Checksum, IsFNV1a)
{
  EXPECT_EQ(Checksum().value(), 0xcbf29ce484222325u);
  EXPECT_EQ(Checksum().add("a").value(), 0xaf63dc4c8601ec8cu);
  EXPECT_EQ(Checksum().add("foo").add("bar").value(), 0x85944171f73967e8u);
  EXPECT_EQ(Checksum().add("foobar").text(), "85944171f73967e8");
}

TEST(StateRecord, ComesBackBitForBit)
{
  const auto read = StateRecord::parse(example().bytes(), "compute example", 3);
  EXPECT_EQ(
      std::memcmp(read.numbers("times").data(), strange.data(), strange.size() * sizeof(double)),
      0);
  EXPECT_THAT(read.integers("steps"),
              testing::ElementsAre(1, -1, std::numeric_limits<std::int64_t>::max()));
  EXPECT_EQ(read.text("file"), std::string("a b\n\0c", 6));
  EXPECT_TRUE(read.numbers("none").empty());
  EXPECT_EQ(read.differences(example()), "");
}

TEST(StateRecord, NoBitMayFlip)
{
  const std::string bytes = example().bytes();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = bytes;
      damaged[n] = static_cast<char>(damaged[n] ^ 1 << bit);
      EXPECT_THROW(StateRecord::parse(damaged, "compute example", 3), StateError)
          << n << ' ' << bit;
      EXPECT_THROW(StateRecord::parse_at(damaged.data(), "compute example", 3), StateError)
          << n << ' ' << bit;
    }
}

TEST(StateRecord, NoByteMayBeMissingOrTooMany)
{
  const std::string bytes = example().bytes();
  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_THROW(StateRecord::parse(bytes.substr(0, n), "compute example", 3), StateError) << n;
  EXPECT_THROW(StateRecord::parse(bytes + '\0', "compute example", 3), StateError);
}

TEST(StateRecord, IsOfOneKindAndVersion)
{
  const std::string bytes = example().bytes();
  EXPECT_THROW(StateRecord::parse(bytes, "compute other", 3), StateError);
  EXPECT_THROW(StateRecord::parse(bytes, "compute example", 4), StateError);
}

TEST(StateRecord, KnowsWhoseStateItIs)
{
  StateRecord other("compute example", 3);
  other.setting("group", "all");
  other.setting("cutoff", std::nextafter(0.1, 1.0));
  other.setting("lag", "5");
  EXPECT_EQ(example().differences(other),
            "group mobile, now all; cutoff 0.1, now 0.10000000000000002; lag not given, now 5");
  EXPECT_EQ(other.differences(example()),
            "group all, now mobile; cutoff 0.10000000000000002, now 0.1; lag 5, now not given");
}

TEST(StateRecord, ValuesAreAskedForByNameAndCount)
{
  const StateRecord record = example();
  EXPECT_THROW(record.numbers("steps"), StateError);
  EXPECT_THROW(record.numbers("times", 5), StateError);
  EXPECT_THROW(record.integer("steps"), StateError);
  EXPECT_EQ(record.numbers("times", 6).size(), 6);
}
