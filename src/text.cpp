// SPDX-License-Identifier: GPL-2.0-only

#include "text.h"

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
