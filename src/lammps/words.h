// SPDX-License-Identifier: GPL-2.0-only

// The words of an input line, read one after another, with the same sentence in every style for a word that is
// missing, empty, unknown, repeated, of the wrong kind or out of range. Errors are collective: all ranks read the same
// words.
//
//     Words words(say, narg, arg, 3);                       // say: Messages; the words from arg[3] on
//     const double cutoff = words.number("cutoff", above(0.0));
//     while (!words.done()) {
//       const std::string key = words.keyword({"lag", "group", "oxygen"});
//       if (key == "lag") lag = words.integer("lag", 1, MAXBIGINT);
//       ...
//     }

#pragma once

#include "lammps/messages.h"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <vector>

namespace turing_glass::lammps {

/// Which numbers are accepted. Only finite ones are.
struct Range {
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();
  bool low_included = true, high_included = true;

  bool holds(double value) const;
  std::string text() const;    ///< "above 0", "from 1 to 5", ""
};

inline Range any_number()
{
  return {};
}
inline Range above(double low)
{
  return {low, std::numeric_limits<double>::max(), false, true};
}
inline Range at_least(double low)
{
  return {low, std::numeric_limits<double>::max()};
}
inline Range from_to(double low, double high)
{
  return {low, high};
}
/// Without the lower end.
inline Range above_up_to(double low, double high)
{
  return {low, high, false, true};
}
/// Without the ends.
inline Range between(double low, double high)
{
  return {low, high, false, false};
}

class Words {
 public:
  Words(const Messages &say, int narg, char **arg, int first = 0);

  bool done() const { return at_ == words_.size(); }
  std::size_t left() const { return words_.size() - at_; }
  bool next_is_number() const;
  bool next_is(const std::string &word) const { return !done() && words_[at_] == word; }
  /// The next word without taking it; empty at the end.
  const std::string &peek() const;

  /// `what`: how messages name the word, for example "cutoff" or "the file of keyword mask". An empty word is an error.
  std::string word(const std::string &what);
  double number(const std::string &what, const Range &range = {});
  std::int64_t integer(const std::string &what, std::int64_t low, std::int64_t high);
  /// The same for an int.
  int small_integer(const std::string &what, int low, int high = std::numeric_limits<int>::max());
  bool logical(const std::string &what);
  /// One of `choices`.
  std::string choice(const std::string &what, std::initializer_list<const char *> choices);
  /// An atom type: a number or a type label.
  int type(const std::string &what);
  /// Atom types as LAMMPS writes them (2, 1*3, *) or a type label: [type] from 1, [0] is unused.
  std::vector<char> types(const std::string &what);

  /// The next word, which must be one of `keywords` and not have come before.
  std::string keyword(std::initializer_list<const char *> keywords);
  /// The same for keywords that may come several times.
  std::string repeatable_keyword(std::initializer_list<const char *> keywords);
  /// Whether keyword() has returned this one.
  bool given(const std::string &keyword) const;
  /// Stops unless all words are read.
  void finish() const;

 private:
  const Messages &say_;
  std::vector<std::string> words_;
  std::vector<std::string> seen_;
  std::size_t at_ = 0;
};

}    // namespace turing_glass::lammps
