// SPDX-License-Identifier: GPL-2.0-only

#include "io/lammps_dump.h"

#include "finite.h"
#include "io/line_reader.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace turing_glass::io {

namespace {

using Words = std::vector<std::string>;

/// Copies, for lines do not last.
Words kept_words(const std::string &line)
{
  const auto words = words_of(line);
  return {words.begin(), words.end()};
}

double number(std::string_view word)
{
  double value = 0.0;
  if (!parse(word, value) || !std::isfinite(value))
    throw LineError(in_quotes(word) + " is no number");
  return value;
}

std::int64_t whole_number(std::string_view word)
{
  static constexpr double exact = 9007199254740992.0;    // 2^53: doubles tell whole numbers apart
  const double value = number(word);
  if (value != std::floor(value) || std::abs(value) > exact)
    throw LineError(in_quotes(word) + " is no whole number");
  return static_cast<std::int64_t>(value);
}

/// A step, a number of atoms, an ID: at least `least`.
std::int64_t count_of(std::string_view word, std::int64_t least, const char *what)
{
  const std::int64_t value = whole_number(word);
  if (value < least)
    throw LineError(in_quotes(word) + " is no " + what + ", which is at least " +
                    std::to_string(least));
  return value;
}

/// What comes after the heading, which must be there.
std::string after(const std::string &line, const std::string &heading)
{
  if (line.compare(0, heading.size(), heading) != 0)
    throw LineError("'" + heading + "' is missing, there is " + in_quotes(line));
  return line.substr(heading.size());
}

bool is_tilted(const Words &kind)
{
  return !kind.empty() && kind[0] == "xy";
}

/// Of the three axes; old files do not say, and are periodic.
std::array<bool, 3> periodic_axes(const Words &kind)
{
  const std::size_t first = is_tilted(kind) ? 3 : 0;
  if (kind.size() == first) return {true, true, true};
  const auto is_boundary = [](std::string_view word) {
    return word.size() == 2 && word.find_first_not_of("pfsm") == word.npos;
  };
  if (kind.size() != first + 3 || !std::all_of(kind.begin() + first, kind.end(), is_boundary))
    throw LineError("the boundaries of the three axes are expected, such as pp pp pp");
  return {kind[first] == "pp", kind[first + 1] == "pp", kind[first + 2] == "pp"};
}

// LAMMPS writes the extent of a tilted cell, not its corner
geometry::Cell cell_of(const Words &kind, const double bounds[3][3])
{
  geometry::Cell cell;
  const bool tilted = is_tilted(kind);
  if (tilted) {
    cell.xy = bounds[0][2];
    cell.xz = bounds[1][2];
    cell.yz = bounds[2][2];
  }
  const double low[] = {std::min({0.0, cell.xy, cell.xz, cell.xy + cell.xz}),
                        std::min(0.0, cell.yz), 0.0};
  const double high[] = {std::max({0.0, cell.xy, cell.xz, cell.xy + cell.xz}),
                         std::max(0.0, cell.yz), 0.0};
  for (int k = 0; k < 3; ++k) {
    cell.origin[k] = bounds[k][0] - low[k];
    cell.lengths[k] = bounds[k][1] - high[k] - cell.origin[k];
    if (!(cell.lengths[k] > 0.0) || !std::isfinite(cell.lengths[k]))
      throw LineError("the box has no extent along axis " + std::to_string(k + 1) +
                      ", or one that is not finite");
  }
  return cell;
}

DumpFrame read_frame(LineReader &reader)
{
  const auto next = [&]() {
    std::string_view line;
    if (!reader.next(line)) throw LineError("the file ends within its first frame");
    return std::string(line);
  };
  DumpFrame frame;
  std::string line = next();
  // dump_modify time and units put theirs before the step
  while (line == "ITEM: UNITS" || line == "ITEM: TIME") {
    next();
    line = next();
  }
  after(line, "ITEM: TIMESTEP");
  frame.step = count_of(next(), 0, "step");
  line = next();
  if (line == "ITEM: TIME") {
    next();
    line = next();
  }
  after(line, "ITEM: NUMBER OF ATOMS");
  const std::int64_t atoms = count_of(next(), 0, "number of atoms");

  const Words kind = kept_words(after(next(), "ITEM: BOX BOUNDS"));
  if (!kind.empty() && kind[0] == "abc")
    throw LineError("a general triclinic box; write it without triclinic/general");
  const std::array<bool, 3> periodic = periodic_axes(kind);
  double bounds[3][3] = {};
  for (auto &row : bounds) {
    const Words words = kept_words(next());
    if (words.size() != (is_tilted(kind) ? 3 : 2))
      throw LineError(is_tilted(kind) ? "three numbers of a tilted box are expected"
                                      : "two numbers of a box are expected");
    for (std::size_t k = 0; k < words.size(); ++k) row[k] = number(words[k]);
  }
  frame.cell = cell_of(kind, bounds);
  frame.cell.periodic = periodic;

  const Words columns = kept_words(after(next(), "ITEM: ATOMS"));
  const auto column = [&](const std::string &name) {
    return std::find(columns.begin(), columns.end(), name) - columns.begin();
  };
  const auto missing = static_cast<long>(columns.size());
  const long id = column("id");
  long x[3] = {missing, missing, missing};
  bool scaled = false;
  for (const std::string ending : {"", "u", "s", "su"}) {
    if (x[0] < missing && x[1] < missing && x[2] < missing) break;
    for (int k = 0; k < 3; ++k) x[k] = column(std::string(1, "xyz"[k]) + ending);
    scaled = ending[0] == 's';
  }
  if (id == missing || x[0] == missing || x[1] == missing || x[2] == missing)
    throw LineError("the columns id and x y z (or xu, xs, xsu ...) are needed");
  std::unordered_set<std::int64_t> known;
  std::vector<std::string_view> words;
  for (std::int64_t k = 0; k < atoms; ++k) {
    line = next();
    split(line, blanks, words);
    if (words.size() != columns.size())
      throw LineError("there are " + std::to_string(words.size()) + " columns, not " +
                      std::to_string(columns.size()));
    frame.ids.push_back(count_of(words[id], 1, "atom ID"));
    if (!known.insert(frame.ids.back()).second)
      throw LineError("atom ID " + std::to_string(frame.ids.back()) +
                      " comes twice; write the file again");
    const geometry::Vector place = {number(words[x[0]]), number(words[x[1]]), number(words[x[2]])};
    frame.x.push_back(scaled ? frame.cell.cartesian(place) : place);
    const geometry::Vector &at = frame.x.back();
    if (!all_finite(at))
      throw LineError("the position of atom " + std::to_string(frame.ids.back()) +
                      " is not finite");
  }
  if (std::string_view rest;
      reader.next(rest) && !words_of(rest).empty() && rest.substr(0, 5) != "ITEM:")
    throw LineError("there are more than " + std::to_string(atoms) +
                    " atoms, the number in the head of the frame");
  return frame;
}

}    // namespace

DumpFrame read_dump_frame(const std::string &path)
{
  long line = 0;
  try {
    LineReader reader(path);
    try {
      return read_frame(reader);
    } catch (const LineError &) {
      line = reader.line();
      throw;
    }
  } catch (const LineError &e) {
    throw std::runtime_error(path + (line > 0 ? ", line " + std::to_string(line) : "") + ": " +
                             e.what());
  }
}

}    // namespace turing_glass::io
