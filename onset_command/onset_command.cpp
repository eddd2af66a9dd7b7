#include "onset_command.h"

#include "collective.h"
#include "fit/onset.h"
#include "text.h"

#include "comm.h"
#include "error.h"
#include "fmt/format.h"
#include "utils.h"

#include <stdexcept>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::fit;

namespace {

struct Settings {
  std::vector<std::string> files;    // of the samples
  int degree = 2, bootstrap = 200, seed = 1;
  bool lines = false;
  std::string curve, value;    // files; empty: none
};

Settings parse(LAMMPS *lmp, int narg, char **arg)
{
  Settings s;
  s.files.emplace_back(arg[0]);
  for (int iarg = 1; iarg < narg; iarg += 2) {
    const std::string key = arg[iarg];
    int *number = key == "degree" ? &s.degree
        : key == "bootstrap"      ? &s.bootstrap
        : key == "seed"           ? &s.seed
                                  : nullptr;
    std::string *file = key == "curve" ? &s.curve : key == "value" ? &s.value : nullptr;
    if (!number && !file && key != "lines" && key != "with")
      lmp->error->all(
          FLERR,
          "Command onset: unknown keyword '{}' (with, lines, degree, bootstrap, seed, curve, value)",
          key);
    if (iarg + 1 == narg) lmp->error->all(FLERR, "Command onset: keyword {} needs a value", key);
    if (key == "with")
      s.files.emplace_back(arg[iarg + 1]);
    else if (key == "lines")
      s.lines = utils::logical(FLERR, arg[iarg + 1], false, lmp) == 1;
    else if (file)
      *file = arg[iarg + 1];
    else
      *number = utils::inumeric(FLERR, arg[iarg + 1], false, lmp);
  }
  if (s.degree != 1 && s.degree != 2)
    lmp->error->all(FLERR, "Command onset: degree is 1 or 2, not {}", s.degree);
  if (s.lines && !s.curve.empty())
    lmp->error->all(FLERR, "Command onset: there is no curve of two lines; leave out 'curve'");
  if (s.bootstrap < 0) lmp->error->all(FLERR, "Command onset: bootstrap must be at least 0");
  return s;
}

std::string shown(const Estimate &e)
{
  return fmt::format("{:.6g} +- {:.2g}", e.value, e.error);
}

std::string title(const std::vector<std::string> &files, const std::vector<Stay> &stays)
{
  const std::string what =
      files.size() == 1 ? files[0] : fmt::format("mean of {} samples", files.size());
  return fmt::format("onset: {}: {} stays from {:g} to {:g}\n", what, stays.size(), stays.front().T,
                     stays.back().T);
}

std::string report(const OnsetFit &fit)
{
  const double step = fit.liquid.value - fit.glass.value;
  return fmt::format(
      "  T_onset = {}  ({} samples of stays, {} without a fit)\n"
      "  centre = {}, width = {}{}\n"
      "  C_p = {} of the glass, {} of the liquid\n"
      "  peak = {:.5g} at {:.6g}, {:.1f} % of the step above the liquid (of straight branches 10 %)\n"
      "  lines = {}, where two straight lines meet\n"
      "  chi^2 = {:.4g} of {} degrees of freedom, polynomials of degree {}\n",
      shown(fit.onset), fit.bootstrap, fit.failed, shown(fit.center), shown(fit.width),
      fit.width_resolved ? "" : " (less: half the distance between stays)", shown(fit.glass),
      shown(fit.liquid), fit.peak, fit.peak_T, 100.0 * (fit.peak - fit.liquid.value) / step,
      shown(fit.lines), fit.chi_squared, fit.freedom, fit.degree);
}

std::string curve(const std::vector<Stay> &stays, const OnsetFit &fit)
{
  constexpr int points = 400;
  std::string table = fmt::format("# T H C_p glass; T_onset {:.8g}\n", fit.onset.value);
  for (int k = 0; k <= points; ++k) {
    const double T = stays.front().T + (stays.back().T - stays.front().T) * k / points;
    table +=
        fmt::format("{:.8g} {:.10g} {:.8g} {:.8g}\n", T, fit.H(T), fit.C_p(T), fit.baseline(T));
  }
  return table;
}

}    // namespace

void OnsetCommand::command(int narg, char **arg)
{
  if (narg < 1) utils::missing_cmd_args(FLERR, "onset", error);
  const Settings settings = parse(lmp, narg, arg);
  try {
    turing_glass::on_first_rank(world, [&] {
      std::vector<std::vector<Stay>> samples;
      for (const std::string &path : settings.files) samples.push_back(read_stays(path));
      const std::vector<Stay> stays = samples.size() == 1 ? samples[0] : average(samples);
      Estimate onset;
      if (settings.lines) {
        onset = corner(stays);
        utils::logmesg(lmp, title(settings.files, stays) + "  lines = " + shown(onset) + "\n");
      } else {
        const OnsetFit fit = fit_onset(stays, settings.degree, settings.bootstrap, settings.seed);
        onset = fit.onset;
        utils::logmesg(lmp, title(settings.files, stays) + report(fit));
        if (!settings.curve.empty()) turing_glass::write_file(settings.curve, curve(stays, fit));
      }
      if (!settings.value.empty())
        turing_glass::write_file(
            settings.value,
            fmt::format("{:.8g} # T_onset\n{:.3g} # its error\n", onset.value, onset.error));
    });
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Command onset: {}", e.what());
  }
}
