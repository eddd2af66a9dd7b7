#include "demux.h"

#include "exchange_log.h"

#include "io/line_reader.h"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace turing_glass::replica {

namespace {

/// A dump of one replica: the head of each frame, then its lines.
class Dump {
 public:
  explicit Dump(const std::string &path) : path_(path), reader_(path) {}

  /// Head of the next frame whose step was not there before; false at the end, where a last frame without its
  /// head counts as no frame.
  bool next_frame()
  {
    for (;;) {
      const std::int64_t before = step_;
      if (!read_head()) return false;
      if (step_ > before) return true;
      if (step_ < first_) fail("goes back to step " + std::to_string(step_));
      std::string_view line;
      step_ = before;
      for (; left_ > 0; --left_)
        if (!reader_.next(line)) return false;
    }
  }

  std::int64_t step() const { return step_; }
  const std::string &head() const { return head_; }
  const std::string &path() const { return path_; }

  /// The next line of this frame; false after the last one. `cut_off` if the file ends before.
  bool next_line(std::string_view &line, bool &cut_off)
  {
    if (left_ == 0) return false;
    cut_off = !reader_.next(line) || !reader_.has_end();
    --left_;
    return !cut_off;
  }

  [[noreturn]] void fail(const std::string &what) const
  {
    throw std::runtime_error(path_ + ", line " + std::to_string(reader_.line()) + ": " + what);
  }

 private:
  bool read_head()
  {
    head_.clear();
    std::int64_t step = -1, count = -1;
    std::int64_t *number = nullptr;    // that the next line holds
    std::string_view line;
    while (reader_.next(line)) {
      head_.append(line) += '\n';
      if (number) {
        const auto end = line.data() + line.size();
        if (std::from_chars(line.data(), end, *number).ec != std::errc() || *number < 0)
          fail("should be a number");
        number = nullptr;
      } else if (line == "ITEM: TIMESTEP")
        number = &step;
      else if (line.substr(0, 15) == "ITEM: NUMBER OF")
        number = &count;
      else if (line.substr(0, 11) == "ITEM: ATOMS" || line.substr(0, 13) == "ITEM: ENTRIES") {
        if (step < 0 || count < 0) fail("no step and number of atoms before the atoms");
        if (first_ < 0) first_ = step;
        step_ = step;
        left_ = count;
        return true;
      } else if (line.substr(0, 5) != "ITEM:" && head_.size() == line.size() + 1)
        fail("a frame of a text dump of LAMMPS should begin with \"ITEM:\"");
    }
    return false;
  }

  std::string path_;
  io::LineReader reader_;
  std::string head_;
  std::int64_t step_ = -1, first_ = -1, left_ = 0;
};

struct Close {
  void operator()(std::FILE *file) const { std::fclose(file); }
};

}    // namespace

std::int64_t demultiplex(const std::string &log, const std::vector<std::string> &inputs,
                         const std::vector<std::string> &outputs,
                         const std::function<void(std::int64_t)> &progress)
{
  ExchangeLogReader exchanges(log);
  const int n = exchanges.size();
  if (static_cast<int>(inputs.size()) != n || static_cast<int>(outputs.size()) != n)
    throw std::runtime_error(log + ": of " + std::to_string(n) + " replicas, but " +
                             std::to_string(inputs.size()) + " dumps and " +
                             std::to_string(outputs.size()) + " outputs are named");
  if (!exchanges.next()) throw std::runtime_error(log + ": holds no exchange");
  std::vector<int> levels = exchanges.levels();
  std::int64_t from = exchanges.step();
  bool more = exchanges.next();

  std::vector<Dump> dumps;
  for (const std::string &path : inputs) try {
      dumps.emplace_back(path);
    } catch (const io::LineError &e) {
      throw std::runtime_error(path + ": " + e.what());
    }
  std::vector<std::unique_ptr<std::FILE, Close>> files;
  for (const std::string &path : outputs) {
    for (const std::string &input : inputs)
      if (std::filesystem::exists(path) && std::filesystem::equivalent(path, input))
        throw std::runtime_error(path + ": is an input, and would be overwritten");
    files.emplace_back(std::fopen(path.c_str(), "w"));
    if (!files.back()) throw std::runtime_error(path + ": " + std::strerror(errno));
  }

  std::int64_t frames = 0;
  std::vector<std::int64_t> whole(n, 0);    // bytes of complete steps
  for (bool complete = true; complete;) {
    for (Dump &dump : dumps) try {
        complete = complete && dump.next_frame();
      } catch (const io::LineError &e) {
        dump.fail(e.what());
      }
    if (!complete) break;
    const std::int64_t step = dumps[0].step();
    for (const Dump &dump : dumps)
      if (dump.step() != step)
        dump.fail("a frame of step " + std::to_string(dump.step()) + ", where " + dumps[0].path() +
                  " has one of step " + std::to_string(step));
    if (step < from)
      throw std::runtime_error(log + ": begins at step " + std::to_string(from) +
                               ", the dumps at step " + std::to_string(step));
    while (more && exchanges.step() <= step) {
      levels = exchanges.levels();
      more = exchanges.next();
    }
    for (int replica = 0; replica < n; ++replica) {
      Dump &dump = dumps[replica];
      std::FILE *file = files[levels[replica]].get();
      const auto put = [&](std::string_view text) {
        if (std::fwrite(text.data(), 1, text.size(), file) != text.size())
          throw std::runtime_error(outputs[levels[replica]] + ": " + std::strerror(errno));
      };
      put(dump.head());
      std::string_view line;
      bool cut_off = false;
      try {
        while (dump.next_line(line, cut_off)) {
          put(line);
          put("\n");
        }
      } catch (const io::LineError &e) {
        dump.fail(e.what());
      }
      complete = complete && !cut_off;
    }
    if (!complete) break;
    for (int level = 0; level < n; ++level) whole[level] = std::ftell(files[level].get());
    ++frames;
    progress(step);
  }
  for (int level = 0; level < n; ++level) {
    if (std::fclose(files[level].release()) != 0)
      throw std::runtime_error(outputs[level] + ": " + std::strerror(errno));
    std::filesystem::resize_file(outputs[level], whole[level]);
  }
  return frames;
}

}    // namespace turing_glass::replica
