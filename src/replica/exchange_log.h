// SPDX-License-Identifier: GPL-2.0-only

// The file that tells which replica had which temperature: one line for each attempt.
//
//   # replica exchange, temperatures 300 330 360
//   # step, temperature index of each replica, potential energy of each replica, pairs of
//   # temperatures: + exchanged, - not exchanged, . not tried
//   # from step 0: an attempt every 1000 steps
//   0 1 2 3 -415.3 -420.7 -411.2 ..
//   1000 2 1 3 -415.2 -420.8 -411.0 +.
//   # continued from step 1500: an attempt every 1000 steps
//   2000 2 3 1 -415.1 -420.9 -411.3 .+
//
// Indices count from 1. A line holds from its step (its frames included) to the next attempt. A comment tells when
// attempts are made, hybrid runs with "hybrid 40000 60000 from step 0" behind: steps without and with attempts, in
// turn. "continued": a run from a restart file; lines of later steps, of the run before, have been removed.

#pragma once

#include "exchange.h"
#include "schedule.h"

#include "io/line_reader.h"

#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turing_glass::replica {

class ExchangeLog {
 public:
  /// A new file, or with `go_on` an existing one without the lines after `step`, as after a restart. Throws
  /// std::runtime_error if it cannot be written or belongs to other exchanges.
  ExchangeLog(const std::string &path, const std::vector<double> &ladder, const Schedule &schedule,
              const Exchange &exchange, std::int64_t step, bool go_on);

  bool is_new() const { return is_new_; }

  /// `energies` by replica. Throws std::runtime_error where the disk is full.
  void write(std::int64_t step, const Exchange &exchange, const std::vector<double> &energies,
             const std::vector<Decision> &decisions);

  /// A run begins at a step to which the last one did not lead, as after a minimization.
  void begin(std::int64_t step, const Schedule &schedule);

 private:
  void keep_until(std::int64_t step, const std::vector<double> &ladder, const Exchange &exchange);
  void begin(std::string_view how, std::int64_t step, const Schedule &schedule);
  void put(const std::string &text);

  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
  bool is_new_ = true;
};

/// Reads such a file from its beginning.
class ExchangeLogReader {
 public:
  /// Throws std::runtime_error, naming file and line, as next() does.
  explicit ExchangeLogReader(const std::string &path);

  int size() const { return static_cast<int>(temperatures_.size()); }    ///< replicas
  const std::vector<double> &temperatures() const { return temperatures_; }

  /// The levels, from 0, of all replicas from step() on; false at the end, and for a last line that was not
  /// finished.
  bool next();
  std::int64_t step() const { return step_; }
  const std::vector<int> &levels() const { return levels_; }
  /// Where the next line should be: levels() hold for earlier steps only. Unknown, and the largest number, in a file
  /// without comments on attempts.
  std::int64_t next_attempt() const { return next_attempt_; }
  std::int64_t bytes() const { return bytes_; }    ///< up to the end of this line

  /// The beginnings of runs that comments have told so far, in ascending order.
  struct Begin {
    std::int64_t step;
    bool continued;        ///< from a restart file
    std::int64_t bytes;    ///< up to the end of the comment
  };
  const std::vector<Begin> &begins() const { return begins_; }

 private:
  [[noreturn]] void fail(const std::string &what) const;
  [[noreturn]] void fail_back(std::int64_t step) const;
  bool line(std::string_view &line);
  void read_comment(std::string_view line);
  void read_attempt(std::string_view line);
  void check_step(std::int64_t step) const;
  void check_levels(const std::vector<int> &levels, std::string_view pairs) const;

  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::max();

  std::string path_;
  io::LineReader reader_;
  std::vector<double> temperatures_;
  std::int64_t step_ = -1, bytes_ = 0;
  std::vector<int> levels_;
  std::vector<Begin> begins_;
  bool at_begin_ = false;    ///< the last line was a comment that tells the beginning of a run
  Schedule schedule_;        ///< of the last one
  std::int64_t next_attempt_ = unknown;
};

}    // namespace turing_glass::replica
