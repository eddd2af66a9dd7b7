#include "fix_insert_mask.h"

#include "collective.h"
#include "geometry/points_near.h"
#include "pattern/insertion.h"
#include "pattern/plate.h"
#include "voronoi/vertices.h"

#include "atom.h"
#include "atom_vec.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "modify.h"
#include "neighbor.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

using namespace LAMMPS_NS;
using namespace FixConst;
namespace pattern = turing_glass::pattern;
using turing_glass::geometry::Cell;
using turing_glass::geometry::cell_of;
using turing_glass::geometry::PointsNear;
using turing_glass::geometry::Vector;

// A mask over two axes of the cell
struct FixInsertMask::Plate {
  std::string file;
  double threshold = pattern::default_threshold;
  std::array<int, 2> axes{0, 1};
  double pixel = 0.0;    // its side; 0: the whole mask is scaled to the cell
  pattern::Mask mask;    // as read, then as it lies over the cell
};

/* ---------------------------------------------------------------------- */

FixInsertMask::FixInsertMask(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg)
{
  if (narg < 6) utils::missing_cmd_args(FLERR, "fix insert/mask", error);
  if (!turing_glass::voronoi::has_voronoi())
    stop("this was built without Voro++ (Debian: voro++-dev)");
  oxygen = utils::inumeric(FLERR, arg[3], false, lmp);
  if (oxygen < 1 || oxygen > atom->ntypes)
    stop(fmt::format(
        "oxygen is to be type {}, and there are {}; make room for it with extra/atom/types of "
        "read_data or with create_box",
        oxygen, atom->ntypes));
  const double percent = utils::numeric(FLERR, arg[4], false, lmp);
  if (percent <= 0.0 || percent >= 100.0)
    stop("the concentration, in percent of all atoms, must lie between 0 and 100");
  fraction = 0.01 * percent;
  const bigint seed_value = utils::bnumeric(FLERR, arg[5], false, lmp);
  if (seed_value < 1) stop("the seed must be at least 1");
  seed = seed_value;

  Plate given;
  const char *keywords = "mask, threshold, axes, pixel, distance, apart, swap, shell, reach";
  for (int iarg = 6; iarg < narg;) {
    const std::string key = arg[iarg];
    const int values = key == "axes" || key == "swap" ? 2 : 1;
    if (iarg + values >= narg)
      stop(fmt::format("keyword {} needs {} more (keywords: {})", key, values, keywords));
    char **value = arg + iarg + 1;
    double *length = key == "distance" ? &distance
        : key == "apart"               ? &apart
        : key == "shell"               ? &shell
        : key == "reach"               ? &reach
        : key == "pixel"               ? &given.pixel
                                       : nullptr;
    if (length) {
      *length = utils::numeric(FLERR, value[0], false, lmp);
      if (*length <= 0.0) stop(fmt::format("{} must be above 0", key));
    } else if (key == "mask") {
      given.file = value[0];
    } else if (key == "threshold") {
      given.threshold = utils::numeric(FLERR, value[0], false, lmp);
    } else if (key == "axes") {
      try {
        given.axes = pattern::plate_axes(value[0], value[1]);
      } catch (const std::runtime_error &e) {
        stop(e.what());
      }
    } else if (key == "swap") {
      copper = types(value[0], "copper");
      zirconium = types(value[1], "zirconium");
    } else
      stop(fmt::format("unknown keyword '{}' ({})", key, keywords));
    iarg += 1 + values;
  }
  if (reach <= shell)
    stop(fmt::format("reach ({}) must be above shell ({}): zirconium is looked for between them",
                     reach, shell));
  for (int type = 1; !copper.empty() && type <= atom->ntypes; ++type)
    if (copper[type] && zirconium[type])
      stop(fmt::format("swap: type {} cannot be copper and zirconium", type));
  if (!atom->tag_enable) stop("atoms need IDs (atom_modify id yes)");
  if (!given.file.empty()) {
    plate = std::make_unique<Plate>(given);
    try {
      plate->mask = pattern::read_mask(given.file, given.threshold);
    } catch (const std::runtime_error &e) {
      stop(e.what());
    }
  }

  restart_global = 1;
  scalar_flag = vector_flag = 1;
  size_vector = RESULTS;
  global_freq = 1;
  extscalar = extvector = 0;
}

