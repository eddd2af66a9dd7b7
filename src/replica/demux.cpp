// SPDX-License-Identifier: GPL-2.0-only

#include "demux.h"

#include "dump_frames.h"
#include "exchange_log.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace turing_glass::replica {

namespace {

namespace fs = std::filesystem;

using Progress = std::function<void(const char *, std::int64_t)>;

/// A frame that counts, where it stands among all frames of its replica.
struct Frame {
  std::int64_t step, index;
  bool whole;
};

/// The file of exchanges, read once before anything is written: it is sound, and where its runs began.
struct Exchanges {
  int replicas = 0;
  std::vector<ExchangeLogReader::Begin> begins;

  explicit Exchanges(const std::string &log)
  {
    ExchangeLogReader reader(log);
    replicas = reader.size();
    bool any = false;
    while (reader.next()) any = true;
    if (!any) throw std::runtime_error(log + ": holds no exchange");
    begins = reader.begins();
  }

  /// The last run that was continued from a restart file at `step` or before; none, or not told: nullptr.
  const ExchangeLogReader::Begin *continued(std::int64_t step) const
  {
    const ExchangeLogReader::Begin *last = nullptr;
    for (const auto &begin : begins)
      if (begin.continued && begin.step <= step) last = &begin;
    return last;
  }
  /// Whether a run of this file can have its first frame at `step`, after frames of later steps.
  bool explains(std::int64_t step) const
  {
    return begins.empty() || step <= begins.front().step || continued(step);
  }
};

/// The frames that count, in the order of their steps.
class FramesThatCount {
 public:
  FramesThatCount(const Exchanges &exchanges, DemuxReport &report) :
      exchanges_(exchanges), report_(report)
  {
  }

  void add(const Frame &frame)
  {
    if (!frames_.empty() && frame.step == frames_.back().step) {
      ++report_.repeated;
      frames_.pop_back();
    } else if (!frames_.empty() && frame.step < frames_.back().step)
      go_back(frame.step);
    frames_.push_back(frame);
  }

  const std::vector<Frame> &frames() const { return frames_; }
  /// The first step of a run of which the exchanges are not told; -1 if there is none.
  std::int64_t unexplained() const { return unexplained_; }

 private:
  void go_back(std::int64_t step)
  {
    const auto *run = exchanges_.continued(step);
    const std::int64_t restart = run ? run->step : step;
    for (; !frames_.empty() && (frames_.back().step > restart || frames_.back().step == step);
         frames_.pop_back())
      ++(frames_.back().step > restart ? report_.discarded : report_.repeated);
    if (unexplained_ >= step || unexplained_ > restart) unexplained_ = -1;    // discarded, too
    if (!exchanges_.explains(step) && unexplained_ < 0) unexplained_ = step;
  }

  const Exchanges &exchanges_;
  DemuxReport &report_;
  std::vector<Frame> frames_;
  std::int64_t unexplained_ = -1;
};

std::vector<Frame> frames_that_count(const std::string &log, const std::vector<std::string> &paths,
                                     const Exchanges &exchanges, DemuxReport &report,
                                     const Progress &progress)
{
  FramesThatCount count(exchanges, report);
  DumpFrames dump(paths);
  for (std::int64_t index = 0; dump.next([](std::string_view) {}); ++index) {
    if (dump.step() < 0) continue;
    count.add({dump.step(), index, dump.whole()});
    progress("reads", dump.step());
  }
  if (count.unexplained() >= 0)
    throw std::runtime_error(
        log + ": " + paths.back() + " goes back to step " + std::to_string(count.unexplained()) +
        ", but no run of this file was continued from there or before; name the file of "
        "exchanges of that run, or dumps of one run");
  return count.frames();
}

/// A file that takes its name when it is complete.
class Output {
 public:
  explicit Output(const std::string &path) :
      path_(path), part_(path + '.' + std::to_string(getpid()) + ".part"),
      file_(std::fopen(part_.c_str(), "w"))
  {
    if (!file_) fail();
  }
  Output(Output &&) = default;
  ~Output()
  {
    if (file_) std::remove(part_.c_str());
  }

