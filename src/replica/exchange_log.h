// The file that tells which replica had which temperature: one line for each attempt.
//
//   # replica exchange, temperatures 300 330 360
//   # step, temperature index of each replica, potential energy of each replica, pairs of
//   # temperatures: + exchanged, - not exchanged, . not tried
//   1000 2 1 3 -415.2 -420.8 -411.0 +.
//
// Indices count from 1. A line holds from its step (its frames included) to the next line's.

#pragma once

#include "exchange.h"

#include "io/line_reader.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace turing_glass::replica {

class ExchangeLog {
 public:
  /// A new file, or with `go_on` an existing one without the lines behind `step`, as after a restart. Throws
  /// std::runtime_error if it cannot be written or belongs to other replicas.
  ExchangeLog(const std::string &path, const std::vector<double> &ladder, std::int64_t step,
              bool go_on);

  bool is_new() const { return is_new_; }

  /// `energies` by replica. Throws std::runtime_error where the disk is full.
  void write(std::int64_t step, const Exchange &exchange, const std::vector<double> &energies,
             const std::vector<Decision> &decisions);

 private:
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

  int size() const { return size_; }    ///< replicas

  /// The levels, from 0, of all replicas from step() on; false at the end, and for a last line that was not
  /// finished.
  bool next();
  std::int64_t step() const { return step_; }
  const std::vector<int> &levels() const { return levels_; }
  std::int64_t bytes() const { return bytes_; }    ///< up to the end of this line

 private:
  [[noreturn]] void fail(const std::string &what) const;
  bool line(std::string_view &line);

  std::string path_;
  io::LineReader reader_;
  int size_ = 0;
  std::int64_t step_ = -1, bytes_ = 0;
  std::vector<int> levels_;
};

}    // namespace turing_glass::replica