FixInsertMask::~FixInsertMask() = default;

void FixInsertMask::stop(const std::string &why)
{
  error->all(FLERR, "Fix insert/mask: {}", why);
}

std::vector<char> FixInsertMask::types(const char *word, const char *what)
{
  std::vector<char> chosen(atom->ntypes + 1, 0);
  int low = 0, high = 0;
  utils::bounds(FLERR, word, 1, atom->ntypes, low, high, error);
  for (int type = low; type <= high; ++type) {
    if (type == oxygen) stop(fmt::format("swap: type {} is oxygen, it cannot be {}", type, what));
    chosen[type] = 1;
  }
  return chosen;
}

int FixInsertMask::setmask()
{
  return PRE_EXCHANGE | MIN_PRE_EXCHANGE;    // for its setup
}

/* ---------------------------------------------------------------------- */

// Before Verlet and Min set up atoms and ghosts of a run; what is done here they find done.
void FixInsertMask::setup_pre_exchange()
{
  if (done) return;
  get_ghosts();
  insert();
  done = true;
}

void FixInsertMask::get_ghosts()
{
  if (domain->triclinic) domain->x2lamda(atom->nlocal);
  domain->pbc();
  domain->reset_box();
  comm->setup();
  if (neighbor->style) neighbor->setup_bins();
  comm->exchange();
  comm->borders();
  if (domain->triclinic) domain->lamda2x(atom->nlocal + atom->nghost);
}

