// SPDX-License-Identifier: GPL-2.0-only

// Extended XYZ files, read, written, and damaged in every way they are damaged in practice. Expected
// numbers stand in the texts of the files; what is wrong must be said by an ExtendedXYZError naming
// file, line and frame. The project's own data sets, where they lie beside the checkout, have
// published frame counts, and the forces of a periodic frame sum to zero.

#include "io/extended_xyz.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

using namespace turing_glass::io;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Matrix = LabeledFrame::Matrix;

namespace {

const std::vector<std::string> elements = {"Zr", "Cu", "O"};

/// A folder of its own for each test, removed at its end.
class ExtendedXYZ : public testing::Test {
 protected:
  ExtendedXYZ()
  {
    const auto *test = testing::UnitTest::GetInstance()->current_test_info();
    std::random_device random;
    folder_ = std::filesystem::temp_directory_path() /
        (std::string("turing_glass_") + test->name() + "_" + std::to_string(random()));
    std::filesystem::create_directories(folder_);
  }
  ~ExtendedXYZ() override
  {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path(const std::string &name) const { return (folder_ / name).string(); }

  std::string written(const std::string &content, const std::string &name = "data.extxyz") const
  {
    std::filesystem::remove(
        path(name));    // file systems flush a file that is emptied and rewritten
    std::ofstream(path(name), std::ios::binary) << content;
    return path(name);
  }

  std::vector<LabeledFrame> read(const std::string &content) const
  {
    return read_file(written(content));
  }

  static std::vector<LabeledFrame> read_file(const std::string &path)
  {
    ExtendedXYZReader reader(path, elements);
    std::vector<LabeledFrame> frames;
    for (LabeledFrame frame; reader.next(frame);) frames.push_back(frame);
    EXPECT_EQ(reader.frames(), static_cast<long>(frames.size()));
    return frames;
  }

  /// What the error says; empty where there is none.
  static std::string error_of_file(const std::string &path)
  {
    try {
      read_file(path);
    } catch (const ExtendedXYZError &error) {
      return error.what();
    }
    return {};
  }
  std::string error(const std::string &content) const { return error_of_file(written(content)); }

 private:
  std::filesystem::path folder_;
};

std::string bytes_of(const std::string &path)
{
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

const std::string lattice = "Lattice=\"4 0 0 0.5 5 0 0 0 10\"";    // 200 A^3
const std::string with_forces = "Properties=species:S:1:pos:R:3:forces:R:3";

/// Time and system among these bytes mean nothing.
constexpr std::size_t gzip_header = 10;

/// One frame of one atom with this header.
std::string one_atom(const std::string &header, const std::string &atom = "Cu 1 2 3")
{
  return "1\n" + header + "\n" + atom + "\n";
}

/// Two frames of two atoms; the header of the second is line 6.
const std::string two_frames = "2\n" + lattice + " " + with_forces +
    " energy=-8.25 config_type=liquid traj=17 temperature=2400 weight=0.25\n"
    "Zr 0.5 1 -1.5 0.25 -0.5 0.125\n"
    "O 2 2.5 3 -0.25 0.5 -0.125\n"
    "2\n" +
    lattice + " " + with_forces +
    " energy=-7.5\n"
    "Cu 1 2 3 4 5 6\n"
    "Cu 7 8 9 -4 -5 -6\n";

/// `text` with the only occurrence of `what` replaced.
std::string replaced(std::string text, const std::string &what, const std::string &by)
{
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

void expect_same(const LabeledFrame &a, const LabeledFrame &b)
{
  EXPECT_EQ(a.cell, b.cell);
  EXPECT_EQ(a.periodic, b.periodic);
  EXPECT_EQ(a.types, b.types);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_EQ(a.forces, b.forces);
  EXPECT_EQ(a.energy, b.energy);
  EXPECT_EQ(a.stress, b.stress);
  EXPECT_EQ(a.temperature, b.temperature);
  EXPECT_EQ(a.weight, b.weight);
  EXPECT_EQ(a.config_type, b.config_type);
  EXPECT_EQ(a.trajectory, b.trajectory);
}

/// Numbers with all their digits, from the smallest to large.
LabeledFrame random_frame(int atoms, unsigned seed)
{
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  LabeledFrame frame;
  frame.cell = {{{10.0 + normal(random), normal(random), 0.0},
                 {normal(random), 12.0, 1.0 / 3.0},
                 {0.1, -0.7, 15.0}}};
  frame.periodic = {true, false, true};
  frame.energy = -123.0 / 7.0;
  frame.stress = Matrix{
      {{normal(random), 1e-17, -3e-200}, {1e-17, normal(random), 0.1}, {-3e-200, 0.1, 1e17}}};
  frame.temperature = 300.1;
  frame.weight = 0.1;
  frame.config_type = "say \"glass\", C:\\ and 'more' {";
  frame.trajectory = "17 b";
  for (int i = 0; i < atoms; ++i) {
    frame.types.push_back(i % 3);
    for (int k = 0; k < 3; ++k) {
      frame.positions.push_back(10.0 * normal(random));
      frame.forces.push_back(std::ldexp(normal(random), -(i % 60)));
    }
  }
  return frame;
}

}    // namespace

// ---- what files mean ----

TEST_F(ExtendedXYZ, Frames)
{
  const auto frames = read(two_frames);
  ASSERT_EQ(frames.size(), 2U);
  const LabeledFrame &first = frames[0];
  EXPECT_EQ(first.cell, (Matrix{{{4, 0, 0}, {0.5, 5, 0}, {0, 0, 10}}}));
  EXPECT_EQ(volume(first.cell), 200.0);
  EXPECT_EQ(first.periodic, (std::array<bool, 3>{true, true, true}));
  EXPECT_EQ(first.types, (std::vector<int>{0, 2}));
  EXPECT_EQ(first.positions, (std::vector<double>{0.5, 1, -1.5, 2, 2.5, 3}));
  EXPECT_EQ(first.forces, (std::vector<double>{0.25, -0.5, 0.125, -0.25, 0.5, -0.125}));
  EXPECT_EQ(first.energy, -8.25);
  EXPECT_EQ(first.stress, std::nullopt);
  EXPECT_EQ(first.temperature, 2400.0);
  EXPECT_EQ(first.weight, 0.25);
  EXPECT_EQ(first.config_type, "liquid");
  EXPECT_EQ(first.trajectory, "17");
  EXPECT_EQ(first.line, 2);
  EXPECT_EQ(first.frame, 1);

  // nothing of the first frame stays in the second
  const LabeledFrame &second = frames[1];
  EXPECT_EQ(second.types, (std::vector<int>{1, 1}));
  EXPECT_EQ(second.positions, (std::vector<double>{1, 2, 3, 7, 8, 9}));
  EXPECT_EQ(second.forces, (std::vector<double>{4, 5, 6, -4, -5, -6}));
  EXPECT_EQ(second.energy, -7.5);
  EXPECT_EQ(second.temperature, std::nullopt);
  EXPECT_EQ(second.weight, 1.0);
  EXPECT_EQ(second.config_type, "");
  EXPECT_EQ(second.trajectory, "");
  EXPECT_EQ(second.line, 6);
  EXPECT_EQ(second.frame, 2);
}

TEST_F(ExtendedXYZ, OneFrameObjectServesAll)
{
  const std::string without = one_atom(lattice);
  ExtendedXYZReader reader(written(two_frames + without), elements);
  LabeledFrame frame;
  while (reader.next(frame)) {}
  EXPECT_EQ(reader.frames(), 3);
  EXPECT_EQ(frame.atoms(), 1U);
  EXPECT_EQ(frame.energy, std::nullopt);
  EXPECT_TRUE(frame.forces.empty());
  EXPECT_FALSE(reader.next(frame));    // the end stays the end
}

TEST_F(ExtendedXYZ, ColumnsInAnyOrder)
{
  const auto frames = read(
      one_atom(
          lattice +
              " Properties=id:I:1:forces:R:3:magmoms:R:1:species:S:1:fixed:L:2:pos:R:3:tag:S:1",
          "12 4 5 6 0.5 O T F 1 2 3 end") +
      one_atom(lattice + " Properties=species:S:1:pos:R:3:force:R:3", "O 1 2 3 4 5 6") +
      one_atom(lattice + " Properties=force:R:3:species:S:1:pos:R:3:forces:R:3",
               "7 8 9 O 1 2 3 4 5 6"));
  ASSERT_EQ(frames.size(), 3U);
  for (const LabeledFrame &frame : frames) {
    EXPECT_EQ(frame.types, std::vector<int>{2});
    EXPECT_EQ(frame.positions, (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(frame.forces, (std::vector<double>{4, 5, 6}));
  }
}

TEST_F(ExtendedXYZ, PlainColumnsWithoutProperties)
{
  const auto frames = read(one_atom(lattice));
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].positions, (std::vector<double>{1, 2, 3}));
  EXPECT_TRUE(frames[0].forces.empty());
  EXPECT_EQ(frames[0].energy, std::nullopt);
}

TEST_F(ExtendedXYZ, SpellingsOfTheHeader)
{
  for (
      const std::string header : {
          "Lattice=\"4 0 0 0.5 5 0 0 0 10\" energy=-1.5 config_type=\"a b\" pbc=\"T F T\"",
          "Lattice='4,0,0, 0.5,5,0, 0,0,10' energy=\"-1.5\" config_type='a b' pbc=[T,F,T]",
          "Lattice={4 0 0 0.5 5 0 0 0 10}\tenergy=-15e-1 \t config_type={a b} pbc={True False True}",
          "Lattice=[[4, 0, 0], [0.5, 5, 0], [0, 0, 10]] energy=-1.5E+0 config_type=\"a b\" pbc=\"1 0 1\"",
          "free_energy=7 flag Lattice=\"+4.0 0 0 .5 5. 0 0 0 1e1\" comment=\"energy=3 pbc=none\" energy=-1.5 "
          "config_type=\"a b\" pbc=\"true false true\" empty= quote=\"a \\\" b\" =x",
          // a key may come twice with the same value
          "energy=-1.5 Lattice=\"4 0 0 0.5 5 0 0 0 10\" Lattice=\"4 0 0 0.5 5 0 0 0 10\" energy=-1.5 pbc=\"TRUE FALSE t\" config_type=\"a b\"",
      }) {
    SCOPED_TRACE(header);
    const auto frames = read(one_atom(header));
    ASSERT_EQ(frames.size(), 1U);
    EXPECT_EQ(frames[0].cell, (Matrix{{{4, 0, 0}, {0.5, 5, 0}, {0, 0, 10}}}));
    EXPECT_EQ(frames[0].energy, -1.5);
    EXPECT_EQ(frames[0].periodic, (std::array<bool, 3>{true, false, true}));
    EXPECT_TRUE(frames[0].config_type == "a b" || frames[0].config_type == "{a b}")
        << frames[0].config_type;
  }
}

TEST_F(ExtendedXYZ, TwoValuesOfAKeyAreAnError)
{
  for (const std::string twice :
       {"energy=-1 energy=-2", "weight=1 energy=-1 weight=2",
        "stress=\"1 2 3 4 5 6\" stress=\"1 2 3 4 5 7\"", "pbc=\"T T T\" pbc=\"T T F\""})
    EXPECT_THAT(error(one_atom(lattice + " " + twice)),
                AllOf(HasSubstr("line 2, frame 1"), HasSubstr("twice, with different values")));
  EXPECT_EQ(read(one_atom(lattice + " note=a note=b energy=-3")).at(0).energy, -3.0);
  for (const std::string columns :
       {"species:S:1:pos:R:3:pos:R:3", "species:S:1:pos:R:3:species:S:1"})
    EXPECT_THAT(error(one_atom(lattice + " Properties=" + columns)), HasSubstr("twice"));
}

TEST_F(ExtendedXYZ, KeysThatAreNotReadAreFoundByName)
{
  ExtendedXYZReader reader(
      written("1\n" + lattice +
              " REF_stress=\"1 2 3 4 5 6\" dft_Virial=7 energy=-1 free_energy=-2 "
              "Properties=species:S:1:pos:R:3:MACE_forces:R:3\nCu 1 2 3 0 0 0\n1\n" +
              lattice + "\nCu 1 2 3\n"),
      elements);
  LabeledFrame frame;
  ASSERT_TRUE(reader.next(frame));
  EXPECT_EQ(reader.unread_like({"stress", "virial"}),
            (std::vector<std::string>{"REF_stress", "dft_Virial"}));
  EXPECT_EQ(reader.unread_like({"force"}), std::vector<std::string>{"MACE_forces"});
  EXPECT_EQ(reader.unread_like({"energy"}), std::vector<std::string>{"free_energy"});
  ASSERT_TRUE(reader.next(frame));
  EXPECT_TRUE(reader.unread_like({""}).empty());
}

TEST_F(ExtendedXYZ, FreeEnergyIsNotTheEnergy)
{
  EXPECT_EQ(read(one_atom(lattice + " free_energy=-3")).at(0).energy, std::nullopt);
}

TEST_F(ExtendedXYZ, StressAndVirial)
{
  const Matrix expected = {{{1, 6, 5}, {6, 2, 4}, {5, 4, 3}}};
  for (const std::string tensor : {
           "stress=\"1 6 5 6 2 4 5 4 3\"",
           "stress=\"1 2 3 4 5 6\"",
           "stress=[[1,6,5],[6,2,4],[5,4,3]]",
           // the volume is 200 A^3
           "virial=\"-200 -1200 -1000 -1200 -400 -800 -1000 -800 -600\"",
           "virial=\"-200 -400 -600 -800 -1000 -1200\"",
           "virial=\"9 9 9 9 9 9 9 9 9\" stress=\"1 2 3 4 5 6\"",
       }) {
    SCOPED_TRACE(tensor);
    EXPECT_EQ(read(one_atom(lattice + " " + tensor)).at(0).stress, expected);
  }
  // row by row, also where that makes a difference
  EXPECT_EQ(read(one_atom(lattice + " stress=\"1 2 3 4 5 6 7 8 9\"")).at(0).stress,
            (Matrix{{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}}}));
  // a left-handed cell has a volume too
  EXPECT_EQ(read(one_atom("Lattice=\"0 2 0 2 0 0 0 0 2\" virial=\"8 0 0 0 0 0\""))
                .at(0)
                .stress->at(0)
                .at(0),
            -1.0);
}

TEST_F(ExtendedXYZ, LineEndsAndBlankLines)
{
  const auto expected = read(two_frames);
  std::string windows, spaced = "\n";
  for (const char c : two_frames) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  spaced += replaced(two_frames, "-0.125\n2\n", "-0.125\t \n \n\n  2\n");
  for (const std::string &text :
       {windows, windows + "\r\n\r\n", two_frames + "\n\n  \n", two_frames + "  ", spaced}) {
    const auto frames = read(text);
    ASSERT_EQ(frames.size(), 2U);
    for (int k = 0; k < 2; ++k) expect_same(frames[k], expected[k]);
  }
}

TEST_F(ExtendedXYZ, LongLinesAndManyFrames)
{
  // longer than any buffer but allowed, and frames across the ends of buffers
  const std::string filling(LineReader::longest_line - 1000, 'x');
  const auto long_header = read(one_atom(lattice + " note=\"" + filling + "\" energy=2"));
  ASSERT_EQ(long_header.size(), 1U);
  EXPECT_EQ(long_header[0].energy, 2.0);

  std::string many;
  for (int k = 0; k < 5000; ++k) many += one_atom(lattice + " energy=" + std::to_string(k));
  const auto frames = read(many);
  ASSERT_EQ(frames.size(), 5000U);
  for (int k = 0; k < 5000; ++k) {
    EXPECT_EQ(frames[k].energy, k);
    EXPECT_EQ(frames[k].line, 3 * k + 2);
  }
}

TEST_F(ExtendedXYZ, WrittenFramesReadBackTheSame)
{
  for (const std::string name : {"plain.extxyz", "packed.extxyz.gz"}) {
    SCOPED_TRACE(name);
    std::vector<LabeledFrame> frames = {random_frame(1, 1), random_frame(200, 2),
                                        random_frame(7, 3)};
    frames[2].forces.clear();
    frames[2].energy.reset();
    frames[2].stress.reset();
    frames[2].temperature.reset();
    frames[2].config_type.clear();
    frames[2].trajectory.clear();
    ExtendedXYZWriter writer(path(name), elements);
    for (const LabeledFrame &frame : frames) writer.write(frame);
    writer.close();

    const std::string bytes = bytes_of(path(name));
    EXPECT_EQ(bytes.substr(0, 2) == "\x1f\x8b", name == "packed.extxyz.gz");
    const auto found = read_file(path(name));
    ASSERT_EQ(found.size(), frames.size());
    for (std::size_t k = 0; k < frames.size(); ++k) expect_same(found[k], frames[k]);
  }
}

TEST_F(ExtendedXYZ, GzipByContentNotByName)
{
  ExtendedXYZWriter writer(path("a.gz"), elements);
  writer.write(random_frame(3, 1));
  writer.close();
  const std::string packed = bytes_of(path("a.gz"));
  EXPECT_EQ(read_file(written(packed, "unnamed")).size(), 1U);
  EXPECT_EQ(read_file(written(packed + packed, "joined")).size(), 2U);    // cat a.gz a.gz
  EXPECT_EQ(read_file(written(two_frames, "plain.gz")).size(), 2U);
}

TEST_F(ExtendedXYZ, AppendedFrames)
{
  // by the file's name where there is no file or an empty one, else as the file is
  for (const std::string name : {"plain.extxyz", "packed.extxyz.gz", "empty.extxyz.gz",
                                 "plain_by_content.gz", "packed_by_content.extxyz"}) {
    SCOPED_TRACE(name);
    const std::vector<LabeledFrame> frames = {random_frame(200, 1), random_frame(1, 2),
                                              random_frame(7, 3)};
    bool packed = name.find("packed") == 0;
    std::size_t before = 0;
    if (name.find("_by_content") != std::string::npos) {
      ExtendedXYZWriter writer(path(packed ? "a.gz" : "a"), elements);
      writer.write(frames[before++]);
      writer.close();
      written(bytes_of(path(packed ? "a.gz" : "a")), name);
    } else if (name.find("empty") == 0) {
      written("", name);
      packed = true;
    }
    for (std::size_t k = before; k < frames.size(); ++k) {
      ExtendedXYZWriter writer(path(name), elements, ExtendedXYZWriter::Mode::append);
      writer.write(frames[k]);
      writer.close();
    }
    EXPECT_EQ(bytes_of(path(name)).substr(0, 2) == "\x1f\x8b", packed);
    const auto found = read_file(path(name));
    ASSERT_EQ(found.size(), frames.size());
    for (std::size_t k = 0; k < frames.size(); ++k) expect_same(found[k], frames[k]);
  }
}

TEST_F(ExtendedXYZ, AppendingNothingLeavesTheFrames)
{
  using Mode = ExtendedXYZWriter::Mode;
  for (const std::string name : {"plain.extxyz", "packed.extxyz.gz"}) {
    for (const Mode mode : {Mode::replace, Mode::append, Mode::append}) {
      ExtendedXYZWriter writer(path(name), elements, mode);
      if (mode == Mode::replace) writer.write(random_frame(5, 1));
      writer.close();
    }
    EXPECT_EQ(read_file(path(name)).size(), 1U);
    ExtendedXYZWriter(path(name), elements, Mode::append).write(random_frame(6, 2));
    EXPECT_EQ(read_file(path(name)).size(), 2U);
  }
}

// ---- what is wrong with files ----

TEST_F(ExtendedXYZ, ErrorsNameFileLineAndFrame)
{
  const std::string message = error(replaced(two_frames, "Cu 7 8 9", "Cu 7 8 nine"));
  EXPECT_THAT(message,
              AllOf(HasSubstr("data.extxyz: line 8, frame 2: "), HasSubstr("'nine'"),
                    HasSubstr("not a number")));
}

TEST_F(ExtendedXYZ, WrongAtoms)
{
  const auto atom = [&](const std::string &line) {
    return error(one_atom(lattice + " " + with_forces, line));
  };
  EXPECT_EQ(atom("Cu 1 2 3 4 5 6"), "");
  EXPECT_THAT(
      atom("Hf 1 2 3 4 5 6"),
      AllOf(HasSubstr("line 3, frame 1"), HasSubstr("'Hf'"), HasSubstr("expected are Zr Cu O")));
  EXPECT_THAT(atom("cu 1 2 3 4 5 6"), HasSubstr("'cu'"));
  EXPECT_THAT(atom("Cu 1 2 3 4 5"),
              AllOf(HasSubstr("6 columns where Properties has 7"),
                    HasSubstr("atom 1 of the 1 that line 1 announces")));
  EXPECT_THAT(atom("Cu 1 2 3 4 5 6 7"), HasSubstr("8 columns where Properties has 7"));
  EXPECT_THAT(atom(""), HasSubstr("0 columns where Properties has 7"));
  for (const std::string word :
       {"x", "1.5x", "--1", "+-1", "+", "1e", "0x10", "1,5", "1d0", ".", "***"}) {
    EXPECT_THAT(atom("Cu 1 " + word + " 3 4 5 6"),
                AllOf(HasSubstr("a position is '" + word + "'"), HasSubstr("not a number")));
    EXPECT_THAT(atom("Cu 1 2 3 4 5 " + word),
                AllOf(HasSubstr("a force is '" + word + "'"), HasSubstr("not a number")));
  }
  for (const std::string word : {"nan", "NaN", "-nan", "inf", "-Infinity"}) {
    EXPECT_THAT(atom("Cu 1 " + word + " 3 4 5 6"),
                AllOf(HasSubstr("a position is '" + word + "'"), HasSubstr("not finite")));
    EXPECT_THAT(atom("Cu 1 2 3 4 5 " + word),
                AllOf(HasSubstr("a force is '" + word + "'"), HasSubstr("not finite")));
  }
  EXPECT_THAT(atom("Cu 1 2 3 4 5 1e999"), HasSubstr("'1e999'"));
  EXPECT_THAT(atom(std::string("Cu 1 2 3 4 5 6\0", 15)), HasSubstr("not a number"));
}

TEST_F(ExtendedXYZ, WrongHeaders)
{
  const auto header = [&](const std::string &line) { return error(one_atom(line)); };
  EXPECT_THAT(header(""), AllOf(HasSubstr("line 2, frame 1"), HasSubstr("no Lattice")));
  EXPECT_THAT(header("energy=1"), HasSubstr("no Lattice"));
  EXPECT_THAT(header("Lattice energy=1"), HasSubstr("Lattice has 0 numbers"));
  EXPECT_THAT(header("Lattice=\"4 0 0 0 4 0 0 0\""), HasSubstr("Lattice has 8 numbers"));
  EXPECT_THAT(header("Lattice=\"4 0 0 0 4 0 0 0 a\""),
              AllOf(HasSubstr("Lattice is 'a'"), HasSubstr("not a number")));
  EXPECT_THAT(header("Lattice=\"4 0 0 0 4 0 0 0 nan\""), HasSubstr("not finite"));
  EXPECT_THAT(header("Lattice=\"4 0 0 0 4 0 0 0 4"), HasSubstr("not closed"));
  EXPECT_THAT(header("Lattice=[[4 0 0] [0 4 0] [0 0 4]"), HasSubstr("not closed"));
  EXPECT_THAT(header("Lattice=\"4 0 0 0 4 0 0 0 0\""), HasSubstr("spans no volume"));
  EXPECT_THAT(header("Lattice=\"1 2 3 4 5 6 7 8 9\""), HasSubstr("spans no volume"));
  EXPECT_THAT(header("Lattice=\"0 0 0 0 0 0 0 0 0\""), HasSubstr("spans no volume"));
  EXPECT_THAT(header("Lattice=\"1e200 0 0 0 1e200 0 0 0 1e200\""), HasSubstr("too large"));
  for (const std::string word : {"none", "\"\"", "\"1 2\"", "1.2.3"})
    EXPECT_THAT(header(lattice + " energy=" + word),
                AllOf(HasSubstr("energy is"), HasSubstr("not a number")));
  EXPECT_THAT(header(lattice + " energy=-NaN"),
              AllOf(HasSubstr("energy is '-NaN'"), HasSubstr("not finite")));
  EXPECT_THAT(header(lattice + " stress=\"1 2 3\""), HasSubstr("stress has 3 numbers"));
  EXPECT_THAT(header(lattice + " virial=\"1 2 3 4 5 6 7\""), HasSubstr("virial has 7 numbers"));
  EXPECT_THAT(header(lattice + " stress=\"1 2 3 4 5 inf\""), HasSubstr("not finite"));
  EXPECT_THAT(header(lattice + " weight=-0.1"), HasSubstr("weight is negative"));
  for (const std::string word : {"T", "\"T T\"", "\"T T T T\"", "\"T T X\""})
    EXPECT_THAT(header(lattice + " pbc=" + word), HasSubstr("pbc is"));
}

TEST_F(ExtendedXYZ, WrongProperties)
{
  const auto properties = [&](const std::string &text) {
    return error(one_atom(lattice + " Properties=" + text));
  };
  EXPECT_EQ(properties("species:S:1:pos:R:3"), "");
  EXPECT_THAT(properties(""), HasSubstr("name:type:columns"));
  EXPECT_THAT(properties("species:S:1:pos:R"), HasSubstr("name:type:columns"));
  EXPECT_THAT(properties("species:S:1"), HasSubstr("no pos"));
  EXPECT_THAT(properties("pos:R:3"), HasSubstr("no species"));
  EXPECT_THAT(properties("species:S:1:pos:R:2"), HasSubstr("pos:R:2"));
  EXPECT_THAT(properties("species:I:1:pos:R:3"), HasSubstr("species:I:1"));
  EXPECT_THAT(properties("species:S:1:pos:R:3:forces:R:1"), HasSubstr("forces:R:1"));
  for (const std::string count : {"0", "-1", "x", "1001", "99999999999999999999"})
    EXPECT_THAT(properties("species:S:1:pos:R:3:a:R:" + count),
                HasSubstr("'" + count + "' columns"));
  EXPECT_THAT(properties("species:S:1:pos:R:3:a:R:999"), HasSubstr("more than 1000 columns"));
}

TEST_F(ExtendedXYZ, WrongAtomCounts)
{
  for (const std::string count :
       {"0", "-3", "x", "2.5", "2 atoms", "1e2", "99999999999999999999"}) {
    EXPECT_THAT(error(replaced(two_frames, "2\n", count + "\n")),
                AllOf(HasSubstr("line 1, frame 1: "), HasSubstr("'" + count + "'"),
                      HasSubstr("not an extended XYZ file")))
        << count;
    EXPECT_THAT(error(replaced(two_frames, "-0.125\n2\n", "-0.125\n" + count + "\n")),
                AllOf(HasSubstr("line 5, frame 2: "), HasSubstr("'" + count + "'"),
                      HasSubstr("frame before")))
        << count;
  }
  EXPECT_THAT(error(replaced(two_frames, "2\n", "1000001\n")),
              HasSubstr("announces 1000001 atoms"));
  // one more and one less than there are
  EXPECT_THAT(error(replaced(two_frames, "2\n", "3\n")),
              AllOf(HasSubstr("line 5, frame 1"), HasSubstr("atom 3 of the 3 that line 1")));
  EXPECT_THAT(error(replaced(two_frames, "2\n", "1\n")),
              AllOf(HasSubstr("line 4, frame 2"), HasSubstr("frame before")));
  EXPECT_THAT(error(replaced(two_frames, "-0.125\n2\n", "-0.125\n900000\n")),
              HasSubstr("it was cut off"));
}

TEST_F(ExtendedXYZ, NoFile)
{
  EXPECT_THAT(error_of_file(path("absent")),
              AllOf(HasSubstr("absent: cannot be opened: "), HasSubstr("No such file")));
  EXPECT_THAT(error_of_file(path(".")), HasSubstr("cannot be read: Is a directory"));
  EXPECT_THAT(error(""), HasSubstr("the file is empty"));
  EXPECT_THAT(error("\n\n"), HasSubstr("the file is empty"));
}

TEST_F(ExtendedXYZ, NotXYZ)
{
  std::mt19937 random(5);
  for (int k = 0; k < 200; ++k) {
    std::string garbage;
    for (int i = 0; i < 1000; ++i) garbage += static_cast<char>(random());
    EXPECT_NE(error(garbage), "");
    EXPECT_NE(error("\x1f\x8b\x08" + garbage), "");
  }
  const std::string message = error("\x7f"
                                    "ELF\x02\x01\n");
  EXPECT_THAT(message, AllOf(HasSubstr("not an extended XYZ file"), Not(HasSubstr("\x7f"))));
  EXPECT_THAT(error(std::string(3 * LineReader::longest_line, '\0')),
              HasSubstr("line 1, frame 1: is longer than 1048576 bytes"));
  EXPECT_THAT(error(one_atom(lattice + " note=" + std::string(LineReader::longest_line, 'x'))),
              HasSubstr("line 2, frame 1: is longer"));
}

TEST_F(ExtendedXYZ, CutOffAtEveryByte)
{
  const std::size_t first_frame = two_frames.find("2\n" + lattice, 1);
  for (std::size_t length = 0; length < two_frames.size(); ++length) {
    const std::string message = error(two_frames.substr(0, length));
    if (length == first_frame)
      EXPECT_EQ(message, "");    // a whole frame is a whole file
    else
      EXPECT_NE(message, "") << length;
  }
  // within a number, within the header, after an atom, after the number of atoms
  EXPECT_THAT(error(two_frames.substr(0, two_frames.size() - 2)),
              HasSubstr("line 8, frame 2: the file ends within this line"));
  EXPECT_THAT(error(two_frames.substr(0, two_frames.find("config_type"))),
              HasSubstr("line 2, frame 1: the file ends within this line"));
  EXPECT_THAT(error(two_frames.substr(0, two_frames.find("Cu 7"))),
              HasSubstr("frame 2: the file ends within this frame (atom 2 of the 2 that line 5"));
  EXPECT_THAT(error(two_frames.substr(0, 2)),
              HasSubstr("frame 1: the file ends before the header"));
}

TEST_F(ExtendedXYZ, GzipCutOffAtEveryByte)
{
  ExtendedXYZWriter writer(path("whole.gz"), elements);
  for (unsigned k = 0; k < 3; ++k) writer.write(random_frame(10, k));
  writer.close();
  const std::string whole = bytes_of(path("whole.gz"));
  EXPECT_EQ(error_of_file(path("whole.gz")), "");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string message = error(whole.substr(0, length));
    EXPECT_NE(message, "") << length;
    if (length >= gzip_header) {
      EXPECT_THAT(message, HasSubstr("the gzip file is cut off")) << length;
    }
  }
  // the trailer alone is missing: all frames are there, but who knows
  EXPECT_THAT(error(whole.substr(0, whole.size() - 1)),
              HasSubstr("frame 4: the gzip file is cut off"));
}

TEST_F(ExtendedXYZ, GzipDamagedAtEveryByte)
{
  ExtendedXYZWriter writer(path("whole.gz"), elements);
  for (unsigned k = 0; k < 3; ++k) writer.write(random_frame(10, k));
  writer.close();
  const std::string whole = bytes_of(path("whole.gz"));
  constexpr std::size_t trailer = 8;    // the byte before it may end in bits that nobody reads
  for (std::size_t at = gzip_header; at < whole.size(); ++at) {
    if (at + trailer + 1 == whole.size()) continue;
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_NE(error(damaged), "") << at;
  }
}

TEST_F(ExtendedXYZ, AnyByteMayBeWrong)
{
  // no crash and nothing but ExtendedXYZError, whatever the byte; many of these files are sound
  for (std::size_t at = 0; at < two_frames.size(); ++at)
    for (const char c : {'\0', '\n', '\r', ' ', '"', '{', '=', ':', '\\', '-', '9', '\xff'}) {
      std::string text = two_frames;
      text[at] = c;
      EXPECT_NO_THROW(error(text)) << at;
    }
}

// ---- what the writer refuses ----

TEST_F(ExtendedXYZ, WriterRefusesWhatCannotBeRead)
{
  ExtendedXYZWriter writer(path("out.extxyz"), elements);
  const auto refusal = [&](const auto &spoil) -> std::string {
    LabeledFrame frame = random_frame(4, 1);
    spoil(frame);
    try {
      writer.write(frame);
    } catch (const ExtendedXYZError &error) {
      return error.what();
    }
    return {};
  };
  static constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal([](LabeledFrame &) {}), "");
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.types[0] = 3; }),
              AllOf(HasSubstr("out.extxyz: frame 2"), HasSubstr("type 3")));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.types[0] = -1; }), HasSubstr("type -1"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.types.pop_back(); }),
              HasSubstr("three numbers an atom"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.forces.pop_back(); }),
              HasSubstr("three numbers an atom"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f = {}; }), HasSubstr("0 atoms"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.cell[2] = f.cell[1]; }), HasSubstr("no volume"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.config_type = "a\nb"; }), HasSubstr("line break"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.energy = nan; }), HasSubstr("not finite"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.positions[2] = nan; }), HasSubstr("not finite"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.forces[5] = nan; }), HasSubstr("not finite"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { (*f.stress)[1][2] = nan; }), HasSubstr("not finite"));
  EXPECT_THAT(refusal([](LabeledFrame &f) { f.cell[1][1] = nan; }), HasSubstr("Lattice"));

  // what was refused left no trace
  writer.close();
  EXPECT_EQ(read_file(path("out.extxyz")).size(), 1U);
  EXPECT_THAT(refusal([](LabeledFrame &) {}), HasSubstr("closed"));
}

