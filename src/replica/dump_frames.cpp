// SPDX-License-Identifier: GPL-2.0-only

#include "dump_frames.h"

#include "text.h"

#include <stdexcept>

namespace turing_glass::replica {

namespace {

constexpr std::string_view item = "ITEM:";

bool begins_with(std::string_view line, std::string_view text)
{
  return line.substr(0, text.size()) == text;
}

std::string_view without_end(std::string_view line)
{
  return line.substr(0, line.find_last_not_of(" \t") + 1);
}

/// Of the items before the step dump_modify adds units and time.
bool begins_frame(std::string_view line)
{
  const std::string_view text = without_end(line);
  return text == "ITEM: TIMESTEP" || text == "ITEM: TIME" || text == "ITEM: UNITS";
}

}    // namespace

void DumpFrames::begin_frame()
{
  begun_ = whole_ = false;
  part_ = Part::head;
  label_.clear();
  step_ = count_ = -1;
}

/// The next line of the frame; false after the last one, or where the frame is cut off.
bool DumpFrames::in_frame(std::string_view &line)
{
  if (whole_ || !read(line)) return false;
  if (begun_ && cut_by(line)) return false;
  if (!begun_ && line.rfind(item) != line.npos) line.remove_prefix(line.rfind(item));
  const bool is_item = begins_with(line, item);
  if (!begun_ && !is_item) fail("a frame of a text dump of LAMMPS should begin with \"ITEM:\"");
  begun_ = true;
  switch (part_) {
    case Part::head:
      if (is_item) read_item(line);
      break;
    case Part::step:
      step_ = number(line);
      part_ = Part::head;
      break;
    case Part::count:
      count_ = number(line);
      part_ = Part::head;
      break;
    case Part::atoms:
      --left_;
      break;
  }
  whole_ = part_ == Part::atoms && left_ == 0;
  return true;
}

/// A whole line; false at the end of the last file, and at that of any in the middle of a frame.
bool DumpFrames::read(std::string_view &line)
{
  if (is_held_) {
    is_held_ = false;
    line = held_;
    return true;
  }
  while (file_ < paths_.size()) {
    try {
      if (!reader_) reader_ = std::make_unique<io::LineReader>(paths_[file_]);
      if (reader_->next(line) && reader_->has_end()) return true;
    } catch (const io::LineError &e) {
      fail(e.what());
    }
    reader_.reset();
    ++file_;
    if (begun_) return false;
  }
  return false;
}

/// Whether the next frame begins in this line, too early; its part of the line is then held for it.
bool DumpFrames::cut_by(std::string_view line)
{
  const std::size_t at = line.rfind(item);
  if (at == line.npos) return false;
  const bool item_fits = at == 0 && part_ == Part::head && !(step_ >= 0 && begins_frame(line));
  if (item_fits) return false;
  held_ = line.substr(at);
  is_held_ = true;
  return true;
}

void DumpFrames::read_item(std::string_view line)
{
  constexpr std::string_view counts = "ITEM: NUMBER OF ";
  const std::string heading = std::string(item) + ' ' + label_;
  if (without_end(line) == "ITEM: TIMESTEP")
    part_ = Part::step;
  else if (begins_with(line, counts)) {
    label_ = without_end(line.substr(counts.size()));
    part_ = Part::count;
  } else if (!label_.empty() &&
             (without_end(line) == heading || begins_with(line, heading + ' '))) {
    if (step_ < 0 || count_ < 0) fail("no step and number of atoms before the atoms");
    left_ = count_;
    part_ = Part::atoms;
  }
}

std::int64_t DumpFrames::number(std::string_view line) const
{
  const std::string_view word = without_end(line);
  std::int64_t value = -1;
  if (!parse(word, value) || value < 0) fail(in_quotes(line) + " should be a number");
  return value;
}

void DumpFrames::fail(const std::string &what) const
{
  const std::string line = reader_ ? ", line " + std::to_string(reader_->line()) : "";
  throw std::runtime_error(paths_[file_] + line + ": " + what);
}

}    // namespace turing_glass::replica
