#pragma once

#include <string>
#include <string_view>

namespace turing_glass {

/// A word from a file as a message may show it: in quotes, printable, cut after 40 characters.
std::string in_quotes(std::string_view text);

}    // namespace turing_glass