// Liu et al., SI 2: the mask over the plate, the Voronoi vertices in it, oxygen at some of them, swaps
void FixInsertMask::insert()
{
  const Cell cell = cell_of(*domain);
  double known = comm->cutghost[0];
  if (domain->triclinic) {
    // there cutghost is in units of the cell
    known = comm->cutghost[0] * cell.widths()[0];
    for (int k = 1; k < 3; ++k) known = std::min(known, comm->cutghost[k] * cell.widths()[k]);
  } else
    known = std::min({known, comm->cutghost[1], comm->cutghost[2]});
  if (known < 2.0 * distance)
    stop(fmt::format(
        "holes with a radius of {} need atoms of other ranks within {:.4g}, which are known within {:.4g}; "
        "use comm_modify cutoff {:.4g}",
        distance, 2.0 * distance, known, 2.5 * distance));

  // what is there
  bigint counts[2] = {0, 0}, all[2];    // oxygen, others
  std::vector<Vector> own_oxygen;
  for (int i = 0; i < atom->nlocal; ++i) {
    ++counts[atom->type[i] == oxygen ? 0 : 1];
    if (atom->type[i] == oxygen)
      own_oxygen.push_back({atom->x[i][0], atom->x[i][1], atom->x[i][2]});
  }
  MPI_Allreduce(counts, all, 2, MPI_LMP_BIGINT, MPI_SUM, world);
  if (all[1] == 0) stop("there are no atoms but oxygen: it is put between others");
  const long needed = pattern::oxygen_needed(all[1], fraction) - all[0];
  if (needed < 1)
    stop(fmt::format(
        "there are {} O among {} atoms already, which is {:.4g} %: nothing to insert for {:.4g} %",
        all[0], all[0] + all[1], 100.0 * all[0] / (all[0] + all[1]), 100.0 * fraction));
  const std::vector<Vector> taken = turing_glass::gather_all(own_oxygen, world);

  // patches over the cell
  std::vector<long> areas{1};
  pattern::Patches patches;
  if (plate) {
    const int a = plate->axes[0], b = plate->axes[1];
    try {
      plate->mask =
          pattern::over_plate(plate->mask, cell.lengths[a], cell.lengths[b], plate->pixel);
    } catch (const std::runtime_error &e) {
      stop(fmt::format("mask {}: {}", plate->file, e.what()));
    }
    patches = pattern::find_patches(plate->mask);
    areas.clear();
    for (const auto &patch : patches.patches) areas.push_back(patch.pixels);
    if (areas.empty()) stop(fmt::format("mask {} is empty: no pixel is inside", plate->file));
  }
  const auto patch_at = [&](const Vector &x) {
    if (!plate) return 0;
    const Vector s = cell.fractional(cell.wrapped(x));
    const int nx = plate->mask.nx, ny = plate->mask.ny;
    const int i = std::clamp(static_cast<int>(s[plate->axes[0]] * nx), 0, nx - 1);
    const int j = std::clamp(static_cast<int>(s[plate->axes[1]] * ny), 0, ny - 1);
    return patches.label[i + static_cast<long>(nx) * j];
  };

  // holes between all atoms but oxygen, whose places are taken
  std::vector<Vector> x;
  std::vector<std::int64_t> ids;
  int own = 0;
  for (int i = 0; i < atom->nlocal + atom->nghost; ++i) {
    if (atom->type[i] == oxygen) continue;
    x.push_back({atom->x[i][0], atom->x[i][1], atom->x[i][2]});
    ids.push_back(atom->tag[i]);
    if (i < atom->nlocal) ++own;
  }
  std::vector<pattern::Hole> holes;
  for (const auto &vertex : turing_glass::voronoi::find_vertices(x, ids, own, known).found) {
    const int patch = vertex.radius < distance ? -1 : patch_at(vertex.x);
    if (patch >= 0) holes.push_back({vertex.x, pattern::hole_key(seed, vertex.atoms), patch});
  }
  const pattern::Placement placement =
      pattern::place_oxygen(holes, taken, areas, needed, apart, cell, world);
  if (static_cast<long>(placement.oxygen.size()) < needed)
    stop(fmt::format(
        "{} at.% O are {} more O, and there are seats for {} ({:.4g} %): lower the concentration, 'distance' ({}) "
        "or 'apart' ({}), or take a mask with a larger area",
        100.0 * fraction, needed, placement.seats,
        100.0 * (all[0] + placement.seats) / (all[0] + all[1] + placement.seats), distance, apart));

  if (!copper.empty()) swap_around(placement.oxygen);
  create(placement.oxygen);

  results[INSERTED] = needed;
  results[SEATS] = placement.seats;
  results[MOVED] = placement.moved;
  if (comm->me == 0) {
    std::string text =
        fmt::format("Fix insert/mask: {} O in {} seats, {:.4g} at.%", needed, placement.seats,
                    100.0 * (all[0] + needed) / (all[0] + all[1] + needed));
    if (plate)
      text += fmt::format(", in {} patches, {} beyond their patch's share", areas.size(),
                          placement.moved);
    if (!copper.empty())
      text += fmt::format("; Zr within {} of an O: {:.3f}, after {:.0f} swaps {:.3f}", shell,
                          results[BEFORE], results[SWAPPED], results[AFTER]);
    utils::logmesg(lmp, text + "\n");
  }
}

