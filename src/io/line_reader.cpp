// SPDX-License-Identifier: GPL-2.0-only

#include "line_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <system_error>

namespace turing_glass::io {

namespace {

constexpr std::size_t compressed_buffer = 1 << 17;    // bytes
constexpr std::size_t first_buffer = 1 << 16;
constexpr int gzip_window = 15 + 16;    // zlib's largest window; only gzip members

struct CloseFile {
  void operator()(FILE *file) const { std::fclose(file); }
};

}    // namespace

/// The bytes of a plain file, or those that the gzip members of a file hold. (gzread() of zlib takes what it does not
/// know behind a member for the end of the file.)
class ByteSource {
 public:
  explicit ByteSource(const std::string &path) : in_(compressed_buffer)
  {
    errno = 0;
    file_.reset(std::fopen(path.c_str(), "rb"));
    if (!file_) throw LineError("cannot be opened: " + std::generic_category().message(errno));
    stream_.next_in = in_.data();
    refill();
    compressed_ = stream_.avail_in > 1 && in_[0] == 0x1f && in_[1] == 0x8b;
    if (compressed_ && inflateInit2(&stream_, gzip_window) != Z_OK) throw std::bad_alloc();
  }
  ~ByteSource()
  {
    if (compressed_) inflateEnd(&stream_);
  }
  ByteSource(const ByteSource &) = delete;
  ByteSource &operator=(const ByteSource &) = delete;

  /// Fewer than `space` bytes where nothing more can be read; failure() then says why.
  std::size_t read(char *to, std::size_t space)
  {
    std::size_t count = 0;
    while (count < space && failure_.empty() && (stream_.avail_in > 0 || refill()))
      count +=
          compressed_ ? inflated(to + count, space - count) : copied(to + count, space - count);
    if (count < space && failure_.empty() && inside_member_)
      failure_ = "the gzip file is cut off: copy or write it again";
    return count;
  }

  /// Empty for the end of the file.
  const std::string &failure() const { return failure_; }

 private:
  bool refill()
  {
    errno = 0;
    stream_.next_in = in_.data();
    stream_.avail_in = static_cast<unsigned>(std::fread(in_.data(), 1, in_.size(), file_.get()));
    if (std::ferror(file_.get()))
      failure_ = "cannot be read: " + std::generic_category().message(errno);
    return stream_.avail_in > 0;
  }

  std::size_t copied(char *to, std::size_t space)
  {
    const std::size_t count = std::min<std::size_t>(space, stream_.avail_in);
    std::memcpy(to, stream_.next_in, count);
    stream_.next_in += count;
    stream_.avail_in -= static_cast<unsigned>(count);
    return count;
  }

  std::size_t inflated(char *to, std::size_t space)
  {
    if (!inside_member_) inflateReset(&stream_);
    inside_member_ = true;
    stream_.next_out = reinterpret_cast<unsigned char *>(to);
    stream_.avail_out = static_cast<unsigned>(space);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END)
      inside_member_ = false;
    else if (status != Z_OK)
      failure_ = std::string("the gzip file is damaged, copy or write it again (") +
          (stream_.msg != nullptr ? stream_.msg : zError(status)) + ")";
    return space - stream_.avail_out;
  }

  std::unique_ptr<FILE, CloseFile> file_;
  std::vector<unsigned char> in_;
  z_stream stream_ = {};
  bool compressed_ = false, inside_member_ = false;
  std::string failure_;
};

void CloseQuietly::operator()(gzFile_s *file) const
{
  gzclose(file);
}

LineReader::LineReader(const std::string &path) :
    file_(std::make_unique<ByteSource>(path)), buffer_(first_buffer)
{
}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader &&) noexcept = default;
LineReader &LineReader::operator=(LineReader &&) noexcept = default;

/// Appends to the buffer, whose rest moves to the front.
void LineReader::fill()
{
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const std::size_t space = buffer_.size() - end_;
  const std::size_t count = file_->read(buffer_.data() + end_, space);
  end_ += count;
  if (count == space) return;
  all_read_ = true;
  failure_ = file_->failure();
}

bool LineReader::next(std::string_view &line)
{
  ++line_;
  std::size_t searched = 0;
  const char *newline = nullptr;
  for (;;) {
    const char *start = buffer_.data() + begin_ + searched;
    searched = end_ - begin_;
    newline = static_cast<const char *>(std::memchr(start, '\n', buffer_.data() + end_ - start));
    if (newline != nullptr || searched > longest_line || all_read_) break;
    fill();
  }
  const std::size_t length = newline != nullptr ? newline - (buffer_.data() + begin_) : searched;
  if (length > longest_line)
    throw LineError("is longer than " + std::to_string(longest_line) +
                    " bytes: not the text file it should be");
  has_end_ = newline != nullptr;
  if (!has_end_ && !failure_.empty()) throw LineError(failure_);
  if (!has_end_ && length == 0) return false;

  line = std::string_view(buffer_.data() + begin_, length);
  begin_ += length + (has_end_ ? 1 : 0);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

}    // namespace turing_glass::io
