#include "line_reader.h"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace turing_glass::io {

namespace {

constexpr unsigned compressed_buffer = 1 << 17;    // bytes
constexpr std::size_t first_buffer = 1 << 16;

/// Why zlib stopped; errno as it was then.
std::string failure_of(gzFile_s *file, int system_error)
{
  int code = Z_OK;
  const char *text = gzerror(file, &code);
  switch (code) {
    case Z_OK:
    case Z_STREAM_END:
      return {};
    case Z_BUF_ERROR:
      return "the gzip file is cut off: copy or write it again";
    case Z_ERRNO:
      return "cannot be read: " + std::generic_category().message(system_error);
    default:
      return std::string("the gzip file is damaged, copy or write it again (") + text + ")";
  }
}

}    // namespace

void CloseQuietly::operator()(gzFile_s *file) const
{
  gzclose(file);
}

LineReader::LineReader(const std::string &path) : buffer_(first_buffer)
{
  errno = 0;    // zlib leaves it alone where memory runs out
  file_.reset(gzopen(path.c_str(), "rb"));
  if (!file_)
    throw LineError("cannot be opened: " +
                    std::generic_category().message(errno != 0 ? errno : ENOMEM));
  gzbuffer(file_.get(), compressed_buffer);
}

/// Appends to the buffer, whose rest moves to the front.
void LineReader::fill()
{
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (end_ == buffer_.size()) buffer_.resize(2 * buffer_.size());
  const auto space = static_cast<unsigned>(buffer_.size() - end_);
  errno = 0;
  const int count = gzread(file_.get(), buffer_.data() + end_, space);
  const int system_error = errno;
  if (count > 0) end_ += count;
  if (count == static_cast<int>(space)) return;
  all_read_ = true;
  failure_ = failure_of(file_.get(), system_error);
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