// Copper near an oxygen and zirconium farther away swap what they are: type, and velocity scaled so that the kinetic
// energy stays.
void FixInsertMask::swap_around(const std::vector<Vector> &places)
{
  const Cell cell = cell_of(*domain);
  PointsNear near(cell, reach);
  for (const Vector &place : places) near.add(place);
  std::vector<pattern::Neighbor> neighbors;
  std::unordered_map<tagint, int> own;
  for (int i = 0; i < atom->nlocal; ++i) {
    own[atom->tag[i]] = i;
    const int type = atom->type[i];
    if (copper[type] || zirconium[type])
      near.any({atom->x[i][0], atom->x[i][1], atom->x[i][2]}, [&](int number, double r2) {
        neighbors.push_back({number, zirconium[type] != 0, atom->tag[i], std::sqrt(r2)});
        return false;
      });
  }
  const pattern::Shells shells =
      pattern::fill_shells(neighbors, static_cast<int>(places.size()), shell, world);

  // both atoms of a swap must be known to both owners: types by ID, the same on all ranks
  std::unordered_map<tagint, int> type;
  for (const auto &pair : shells.swaps)
    for (const tagint id : pair) type[id] = 0;
  std::vector<tagint> order;
  for (const auto &[id, unused] : type) order.push_back(id);
  std::sort(order.begin(), order.end());
  std::vector<int> types(order.size(), 0), all_types(order.size(), 0);
  for (std::size_t k = 0; k < order.size(); ++k)
    if (const auto mine = own.find(order[k]); mine != own.end())
      types[k] = atom->type[mine->second];
  MPI_Allreduce(types.data(), all_types.data(), static_cast<int>(types.size()), MPI_INT, MPI_SUM,
                world);
  for (std::size_t k = 0; k < order.size(); ++k) type[order[k]] = all_types[k];
  for (const auto &[a, b] : shells.swaps) std::swap(type[a], type[b]);
  for (const auto &[id, now] : type) {
    const auto mine = own.find(id);
    if (mine == own.end() || atom->type[mine->second] == now) continue;
    const int i = mine->second;
    if (!atom->rmass) {
      const double factor = std::sqrt(atom->mass[atom->type[i]] / atom->mass[now]);
      for (int k = 0; k < 3; ++k) atom->v[i][k] *= factor;
    }
    atom->type[i] = now;
  }
  results[SWAPPED] = static_cast<double>(shells.swaps.size());
  results[BEFORE] = shells.before;
  results[AFTER] = shells.after;
}

// Each new atom on the rank whose part of the cell it is in; IDs in the order of the places, after those in use
void FixInsertMask::create(const std::vector<Vector> &places)
{
  tagint highest = 0, all_highest = 0;
  for (int i = 0; i < atom->nlocal; ++i) highest = std::max(highest, atom->tag[i]);
  MPI_Allreduce(&highest, &all_highest, 1, MPI_LMP_TAGINT, MPI_MAX, world);
  if (static_cast<bigint>(all_highest) + static_cast<bigint>(places.size()) > MAXTAGINT)
    stop("new atoms would have IDs that are too large");
  atom->nghost = 0;
  atom->avec->clear_bonus();
  for (std::size_t k = 0; k < places.size(); ++k) {
    double x[3] = {places[k][0], places[k][1], places[k][2]}, lamda[3];
    if (domain->triclinic) domain->x2lamda(x, lamda);
    int at[3];
    if (comm->coord2proc(domain->triclinic ? lamda : x, at[0], at[1], at[2]) != comm->me) continue;
    atom->avec->create_atom(oxygen, x);
    const int i = atom->nlocal - 1;
    atom->tag[i] = all_highest + 1 + static_cast<tagint>(k);
    atom->mask[i] = 1 | groupbit;
    modify->create_attribute(i);
  }
  atom->natoms += static_cast<bigint>(places.size());
  if (atom->map_style != Atom::MAP_NONE) {
    atom->map_init();
    atom->map_set();
  }
}

/* ---------------------------------------------------------------------- */

// number of inserted atoms
double FixInsertMask::compute_scalar()
{
  return results[INSERTED];
}

// inserted, seats, beyond their patch's share, swaps, Zr around an O before and after swaps
double FixInsertMask::compute_vector(int n)
{
  return results[n];
}

void FixInsertMask::write_restart(FILE *file)
{
  if (comm->me != 0) return;
  std::vector<double> list{done ? 1.0 : 0.0};
  list.insert(list.end(), results.begin(), results.end());
  const int size = static_cast<int>(list.size() * sizeof(double));
  fwrite(&size, sizeof(int), 1, file);
  fwrite(list.data(), sizeof(double), list.size(), file);
}

void FixInsertMask::restart(char *buffer)
{
  const auto *list = reinterpret_cast<double *>(buffer);
  done = list[0] != 0.0;
  std::copy_n(list + 1, static_cast<int>(RESULTS), results.begin());
}
