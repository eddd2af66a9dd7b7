// SPDX-License-Identifier: GPL-2.0-only

#include "compute_dmin2.h"

#include "fix_dmin2_reference.h"

#include "geometry/minimum_image.h"
#include "lammps/positions.h"
#include "lammps/words.h"
#include "strain/deformation.h"
#include "strain/localization.h"
#include "strain/reference.h"

#include "atom.h"
#include "domain.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <cmath>

using namespace LAMMPS_NS;
using namespace turing_glass::strain;
using turing_glass::lammps::above;

namespace {

enum : int {
  D2MIN,
  F,
  E = F + 9,
  MISES = E + 6,
  VOLUMETRIC,
  ROTATION,
  NONAFFINE,
  NEIGHBORS = NONAFFINE + 3,
  DETERMINED,
  PERATOM,
  // with the model of second gradients also
  G = PERATOM,
  ETA = G + 18,
  LAMBDA,
  XI_S,
  XI_D,
  XI_R,
  GRADIENT_DETERMINED,
  SCATTER,
  PERATOM_GRADIENT
};
enum : int {
  DEVIATION_MISES,
  RELATIVE_DEVIATION,
  SKEWNESS,
  MEAN_D2MIN,
  MEAN_MISES,
  TOP_D2MIN,
  TOP_MISES,
  STRAINED,
  LARGEST,
  LARGEST_PART,
  SPANNING,
  ATOMS,
  UNDETERMINED,
  GRADIENT_UNDETERMINED,
  REFERENCE_STEP,
  WITHIN_SCATTER,
  VECTOR
};

void show(const Deformation &fit, double over, double *row)
{
  row[DETERMINED] = fit.determined;
  row[D2MIN] = fit.determined ? fit.d2min / over : 0.0;
  std::copy(fit.F.begin(), fit.F.end(), row + F);
  std::copy(fit.strain.E.begin(), fit.strain.E.end(), row + E);
  row[MISES] = fit.strain.mises;
  row[VOLUMETRIC] = fit.strain.volumetric;
  row[ROTATION] = fit.strain.rotation;
  std::copy(fit.nonaffine.begin(), fit.nonaffine.end(), row + NONAFFINE);
}

void show(const SecondGradient &fit, double l, double *row)
{
  row[GRADIENT_DETERMINED] = fit.determined;
  std::copy(fit.G.begin(), fit.G.end(), row + G);
  row[ETA] = fit.eta;
  row[LAMBDA] = effective_strain(fit, l);
  row[XI_S] = fit.strain.mises;
  row[XI_D] = std::abs(fit.strain.volumetric);
  row[XI_R] = fit.strain.rotation;
  row[SCATTER] = l * fit.scatter;
}

}    // namespace

/* ---------------------------------------------------------------------- */

ComputeDMin2::ComputeDMin2(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), say(lmp, "Compute dmin2"), reference(say, id, "_REFERENCE")
{
  if (domain->dimension == 2)
    say.stop(FLERR, "neighbors in a plane do not determine a deformation in three dimensions");
  if (!atom->tag_enable)
    say.stop(FLERR, "neighbors are known by atom IDs; use  atom_modify id yes");
  double cutoff = 0.0;
  std::vector<std::string> kind = {"first"};
  turing_glass::lammps::Words words(say, narg, arg, 3);
  while (!words.done()) {
    const std::string key =
        words.keyword({"cutoff", "reference", "d2min", "gradient", "length", "threshold", "link"});
    if (key == "cutoff")
      cutoff = words.number(key, above(0.0));
    else if (key == "reference") {
      kind = {words.choice(key, {"first", "lag", "file"})};
      if (kind[0] == "lag")
        kind.push_back(std::to_string(words.small_integer("reference lag", 1)));
      else if (kind[0] == "file")
        kind.push_back(words.word("the name of reference file"));
    } else if (key == "d2min")
      mean = words.choice(key, {"sum", "mean"}) == "mean";
    else if (key == "gradient")
      gradient = words.logical(key);
    else if (key == "length")
      length = words.number(key, above(0.0));
    else if (key == "threshold")
      threshold = words.number(key, above(0.0));
    else
      link = words.number(key, above(0.0));
  }
  if (cutoff == 0.0)
    say.stop(FLERR, "cutoff is missing; give one beyond the first shell, cutoff 5.0");
  if (length > 0.0 && !gradient)
    say.stop(FLERR, "length belongs to the gradient of the deformation; add  gradient yes");

  std::vector<std::string> of_reference = {fmt::format("{:.17g}", cutoff)};
  of_reference.insert(of_reference.end(), kind.begin(), kind.end());
  FixDMin2Reference &fix = reference.make("DMIN2/REFERENCE", igroup, of_reference);
  fix.tell_link = link == 0.0;

  vector_flag = peratom_flag = 1;
  size_vector = VECTOR;
  extvector = 0;
  size_peratom_cols = gradient ? PERATOM_GRADIENT : PERATOM;
  vector = new double[VECTOR];
}

