// pattern map and pattern radii: from atoms back to masks, and the sizes of their patches

#include "pattern_command.h"

#include "collective.h"
#include "pattern/lsw.h"
#include "pattern/plate.h"
#include "text.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fmt/format.h"
#include "group.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace LAMMPS_NS;
namespace pt = turing_glass::pattern;

namespace {

double above_zero(LAMMPS *lmp, const char *command, const std::string &key, const char *value)
{
  const double x = utils::numeric(FLERR, value, false, lmp);
  if (x <= 0.0) lmp->error->all(FLERR, "{}: {} must be above 0, is {}", command, key, value);
  return x;
}

}    // namespace

/* ----------------------------------------------------------------------
   pattern map group-ID FILE [keywords]
------------------------------------------------------------------------- */

void Pattern::map(int narg, char **arg)
{
  if (narg < 2) utils::missing_cmd_args(FLERR, "pattern map", error);
  if (!domain->box_exist) error->all(FLERR, "pattern map: there is no simulation box yet");
  const int group_number = group->find(arg[0]);
  if (group_number < 0) error->all(FLERR, "pattern map: there is no group '{}'", arg[0]);
  const std::string file = arg[1];
  std::string field;
  double pixel = 5.0, mean = pt::stationary_mean(4.5), threshold = pt::default_threshold;
  std::array<int, 2> axes{0, 1};
  for (int iarg = 2; iarg < narg;) {
    const std::string key = arg[iarg];
    const int values = key == "axes" ? 2 : 1;
    if (iarg + values >= narg)
      error->all(FLERR, "pattern map: keyword {} needs {} more", key, values);
    const char *value = arg[iarg + 1];
    if (key == "pixel")
      pixel = above_zero(lmp, "pattern map", key, value);
    else if (key == "mean")
      mean = above_zero(lmp, "pattern map", key, value);
    else if (key == "threshold")
      threshold = utils::numeric(FLERR, value, false, lmp);
    else if (key == "field")
      field = value;
    else if (key == "axes")
      axes = pt::plate_axes(value, arg[iarg + 2]);
    else
      error->all(FLERR, "pattern map: unknown keyword '{}' (pixel, axes, mean, threshold, field)",
                 key);
    iarg += 1 + values;
  }

  std::vector<std::array<double, 2>> slow;
  for (int i = 0; i < atom->nlocal; ++i) {
    if (!(atom->mask[i] & group->bitmask[group_number])) continue;
    double lamda[3], *x = atom->x[i];
    domain->x2lamda(x, lamda);
    std::array<double, 2> place;
    for (int k = 0; k < 2; ++k)
      place[k] = lamda[axes[k]] - (domain->periodicity[axes[k]] ? std::floor(lamda[axes[k]]) : 0.0);
    slow.push_back(place);
  }
  const pt::Field2D u =
      pt::slow_density(slow, domain->prd[axes[0]], domain->prd[axes[1]], pixel, mean, world);
  const pt::Mask mask = pt::mask_of(u, threshold);
  const bigint number = group->count(group_number);
  turing_glass::on_first_rank(world, [&] {
    pt::write_mask(file, mask);
    if (!field.empty()) pt::write_npy(field, u);
  });
  if (comm->me == 0)
    utils::logmesg(
        lmp,
        "pattern map: {} x {} pixels, {} atoms; highest density {:.4g}; area above {:.4g}: {:.4f}, {} patches\n",
        u.nx, u.ny, number, *std::max_element(u.values.begin(), u.values.end()), threshold,
        pt::area_fraction(mask), pt::find_patches(mask).patches.size());
}

/* ----------------------------------------------------------------------
   pattern radii MASK FILE [keywords]
------------------------------------------------------------------------- */

void Pattern::radii(int narg, char **arg)
{
  if (narg < 2) utils::missing_cmd_args(FLERR, "pattern radii", error);
  double pixel = 1.0;
  std::optional<double> threshold;
  for (int iarg = 2; iarg < narg; iarg += 2) {
    const std::string key = arg[iarg];
    if (iarg + 1 == narg) error->all(FLERR, "pattern radii: keyword {} needs a value", key);
    if (key == "pixel")
      pixel = above_zero(lmp, "pattern radii", key, arg[iarg + 1]);
    else if (key == "threshold")
      threshold = utils::numeric(FLERR, arg[iarg + 1], false, lmp);
    else
      error->all(FLERR, "pattern radii: unknown keyword '{}' (pixel, threshold)", key);
  }

  turing_glass::on_first_rank(world, [&] {
    const std::vector<double> radii =
        pt::patch_radii(pt::find_patches(pt::read_mask(arg[0], threshold)), pixel);
    if (radii.empty()) throw std::runtime_error(fmt::format("{}: no pixel is inside", arg[0]));
    const pt::LSWFit fit = pt::fit_lsw(radii);
    const double mean =
        std::accumulate(radii.begin(), radii.end(), 0.0) / static_cast<double>(radii.size());
    const std::string text = fmt::format(
        "pattern radii: {} patches; mean radius {:.4g} (sqrt(N_c) pixels), {:.4g} (sqrt(N_c/pi)); "
        "LSW mean {:.4g} +- {:.2g}\n",
        radii.size(), mean, mean / std::sqrt(M_PI), fit.mu, fit.error);
    // bins as wide as a pixel, centred at its multiples: sqrt(N_c) begins at 1
    const int bins = static_cast<int>(
        std::lround(std::max(*std::max_element(radii.begin(), radii.end()), 1.5 * fit.mu) / pixel));
    std::vector<int> count(bins + 1, 0);
    for (const double r : radii) ++count[std::lround(r / pixel)];
    std::string table = fmt::format(
        "# {} patches of {}; LSW mean {:.10g} error {:.3g}\n# radius patches density LSW\n",
        radii.size(), arg[0], fit.mu, fit.error);
    for (int k = 1; k <= bins; ++k)
      table += fmt::format("{:.10g} {} {:.10g} {:.10g}\n", k * pixel, count[k],
                           count[k] / (pixel * static_cast<double>(radii.size())),
                           pt::lsw_density(k * pixel, fit.mu));
    turing_glass::write_file(arg[1], table);
    utils::logmesg(lmp, text);
  });
}
