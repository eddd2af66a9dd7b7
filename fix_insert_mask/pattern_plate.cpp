// SPDX-License-Identifier: GPL-2.0-only

// pattern map and pattern radii: from atoms back to masks, and the sizes of their patches

#include "pattern_command.h"

#include "collective.h"
#include "lammps/positions.h"
#include "lammps/words.h"
#include "pattern/lsw.h"
#include "pattern/plate.h"
#include "text.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "fmt/format.h"
#include "group.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace LAMMPS_NS;
namespace pt = turing_glass::pattern;
using turing_glass::lammps::above;
using turing_glass::lammps::from_to;
using turing_glass::lammps::require_finite_positions;
using turing_glass::lammps::Words;

/* ----------------------------------------------------------------------
   pattern map group-ID FILE [keywords]
------------------------------------------------------------------------- */

void Pattern::map(const Messages &say, int narg, char **arg)
{
  if (!domain->box_exist) say.stop(FLERR, "there is no simulation box yet");
  Words words(say, narg, arg);
  const std::string group_name = words.word("the group");
  const int group_number = group->find(group_name);
  if (group_number < 0) say.stop(FLERR, "there is no group '{}'", group_name);
  const std::string file = words.word("the file of the mask");
  std::string field;
  double pixel = 5.0, mean = pt::stationary_mean(4.5), threshold = pt::default_threshold;
  std::array<int, 2> axes{0, 1};
  while (!words.done()) {
    const std::string key = words.keyword({"pixel", "axes", "mean", "threshold", "field"});
    if (key == "pixel")
      pixel = words.number(key, above(0.0));
    else if (key == "mean")
      mean = words.number(key, above(0.0));
    else if (key == "threshold")
      threshold = words.number(key);
    else if (key == "field")
      field = words.word("the file of the density");
    else {
      const std::string columns = words.word("the first of the axes");
      axes = pt::plate_axes(columns, words.word("the second of the axes"));
    }
  }
  require_finite_positions(say, group->bitmask[group_number]);

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
  const int patches = static_cast<int>(pt::find_patches(mask).patches.size());
  if (patches == 0)
    say.warn(FLERR, "the mask is empty: no density is above the threshold {:.4g}", threshold);
  if (comm->me == 0)
    utils::logmesg(
        lmp,
        "pattern map: {} x {} pixels, {} atoms; highest density {:.4g}; area above {:.4g}: {:.4f}, {} patches\n",
        u.nx, u.ny, number, *std::max_element(u.values.begin(), u.values.end()), threshold,
        pt::area_fraction(mask), patches);
}

/* ----------------------------------------------------------------------
   pattern radii MASK FILE [keywords]
------------------------------------------------------------------------- */

void Pattern::radii(const Messages &say, int narg, char **arg)
{
  Words words(say, narg, arg);
  const std::string mask = words.word("the file of the mask");
  const std::string table_file = words.word("the file of the table");
  double pixel = 1.0;
  std::optional<double> threshold;
  while (!words.done())
    if (words.keyword({"pixel", "threshold"}) == "pixel")
      pixel = words.number("pixel", from_to(1e-100, 1e100));    // its density is 1/pixel
    else
      threshold = words.number("threshold");

  turing_glass::on_first_rank(world, [&] {
    const std::vector<double> radii =
        pt::patch_radii(pt::find_patches(pt::read_mask(mask, threshold)), pixel);
    if (radii.empty()) throw std::runtime_error(mask + ": no pixel is inside");
    const pt::LSWFit fit = pt::fit_lsw(radii);
    const double mean =
        std::accumulate(radii.begin(), radii.end(), 0.0) / static_cast<double>(radii.size());
    const std::string text = fmt::format(
        "pattern radii: {} patches; mean radius {:.4g} (sqrt(N_c) pixels), {:.4g} (sqrt(N_c/pi)); "
        "LSW mean {:.4g} +- {:.2g}\n",
        radii.size(), mean, mean / std::sqrt(M_PI), fit.mu, fit.error);
    // bins as wide as a pixel, centered at its multiples: sqrt(N_c) begins at 1
    const int bins = static_cast<int>(
        std::lround(std::max(*std::max_element(radii.begin(), radii.end()), 1.5 * fit.mu) / pixel));
    std::vector<int> count(bins + 1, 0);
    for (const double r : radii) ++count[std::lround(r / pixel)];
    std::string table = fmt::format(
        "# {} patches of {}; LSW mean {:.10g} error {:.3g}\n# radius patches density LSW\n",
        radii.size(), mask, fit.mu, fit.error);
    for (int k = 1; k <= bins; ++k)
      table += fmt::format("{:.10g} {} {:.10g} {:.10g}\n", k * pixel, count[k],
                           count[k] / (pixel * static_cast<double>(radii.size())),
                           pt::lsw_density(k * pixel, fit.mu));
    turing_glass::write_file(table_file, table);
    utils::logmesg(lmp, text);
  });
}