  void put(std::string_view line)
  {
    if (std::fwrite(line.data(), 1, line.size(), file_.get()) != line.size() ||
        std::fputc('\n', file_.get()) == EOF)
      fail();
  }
  void finish()
  {
    const bool closed = std::fclose(file_.release()) == 0;
    if (!closed || std::rename(part_.c_str(), path_.c_str()) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error(path_ + ": " + std::strerror(errno)); }

  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  std::string path_, part_;    ///< of this process alone, as partitions may do the same at once
  std::unique_ptr<std::FILE, Close> file_;
};

std::vector<Output> open_outputs(const std::string &log,
                                 const std::vector<std::vector<std::string>> &inputs,
                                 const std::vector<std::string> &paths)
{
  std::vector<std::string> read = {log};
  for (const auto &files : inputs) read.insert(read.end(), files.begin(), files.end());
  std::vector<Output> outputs;
  for (const std::string &path : paths) {
    for (const std::string &input : read)
      if (fs::exists(path) && fs::equivalent(path, input))
        throw std::runtime_error(path + ": is an input, and would be overwritten");
    outputs.emplace_back(path);
  }
  return outputs;
}

/// Step by step through the frames that count.
class Merge {
 public:
  explicit Merge(std::vector<std::vector<Frame>> frames) :
      frames_(std::move(frames)), at_(frames_.size(), 0)
  {
  }

  bool next()
  {
    step_ = none;
    for (std::size_t r = 0; r < frames_.size(); ++r)
      if (at_[r] < frames_[r].size()) step_ = std::min(step_, frames_[r][at_[r]].step);
    complete_ = true;
    index_.assign(frames_.size(), -1);
    for (std::size_t r = 0; r < frames_.size(); ++r) {
      if (at_[r] == frames_[r].size() || frames_[r][at_[r]].step != step_) {
        complete_ = false;
        continue;
      }
      const Frame &frame = frames_[r][at_[r]++];
      index_[r] = frame.index;
      complete_ = complete_ && frame.whole;
    }
    return step_ != none;
  }
  std::int64_t step() const { return step_; }
  bool complete() const { return complete_; }    ///< every replica has the whole frame
  std::int64_t index(int replica) const { return index_[replica]; }    ///< -1 for none

 private:
  static constexpr std::int64_t none = std::numeric_limits<std::int64_t>::max();

  std::vector<std::vector<Frame>> frames_;
  std::vector<std::size_t> at_;
  std::int64_t step_ = none;
  bool complete_ = false;
  std::vector<std::int64_t> index_;
};

/// A dump that is gone through once.
struct Source {
  DumpFrames dump;
  std::int64_t next = 0;    ///< index of its next frame

  void copy(std::int64_t index, Output &output)
  {
    while (next++ < index) dump.next([](std::string_view) {});
    dump.next([&output](std::string_view line) { output.put(line); });
    if (!dump.whole())
      throw std::runtime_error(
          "a dump has changed while it was read: wait until its run has ended");
  }
};

}    // namespace

DemuxReport demultiplex(const std::string &log, const std::vector<std::vector<std::string>> &inputs,
                        const std::vector<std::string> &paths, const Progress &progress)
{
  const Exchanges known(log);
  const int n = known.replicas;
  if (static_cast<int>(inputs.size()) != n || static_cast<int>(paths.size()) != n)
    throw std::runtime_error(log + ": of " + std::to_string(n) + " replicas, but dumps of " +
                             std::to_string(inputs.size()) + " and " +
                             std::to_string(paths.size()) + " outputs are named");
  DemuxReport report;
  std::vector<std::vector<Frame>> frames;
  std::vector<Source> sources;
  for (const auto &files : inputs) {
    frames.push_back(frames_that_count(log, files, known, report, progress));
    sources.push_back({DumpFrames(files)});
  }
  std::vector<Output> outputs = open_outputs(log, inputs, paths);

  ExchangeLogReader exchanges(log);
  exchanges.next();
  const std::int64_t begin = exchanges.step();
  std::vector<int> levels = exchanges.levels();
  bool more = exchanges.next();
  for (Merge merge(std::move(frames)); merge.next();) {
    const std::int64_t step = merge.step();
    for (; more && exchanges.step() <= step; more = exchanges.next()) levels = exchanges.levels();
    if (!merge.complete())
      ++report.incomplete;
    else if (step < begin || (!more && step >= exchanges.next_attempt()))
      ++report.unknown;
    else {
      for (int replica = 0; replica < n; ++replica)
        sources[replica].copy(merge.index(replica), outputs[levels[replica]]);
      ++report.steps;
      progress("writes", step);
    }
  }
  if (report.steps == 0)
    throw std::runtime_error("no step can be written: " + std::to_string(report.incomplete) +
                             " steps are not whole in the dumps of all replicas, " +
                             std::to_string(report.unknown) + " are not covered by " + log);
  for (Output &output : outputs) output.finish();
  return report;
}

}    // namespace turing_glass::replica
