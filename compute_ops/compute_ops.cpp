// SPDX-License-Identifier: GPL-2.0-only

#include "compute_ops.h"

#include "collective.h"
#include "graph/components.h"
#include "lammps/positions.h"
#include "lammps/words.h"
#include "ops/clusters.h"
#include "ops/network.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "fix.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_map>

using namespace LAMMPS_NS;
namespace ops = turing_glass::ops;
using ops::Kind;
using turing_glass::graph::Components;
using turing_glass::lammps::above;
using turing_glass::lammps::require_finite_positions;
using turing_glass::lammps::Words;

namespace {

enum : int { CLUSTER, ROLE, SIZE, BONDS, NEIGHBORS, PATHS, CLOSE, PERATOM };
enum : int {
  COUNT,
  LARGEST,
  MEAN,
  FRACTION,
  MEAN_BONDS,
  MEAN_NEIGHBORS,
  MEAN_PATHS,
  MEAN_CLOSE,
  SPREAD_CLOSE,
  INFINITE,
  VECTOR
};
constexpr int cluster_columns = 14;

}    // namespace

struct ComputeOPS::Results {
  std::vector<ops::Cluster> clusters;    // largest first, the same on all ranks
  std::vector<ops::Member> members;      // own atoms of clusters
  std::vector<ops::Surface> surfaces;    // of some clusters
};

/* ---------------------------------------------------------------------- */

ComputeOPS::ComputeOPS(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), say(lmp, "Compute ops"), results(std::make_unique<Results>())
{
  Words words(say, narg, arg, 3);
  const auto oxygen = words.types("the type of O"), zirconium = words.types("the type of Zr");
  kind_of_type.assign(atom->ntypes + 1, static_cast<char>(Kind::other));
  for (int type = 1; type <= atom->ntypes; ++type) {
    if (oxygen[type] && zirconium[type])
      say.stop(FLERR, "type {} cannot be O ({}) and Zr ({})", type, arg[3], arg[4]);
    if (oxygen[type]) kind_of_type[type] = static_cast<char>(Kind::oxygen);
    if (zirconium[type]) kind_of_type[type] = static_cast<char>(Kind::zirconium);
  }
  while (!words.done()) {
    const std::string key = words.keyword({"cutoff", "reach", "hull"});
    double &value = key == "cutoff" ? cutoff : key == "reach" ? reach : probe;
    value = words.number(key, above(0.0));
  }
  if (probe > 0.0 && !ops::has_alpha_shapes())
    say.stop(FLERR,
             "keyword hull needs Qhull, without which this was built (Debian: libqhull-dev)");
  if (!atom->tag_enable) say.stop(FLERR, "clusters are known by atom IDs; use atom_modify id yes");

  scalar_flag = vector_flag = array_flag = peratom_flag = 1;
  size_vector = VECTOR;
  size_array_cols = cluster_columns;
  size_array_rows = 0;
  size_array_rows_variable = 1;
  size_peratom_cols = PERATOM;
  extscalar = extvector = extarray = 0;
  comm_forward = 3;
  comm_reverse = 1;
  vector = new double[VECTOR];
}

ComputeOPS::~ComputeOPS()
{
  delete[] vector;
  memory->destroy(array);
  memory->destroy(peratom);
}

void ComputeOPS::init()
{
  invoked = surfaces_invoked = -1;
}

/* ----------------------------------------------------------------------
   everything, once a step
------------------------------------------------------------------------- */

void ComputeOPS::update_clusters()
{
  if (invoked == update->ntimestep) return;
  invoked = update->ntimestep;
  require_finite_positions(say, groupbit);
  const double needed = 2.0 * cutoff, there = comm->get_comm_cutoff();
  if (needed > there)
    say.stop(FLERR,
             "O within two cutoffs, {}, must be known; atoms of other ranks are known within {}: "
             "use  comm_modify cutoff {}",
             needed, there, needed + 0.5);
  say.guard(FLERR, [this] { find_clusters(); });
}