TEST_F(ExtendedXYZ, NothingIsAppendedToADamagedGzipFile)
{
  const auto append = [&](const std::string &name, const std::string &content) -> std::string {
    std::ofstream(path(name), std::ios::binary) << content;
    try {
      ExtendedXYZWriter(path(name), elements, ExtendedXYZWriter::Mode::append);
      return {};
    } catch (const ExtendedXYZError &refused) {
      return refused.what();
    }
  };
  const auto gzipped = [&](const std::string &text) {
    std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path("whole.gz").c_str(), "wb"),
                                                    gzclose);
    gzwrite(file.get(), text.data(), static_cast<unsigned>(text.size()));
    file.reset();
    std::ifstream in(path("whole.gz"), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const std::string whole = gzipped(two_frames);
  int file = 0;
  const auto name = [&] { return "d" + std::to_string(file++) + ".xyz.gz"; };
  EXPECT_EQ(append(name(), whole), "");
  EXPECT_EQ(append(name(), whole + whole), "");
  for (std::size_t length = 1; length < whole.size(); ++length)
    EXPECT_THAT(append(name(), whole.substr(0, length)), HasSubstr("no frame can be appended"))
        << length;
  for (const std::size_t at : {whole.size() / 2, whole.size() - 6}) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    EXPECT_THAT(append(name(), flipped), HasSubstr("damaged"));
  }
  EXPECT_THAT(append(name(), whole + std::string(512, '\0')), HasSubstr("damaged"));
  EXPECT_THAT(append(name(), gzipped(two_frames.substr(0, two_frames.size() - 1))),
              HasSubstr("cut off"));
  // the same size as a file that was written to its end before, but by another name
  const std::string twice = path("twice.xyz.gz");
  ExtendedXYZWriter(twice, elements).close();
  EXPECT_NO_THROW(ExtendedXYZWriter(twice, elements, ExtendedXYZWriter::Mode::append).close());
}

