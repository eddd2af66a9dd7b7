// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>

namespace turing_glass {

/// A word from a file as a message may show it: in quotes, printable, cut after 40 characters.
std::string in_quotes(std::string_view text);

/// Replaces a file at once or not at all: an interruption leaves the old one. For one rank.
/// Throws std::runtime_error, which names the file.
void write_file(const std::string &path, const std::function<void(std::ostream &)> &write);
void write_file(const std::string &path, const std::string &content);

}    // namespace turing_glass