void ComputeOPS::find_clusters()
{
  const int own = atom->nlocal, all = own + atom->nghost;
  const tagint *tag = atom->tag;

  // periodic images of the copies; bonds are found by the owner of their O
  images.assign(3 * static_cast<std::size_t>(all), 0.0);
  comm->forward_comm(this);
  ops::Atoms atoms;
  atoms.own = own;
  atoms.x = atom->x;
  atoms.kind.resize(all);
  for (int i = 0; i < all; ++i)
    atoms.kind[i] =
        atom->mask[i] & groupbit ? static_cast<Kind>(kind_of_type[atom->type[i]]) : Kind::other;
  const auto network = ops::find_bonds(atoms, cutoff);
  const auto connections = ops::connections(atoms, network, reach);

  Components components;
  bonds.assign(all, 0.0);
  for (int i = 0; i < own; ++i) {
    if (atoms.kind[i] != Kind::other) components.add(tag[i]);
    if (atoms.kind[i] != Kind::oxygen) continue;
    bonds[i] = network.count(i);
    for (int k = network.first[i]; k < network.first[i + 1]; ++k) {
      const int j = network.bonded[k];
      bonds[j] += 1.0;
      components.connect(tag[i], tag[j],
                         {static_cast<int>(images[3 * j]), static_cast<int>(images[3 * j + 1]),
                          static_cast<int>(images[3 * j + 2])});
    }
  }
  comm->reverse_comm(this);
  components.resolve(world);

  results->members.clear();
  for (int i = 0; i < own; ++i) {
    if (atoms.kind[i] == Kind::other || bonds[i] == 0.0) continue;
    const Components::Place place = components.place(tag[i]);
    // along an axis on which the cluster is infinite there is no way to put it together
    const unsigned infinite = components.infinite(tag[i]);
    auto n = place.image;
    for (int k = 0; k < 3; ++k)
      if (infinite >> k & 1U) n[k] = 0;
    const double *x = atom->x[i];
    results->members.push_back(
        {place.label,
         tag[i],
         {x[0] + n[0] * domain->xprd + n[1] * domain->xy + n[2] * domain->xz,
          x[1] + n[1] * domain->yprd + n[2] * domain->yz, x[2] + n[2] * domain->zprd},
         atoms.kind[i] == Kind::oxygen,
         infinite});
  }
  results->clusters = ops::find_clusters(results->members, world);
  const auto &clusters = results->clusters;

  if (nmax < atom->nmax) {
    nmax = atom->nmax;
    memory->destroy(peratom);
    memory->create(peratom, nmax, static_cast<int>(PERATOM), "ops:peratom");
    array_atom = peratom;
  }
  std::unordered_map<std::int64_t, double> size;
  for (const ops::Cluster &cluster : clusters)
    size[cluster.label] = static_cast<double>(cluster.atoms());
  double sums[6] = {0.0, 0.0, 0.0,
                    0.0, 0.0, 0.0};    // of O: number, bonds, neighbors, paths, close, close^2
  auto connection = connections.begin();
  auto member = results->members.begin();
  for (int i = 0; i < own; ++i) {
    double *values = peratom[i];
    std::fill_n(values, static_cast<int>(PERATOM), 0.0);
    if (atoms.kind[i] == Kind::other) continue;
    values[BONDS] = bonds[i];
    if (atoms.kind[i] == Kind::oxygen) {
      values[NEIGHBORS] = connection->neighbors;
      values[PATHS] = connection->paths;
      values[CLOSE] = connection->close;
      ++connection;
      sums[0] += 1.0;
      for (int k = 0; k < 4; ++k) sums[1 + k] += values[BONDS + k];
      sums[5] += values[CLOSE] * values[CLOSE];
    }
    if (bonds[i] == 0.0) continue;
    values[CLUSTER] = static_cast<double>(member->label);
    values[ROLE] = member->oxygen ? 1.0 : 2.0;
    values[SIZE] = size[member->label];
    ++member;
  }

  double all_sums[6];
  MPI_Allreduce(sums, all_sums, 6, MPI_DOUBLE, MPI_SUM, world);
  std::fill_n(vector, static_cast<int>(VECTOR), 0.0);
  vector[COUNT] = static_cast<double>(clusters.size());
  double in_clusters = 0.0;
  for (const ops::Cluster &cluster : clusters) {
    vector[MEAN] += static_cast<double>(cluster.atoms()) / vector[COUNT];
    in_clusters += static_cast<double>(cluster.oxygen);
    vector[INFINITE] += cluster.infinite != 0;
  }
  if (!clusters.empty()) vector[LARGEST] = static_cast<double>(clusters[0].atoms());
  if (const double oxygen = all_sums[0]; oxygen > 0.0) {
    vector[FRACTION] = in_clusters / oxygen;
    for (int k = 0; k < 4; ++k) vector[MEAN_BONDS + k] = all_sums[1 + k] / oxygen;
    vector[SPREAD_CLOSE] =
        std::sqrt(std::max(0.0, all_sums[5] / oxygen - vector[MEAN_CLOSE] * vector[MEAN_CLOSE]));
  }
}

void ComputeOPS::update_surfaces()
{
  if (surfaces_invoked == update->ntimestep) return;
  surfaces_invoked = update->ntimestep;
  say.guard(FLERR, [this] {
    results->surfaces = ops::make_surfaces(results->clusters, results->members, probe,
                                           {{{domain->xprd, 0.0, 0.0},
                                             {domain->xy, domain->yprd, 0.0},
                                             {domain->xz, domain->yz, domain->zprd}}},
                                           world);
  });
}

/* ---------------------------------------------------------------------- */

double ComputeOPS::compute_scalar()
{
  invoked_scalar = update->ntimestep;
  update_clusters();
  return scalar = vector[COUNT];
}