TEST_F(ExtendedXYZ, WhatFollowsAGzipMemberIsNotPassedOver)
{
  const std::string name = path("padded.xyz.gz");
  gzFile file = gzopen(name.c_str(), "wb");
  gzwrite(file, two_frames.data(), static_cast<unsigned>(two_frames.size()));
  gzclose(file);
  std::ofstream(name, std::ios::binary | std::ios::app) << std::string(100, '\0');
  ExtendedXYZReader reader(name, elements);
  LabeledFrame frame;
  ASSERT_TRUE(reader.next(frame));
  ASSERT_TRUE(reader.next(frame));
  EXPECT_THROW(reader.next(frame), ExtendedXYZError);
}

TEST_F(ExtendedXYZ, WriterAppendsToNoHalfLine)
{
  const auto append = [&](const std::string &content) -> std::string {
    try {
      ExtendedXYZWriter(written(content), elements, ExtendedXYZWriter::Mode::append)
          .write(LabeledFrame());
    } catch (const ExtendedXYZError &error) {
      return error.what();
    }
    return {};
  };
  for (const std::size_t cut : {std::size_t(1), std::size_t(4), two_frames.size() - 1})
    EXPECT_THAT(append(two_frames.substr(0, two_frames.size() - cut)),
                AllOf(HasSubstr("data.extxyz: no frame can be appended"), HasSubstr("cut off")));
  EXPECT_THAT(append(two_frames),
              AllOf(HasSubstr("data.extxyz: appended frame 1"), HasSubstr("0 atoms")));
  EXPECT_THROW(ExtendedXYZWriter(path("."), elements, ExtendedXYZWriter::Mode::append),
               ExtendedXYZError);
}

