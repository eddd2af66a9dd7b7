// SPDX-License-Identifier: GPL-2.0-only

#include "lammps/words.h"

#include "atom.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>

namespace turing_glass::lammps {

using namespace LAMMPS_NS;

namespace {

std::string listed(std::initializer_list<const char *> words)
{
  std::string text;
  for (const char *word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

bool is_one_of(std::initializer_list<const char *> words, const std::string &word)
{
  return std::find(words.begin(), words.end(), word) != words.end();
}

}    // namespace

// ---- ranges ----

bool Range::holds(double value) const
{
  return std::isfinite(value) && (low_included ? value >= low : value > low) &&
      (high_included ? value <= high : value < high);
}

std::string Range::text() const
{
  constexpr double limit = std::numeric_limits<double>::max();
  if (low == -limit)
    return high == limit ? "" : fmt::format(" {} {}", high_included ? "up to" : "below", high);
  if (high == limit) return fmt::format(" {} {}", low_included ? "of at least" : "above", low);
  if (low_included && high_included) return fmt::format(" from {} to {}", low, high);
  return fmt::format(" {} {} and {} {}", low_included ? "of at least" : "above", low,
                     high_included ? "up to" : "below", high);
}

// ---- words ----

Words::Words(const Messages &say, int narg, char **arg, int first) : say_(say)
{
  if (first < narg) words_.assign(arg + first, arg + narg);
}

bool Words::next_is_number() const
{
  return !done() && utils::is_double(words_[at_]);
}

const std::string &Words::peek() const
{
  static const std::string none;
  return done() ? none : words_[at_];
}

std::string Words::word(const std::string &what)
{
  if (done()) say_.stop(FLERR, "{} is missing at the end of the line", what);
  if (words_[at_].empty()) say_.stop(FLERR, "{} is an empty word", what);
  return words_[at_++];
}

double Words::number(const std::string &what, const Range &range)
{
  const std::string text = word(what);
  const double value = utils::is_double(text) ? std::strtod(text.c_str(), nullptr) : std::nan("");
  if (!range.holds(value))
    say_.stop(FLERR, "{} must be a number{}, not '{}'", what, range.text(), text);
  return value;
}

std::int64_t Words::integer(const std::string &what, std::int64_t low, std::int64_t high)
{
  const std::string text = word(what);
  errno = 0;
  const long long value = utils::is_integer(text) ? std::strtoll(text.c_str(), nullptr, 10) : 0;
  if (!utils::is_integer(text) || errno == ERANGE || value < low || value > high)
    say_.stop(FLERR, "{} must be an integer from {} to {}, not '{}'", what, low, high, text);
  return value;
}

int Words::small_integer(const std::string &what, int low, int high)
{
  return static_cast<int>(integer(what, low, high));
}

bool Words::logical(const std::string &what)
{
  const std::string text = word(what);
  if (text == "yes" || text == "on" || text == "true") return true;
  if (text == "no" || text == "off" || text == "false") return false;
  say_.stop(FLERR, "{} must be yes or no, not '{}'", what, text);
}

std::string Words::choice(const std::string &what, std::initializer_list<const char *> choices)
{
  const std::string text = word(what);
  if (!is_one_of(choices, text))
    say_.stop(FLERR, "{} must be one of {}, not '{}'", what, listed(choices), text);
  return text;
}

int Words::type(const std::string &what)
{
  const auto marked = types(what);
  if (std::count(marked.begin(), marked.end(), 1) != 1)
    say_.stop(FLERR, "{} must be one atom type, not '{}'", what, words_[at_ - 1]);
  return static_cast<int>(std::find(marked.begin(), marked.end(), 1) - marked.begin());
}

std::vector<char> Words::types(const std::string &what)
{
  const std::string text = word(what);
  const Atom *atom = say_.lmp()->atom;
  int low = 0, high = -1;
  if (text.find_first_not_of("*0123456789") != std::string::npos) {
    if (!atom->labelmapflag)
      say_.stop(FLERR, "{} is '{}', which is no atom type; type labels need the command labelmap",
                what, text);
    char *number =
        utils::expand_type(FLERR, text, Atom::ATOM, say_.lmp());    // stops if there is none
    if (!number) say_.stop(FLERR, "{} is '{}', which is no atom type", what, text);
    low = high = std::atoi(number);
    delete[] number;
  } else {
    const std::size_t star = text.find('*');
    const auto bound = [&](const std::string &part, int otherwise) {
      constexpr std::size_t digits = 9;
      if (part.empty()) return otherwise;
      if (part.size() > digits || part.find('*') != std::string::npos) return -1;
      return std::atoi(part.c_str());
    };
    low = bound(text.substr(0, star), 1);
    high = star == std::string::npos ? low : bound(text.substr(star + 1), atom->ntypes);
  }
  if (low < 1 || high > atom->ntypes || low > high)
    say_.stop(
        FLERR,
        "{} is '{}', but atom types are from 1 to {}; extra/atom/types of read_data or create_box "
        "makes room for more",
        what, text, atom->ntypes);
  std::vector<char> marked(atom->ntypes + 1, 0);
  std::fill(marked.begin() + low, marked.begin() + high + 1, 1);
  return marked;
}

// ---- keywords ----

std::string Words::repeatable_keyword(std::initializer_list<const char *> keywords)
{
  const std::string text = word("a keyword");
  if (!is_one_of(keywords, text))
    say_.stop(FLERR, "unknown keyword '{}' (known: {})", text, listed(keywords));
  return text;
}

std::string Words::keyword(std::initializer_list<const char *> keywords)
{
  std::string text = repeatable_keyword(keywords);
  if (given(text)) say_.stop(FLERR, "keyword {} is given twice", text);
  seen_.push_back(text);
  return text;
}

bool Words::given(const std::string &keyword) const
{
  return std::find(seen_.begin(), seen_.end(), keyword) != seen_.end();
}

void Words::finish() const
{
  if (!done()) say_.stop(FLERR, "'{}' is one word too many", words_[at_]);
}

}    // namespace turing_glass::lammps