void ComputeOPS::compute_vector()
{
  invoked_vector = update->ntimestep;
  update_clusters();
}

// a cluster: label, atoms, O, Zr, center, radius of gyration, infinite along each axis; volume, area and Euler
// number of its surface
void ComputeOPS::compute_array()
{
  invoked_array = update->ntimestep;
  update_clusters();
  if (probe > 0.0) update_surfaces();
  size_array_rows = static_cast<int>(results->clusters.size());
  memory->destroy(array);
  memory->create(array, std::max(1, size_array_rows), cluster_columns, "ops:array");
  for (int i = 0; i < size_array_rows; ++i) {
    const ops::Cluster &c = results->clusters[i];
    const double row[] = {static_cast<double>(c.label),
                          static_cast<double>(c.atoms()),
                          static_cast<double>(c.oxygen),
                          static_cast<double>(c.zirconium),
                          c.center[0],
                          c.center[1],
                          c.center[2],
                          c.gyration,
                          static_cast<double>(c.infinite & 1U),
                          static_cast<double>(c.infinite >> 1 & 1U),
                          static_cast<double>(c.infinite >> 2 & 1U),
                          c.volume,
                          c.area,
                          c.euler};
    std::copy_n(row, cluster_columns, array[i]);
  }
}

void ComputeOPS::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  update_clusters();
}

// fix ave/time asks so for the number of rows, and locks it where it averages over steps
int ComputeOPS::lock_length()
{
  update_clusters();
  return static_cast<int>(results->clusters.size());
}

void ComputeOPS::lock(Fix *fix, bigint, bigint)
{
  say.stop(FLERR,
           "fix {} averages the array over steps, but its rows are other clusters on each step; "
           "use Nrepeat 1 and ave one, or average the vector",
           fix->id);
}

/* ----------------------------------------------------------------------
   forward: the periodic image of the copies; reverse: O bonded to each Zr
------------------------------------------------------------------------- */

int ComputeOPS::pack_forward_comm(int n, int *list, double *buf, int pbc_flag, int *pbc)
{
  int m = 0;
  for (int i = 0; i < n; ++i)
    for (int k = 0; k < 3; ++k) buf[m++] = images[3 * list[i] + k] + (pbc_flag ? pbc[k] : 0);
  return m;
}

void ComputeOPS::unpack_forward_comm(int n, int first, double *buf)
{
  std::copy_n(buf, 3 * n, images.begin() + 3 * first);
}

int ComputeOPS::pack_reverse_comm(int n, int first, double *buf)
{
  std::copy_n(bonds.begin() + first, n, buf);
  return n;
}

void ComputeOPS::unpack_reverse_comm(int n, int *list, double *buf)
{
  for (int i = 0; i < n; ++i) bonds[list[i]] += buf[i];
}

/* ----------------------------------------------------------------------
   for fix ops/mesh: the surfaces of all clusters, on the first rank
------------------------------------------------------------------------- */

ComputeOPS::Mesh ComputeOPS::mesh()
{
  update_clusters();
  update_surfaces();
  // numbers of one rank: of each surface label, vertices, triangles; then those
  std::vector<double> mine;
  for (const ops::Surface &surface : results->surfaces) {
    const auto &[vertices, triangles] =
        std::tie(surface.shape.mesh.vertices, surface.shape.mesh.triangles);
    if (triangles.empty()) continue;
    mine.insert(mine.end(), {1.0 * surface.label, 1.0 * vertices.size(), 1.0 * triangles.size()});
    for (const ops::Point &p : vertices) mine.insert(mine.end(), p.begin(), p.end());
    for (const auto &t : triangles) mine.insert(mine.end(), t.begin(), t.end());
  }
  const std::vector<double> all =
      say.guard(FLERR, [&] { return turing_glass::gather_first(mine, world); });

  Mesh mesh;
  for (auto next = all.begin(); next != all.end();) {
    const double label = *next++;
    const int vertices = static_cast<int>(*next++), triangles = static_cast<int>(*next++);
    const int first = static_cast<int>(mesh.vertices.size());
    for (int k = 0; k < vertices; ++k, next += 3)
      mesh.vertices.push_back({next[0], next[1], next[2]});
    for (int k = 0; k < triangles; ++k, next += 3) {
      mesh.triangles.push_back({first + static_cast<int>(next[0]),
                                first + static_cast<int>(next[1]),
                                first + static_cast<int>(next[2])});
      mesh.labels.push_back(static_cast<tagint>(label));
    }
  }
  return mesh;
}

double ComputeOPS::memory_usage()
{
  return static_cast<double>(nmax) * PERATOM * sizeof(double) +
      static_cast<double>(images.capacity() + bonds.capacity()) * sizeof(double) +
      static_cast<double>(results->clusters.capacity()) * sizeof(ops::Cluster) +
      static_cast<double>(results->members.capacity()) * sizeof(ops::Member);
}