TEST_F(ExtendedXYZ, WriterNoticesThatNothingArrives)
{
  EXPECT_THROW(ExtendedXYZWriter(path("no/such/folder"), elements), ExtendedXYZError);
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  EXPECT_THROW(
      {
        ExtendedXYZWriter writer("/dev/full", elements);
        writer.write(random_frame(1000, 1));
        writer.close();
      },
      ExtendedXYZError);
}

// ---- data sets ----

namespace {

struct DataSet {
  const char *name;
  std::vector<std::string> elements;
  long frames;
  bool teacher;    ///< labeled with forces of five decimals
};

void PrintTo(const DataSet &data, std::ostream *out)    // else GoogleTest prints its bytes
{
  *out << data.name;
}

class ExtendedXYZData : public testing::TestWithParam<DataSet> {};

}    // namespace

TEST_P(ExtendedXYZData, FramesAndForceSums)
{
  const DataSet &data = GetParam();
  const std::string path = std::string(TG_SHARED_DIR) + "/datasets/" + data.name + ".extxyz.gz";
  if (!std::filesystem::exists(path))
    GTEST_SKIP() << "no datasets/" << data.name << ".extxyz.gz below " << TG_SHARED_DIR;

  ExtendedXYZReader reader(path, data.elements);
  LabeledFrame frame;
  while (reader.next(frame)) {
    ASSERT_TRUE(frame.energy && frame.stress) << frame.frame;
    ASSERT_EQ(frame.forces.size(), 3 * frame.atoms()) << frame.frame;
    if (!data.teacher) continue;
    ASSERT_FALSE(frame.config_type.empty() || frame.trajectory.empty()) << frame.frame;
    std::array<double, 3> sum = {};
    double magnitude = 0.0;
    for (std::size_t i = 0; i < frame.forces.size(); ++i) {
      sum[i % 3] += frame.forces[i];
      magnitude += std::abs(frame.forces[i]);
    }
    // half of the last digit for every atom, and the single precision of the teacher
    const double tolerance = 0.5e-5 * frame.atoms() + 1e-5 * magnitude;
    for (const double component : sum)
      ASSERT_NEAR(component, 0.0, tolerance) << "line " << frame.line;
  }
  EXPECT_EQ(reader.frames(), data.frames);
}

INSTANTIATE_TEST_SUITE_P(
    , ExtendedXYZData,
    testing::Values(DataSet{"zrcuo-train", {"Zr", "Cu", "O"}, 7589, true},
                    DataSet{"zrcuo-test", {"Zr", "Cu", "O"}, 909, true},
                    DataSet{"tizrhfco-train", {"Ti", "Zr", "Hf", "Co"}, 6394, true},
                    DataSet{"tizrhfco-test", {"Ti", "Zr", "Hf", "Co"}, 734, true},
                    DataSet{"Cu-train", {"Cu"}, 1800, false},
                    DataSet{"Cu-test", {"Cu"}, 200, false}),
    [](const auto &info) {
      std::string name = info.param.name;
      for (char &c : name)
        if (c == '-') c = '_';
      return name;
    });