ComputeDMin2::~ComputeDMin2()
{
  reference.remove();
  delete[] vector;
  memory->destroy(peratom);
}

void ComputeDMin2::init()
{
  invoked = -1;
}

/* ----------------------------------------------------------------------
   everything, once a step
------------------------------------------------------------------------- */

// of this rank's atoms of the group, in their order
struct ComputeDMin2::Rows {
  std::vector<Site> sites;
  std::vector<const Neighbors *> lists;
  std::vector<double *> rows;
  std::vector<Site> strained;
  bigint created = 0;           // atoms that are not in the reference
  bigint far = 0;               // pairs for which two images are about equally near
  bigint within_scatter = 0;    // atoms beyond the threshold, but not by more than scatter explains
};

void ComputeDMin2::update_all()
{
  if (invoked == update->ntimestep) return;
  FixDMin2Reference &kept = reference.get();
  if (kept.reference_step() == FixDMin2Reference::none)
    say.stop(FLERR, "no reference yet; it is taken when a run begins: use  run 0");
  turing_glass::lammps::require_finite_positions(say, groupbit);
  if (nmax < atom->nmax) {
    nmax = atom->nmax;
    memory->destroy(peratom);
    memory->create(peratom, nmax, size_peratom_cols, "dmin2:peratom");
    array_atom = peratom;
  }
  static const Neighbors none;
  Rows all;
  for (int i = 0; i < atom->nlocal; ++i) {
    std::fill_n(peratom[i], size_peratom_cols, 0.0);
    if (!(atom->mask[i] & groupbit)) continue;
    const Neighbors *list = kept.neighbors(i);
    if (!list) ++all.created;
    all.sites.push_back({atom->tag[i], {atom->x[i][0], atom->x[i][1], atom->x[i][2]}});
    all.lists.push_back(list ? list : &none);
    all.rows.push_back(peratom[i]);
  }
  say.guard(FLERR, [&] {
    fit(all);
    update_vector(all);
  });
  invoked = update->ntimestep;
}

void ComputeDMin2::fit(Rows &all)
{
  const double l = length > 0.0 || !gradient ? length : mean_nearest_distance(all.lists, world);
  const turing_glass::geometry::MinimumImage shortest(turing_glass::geometry::cell_of(*domain));
  const double unique = shortest.unique();
  const Positions now(all.sites, all.lists, world);
  std::vector<Vector> D, d;
  for (std::size_t n = 0; n < all.sites.size(); ++n) {
    D.clear();
    d.clear();
    const Vector &here = all.sites[n].x;
    for (const ReferenceNeighbor &neighbor : *all.lists[n]) {
      const Vector *there = now.find(neighbor.id);
      if (!there) continue;    // lost or deleted since
      D.push_back(neighbor.D);
      const Vector now_there =
          shortest({(*there)[0] - here[0], (*there)[1] - here[1], (*there)[2] - here[2]});
      all.far +=
          now_there[0] * now_there[0] + now_there[1] * now_there[1] + now_there[2] * now_there[2] >=
          unique * unique;
      d.push_back(now_there);
    }
    double *row = all.rows[n];
    row[NEIGHBORS] = static_cast<double>(D.size());
    show(deformation(D, d), mean ? row[NEIGHBORS] : 1.0, row);
    bool strained = row[MISES] > threshold;
    if (gradient) {
      const SecondGradient fit = second_gradient(D, d);
      show(fit, l, row);
      strained = exceeds(fit, l, threshold);
      all.within_scatter += !strained && row[LAMBDA] > threshold;
    }
    if (strained) all.strained.push_back(all.sites[n]);
  }
}

