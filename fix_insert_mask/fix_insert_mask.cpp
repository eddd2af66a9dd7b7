// SPDX-License-Identifier: GPL-2.0-only

#include "fix_insert_mask.h"

#include "collective.h"
#include "geometry/points_near.h"
#include "lammps/ghosts.h"
#include "lammps/positions.h"
#include "lammps/restart.h"
#include "lammps/words.h"
#include "pattern/insertion.h"
#include "pattern/plate.h"
#include "voronoi/vertices.h"

#include "atom.h"
#include "atom_vec.h"
#include "comm.h"
#include "domain.h"
#include "fmt/format.h"
#include "modify.h"
#include "platform.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

using namespace LAMMPS_NS;
using namespace FixConst;
using namespace turing_glass::lammps;
namespace io = turing_glass::io;
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
  double pixel = 0.0;      // its side; 0: the whole mask is scaled to the cell
  pattern::Mask mask;      // as read, then as it lies over the cell
  std::string identity;    // of the mask as read

  void read()
  {
    mask = pattern::read_mask(file, threshold);
    const std::array<int, 2> size{mask.nx, mask.ny};
    identity = fmt::format(
        "{} ({} x {}, {})", platform::path_basename(file), mask.nx, mask.ny,
        turing_glass::io::Checksum().add(size.data(), sizeof size).add(mask.inside).text());
  }
};

/* ---------------------------------------------------------------------- */

FixInsertMask::FixInsertMask(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), say(lmp, "Fix insert/mask")
{
  if (!turing_glass::voronoi::has_voronoi())
    say.stop(FLERR, "this was built without Voro++ (Debian: voro++-dev)");
  Words words(say, narg, arg, 3);
  oxygen = words.type("the type of oxygen");
  percent = words.number("the concentration, in percent of all atoms,", between(0.0, 100.0));
  seed = static_cast<std::uint64_t>(words.integer("the seed", 1, MAXBIGINT));

  Plate given;
  while (!words.done()) {
    const std::string key = words.keyword(
        {"mask", "threshold", "axes", "pixel", "distance", "apart", "swap", "shell", "reach"});
    double *length = key == "distance" ? &distance
        : key == "apart"               ? &apart
        : key == "shell"               ? &shell
        : key == "reach"               ? &reach
        : key == "pixel"               ? &given.pixel
                                       : nullptr;
    if (length)
      *length = words.number(key, above(0.0));
    else if (key == "mask")
      given.file = words.word("the file of the mask");
    else if (key == "threshold")
      given.threshold = words.number(key);
    else if (key == "axes") {
      const std::string columns = words.word("the first of the axes");
      const std::string rows = words.word("the second of the axes");
      say.guard(FLERR, [&] { given.axes = pattern::plate_axes(columns, rows); });
    } else {
      copper = words.types("the type of copper");
      zirconium = words.types("the type of zirconium");
    }
  }
  if (reach <= shell)
    say.stop(FLERR, "reach ({}) must be above shell ({}): zirconium is looked for between them",
             reach, shell);
  for (int type = 1; !copper.empty() && type <= atom->ntypes; ++type) {
    if (copper[type] && zirconium[type])
      say.stop(FLERR, "swap: type {} cannot be copper and zirconium", type);
    if (type == oxygen && (copper[type] || zirconium[type]))
      say.stop(FLERR, "swap: type {} is oxygen, it cannot be {}", type,
               copper[type] ? "copper" : "zirconium");
  }
  if (!atom->tag_enable) say.stop(FLERR, "atoms need IDs (atom_modify id yes)");
  if (given.file.empty()) {
    for (const char *key : {"threshold", "axes", "pixel"})
      if (words.given(key))
        say.stop(FLERR, "keyword {} is about a mask, and there is none: give keyword mask", key);
  } else {
    plate = std::make_unique<Plate>(given);
    say.guard(FLERR, [this] { plate->read(); });
  }

  restart_global = 1;
  scalar_flag = vector_flag = 1;
  size_vector = RESULTS;
  global_freq = 1;
  extscalar = extvector = 0;
}

FixInsertMask::~FixInsertMask() = default;

int FixInsertMask::setmask()
{
  return PRE_EXCHANGE | MIN_PRE_EXCHANGE;    // for its setup
}

/* ---------------------------------------------------------------------- */

// Before Verlet and Min set up atoms and ghosts of a run; what is done here they find done.
void FixInsertMask::setup_pre_exchange()
{
  if (done) return;
  constexpr int all_atoms = 1;
  require_finite_positions(say, all_atoms);
  set_up_ghosts(lmp);
  say.guard(FLERR, [this] { insert(); });
  done = true;
}

