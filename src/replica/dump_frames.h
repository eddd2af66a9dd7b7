// SPDX-License-Identifier: GPL-2.0-only

// The frames of text dumps of LAMMPS as they stand in the files, for programs that copy or select them.
//
// A job that is killed leaves a frame that is cut off, and a run that appends to the file begins where it ends, often
// within a line. Such a frame counts, but is not whole.

#pragma once

#include "io/line_reader.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace turing_glass::replica {

class DumpFrames {
 public:
  /// Dumps of style atom, custom or local, plain or gzip, read one after another.
  explicit DumpFrames(std::vector<std::string> paths) : paths_(std::move(paths)) {}

  /// Reads the next frame, whose lines then were handed to `take`; false after the last one. Throws std::runtime_error
  /// naming file and line.
  template <class Take> bool next(Take &&take)
  {
    begin_frame();
    std::string_view line;
    while (in_frame(line)) take(line);
    return begun_;
  }

  // of the last frame
  std::int64_t step() const { return step_; }    ///< -1 where it is cut off before
  bool whole() const { return whole_; }

 private:
  enum class Part { head, step, count, atoms };    ///< what the next line belongs to

  void begin_frame();
  bool in_frame(std::string_view &line);
  bool read(std::string_view &line);
  void read_item(std::string_view line);
  std::int64_t number(std::string_view line) const;
  bool cut_by(std::string_view line);
  [[noreturn]] void fail(const std::string &what) const;

  std::vector<std::string> paths_;
  std::size_t file_ = 0;    ///< index of the one that is read
  std::unique_ptr<io::LineReader> reader_;
  std::string held_;    ///< the first line of the next frame, which ended the last one
  bool is_held_ = false;

  bool begun_ = false, whole_ = false;
  Part part_ = Part::head;
  std::string label_;    ///< of what is counted: ATOMS, or of style local ENTRIES or another
  std::int64_t step_ = -1, count_ = -1, left_ = 0;
};

}    // namespace turing_glass::replica
