#include "exchange_log.h"

#include "text.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <stdexcept>

namespace turing_glass::replica {

namespace {

constexpr const char *title = "# replica exchange, temperatures";

std::string first_line(const std::vector<double> &ladder)
{
  std::ostringstream text;
  text.precision(10);
  text << title;
  for (const double t : ladder) text << ' ' << t;
  return text.str();
}

}    // namespace

ExchangeLog::ExchangeLog(const std::string &path, const std::vector<double> &ladder,
                         std::int64_t step, bool go_on) :
    path_(path)
{
  if (go_on && std::filesystem::exists(path)) {
    ExchangeLogReader reader(path);
    if (reader.size() != static_cast<int>(ladder.size()))
      throw std::runtime_error(path + ": holds the exchanges of " + std::to_string(reader.size()) +
                               " replicas, not of " + std::to_string(ladder.size()) +
                               ": move it away or name another file");
    std::int64_t keep = reader.bytes();
    while (reader.next() && reader.step() <= step) keep = reader.bytes();
    std::filesystem::resize_file(path, keep);
    is_new_ = false;
  }
  file_.reset(std::fopen(path.c_str(), is_new_ ? "w" : "a"));
  if (!file_) throw std::runtime_error(path + ": " + std::strerror(errno));
  if (is_new_)
    std::fprintf(
        file_.get(),
        "%s\n# step, temperature index of each replica, potential energy of each replica, pairs of\n"
        "# temperatures: + exchanged, - not exchanged, . not tried\n",
        first_line(ladder).c_str());
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
  if (std::fputs(text.str().c_str(), file_.get()) < 0 || std::fflush(file_.get()) != 0)
    throw std::runtime_error(path_ + ": " + std::strerror(errno));
}

ExchangeLogReader::ExchangeLogReader(const std::string &path)
try : path_(path), reader_(path) {
  std::string_view text;
  if (!line(text) || text.substr(0, std::strlen(title)) != title)
    fail("no file of fix remd/swap: it begins with \"" + std::string(title) + "\"");
  std::istringstream words{std::string(text.substr(std::strlen(title)))};
  for (double t = 0.0; words >> t;) ++size_;
  if (size_ < 2) fail("names fewer than two temperatures");
  for (int k = 0; k < 2; ++k)
    if (!line(text) || text.empty() || text[0] != '#')
      fail("is not a line of fix remd/swap's heading");
} catch (const io::LineError &e) {
  throw std::runtime_error(path + ": " + e.what());
}

bool ExchangeLogReader::next()
{
  std::string_view text;
  try {
    if (!line(text) || !reader_.has_end()) return false;
  } catch (const io::LineError &e) {
    fail(e.what());
  }
  std::istringstream words{std::string(text)};
  std::int64_t step = 0;
  std::vector<int> levels(size_);
  std::vector<bool> taken(size_, false);
  bool good = static_cast<bool>(words >> step);
  for (int &level : levels) {
    good = good && words >> level && level >= 1 && level <= size_ && !taken[level - 1];
    if (!good)
      fail("should begin with a step and " + std::to_string(size_) +
           " different temperature indices");
    taken[--level] = true;
  }
  if (step < step_)
    fail("goes back from step " + std::to_string(step_) + " to " + std::to_string(step));
  step_ = step;
  levels_ = std::move(levels);
  return true;
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

}    // namespace turing_glass::replica
