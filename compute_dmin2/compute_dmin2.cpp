#include "compute_dmin2.h"

#include "fix_dmin2_reference.h"

#include "geometry/minimum_image.h"
#include "strain/deformation.h"
#include "strain/localisation.h"
#include "strain/reference.h"

#include "atom.h"
#include "domain.h"
#include "error.h"
#include "group.h"
#include "memory.h"
#include "modify.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

using namespace LAMMPS_NS;
using namespace turing_glass::strain;

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
}

}    // namespace

/* ---------------------------------------------------------------------- */

ComputeDMin2::ComputeDMin2(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), id_reference(std::string(id) + "_REFERENCE")
{
  if (domain->dimension == 2)
    error->all(
        FLERR,
        "Compute dmin2: neighbors in a plane do not determine a deformation in three dimensions");
  if (!atom->tag_enable)
    error->all(FLERR, "Compute dmin2: neighbors are known by atom IDs; use atom_modify id yes");
  double cutoff = 0.0;
  std::vector<std::string> kind = {"first"};
  for (int iarg = 3; iarg < narg;) {
    const std::string key = arg[iarg++];
    const auto next = [&]() {
      if (iarg == narg) error->all(FLERR, "Compute dmin2: keyword {} needs a value more", key);
      return arg[iarg++];
    };
    const auto positive = [&]() {
      const double value = utils::numeric(FLERR, next(), false, lmp);
      if (value <= 0.0) error->all(FLERR, "Compute dmin2: {} must be above 0", key);
      return value;
    };
    if (key == "cutoff")
      cutoff = positive();
    else if (key == "reference") {
      kind = {next()};
      if (kind[0] == "lag" || kind[0] == "file") kind.emplace_back(next());
    } else if (key == "d2min") {
      const std::string value = next();
      if (value != "sum" && value != "mean")
        error->all(FLERR, "Compute dmin2: d2min is sum or mean, not '{}'", value);
      mean = value == "mean";
    } else if (key == "gradient")
      gradient = utils::logical(FLERR, next(), false, lmp) != 0;
    else if (key == "length")
      length = positive();
    else if (key == "threshold")
      threshold = positive();
    else if (key == "link")
      link = positive();
    else
      error->all(
          FLERR,
          "Compute dmin2: unknown keyword '{}' (cutoff, reference, d2min, gradient, length, threshold, link)",
          key);
  }
  if (cutoff == 0.0)
    error->all(FLERR, "Compute dmin2: no cutoff; give one beyond the first shell, cutoff 5.0");
  if (length > 0.0 && !gradient)
    error->all(
        FLERR,
        "Compute dmin2: length belongs to the gradient of the deformation; add  gradient yes");
  if (link == 0.0) link = cutoff;

  std::string style = "DMIN2/REFERENCE", distance = fmt::format("{:.17g}", cutoff);
  std::vector<char *> words = {id_reference.data(), group->names[igroup], style.data(),
                               distance.data()};
  for (std::string &word : kind) words.push_back(word.data());
  dynamic_cast<FixDMin2Reference &>(
      *modify->add_fix(static_cast<int>(words.size()), words.data(), 0))
      .made_by_compute = true;

  vector_flag = peratom_flag = 1;
  size_vector = VECTOR;
  extvector = 0;
  size_peratom_cols = gradient ? PERATOM_GRADIENT : PERATOM;
  vector = new double[VECTOR];
}

ComputeDMin2::~ComputeDMin2()
{
  if (modify->get_fix_by_id(id_reference)) modify->delete_fix(id_reference);
  delete[] vector;
  memory->destroy(peratom);
}

void ComputeDMin2::init()
{
  invoked = -1;
}

// looked up each time: a script may have removed or replaced it
FixDMin2Reference &ComputeDMin2::reference() const
{
  auto *fix = dynamic_cast<FixDMin2Reference *>(modify->get_fix_by_id(id_reference));
  if (!fix || !fix->made_by_compute)
    error->all(FLERR,
               "Compute dmin2: fix {} was removed or replaced, but it is part of the compute; "
               "give  uncompute {}  and the compute once more",
               id_reference, id);
  return *fix;
}

/* ----------------------------------------------------------------------
   everything, once a step
------------------------------------------------------------------------- */

