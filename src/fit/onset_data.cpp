// SPDX-License-Identifier: GPL-2.0-only

#include "onset_data.h"

#include "io/line_reader.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace turing_glass::fit {

namespace {

// of a number in a file, so that squares and ratios stay finite; smaller ones are 0
constexpr double largest = 1e100, smallest = 1e-100;

struct Block {
  double step, T, H;
};

std::optional<double> number(std::string_view word)
{
  double value = 0.0;
  if (!parse(word, value) || !(std::abs(value) <= largest)) return std::nullopt;
  return std::abs(value) < smallest ? 0.0 : value;
}

/// Nothing for a comment. Throws what is wrong with the line.
std::optional<Block> block_of(std::string_view line)
{
  const std::vector<std::string_view> words = words_of(line);
  if (words.empty() || words[0][0] == '#') return std::nullopt;
  std::vector<double> columns;
  for (const std::string_view word : words) {
    const std::optional<double> value = number(word);
    if (!value)
      throw std::runtime_error(in_quotes(word) + " is not a number of at most 1e100 in magnitude");
    columns.push_back(*value);
  }
  if (columns.size() < 3)
    throw std::runtime_error("step, temperature and enthalpy are needed, not " + in_quotes(line));
  if (columns[1] < 0.0) throw std::runtime_error("the temperature is below 0");
  return Block{columns[0], columns[1], columns[2]};
}

Hold hold_of(const std::vector<Block> &blocks)
{
  // deviations from the first block: those of equal blocks are 0 exactly
  const double first = blocks[0].H, n = static_cast<double>(blocks.size());
  double shift = 0.0;
  for (const Block &block : blocks) shift += (block.H - first) / n;
  double squares = 0.0, products = 0.0, before = 0.0;
  for (const Block &block : blocks) {
    const double deviation = block.H - first - shift;
    squares += deviation * deviation;
    products += deviation * before;
    before = deviation;
  }
  Hold hold{blocks[0].T, first + shift, 0.0, static_cast<int>(blocks.size()), 0.0};
  const double rounding = 4.0 * std::numeric_limits<double>::epsilon() * std::abs(first);
  if (squares > n * rounding * rounding) {
    hold.error = std::sqrt(squares / (n * (n - 1.0)));
    hold.correlation = products / squares;
  }
  return hold;
}

}    // namespace

HoldFile read_holds(const std::string &path)
{
  HoldFile file;
  std::vector<std::vector<Block>> holds;
  const auto fail = [&](long line, const std::string &why) {
    throw std::runtime_error(path + ", line " + std::to_string(line) + ": " + why);
  };
  try {
    io::LineReader reader(path);
    std::string_view line;
    while (reader.next(line)) {
      std::optional<Block> block;
      try {
        block = block_of(line);
      } catch (const std::runtime_error &e) {
        fail(reader.line(), e.what());
      }
      if (!block) continue;
      if (!reader.has_end())
        fail(reader.line(),
             "the last line has no end, so it may be cut off: complete or delete it");
      if (holds.empty() || holds.back()[0].T != block->T) holds.emplace_back();
      std::vector<Block> &hold = holds.back();
      for (; !hold.empty() && hold.back().step >= block->step; ++file.replaced) hold.pop_back();
      hold.push_back(*block);
    }
  } catch (const io::LineError &e) {
    throw std::runtime_error(path + ": " + e.what());
  }
  for (const std::vector<Block> &hold : holds) file.holds.push_back(hold_of(hold));
  std::stable_sort(file.holds.begin(), file.holds.end(),
                   [](const Hold &a, const Hold &b) { return a.T < b.T; });
  return file;
}

std::vector<Hold> average(const std::vector<std::vector<Hold>> &samples)
{
  std::vector<Hold> mean = samples.at(0);
  const auto n = static_cast<double>(samples.size());
  for (const std::vector<Hold> &sample : samples)
    if (!std::equal(sample.begin(), sample.end(), mean.begin(), mean.end(),
                    [](const Hold &a, const Hold &b) { return a.T == b.T; }))
      throw std::runtime_error("the samples differ in the temperatures of their isothermal holds: "
                               "only samples with the same ones can be averaged");
  for (std::size_t k = 0; k < mean.size(); ++k) {
    double H = 0.0, squares = 0.0, correlation = 0.0;
    bool known = true;
    for (const std::vector<Hold> &sample : samples) {
      const Hold &hold = sample[k];
      H += hold.H / n;
      squares += hold.error * hold.error / (n * n);
      correlation += hold.correlation / n;
      known = known && hold.error > 0.0;
      mean[k].blocks = std::min(mean[k].blocks, hold.blocks);
    }
    mean[k].H = H;
    mean[k].error = known ? std::sqrt(squares) : 0.0;
    mean[k].correlation = correlation;
  }
  return mean;
}

std::vector<double> temperatures(const std::vector<Hold> &holds)
{
  std::vector<double> T;
  for (const Hold &hold : holds) T.push_back(hold.T);
  std::sort(T.begin(), T.end());
  T.erase(std::unique(T.begin(), T.end()), T.end());
  return T;
}

bool errors_known(const std::vector<Hold> &holds)
{
  return std::all_of(holds.begin(), holds.end(), [](const Hold &h) { return h.error > 0.0; });
}

}    // namespace turing_glass::fit
