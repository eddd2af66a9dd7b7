// SPDX-License-Identifier: GPL-2.0-only

#include "onset_command.h"

#include "collective.h"
#include "fit/onset.h"
#include "lammps/messages.h"
#include "lammps/words.h"
#include "text.h"

#include "fmt/format.h"
#include "input.h"
#include "utils.h"
#include "variable.h"

#include <set>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::fit;
using turing_glass::lammps::Messages;
using turing_glass::lammps::Words;

namespace {

struct Settings {
  std::vector<std::string> files;    // of the samples
  int degree = 0;                    // 0: as the data need
  int bootstrap = 200, seed = 1;
  bool lines = false, refusal_stops = true;
  std::string curve, value, result;    // files, prefix of variables; empty: none
};

Settings parse(const Messages &say, int narg, char **arg)
{
  Words words(say, narg, arg);
  Settings s;
  s.files.push_back(words.word("the file of the enthalpies"));
  while (!words.done()) {
    if (words.next_is("with")) {
      words.repeatable_keyword({"with"});
      s.files.push_back(words.word("the file of keyword with"));
      continue;
    }
    const std::string key = words.keyword(
        {"with", "lines", "degree", "bootstrap", "seed", "curve", "value", "result", "refuse"});
    if (key == "lines")
      s.lines = words.logical("lines");
    else if (key == "degree") {
      const std::string degree = words.choice("degree", {"1", "2", "auto"});
      s.degree = degree == "auto" ? 0 : degree[0] - '0';
    } else if (key == "bootstrap")
      s.bootstrap = words.small_integer("bootstrap", 0, 1000000);
    else if (key == "seed")
      s.seed = words.small_integer("seed", 1);
    else if (key == "curve")
      s.curve = words.word("the file of keyword curve");
    else if (key == "value")
      s.value = words.word("the file of keyword value");
    else if (key == "result")
      s.result = words.word("the prefix of keyword result");
    else
      s.refusal_stops = words.choice("refuse", {"stop", "warn"}) == "stop";
  }
  if (s.lines && !s.curve.empty())
    say.stop(FLERR, "there is no curve of two lines; leave out 'curve'");
  if (!s.result.empty() && !utils::is_id(s.result))
    say.stop(
        FLERR,
        "the prefix of keyword result must have only letters, digits and underscores, not '{}'",
        s.result);
  std::set<std::string> names;
  std::vector<std::string> all = s.files;
  for (const std::string &name : {s.curve, s.value})
    if (!name.empty()) all.push_back(name);
  for (const std::string &name : all)
    if (!names.insert(name).second) say.stop(FLERR, "file {} is given twice", name);
  return s;
}

std::string shown(const Estimate &e)
{
  return fmt::format("{:.6g} +- {:.2g}", e.value, e.error);
}

std::string title(const std::vector<std::string> &files, const std::vector<Hold> &holds)
{
  const std::string what =
      files.size() == 1 ? files[0] : fmt::format("mean of {} samples", files.size());
  if (holds.empty()) return fmt::format("onset: {}: no isothermal holds\n", what);
  return fmt::format("onset: {}: {} isothermal holds from {:g} to {:g}\n", what, holds.size(),
                     holds.front().T, holds.back().T);
}

std::string report(const OnsetFit &fit)
{
  const double step = fit.liquid.value - fit.glass.value;
  return fmt::format(
      "  T_onset = {}  ({} resamplings of the holds, {} without a fit)\n"
      "  center = {}, width = {}{}\n"
      "  C_p = {} of the glass, {} of the liquid\n"
      "  peak = {:.5g} at {:.6g}, {:.1f} % of the step above the liquid (of straight branches 10 %)\n"
      "  lines = {}, where two straight lines meet\n"
      "  chi^2 = {:.4g} of {} degrees of freedom, polynomials of degree {}, errors from {}\n",
      shown(fit.onset), fit.bootstrap, fit.failed, shown(fit.center), shown(fit.width),
      fit.width_resolved ? "" : " (less: half the distance between holds)", shown(fit.glass),
      shown(fit.liquid), fit.peak, fit.peak_T, 100.0 * (fit.peak - fit.liquid.value) / step,
      shown(fit.lines), fit.chi_squared, fit.freedom, fit.degree,
      fit.errors_from_blocks ? "the blocks" : "the scatter around the fit");
}

std::string curve(const std::vector<Hold> &holds, const OnsetFit &fit)
{
  constexpr int points = 400;
  std::string table = fmt::format("# T H C_p glass; T_onset {:.8g}\n", fit.onset.value);
  for (int k = 0; k <= points; ++k) {
    const double T = holds.front().T + (holds.back().T - holds.front().T) * k / points;
    table +=
        fmt::format("{:.8g} {:.10g} {:.8g} {:.8g}\n", T, fit.H(T), fit.C_p(T), fit.baseline(T));
  }
  return table;
}

std::vector<Hold> read(LAMMPS *lmp, const std::vector<std::string> &files)
{
  std::vector<std::vector<Hold>> samples;
  for (const std::string &path : files) {
    HoldFile file = read_holds(path);
    if (file.replaced > 0)
      utils::logmesg(
          lmp,
          "onset: {}: {} lines are replaced by later ones of the same steps, of a resumed "
          "run\n",
          path, file.replaced);
    samples.push_back(std::move(file.holds));
  }
  return samples.size() == 1 ? samples[0] : average(samples);
}

/// Shows what it finds and writes the curve.
Estimate onset_of(LAMMPS *lmp, const Settings &settings, const std::vector<Hold> &holds)
{
  if (settings.lines) {
    const Estimate lines = corner(holds);
    utils::logmesg(lmp, title(settings.files, holds) + "  lines = " + shown(lines) + "\n");
    return lines;
  }
  const int degree = settings.degree > 0 ? settings.degree : significant_degree(holds);
  const OnsetFit fit = fit_onset(holds, degree, settings.bootstrap, settings.seed);
  utils::logmesg(lmp, title(settings.files, holds) + report(fit));
  if (!settings.curve.empty()) turing_glass::write_file(settings.curve, curve(holds, fit));
  return fit.onset;
}

void set_variable(Input *input, std::string name, std::string value)
{
  std::string style = "string";
  char *words[] = {name.data(), style.data(), value.data()};
  input->variable->set(3, words);
}

}    // namespace

