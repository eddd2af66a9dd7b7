// SPDX-License-Identifier: GPL-2.0-only

#include "text.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace turing_glass {

std::string in_quotes(std::string_view text)
{
  constexpr std::size_t longest = 40;
  std::string out = "'";
  for (const char c : text.substr(0, longest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > longest ? "...'" : "'");
}

void split(std::string_view text, std::string_view separators, std::vector<std::string_view> &words)
{
  words.clear();
  for (std::size_t at = 0;;) {
    const std::size_t begin = text.find_first_not_of(separators, at);
    if (begin == std::string_view::npos) return;
    at = std::min(text.find_first_of(separators, begin), text.size());
    words.push_back(text.substr(begin, at - begin));
  }
}

std::vector<std::string_view> words_of(std::string_view line)
{
  std::vector<std::string_view> words;
  split(line, blanks, words);
  return words;
}

void write_file(const std::string &path, const std::function<void(std::ostream &)> &write)
{
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary);
  write(file);
  file.close();
  if (!file || std::rename(part.c_str(), path.c_str()) != 0)
    throw std::runtime_error(path +
                             ": cannot be written: does the folder exist, and is the disk full?");
}

void write_file(const std::string &path, const std::string &content)
{
  write_file(path, [&](std::ostream &file) { file << content; });
}

}    // namespace turing_glass