void ComputeDMin2::update_all()
{
  if (invoked == update->ntimestep) return;
  invoked = update->ntimestep;
  FixDMin2Reference &kept = reference();
  if (kept.reference_step() == FixDMin2Reference::none)
    error->all(FLERR, "Compute dmin2: no reference yet; it is taken when a run begins: use  run 0");
  if (nmax < atom->nmax) {
    nmax = atom->nmax;
    memory->destroy(peratom);
    memory->create(peratom, nmax, size_peratom_cols, "dmin2:peratom");
    array_atom = peratom;
  }
  std::vector<Site> sites;
  std::vector<const Neighbors *> lists;
  std::vector<double *> rows;
  for (int i = 0; i < atom->nlocal; ++i) {
    std::fill_n(peratom[i], size_peratom_cols, 0.0);
    if (!(atom->mask[i] & groupbit)) continue;
    sites.push_back({atom->tag[i], {atom->x[i][0], atom->x[i][1], atom->x[i][2]}});
    lists.push_back(&kept.neighbors(i));
    rows.push_back(peratom[i]);
  }
  const double l = length > 0.0 || !gradient ? length : mean_nearest_distance(lists, world);
  const turing_glass::geometry::MinimumImage shortest(turing_glass::geometry::cell_of(*domain));
  const Positions now(sites, lists, world);

  std::vector<Site> strained;
  std::vector<Vector> D, d;
  for (std::size_t n = 0; n < sites.size(); ++n) {
    D.clear();
    d.clear();
    const Vector &here = sites[n].x;
    for (const ReferenceNeighbor &neighbor : *lists[n]) {
      const Vector *there = now.find(neighbor.id);
      if (!there) continue;    // lost or deleted since
      D.push_back(neighbor.D);
      d.push_back(shortest({(*there)[0] - here[0], (*there)[1] - here[1], (*there)[2] - here[2]}));
    }
    double *row = rows[n];
    row[NEIGHBORS] = static_cast<double>(D.size());
    show(deformation(D, d), mean ? row[NEIGHBORS] : 1.0, row);
    if (gradient) show(second_gradient(D, d), l, row);
    if (row[gradient ? LAMBDA : MISES] > threshold) strained.push_back(sites[n]);
  }
  update_vector(rows, strained);
}

void ComputeDMin2::update_vector(const std::vector<double *> &rows,
                                 const std::vector<Site> &strained)
{
  std::vector<double> d2min, mises;
  bigint undetermined[2] = {0, 0}, all_undetermined[2];
  for (const double *row : rows) {
    if (row[DETERMINED] > 0.0) {
      d2min.push_back(row[D2MIN]);
      mises.push_back(row[MISES]);
    } else
      ++undetermined[0];
    if (gradient && row[GRADIENT_DETERMINED] == 0.0) ++undetermined[1];
  }
  const Distribution of_d2min = distribution(d2min, world), of_mises = distribution(mises, world);
  vector[DEVIATION_MISES] = of_mises.deviation;
  vector[RELATIVE_DEVIATION] = of_d2min.relative_deviation();
  vector[SKEWNESS] = of_d2min.skewness;
  vector[MEAN_D2MIN] = of_d2min.mean;
  vector[MEAN_MISES] = of_mises.mean;
  vector[TOP_D2MIN] = of_d2min.relative_top();
  vector[TOP_MISES] = of_mises.relative_top();
  try {
    const Percolation clusters =
        percolation(strained, turing_glass::geometry::cell_of(*domain), link, world);
    vector[STRAINED] = static_cast<double>(clusters.all);
    vector[LARGEST] = static_cast<double>(clusters.largest);
    vector[LARGEST_PART] = clusters.all > 0 ? vector[LARGEST] / vector[STRAINED] : 0.0;
    vector[SPANNING] = clusters.spanning;
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Compute dmin2: {}; use a shorter link", e.what());
  }
  MPI_Allreduce(undetermined, all_undetermined, 2, MPI_LMP_BIGINT, MPI_SUM, world);
  vector[ATOMS] = static_cast<double>(of_d2min.count);
  vector[UNDETERMINED] = static_cast<double>(all_undetermined[0]);
  vector[GRADIENT_UNDETERMINED] = static_cast<double>(all_undetermined[1]);
  vector[REFERENCE_STEP] = static_cast<double>(reference().reference_step());
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
