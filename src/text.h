// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include <charconv>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace turing_glass {

/// A word from a file as a message may show it: in quotes, printable, cut after 40 characters.
std::string in_quotes(std::string_view text);

constexpr std::string_view blanks = " \t\r\v\f";

/// The words of a text, which are parts of it.
void split(std::string_view text, std::string_view separators,
           std::vector<std::string_view> &words);
std::vector<std::string_view> words_of(std::string_view line);

/// Whether the whole word is a number of this type, which may have a sign; if not, `value` stays as it was. "inf" and
/// "nan" are numbers, what is beyond the type's range is none.
template <class Number> bool parse(std::string_view word, Number &value)
{
  if (word.size() > 1 && word.front() == '+' && word[1] != '-') word.remove_prefix(1);
  Number read{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), read);
  if (error != std::errc() || end != word.data() + word.size()) return false;
  value = read;
  return true;
}

/// Replaces a file at once or not at all: an interruption leaves the old one. For one rank.
/// Throws std::runtime_error, which names the file.
void write_file(const std::string &path, const std::function<void(std::ostream &)> &write);
void write_file(const std::string &path, const std::string &content);

}    // namespace turing_glass