void OnsetCommand::command(int narg, char **arg)
{
  const Messages say(lmp, "Command onset");
  const Settings settings = parse(say, narg, arg);
  std::vector<Estimate> onset(1);    // 0 +- 0 where there is none
  std::string refusal;
  say.guard(FLERR, [&] {
    turing_glass::on_first_rank(world, [&] {
      const std::vector<Hold> holds = read(lmp, settings.files);
      try {
        onset[0] = onset_of(lmp, settings, holds);
      } catch (const Refusal &e) {
        if (settings.refusal_stops) throw;
        refusal = e.what();
        utils::logmesg(lmp, title(settings.files, holds));
        if (!settings.curve.empty())
          turing_glass::write_file(settings.curve, "# T H C_p glass; no T_onset\n");
      }
      if (!settings.value.empty())
        turing_glass::write_file(settings.value,
                                 fmt::format("{:.8g} # T_onset{}\n{:.3g} # its error\n",
                                             onset[0].value, refusal.empty() ? "" : ", refused",
                                             onset[0].error));
    });
    turing_glass::broadcast(onset, world);
    turing_glass::broadcast(refusal, world);
  });
  if (!refusal.empty()) say.warn(FLERR, "{}", refusal);
  if (settings.result.empty()) return;
  set_variable(input, settings.result + "_T", fmt::format("{:.8g}", onset[0].value));
  set_variable(input, settings.result + "_error", fmt::format("{:.3g}", onset[0].error));
  set_variable(input, settings.result + "_status", refusal.empty() ? "found" : "refused");
  set_variable(input, settings.result + "_reason", refusal.empty() ? "none" : refusal);
}
