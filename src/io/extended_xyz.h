// SPDX-License-Identifier: GPL-2.0-only

// Labeled frames in extended XYZ files, plain or compressed with gzip, read and written one by one.
//
//     <number of atoms>
//     Lattice="ax ay az bx by bz cx cy cz" Properties=species:S:1:pos:R:3:forces:R:3 energy=... ...
//     Cu 0.1 0.2 0.3 -0.01 0.02 0.03
//
// Lengths in A, energies in eV, forces in eV/A. Stress in eV/A^3, tension positive: it is
// -virial/volume. As nine numbers it is row by row, as six it is xx yy zz yz xz xy.
//
// Keys that are read: Lattice, Properties (columns may come in any order, others are skipped;
// "force" is taken for "forces"), energy, stress, virial (eV; only without stress), pbc (default: T T T),
// config_type, traj, temperature, weight. None of them may come twice with different values. Other keys, free_energy among them, are not
// looked at.

#pragma once

#include "line_reader.h"

#include <array>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace turing_glass::io {

/// What is wrong with a file: file, line, frame, and what to do.
class ExtendedXYZError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct LabeledFrame {
  using Matrix = std::array<std::array<double, 3>, 3>;

  Matrix cell = {};    ///< rows a, b, c (A)
  std::array<bool, 3> periodic = {true, true, true};
  std::vector<int> types;               ///< index into the list of elements
  std::vector<double> positions;        ///< [atom][xyz] (A)
  std::vector<double> forces;           ///< [atom][xyz] (eV/A); empty where the file has none
  std::optional<double> energy;         ///< eV, of the frame
  std::optional<Matrix> stress;         ///< eV/A^3, tension positive
  std::optional<double> temperature;    ///< K
  double weight = 1.0;                  ///< of the frame in a training, not negative
  std::string config_type;              ///< empty where the file has none
  std::string trajectory;               ///< key traj: frames of one trajectory share it
  long line = 0;                        ///< of the header, from 1
  long frame = 0;                       ///< from 1

  std::size_t atoms() const { return types.size(); }
};

/// Volume of the cell with the rows a, b, c (A^3): a . (b x c), negative where they are left-handed.
double volume(const LabeledFrame::Matrix &cell);

class ExtendedXYZReader {
 public:
  /// Labeled frames have hundreds of atoms; beyond this a file is damaged.
  static constexpr long most_atoms = 1'000'000;

  /// Opens the file. A frame's types are positions in `elements`. Throws ExtendedXYZError.
  ExtendedXYZReader(const std::string &path, std::vector<std::string> elements);

  /// Reads the next frame into `frame`; false at the end of the file. Throws ExtendedXYZError where
  /// the file is damaged or holds no frame at all; after that the file cannot be read on.
  bool next(LabeledFrame &frame);

  long frames() const { return frames_; }    ///< read so far

  /// Keys and properties of the last frame that were not read and whose name holds one of `words` (lower case) in
  /// whatever case: REF_stress for "stress".
  std::vector<std::string> unread_like(std::initializer_list<std::string_view> words) const;

 private:
  /// Where a line of an atom has what; Properties may put any other column between.
  struct Columns {
    int species = -1, position = -1, force = -1;
    int count = 0;
  };

  bool read_frame(LabeledFrame &frame);
  bool read_line(std::string_view &line);
  long read_atom_count(std::string_view line) const;
  void read_header(std::string_view line, LabeledFrame &frame);
  void read_atom(LabeledFrame &frame) const;
  void read_vector(int column, const char *what, std::vector<double> &to) const;
  int type_of(std::string_view species) const;
  /// Adds the names of other properties to `unread`.
  static Columns columns_of(std::string_view properties, std::vector<std::string> &unread);

  std::string path_;
  std::vector<std::string> elements_;
  std::optional<LineReader> lines_;
  long frames_ = 0;
  Columns columns_;
  std::vector<std::string> unread_;         ///< names of keys and properties of the current frame
  std::vector<std::string_view> fields_;    ///< of the current line
};

/// Writes what ExtendedXYZReader reads back to the same numbers.
class ExtendedXYZWriter {
 public:
  enum class Mode { replace, append };

  /// Opens the file, compressed if its name ends in .gz. Frames that are appended to others are
  /// compressed where those are. Throws ExtendedXYZError.
  ExtendedXYZWriter(const std::string &path, std::vector<std::string> elements,
                    Mode mode = Mode::replace);

  /// Throws ExtendedXYZError for a frame the reader would refuse, and where the disk is full.
  void write(const LabeledFrame &frame);
  /// Call after the last frame: only now it is certain that all are on disk. Throws ExtendedXYZError.
  void close();

 private:
  ExtendedXYZError error(const std::string &what) const;
  void check(const LabeledFrame &frame) const;

  std::string path_;
  std::vector<std::string> elements_;
  Mode mode_;
  GzipFile file_;
  long frames_ = 0;
};

}    // namespace turing_glass::io
