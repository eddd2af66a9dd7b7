// SPDX-License-Identifier: GPL-2.0-only

// The lines of a text file, plain or compressed with gzip, one after another.
//
// The file is never in memory as a whole, and a line only up to longest_line bytes, so that neither
// a large file nor a damaged one can exhaust the memory.

#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct gzFile_s;    // zlib's

namespace turing_glass::io {

/// Why a file cannot be read on, without its name.
class LineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Closes a file of zlib's without asking whether that succeeds.
struct CloseQuietly {
  void operator()(gzFile_s *file) const;
};
using GzipFile = std::unique_ptr<gzFile_s, CloseQuietly>;

class ByteSource;

class LineReader {
 public:
  static constexpr std::size_t longest_line = 1 << 20;    ///< bytes

  /// Throws LineError where the file cannot be opened.
  explicit LineReader(const std::string &path);
  ~LineReader();
  LineReader(LineReader &&) noexcept;
  LineReader &operator=(LineReader &&) noexcept;

  /// The next line without its end (LF or CR LF), valid until the next call; false at the end of the
  /// file. Throws LineError for a line that is too long and, after the last line that could still
  /// be read, for a compressed file that is cut off, damaged or followed by other data.
  bool next(std::string_view &line);

  long line() const { return line_; }    ///< of the line that next() gave last or failed at, from 1
  bool has_end() const { return has_end_; }    ///< false for a last line without LF

 private:
  void fill();

  std::unique_ptr<ByteSource> file_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;    ///< what of the buffer is not handed out yet
  bool all_read_ = false;
  std::string failure_;    ///< why reading stopped, empty for the end of the file
  long line_ = 0;
  bool has_end_ = true;
};

}    // namespace turing_glass::io
