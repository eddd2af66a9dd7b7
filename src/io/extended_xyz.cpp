// SPDX-License-Identifier: GPL-2.0-only

#include "extended_xyz.h"

#include "finite.h"
#include "text.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

namespace turing_glass::io {

using Matrix = LabeledFrame::Matrix;
using Header = std::map<std::string, std::string, std::less<>>;

namespace {

/// What is wrong, before file, line and frame are put in front.
class Fault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

constexpr std::string_view number_separators = " \t\r\v\f,[]{}";
constexpr int most_columns = 1000;
constexpr std::size_t reserved_atoms =
    1000;    // a count is not believed before its atoms are there

/// Below this ratio of |a . (b x c)| to |a||b||c| a cell is flat: angles below a hundredth of a degree.
constexpr double smallest_solid_angle = 1e-6;

// ---- words and numbers ----

std::string_view trimmed(std::string_view text)
{
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string lower_case(std::string_view text)
{
  std::string out(text);
  for (char &c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_blank(std::string_view text)
{
  return trimmed(text).empty();
}

double number(std::string_view word, const char *what)
{
  double value = 0.0;
  if (!parse(word, value))
    throw Fault(std::string(what) + " is " + in_quotes(word) + ", which is not a number");
  if (!std::isfinite(value))
    throw Fault(std::string(what) + " is " + in_quotes(word) +
                ", which is not finite: remove the frame");
  return value;
}

std::vector<double> numbers(std::string_view text, const char *what)
{
  std::vector<std::string_view> words;
  split(text, number_separators, words);
  std::vector<double> values;
  values.reserve(words.size());
  for (const std::string_view word : words) values.push_back(number(word, what));
  return values;
}

// ---- header ----

/// The value that begins at `at`, which moves behind it: a word, or text in quotes or brackets.
std::string read_value(std::string_view line, std::size_t &at)
{
  const char first = at < line.size() ? line[at] : ' ';
  if (first == '{' || first == '[') {
    const char last = first == '{' ? '}' : ']';
    const std::size_t begin = at;
    for (int depth = 0; at < line.size(); ++at) {
      if (line[at] == first) ++depth;
      if (line[at] == last && --depth == 0) return std::string(line.substr(begin, ++at - begin));
    }
    throw Fault(std::string("the bracket ") + first + " is not closed");
  }
  if (first == '"' || first == '\'') {
    std::string value;
    for (++at; at < line.size(); ++at) {
      if (line[at] == first) return ++at, value;
      if (line[at] == '\\' && at + 1 < line.size()) ++at;
      value += line[at];
    }
    throw Fault("the quote " + in_quotes(value) + " is not closed");
  }
  const std::size_t begin = at;
  at = std::min(line.find_first_of(blanks, at), line.size());
  return std::string(line.substr(begin, at - begin));
}

/// The keys that mean something here.
constexpr std::string_view read_keys[] = {"Lattice",     "Properties", "energy",      "stress",
                                          "virial",      "pbc",        "config_type", "traj",
                                          "temperature", "weight"};

bool is_read(std::string_view key)
{
  return std::find(std::begin(read_keys), std::end(read_keys), key) != std::end(read_keys);
}

/// key=value key="some values" flag ...
Header parse_header(std::string_view line)
{
  Header header;
  for (std::size_t at = 0;;) {
    at = std::min(line.find_first_not_of(blanks, at), line.size());
    if (at == line.size()) return header;
    const std::size_t begin = at;
    at = std::min(line.find_first_of(" \t\r\v\f=", at), line.size());
    const std::string_view key = line.substr(begin, at - begin);
    std::string value;
    if (at < line.size() && line[at] == '=') value = read_value(line, ++at);
    const auto &[entry, is_new] = header.emplace(key, value);
    if (!is_new && entry->second != value && is_read(key))
      throw Fault("has the key " + std::string(key) + " twice, with different values");
  }
}

const std::string *find(const Header &header, std::string_view key)
{
  const auto found = header.find(key);
  return found == header.end() ? nullptr : &found->second;
}

std::string text(const Header &header, std::string_view key)
{
  const std::string *value = find(header, key);
  return value != nullptr ? *value : std::string();
}

std::optional<double> scalar(const Header &header, const char *key)
{
  const std::string *value = find(header, key);
  if (value == nullptr) return {};
  return number(trimmed(*value), key);
}

/// Nine numbers row by row, or six in the order xx yy zz yz xz xy.
std::optional<Matrix> tensor(const Header &header, const char *key)
{
  const std::string *value = find(header, key);
  if (value == nullptr) return {};
  const std::vector<double> v = numbers(*value, key);
  if (v.size() == 9) return Matrix{{{v[0], v[1], v[2]}, {v[3], v[4], v[5]}, {v[6], v[7], v[8]}}};
  if (v.size() == 6) return Matrix{{{v[0], v[5], v[4]}, {v[5], v[1], v[3]}, {v[4], v[3], v[2]}}};
  throw Fault(std::string(key) + " has " + std::to_string(v.size()) +
              " numbers; nine (row by row) or six (xx yy zz yz xz xy) are needed");
}

void check(const Matrix &cell)
{
  double box = 1.0;
  for (const auto &row : cell) box *= std::hypot(row[0], row[1], row[2]);
  const double V = std::abs(volume(cell));
  if (!std::isfinite(V) || !std::isfinite(box))
    throw Fault("Lattice has numbers too large for a cell");
  if (!(V > smallest_solid_angle * box))
    throw Fault("Lattice spans no volume: its vectors lie in one plane or are zero");
}

Matrix read_cell(const Header &header)
{
  const std::string *value = find(header, "Lattice");
  if (value == nullptr)
    throw Fault(
        "the header has no Lattice=\"ax ay az bx by bz cx cy cz\": not an extended XYZ file, or a frame without a cell");
  const std::vector<double> v = numbers(*value, "Lattice");
  if (v.size() != 9)
    throw Fault("Lattice has " + std::to_string(v.size()) + " numbers; nine are needed");
  const Matrix cell = {{{v[0], v[1], v[2]}, {v[3], v[4], v[5]}, {v[6], v[7], v[8]}}};
  check(cell);
  return cell;
}

std::array<bool, 3> read_periodic(const Header &header)
{
  std::array<bool, 3> periodic = {true, true, true};
  const std::string *value = find(header, "pbc");
  if (value == nullptr) return periodic;
  std::vector<std::string_view> words;
  split(*value, number_separators, words);
  const auto is_one_of = [](const std::string &word, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), word) != list.end();
  };
  bool sound = words.size() == 3;
  for (std::size_t k = 0; sound && k < 3; ++k) {
    const std::string word = lower_case(words[k]);
    periodic[k] = is_one_of(word, {"t", "true", "1"});
    sound = periodic[k] || is_one_of(word, {"f", "false", "0"});
  }
  if (!sound) throw Fault("pbc is " + in_quotes(*value) + "; three of T and F are needed");
  return periodic;
}

/// sigma = -W/V
Matrix stress_of(const Matrix &virial, const Matrix &cell)
{
  Matrix stress;
  const double V = std::abs(volume(cell));
  for (int a = 0; a < 3; ++a)
    for (int b = 0; b < 3; ++b) stress[a][b] = -virial[a][b] / V;
  return stress;
}

std::string listed(const std::vector<std::string> &elements)
{
  std::string out;
  for (const std::string &element : elements) out += (out.empty() ? "" : " ") + element;
  return out;
}

}    // namespace

double volume(const Matrix &cell)
{
  const auto &[a, b, c] = cell;
  return a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) +
      a[2] * (b[0] * c[1] - b[1] * c[0]);
}

// ---- reader ----

ExtendedXYZReader::ExtendedXYZReader(const std::string &path, std::vector<std::string> elements) :
    path_(path), elements_(std::move(elements))
{
  try {
    lines_.emplace(path);
  } catch (const LineError &error) {
    throw ExtendedXYZError(path + ": " + error.what());
  }
}

bool ExtendedXYZReader::next(LabeledFrame &frame)
{
  const auto located = [&](const char *what) {
    return ExtendedXYZError(path_ + ": line " + std::to_string(lines_->line()) + ", frame " +
                            std::to_string(frames_ + 1) + ": " + what);
  };
  try {
    return read_frame(frame);
  } catch (const Fault &fault) {
    throw located(fault.what());
  } catch (const LineError &error) {
    throw located(error.what());
  }
}

/// As LineReader::next(), but a line that lacks its end may lack more than that.
bool ExtendedXYZReader::read_line(std::string_view &line)
{
  if (!lines_->next(line)) return false;
  if (!lines_->has_end() && !is_blank(line))
    throw Fault(
        "the file ends within this line: it was cut off (if it is whole, end it with a newline)");
  return true;
}

bool ExtendedXYZReader::read_frame(LabeledFrame &frame)
{
  std::string_view line;
  do
    if (!read_line(line)) {
      if (frames_ == 0) throw Fault("the file is empty");
      return false;
    }
  while (is_blank(line));

  const long count_line = lines_->line();
  const long count = read_atom_count(line);
  if (!read_line(line))
    throw Fault("the file ends before the header of this frame: it was cut off");
  read_header(line, frame);
  frame.line = lines_->line();
  frame.frame = frames_ + 1;

  frame.types.clear();
  frame.positions.clear();
  frame.forces.clear();
  const std::size_t expected = std::min<std::size_t>(count, reserved_atoms);
  frame.types.reserve(expected);
  frame.positions.reserve(3 * expected);
  if (columns_.force >= 0) frame.forces.reserve(3 * expected);
  for (long atom = 0; atom < count; ++atom) {
    const auto so_far = [&] {
      return " (atom " + std::to_string(atom + 1) + " of the " + std::to_string(count) +
          " that line " + std::to_string(count_line) + " announces)";
    };
    if (!read_line(line))
      throw Fault("the file ends within this frame" + so_far() + ": it was cut off");
    split(line, blanks, fields_);
    if (static_cast<int>(fields_.size()) != columns_.count)
      throw Fault("has " + std::to_string(fields_.size()) + " columns where Properties has " +
                  std::to_string(columns_.count) + so_far() +
                  ": repair the line, Properties or the number of atoms");
    read_atom(frame);
  }
  ++frames_;
  return true;
}

long ExtendedXYZReader::read_atom_count(std::string_view line) const
{
  const std::string_view word = trimmed(line);
  long count = 0;
  if (!parse(word, count) || count < 1)
    throw Fault(
        "here a frame should begin with its number of atoms, a positive integer, not with " +
        in_quotes(word) +
        (frames_ == 0 ? ": not an extended XYZ file, plain or compressed with gzip"
                      : ": has the frame before more atoms than its first line says?"));
  if (count > most_atoms)
    throw Fault("announces " + std::to_string(count) + " atoms, more than " +
                std::to_string(most_atoms) + ": not a labeled frame");
  return count;
}

void ExtendedXYZReader::read_header(std::string_view line, LabeledFrame &frame)
{
  const Header header = parse_header(line);
  frame.cell = read_cell(header);
  frame.periodic = read_periodic(header);
  frame.energy = scalar(header, "energy");
  frame.temperature = scalar(header, "temperature");
  frame.weight = scalar(header, "weight").value_or(1.0);
  if (frame.weight < 0.0) throw Fault("weight is negative");
  frame.stress = tensor(header, "stress");
  if (!frame.stress)
    if (const auto virial = tensor(header, "virial")) frame.stress = stress_of(*virial, frame.cell);
  frame.config_type = text(header, "config_type");
  frame.trajectory = text(header, "traj");
  unread_.clear();
  for (const auto &[key, value] : header)
    if (!is_read(key)) unread_.push_back(key);
  const std::string *properties = find(header, "Properties");
  columns_ = columns_of(
      properties != nullptr ? *properties : "species:S:1:pos:R:3",    // what plain XYZ files have
      unread_);
}

std::vector<std::string>
ExtendedXYZReader::unread_like(std::initializer_list<std::string_view> words) const
{
  std::vector<std::string> found;
  for (const std::string &key : unread_)
    if (std::any_of(words.begin(), words.end(), [&](std::string_view word) {
          return lower_case(key).find(word) != std::string::npos;
        }))
      found.push_back(key);
  return found;
}

ExtendedXYZReader::Columns ExtendedXYZReader::columns_of(std::string_view properties,
                                                         std::vector<std::string> &unread)
{
  const std::string remedy = ", for example species:S:1:pos:R:3:forces:R:3";
  std::vector<std::string_view> words;
  split(properties, ":", words);
  if (words.empty() || words.size() % 3 != 0)
    throw Fault("Properties is " + in_quotes(properties) +
                "; it needs name:type:columns for each property" + remedy);
  Columns columns;
  int force = -1;    // the other spelling
  std::vector<std::string_view> names;
  const auto place = [&](std::string_view name, std::string_view kind, std::string_view wanted,
                         int &column) {
    if (kind != wanted)
      throw Fault("Properties has " + std::string(name) + ":" + std::string(kind).substr(0, 20) +
                  "; supported is " + std::string(name) + ":" + std::string(wanted) + remedy);
    column = columns.count;
  };
  for (std::size_t k = 0; k < words.size(); k += 3) {
    const std::string_view name = words[k];
    const std::string kind = std::string(words[k + 1]) + ":" + std::string(words[k + 2]);
    int width = 0;
    if (!parse(words[k + 2], width) || width < 1 || width > most_columns)
      throw Fault("Properties gives " + in_quotes(name) + " " + in_quotes(words[k + 2]) +
                  " columns" + remedy);
    const bool is_read = name == "species" || name == "pos" || name == "forces" || name == "force";
    if (is_read && std::find(names.begin(), names.end(), name) != names.end())
      throw Fault("Properties has " + std::string(name) + " twice");
    names.push_back(name);
    if (!is_read) unread.emplace_back(name);
    if (name == "species") place(name, kind, "S:1", columns.species);
    if (name == "pos") place(name, kind, "R:3", columns.position);
    if (name == "forces") place(name, kind, "R:3", columns.force);
    if (name == "force") place(name, kind, "R:3", force);
    columns.count += width;
    if (columns.count > most_columns)
      throw Fault("Properties has more than " + std::to_string(most_columns) + " columns" + remedy);
  }
  if (columns.force < 0) columns.force = force;
  if (columns.species < 0) throw Fault("Properties has no species" + remedy);
  if (columns.position < 0) throw Fault("Properties has no pos" + remedy);
  return columns;
}

void ExtendedXYZReader::read_atom(LabeledFrame &frame) const
{
  frame.types.push_back(type_of(fields_[columns_.species]));
  read_vector(columns_.position, "a position", frame.positions);
  if (columns_.force >= 0) read_vector(columns_.force, "a force", frame.forces);
}

void ExtendedXYZReader::read_vector(int column, const char *what, std::vector<double> &to) const
{
  for (int k = 0; k < 3; ++k) to.push_back(number(fields_[column + k], what));
}

int ExtendedXYZReader::type_of(std::string_view species) const
{
  const auto found = std::find(elements_.begin(), elements_.end(), species);
  if (found == elements_.end())
    throw Fault("has the element " + in_quotes(species) + ", expected are " + listed(elements_) +
                ": add it to the elements, or remove the frame");
  return static_cast<int>(found - elements_.begin());
}

// ---- writer ----

namespace {

/// The shortest decimal number that reads back as `value`.
void append(std::string &out, double value)
{
  constexpr int longest = 32;
  std::array<char, longest> digits = {};
  const auto result = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  out.append(digits.data(), result.ptr);
}

void append(std::string &out, const double *values, int count)
{
  for (int k = 0; k < count; ++k) {
    if (k > 0) out += ' ';
    append(out, values[k]);
  }
}

void append_matrix(std::string &out, const char *key, const Matrix &matrix)
{
  out += std::string(key) + "=\"";
  for (int a = 0; a < 3; ++a) {
    if (a > 0) out += ' ';
    append(out, matrix[a].data(), 3);
  }
  out += '"';
}

void append_text(std::string &out, const char *key, const std::string &value)
{
  if (value.empty()) return;
  out += std::string(" ") + key + "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

std::string header_of(const LabeledFrame &frame)
{
  std::string out;
  append_matrix(out, "Lattice", frame.cell);
  out += " Properties=species:S:1:pos:R:3";
  if (!frame.forces.empty()) out += ":forces:R:3";
  if (frame.energy) append(out += " energy=", *frame.energy);
  if (frame.stress) append_matrix(out += ' ', "stress", *frame.stress);
  append_text(out, "config_type", frame.config_type);
  append_text(out, "traj", frame.trajectory);
  if (frame.temperature) append(out += " temperature=", *frame.temperature);
  if (frame.weight != 1.0) append(out += " weight=", frame.weight);
  out += " pbc=\"";
  for (int k = 0; k < 3; ++k)
    out += std::string(k > 0 ? " " : "") + (frame.periodic[k] ? 'T' : 'F');
  return out + '"';
}

bool is_finite(const Matrix &matrix)
{
  return std::all_of(matrix.begin(), matrix.end(), [](const auto &row) { return all_finite(row); });
}

bool ends_in(std::string_view text, std::string_view end)
{
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Size of a file that this program wrote to its end: appending to it again needs no look at all of it.
std::uintmax_t &written_size(const std::string &path)
{
  static std::map<std::filesystem::path, std::uintmax_t> sizes;
  return sizes[std::filesystem::absolute(path)];
}

/// 0 where there is no such file.
std::uintmax_t size_of(const std::string &path)
{
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

/// Whether frames to append are to be compressed, for a file is read either way from its begin to its
/// end: as those that it holds, else as its name says. Throws where what is appended could not be read back.
bool appends_compressed(const std::string &path)
{
  const auto refuse = [&](const std::string &why) {
    throw ExtendedXYZError(path + ": no frame can be appended: " + why +
                           ", or write to another file");
  };
  constexpr char gzip_begin = '\x1f';
  std::ifstream file(path, std::ios::binary);
  const int begin = file.get();
  if (begin == std::ifstream::traits_type::eof()) return ends_in(path, ".gz");
  const bool compressed = static_cast<char>(begin) == gzip_begin;
  if (written_size(path) == size_of(path)) return compressed;
  bool has_end = true;
  if (compressed) try {
      LineReader lines(path);
      for (std::string_view line; lines.next(line);) has_end = lines.has_end();
    } catch (const LineError &fault) {
      refuse(fault.what());
    }
  else {
    file.seekg(-1, std::ios::end);
    has_end = file.get() == '\n';
  }
  if (!has_end) refuse("the file ends within a line, it was cut off; remove its last frame");
  return compressed;
}

}    // namespace

ExtendedXYZWriter::ExtendedXYZWriter(const std::string &path, std::vector<std::string> elements,
                                     Mode mode) :
    path_(path),
    elements_(std::move(elements)), mode_(mode)
{
  const bool append = mode == Mode::append;
  const bool compressed = append ? appends_compressed(path) : ends_in(path, ".gz");
  std::string how = append ? "ab" : "wb";
  if (!compressed) how += 'T';
  errno = 0;
  file_.reset(gzopen(path.c_str(), how.c_str()));
  if (!file_)
    throw ExtendedXYZError(path + ": cannot be opened for writing: " +
                           std::generic_category().message(errno != 0 ? errno : ENOMEM));
}

ExtendedXYZError ExtendedXYZWriter::error(const std::string &what) const
{
  const char *number = mode_ == Mode::append ? ": appended frame " : ": frame ";
  return ExtendedXYZError{path_ + number + std::to_string(frames_ + 1) +
                          " cannot be written: " + what};
}

void ExtendedXYZWriter::check(const LabeledFrame &frame) const
{
  const std::size_t N = frame.atoms();
  if (N == 0 || N > static_cast<std::size_t>(ExtendedXYZReader::most_atoms))
    throw Fault("it has " + std::to_string(N) + " atoms");
  if (frame.positions.size() != 3 * N || (!frame.forces.empty() && frame.forces.size() != 3 * N))
    throw Fault("positions or forces are not three numbers an atom");
  for (const int type : frame.types)
    if (type < 0 || type >= static_cast<int>(elements_.size()))
      throw Fault("type " + std::to_string(type) + " is none of the elements " + listed(elements_));
  const bool finite = all_finite(frame.positions) && all_finite(frame.forces) &&
      std::isfinite(frame.energy.value_or(0.0)) && std::isfinite(frame.temperature.value_or(0.0)) &&
      std::isfinite(frame.weight) && (!frame.stress || is_finite(*frame.stress));
  if (!finite) throw Fault("a number is not finite");
  if (frame.weight < 0.0) throw Fault("its weight is negative");
  io::check(frame.cell);
  for (const std::string &value : {frame.config_type, frame.trajectory})
    if (value.find_first_of("\r\n") != std::string::npos)
      throw Fault("config_type or traj has a line break");
}

void ExtendedXYZWriter::write(const LabeledFrame &frame)
{
  if (!file_) throw error("the file is closed");
  try {
    check(frame);
  } catch (const Fault &fault) {
    throw error(fault.what());
  }
  std::string out = std::to_string(frame.atoms()) + '\n' + header_of(frame) + '\n';
  for (std::size_t i = 0; i < frame.atoms(); ++i) {
    append(out += elements_[frame.types[i]] + ' ', &frame.positions[3 * i], 3);
    if (!frame.forces.empty()) append(out += ' ', &frame.forces[3 * i], 3);
    out += '\n';
  }
  errno = 0;
  if (gzwrite(file_.get(), out.data(), static_cast<unsigned>(out.size())) !=
      static_cast<int>(out.size()))
    throw error(std::generic_category().message(errno));
  ++frames_;
}

void ExtendedXYZWriter::close()
{
  if (!file_) return;
  errno = 0;
  if (gzclose(file_.release()) != Z_OK)
    throw ExtendedXYZError(
        path_ + ": cannot be written to its end: " + std::generic_category().message(errno));
  written_size(path_) = size_of(path_);
}

}    // namespace turing_glass::io