// Oxygen, others
std::array<bigint, 2> FixInsertMask::count_atoms()
{
  std::array<bigint, 2> mine{}, all{};
  for (int i = 0; i < atom->nlocal; ++i) ++mine[atom->type[i] == oxygen ? 0 : 1];
  MPI_Allreduce(mine.data(), all.data(), 2, MPI_LMP_BIGINT, MPI_SUM, world);
  return all;
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
    say.stop(FLERR,
             "holes with a radius of {} need atoms of other ranks within {:.4g}, which are known "
             "within {:.4g}; use comm_modify cutoff {:.4g}",
             distance, 2.0 * distance, known, 2.5 * distance);

  // what is there
  const std::array<bigint, 2> all = count_atoms();
  std::vector<Vector> own_oxygen;
  for (int i = 0; i < atom->nlocal; ++i)
    if (atom->type[i] == oxygen)
      own_oxygen.push_back({atom->x[i][0], atom->x[i][1], atom->x[i][2]});
  if (all[1] == 0) say.stop(FLERR, "there are no atoms but oxygen: it is put between others");
  const long needed = pattern::oxygen_needed(all[1], 0.01 * percent) - all[0];
  if (needed < 1)
    say.stop(FLERR,
             "there are {} O among {} atoms already, which is {:.4g} %: nothing to insert for "
             "{:.4g} %",
             all[0], all[0] + all[1], 100.0 * all[0] / (all[0] + all[1]), percent);
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
      say.stop(FLERR, "mask {}: {}", plate->file, e.what());
    }
    patches = pattern::find_patches(plate->mask);
    areas.clear();
    for (const auto &patch : patches.patches) areas.push_back(patch.pixels);
    if (areas.empty()) say.stop(FLERR, "mask {} is empty: no pixel is inside", plate->file);
  }
  const auto patch_at = [&](const Vector &x) {
    if (!plate) return 0;
    const Vector s = cell.fractional(cell.wrapped(x));
    const int nx = plate->mask.nx, ny = plate->mask.ny;
    const int i = pattern::pixel_at(s[plate->axes[0]], nx);
    const int j = pattern::pixel_at(s[plate->axes[1]], ny);
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
    say.stop(FLERR,
             "{} at.% O are {} more O, and there are seats for {} ({:.4g} %): lower the "
             "concentration, 'distance' ({}) or 'apart' ({}), or take a mask with a larger area",
             percent, needed, placement.seats,
             100.0 * (all[0] + placement.seats) / (all[0] + all[1] + placement.seats), distance,
             apart);

  if (!copper.empty()) swap_around(placement.oxygen);
  create(placement.oxygen);

  const std::array<bigint, 2> present = count_atoms();
  if (present[0] != all[0] + needed)
    say.stop(FLERR, "{} O were to be inserted, and {} are there instead of {}", needed, present[0],
             all[0] + needed);
  results[INSERTED] = needed;
  results[SEATS] = placement.seats;
  results[MOVED] = placement.moved;
  if (comm->me == 0) {
    std::string text = fmt::format("Fix insert/mask: {} O in {} seats, {:.4g} at.%", needed,
                                   placement.seats, 100.0 * present[0] / (present[0] + present[1]));
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
    say.stop(FLERR, "new atoms would have IDs that are too large");
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

// Whether oxygen has been inserted, and what with
io::StateRecord FixInsertMask::state()
{
  const auto list = [](const std::vector<char> &types) {
    std::string text;
    for (std::size_t type = 1; type < types.size(); ++type)
      if (types[type]) text += (text.empty() ? "" : " ") + std::to_string(type);
    return text.empty() ? std::string("none") : text;
  };
  io::StateRecord record("fix insert/mask", 1);
  record.setting("type of oxygen", std::to_string(oxygen));
  record.setting("percent", percent);
  record.setting("seed", std::to_string(seed));
  record.setting("mask", plate ? plate->identity : "none");
  if (plate) {
    record.setting("axes", fmt::format("{} {}", "xyz"[plate->axes[0]], "xyz"[plate->axes[1]]));
    record.setting("pixel", plate->pixel);
  }
  record.setting("distance", distance);
  record.setting("apart", apart);
  record.setting("types of copper", list(copper));
  record.setting("types of zirconium", list(zirconium));
  record.setting("shell", shell);
  record.setting("reach", reach);
  record.put("done", std::int64_t(done ? 1 : 0));
  record.put("results", std::vector<double>(results.begin(), results.end()));
  return record;
}

void FixInsertMask::write_restart(FILE *file)
{
  if (comm->me == 0) write_record(file, state());
}

void FixInsertMask::restart(char *buffer)
{
  const io::StateRecord stored = read_record(say, buffer, state());
  say.guard(FLERR, [&] {
    done = stored.integer("done") != 0;
    const auto &numbers = stored.numbers("results", RESULTS);
    std::copy(numbers.begin(), numbers.end(), results.begin());
  });
}
