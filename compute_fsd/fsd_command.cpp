#include "fsd_command.h"

#include "fit/relaxation_laws.h"
#include "scattering/relaxation.h"

#include "comm.h"
#include "error.h"
#include "utils.h"

#include <cmath>
#include <stdexcept>
#include <vector>

using namespace LAMMPS_NS;
using namespace turing_glass::fit;

namespace {

std::string shown(const char *name, const Estimate &e)
{
  return fmt::format("  {} = {:.6g} +- {:.2g}\n", name, e.value, e.error);
}

std::vector<Point> points_of(const char *file)
{
  return read_points(file, turing_glass::scattering::Relaxation::tau_marker);
}

}    // namespace

void FSD::command(int narg, char **arg)
{
  const std::string task = narg ? arg[0] : "";
  if (task != "vft" && task != "slices")
    error->all(FLERR, "Command fsd: the first word is 'vft' or 'slices', not '{}'", task);
  if (narg < 2) error->all(FLERR, "Command fsd {} needs a file", task);
  std::string text;
  try {
    // all ranks read these few lines, so that all of them fail if one does
    text = task == "vft" ? vft(narg, arg) : slices(narg, arg);
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Command fsd {}: {}", task, e.what());
  }
  if (comm->me == 0) utils::logmesg(lmp, "fsd {}: {}\n{}", task, arg[1], text);
}

std::string FSD::vft(int narg, char **arg)
{
  double tau_g = 1e4;
  for (int iarg = 2; iarg < narg; iarg += 2) {
    if (std::string(arg[iarg]) != "glass")
      error->all(FLERR, "Command fsd vft: unknown keyword '{}' (glass)", arg[iarg]);
    if (iarg + 1 == narg) error->all(FLERR, "Command fsd vft: keyword glass needs a time");
    tau_g = utils::numeric(FLERR, arg[iarg + 1], false, lmp);
    if (tau_g <= 0.0) error->all(FLERR, "Command fsd vft: glass must be above 0");
  }
  const VftLaw law = fit_vft(points_of(arg[1]), tau_g);
  return shown("tau0", law.tau0) + shown("B", law.strength) + shown("T0", law.t0) +
      shown("Tg", law.tg) + shown("m", law.fragility) +
      fmt::format("  chi^2 = {:.4g} of {} degrees of freedom\n", law.chi_squared, law.freedom);
}

std::string FSD::slices(int narg, char **arg)
{
  double bulk = 12.0, from = 0.0, to = 0.0;
  std::vector<Point> others;
  Estimate d0;
  for (int iarg = 2; iarg < narg;) {
    const std::string key = arg[iarg++];
    const auto next = [&]() {
      if (iarg == narg) error->all(FLERR, "Command fsd slices: keyword {} needs a value more", key);
      return arg[iarg++];
    };
    const auto number = [&]() { return utils::numeric(FLERR, next(), false, lmp); };
    if (key == "bulk")
      bulk = number();
    else if (key == "range") {
      from = number();
      to = number();
    } else if (key == "cross")
      others = points_of(next());
    else if (key == "d0")
      d0.value = number();
    else
      error->all(FLERR, "Command fsd slices: unknown keyword '{}' (bulk, range, cross, d0)", key);
  }
  const auto points = points_of(arg[1]);
  std::string text = shown("tau_bulk", plateau(points, bulk));
  if (!others.empty()) {
    const auto crosses = crossing(points, others);
    if (!crosses) throw std::runtime_error("the curves do not cross");
    d0 = *crosses;
  }
  if (d0.value > 0.0) text += shown("d0", d0);
  if (to <= from) return text;
  const Estimate length = decay_length(points, from, to);
  text += shown("d1 - d0", length);
  if (d0.value > 0.0)
    text += shown("d1", {d0.value + length.value, std::hypot(d0.error, length.error)});
  return text;
}
