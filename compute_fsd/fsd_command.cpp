// SPDX-License-Identifier: GPL-2.0-only

#include "fsd_command.h"

#include "fit/relaxation_laws.h"
#include "lammps/words.h"
#include "scattering/relaxation.h"

#include "comm.h"

#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::fit;
using namespace turing_glass::lammps;

namespace {

std::string shown(const char *name, const Estimate &e)
{
  return fmt::format("  {} = {:.6g} +- {:.2g}\n", name, e.value, e.error);
}

PointFile read(const std::string &path)
{
  return read_points(path, turing_glass::scattering::Relaxation::tau_marker);
}

std::string left_out(const std::string &path, const PointFile &file)
{
  std::string text;
  if (file.not_reached > 0)
    text += fmt::format("  {}: {} rows without tau (0: not reached) are left out\n", path,
                        file.not_reached);
  if (file.too_short > 0)
    text += fmt::format("  {}: {} rows with tau below the first time (negative) are left out\n",
                        path, file.too_short);
  return text;
}

/// Of a file with distances; adds to the text what is left out of it.
std::vector<Point> curve(const std::string &path, std::string &text)
{
  const PointFile file = read(path);
  text += left_out(path, file);
  try {
    return by_distance(file.points);
  } catch (const std::runtime_error &e) {
    throw std::runtime_error(path + ": " + e.what());
  }
}

std::string vft(Words &words, const std::string &path)
{
  double tau_g = 1e4;
  while (!words.done()) {
    words.keyword({"glass"});
    tau_g = words.number("the time of keyword glass", above(0.0));
  }
  const PointFile file = read(path);
  if (file.block)
    throw std::runtime_error(path + ": a file of compute fsd has distances, not temperatures");
  const VftLaw law = fit_vft(file.points, tau_g);
  return left_out(path, file) + shown("tau0", law.tau0) + shown("B", law.strength) +
      shown("T0", law.t0) + shown("Tg", law.tg) + shown("m", law.fragility) +
      fmt::format("  chi^2 = {:.4g} of {} degrees of freedom\n", law.chi_squared, law.freedom);
}

std::string slices(Words &words, const std::string &path)
{
  struct Interval {
    double from, to;
  };
  double bulk = 12.0;
  std::optional<Interval> range;
  std::string other;
  std::optional<Estimate> d0;
  while (!words.done()) {
    const std::string key = words.keyword({"bulk", "range", "cross", "d0"});
    if (key == "bulk")
      bulk = words.number("the distance of keyword bulk", at_least(0.0));
    else if (key == "range") {
      const double from = words.number("the first distance of keyword range", at_least(0.0));
      range = Interval{from, words.number("the second distance of keyword range", above(from))};
    } else if (key == "cross")
      other = words.word("the file of keyword cross");
    else
      d0 = Estimate{words.number("the distance of keyword d0", above(0.0)), 0.0};
  }
  if (d0 && !other.empty())
    throw std::runtime_error("keyword d0 replaces the crossing of keyword cross: give one of them");
  std::string text;
  const auto points = curve(path, text);
  if (!other.empty()) {
    d0 = crossing(points, curve(other, text));
    if (!d0) throw std::runtime_error("the curves do not cross");
  }
  text += shown("tau_bulk", plateau(points, bulk));
  if (d0) text += shown("d0", *d0);
  if (!range) return text;
  const Estimate length = decay_length(points, range->from, range->to);
  text += shown("d1 - d0", length);
  if (d0) text += shown("d1", {d0->value + length.value, std::hypot(d0->error, length.error)});
  return text;
}

}    // namespace

void FSD::command(int narg, char **arg)
{
  const Messages any(lmp, "Command fsd");
  const std::string task = Words(any, narg, arg).choice("the first word", {"vft", "slices"});
  const Messages say(lmp, "Command fsd " + task);
  Words words(say, narg, arg, 1);
  const std::string path = words.word("the file");
  // all ranks read these few lines, so that all of them fail if one does
  const std::string text =
      say.guard(FLERR, [&] { return task == "vft" ? vft(words, path) : slices(words, path); });
  if (comm->me == 0) utils::logmesg(lmp, "fsd {}: {}\n{}", task, path, text);
}
