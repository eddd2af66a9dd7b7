// SPDX-License-Identifier: GPL-2.0-only

#include "exchange_log.h"

#include "text.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <sstream>
#include <stdexcept>

namespace turing_glass::replica {

namespace {

constexpr std::string_view title = "# replica exchange, temperatures";
constexpr std::string_view run_begins = "# from step ", run_continues = "# continued from step ";

std::string first_line(const std::vector<double> &ladder)
{
  std::ostringstream text;
  text.precision(10);
  text << title;
  for (const double t : ladder) text << ' ' << t;
  return text.str();
}

/// A step, or a number of them that can be added to one.
bool is_step(std::string_view word, std::int64_t &value)
{
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max() / 4;
  return parse(word, value) && value >= 0 && value <= largest;
}

bool is_finite(std::string_view word)
{
  double value = 0.0;
  return parse(word, value) && std::isfinite(value);
}

}    // namespace

ExchangeLog::ExchangeLog(const std::string &path, const std::vector<double> &ladder,
                         const Schedule &schedule, const Exchange &exchange, std::int64_t step,
                         bool go_on) :
    path_(path)
{
  is_new_ = !go_on || !std::filesystem::exists(path);
  if (!is_new_) keep_until(step, ladder, exchange);
  file_.reset(std::fopen(path.c_str(), is_new_ ? "w" : "a"));
  if (!file_) throw std::runtime_error(path + ": " + std::strerror(errno));
  if (is_new_)
    put(first_line(ladder) +
        "\n# step, temperature index of each replica, potential energy of each replica, pairs of\n"
        "# temperatures: + exchanged, - not exchanged, . not tried\n");
  begin(go_on ? run_continues : run_begins, step, schedule);
}

/// Removes the lines of later steps. The rest must tell where the replicas are now.
void ExchangeLog::keep_until(std::int64_t step, const std::vector<double> &ladder,
                             const Exchange &exchange)
{
  const auto fail = [this](const std::string &what) {
    throw std::runtime_error(path_ + ": " + what + "; move it away or name another file");
  };
  ExchangeLogReader reader(path_);
  if (reader.size() != static_cast<int>(ladder.size()))
    fail("holds the exchanges of " + std::to_string(reader.size()) + " replicas, not of " +
         std::to_string(ladder.size()));
  std::int64_t keep = reader.bytes(), last = -1;
  std::vector<int> levels;
  bool more = reader.next();
  for (; more && reader.step() <= step; more = reader.next()) {
    keep = reader.bytes();
    last = reader.step();
    levels = reader.levels();
  }
  for (const auto &begin : reader.begins())
    if (begin.step <= step) keep = std::max(keep, begin.bytes);
  const std::string now = "step " + std::to_string(step) + ", from which this run goes on";
  if (last < 0) fail("holds no line up to " + now);
  if (!more && reader.next_attempt() < step)
    fail("ends at step " + std::to_string(last) + ", long before " + now);
  if (levels != exchange.levels())
    fail("has the replicas at other temperatures at " + now + ": it is of another run");
  std::filesystem::resize_file(path_, keep);
}

void ExchangeLog::begin(std::string_view how, std::int64_t step, const Schedule &schedule)
{
  std::ostringstream text;
  text << how << step << ": an attempt every " << schedule.every << " steps";
  if (schedule.hybrid())
    text << ", hybrid " << schedule.plain << ' ' << schedule.exchanging << " from step "
         << schedule.first;
  put(text.str() + '\n');
}

void ExchangeLog::begin(std::int64_t step, const Schedule &schedule)
{
  begin(run_begins, step, schedule);
}

void ExchangeLog::write(std::int64_t step, const Exchange &exchange,
                        const std::vector<double> &energies, const std::vector<Decision> &decisions)
{
  std::ostringstream text;
  text.precision(10);
  text << step;
  for (const int level : exchange.levels()) text << ' ' << level + 1;
  for (const double energy : energies) text << ' ' << energy;
  std::string pairs(exchange.size() - 1, '.');
  for (const Decision &decision : decisions) pairs[decision.level] = decision.accepted ? '+' : '-';
  text << ' ' << pairs << '\n';
  put(text.str());
}

void ExchangeLog::put(const std::string &text)
{
  if (std::fputs(text.c_str(), file_.get()) < 0 || std::fflush(file_.get()) != 0)
    throw std::runtime_error(path_ + ": " + std::strerror(errno));
}

ExchangeLogReader::ExchangeLogReader(const std::string &path)
try : path_(path), reader_(path) {
  std::string_view text;
  if (!line(text) || text.substr(0, title.size()) != title)
    fail("no file of fix remd/swap: it begins with \"" + std::string(title) + "\"");
  for (const std::string_view word : words_of(text.substr(title.size()))) {
    double temperature = 0.0;
    if (!parse(word, temperature) || !(temperature > 0.0) || !std::isfinite(temperature))
      fail(in_quotes(word) + " is no temperature");
    temperatures_.push_back(temperature);
  }
  if (size() < 2) fail("names fewer than two temperatures");
  for (int k = 0; k < 2; ++k)
    if (!line(text) || text.empty() || text[0] != '#')
      fail("is not a line of fix remd/swap's heading");
} catch (const io::LineError &e) {
  throw std::runtime_error(path + ": " + e.what());
}

bool ExchangeLogReader::next()
{
  std::string_view text;
  for (;;) {
    try {
      if (!line(text) || !reader_.has_end()) return false;
    } catch (const io::LineError &e) {
      fail(e.what());
    }
    if (!text.empty() && text[0] == '#')
      read_comment(text);
    else {
      read_attempt(text);
      return true;
    }
  }
}

void ExchangeLogReader::read_comment(std::string_view line)
{
  const auto begins_with = [line](std::string_view text) {
    return line.substr(0, text.size()) == text;
  };
  const bool continued = begins_with(run_continues);
  if (!continued && !begins_with(run_begins)) return;

  // "520: an attempt every 50 steps, hybrid 400 600 from step 0"
  std::string text(line.substr((continued ? run_continues : run_begins).size()));
  for (char &c : text)
    if (c == ':' || c == ',') c = ' ';
  const auto words = words_of(text);
  std::int64_t step = 0;
  Schedule schedule;
  const bool hybrid = words.size() == 12;
  if ((words.size() != 6 && !hybrid) || !is_step(words[0], step) ||
      !is_step(words[4], schedule.every) || schedule.every < 1 ||
      (hybrid &&
       (!is_step(words[7], schedule.plain) || !is_step(words[8], schedule.exchanging) ||
        !is_step(words[11], schedule.first) || schedule.exchanging < schedule.every ||
        schedule.first > step)))
    fail("should tell from which step on an attempt is made every how many steps");
  if (step < step_) fail_back(step);
  schedule_ = schedule;
  at_begin_ = true;
  next_attempt_ = schedule.next_attempt(step);
  begins_.push_back({step, continued, bytes_});
}

void ExchangeLogReader::read_attempt(std::string_view line)
{
  const auto words = words_of(line);
  const std::size_t n = temperatures_.size();
  std::int64_t step = 0;
  if (words.size() != 2 * n + 2 || !is_step(words[0], step) ||
      !std::all_of(words.begin() + n + 1, words.end() - 1, is_finite))
    fail("should hold a step, " + std::to_string(n) +
         " temperature indices, as many energies and "
         "what became of each pair");
  std::vector<int> levels(n);
  std::vector<bool> taken(n, false);
  for (std::size_t k = 0; k < n; ++k) {
    int &level = levels[k];
    if (!parse(words[k + 1], level) || level < 1 || level > size() || taken[level - 1])
      fail("should begin with a step and " + std::to_string(n) + " different temperature indices");
    taken[--level] = true;
  }
  check_step(step);
  check_levels(levels, words.back());
  step_ = step;
  levels_ = std::move(levels);
  at_begin_ = false;
  if (!begins_.empty()) next_attempt_ = schedule_.next_attempt(step);
}

void ExchangeLogReader::check_step(std::int64_t step) const
{
  if (step < step_) fail_back(step);
  if (begins_.empty() || step == next_attempt_ || (at_begin_ && step == begins_.back().step))
    return;
  if (step > next_attempt_)
    fail("the line of the attempt at step " + std::to_string(next_attempt_) + " is missing before");
  fail("no attempt was due at step " + std::to_string(step) + ", the next one is at step " +
       std::to_string(next_attempt_));
}

/// The levels are those of the line before but for the pairs that have exchanged theirs.
void ExchangeLogReader::check_levels(const std::vector<int> &levels, std::string_view pairs) const
{
  if (pairs.size() + 1 != levels.size() || pairs.find_first_not_of("+-.") != pairs.npos ||
      pairs.find("++") != pairs.npos)
    fail(
        "should end with one of + - . for each pair of temperatures, and no level in two exchanges");
  if (levels_.empty()) return;
  for (std::size_t replica = 0; replica < levels.size(); ++replica) {
    const int before = levels_[replica];
    const bool up = before + 1 < size() && pairs[before] == '+';
    const bool down = before > 0 && pairs[before - 1] == '+';
    if (levels[replica] != before + up - down)
      fail("replica " + std::to_string(replica + 1) + " cannot have come from temperature " +
           std::to_string(before + 1) + " to " + std::to_string(levels[replica] + 1) +
           " by the exchanges " + std::string(pairs));
  }
}

bool ExchangeLogReader::line(std::string_view &line)
{
  if (!reader_.next(line)) return false;
  bytes_ += static_cast<std::int64_t>(line.size()) + 1;
  return true;
}

void ExchangeLogReader::fail(const std::string &what) const
{
  throw std::runtime_error(path_ + ", line " + std::to_string(reader_.line()) + ": " + what);
}

void ExchangeLogReader::fail_back(std::int64_t step) const
{
  fail("goes back from step " + std::to_string(step_) + " to " + std::to_string(step) +
       "; of a run that was continued from an earlier step, remove the lines of later steps");
}

}    // namespace turing_glass::replica