void ComputeDMin2::update_vector(const Rows &all)
{
  std::vector<double> d2min, mises;
  enum { NO_F, NO_G, SCATTERED, CREATED, FAR, GROUP, COUNTS };
  bigint mine[COUNTS] = {0,           0,       all.within_scatter,
                         all.created, all.far, static_cast<bigint>(all.rows.size())};
  bigint counts[COUNTS];
  for (const double *row : all.rows) {
    if (row[DETERMINED] > 0.0) {
      d2min.push_back(row[D2MIN]);
      mises.push_back(row[MISES]);
    } else
      ++mine[NO_F];
    if (gradient && row[GRADIENT_DETERMINED] == 0.0) ++mine[NO_G];
  }
  MPI_Allreduce(mine, counts, COUNTS, MPI_LMP_BIGINT, MPI_SUM, world);
  const FixDMin2Reference &kept = reference.get();
  const Distribution of_d2min = distribution(d2min, world), of_mises = distribution(mises, world);
  vector[DEVIATION_MISES] = of_mises.deviation;
  vector[RELATIVE_DEVIATION] = of_d2min.relative_deviation();
  vector[SKEWNESS] = of_d2min.skewness;
  vector[MEAN_D2MIN] = of_d2min.mean;
  vector[MEAN_MISES] = of_mises.mean;
  vector[TOP_D2MIN] = of_d2min.relative_top();
  vector[TOP_MISES] = of_mises.relative_top();
  const turing_glass::geometry::Cell cell = turing_glass::geometry::cell_of(*domain);
  const Percolation clusters =
      percolation(all.strained, cell, link > 0.0 ? link : kept.link(), world);
  vector[STRAINED] = static_cast<double>(clusters.all);
  vector[LARGEST] = static_cast<double>(clusters.largest);
  vector[LARGEST_PART] = clusters.all > 0 ? vector[LARGEST] / vector[STRAINED] : 0.0;
  vector[SPANNING] = clusters.spanning;
  vector[ATOMS] = static_cast<double>(of_d2min.count);
  vector[UNDETERMINED] = static_cast<double>(counts[NO_F]);
  vector[GRADIENT_UNDETERMINED] = static_cast<double>(counts[NO_G]);
  vector[REFERENCE_STEP] = static_cast<double>(kept.reference_step());
  vector[WITHIN_SCATTER] = static_cast<double>(counts[SCATTERED]);
  tell(counts[GROUP], counts[CREATED], counts[FAR]);
}

void ComputeDMin2::tell(bigint atoms, bigint created, bigint far)
{
  if (created > 0 && !told_new) {
    say.warn(
        FLERR,
        "{} of {} atoms are not in the reference and are undetermined: they were created after it "
        "was taken{}",
        created, atoms,
        created == atoms ? "; if a rerun created them, use  purge no replace yes" : "");
    told_new = true;
  }
  if (far > 0 && !told_far) {
    say.warn(
        FLERR,
        "{} neighbors of the reference are now at least half a cell away, where the nearest image may "
        "be the wrong one; use a larger cell, a smaller cutoff or reference lag",
        far);
    told_far = true;
  }
}

/* ---------------------------------------------------------------------- */

void ComputeDMin2::compute_vector()
{
  invoked_vector = update->ntimestep;
  update_all();
}

void ComputeDMin2::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  update_all();
}

double ComputeDMin2::memory_usage()
{
  return static_cast<double>(nmax) * size_peratom_cols * sizeof(double) + VECTOR * sizeof(double);
}
