#include "compute_ops.h"

#include "graph/components.h"
#include "ops/alpha_shape.h"
#include "ops/network.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "memory.h"
#include "update.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <tuple>
#include <unordered_map>

using namespace LAMMPS_NS;
using turing_glass::graph::Components;
using turing_glass::graph::Id;
using turing_glass::ops::Kind;
using turing_glass::ops::Point;

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

struct ComputeOPS::Cluster {
  double label;
  double oxygen, zirconium;
  double place[3];    // sum of positions put together, then the centre
  double square;      // sum of their squares, then the radius of gyration
  double infinite[3];
  double volume, area, euler;    // of its surface

  double atoms() const { return oxygen + zirconium; }
};

struct ComputeOPS::Member {
  double label, tag, x[3];
};

struct ComputeOPS::Surface {
  double label;
  turing_glass::ops::AlphaShape shape;
};

/* ---------------------------------------------------------------------- */

ComputeOPS::ComputeOPS(LAMMPS *lmp, int narg, char **arg) : Compute(lmp, narg, arg)
{
  if (narg < 5) utils::missing_cmd_args(FLERR, "compute ops", error);
  kind_of_type.assign(atom->ntypes + 1, static_cast<char>(Kind::other));
  const Kind kinds[] = {Kind::oxygen, Kind::zirconium};
  for (int k = 0; k < 2; ++k) {
    int low = 0, high = 0;
    utils::bounds(FLERR, arg[3 + k], 1, atom->ntypes, low, high, error);
    for (int type = low; type <= high; ++type) {
      if (kind_of_type[type] != static_cast<char>(Kind::other))
        error->all(FLERR, "Compute ops: type {} cannot be O ({}) and Zr ({})", type, arg[3],
                   arg[4]);
      kind_of_type[type] = static_cast<char>(kinds[k]);
    }
  }
  for (int iarg = 5; iarg < narg; iarg += 2) {
    const std::string key = arg[iarg];
    double *value = key == "cutoff" ? &cutoff
        : key == "reach"            ? &reach
        : key == "hull"             ? &probe
                                    : nullptr;
    if (!value) error->all(FLERR, "Compute ops: unknown keyword '{}' (cutoff, reach, hull)", key);
    if (iarg + 1 == narg) error->all(FLERR, "Compute ops: keyword {} needs a distance", key);
    *value = utils::numeric(FLERR, arg[iarg + 1], false, lmp);
    if (*value <= 0.0) error->all(FLERR, "Compute ops: {} must be above 0", key);
  }
  if (probe > 0.0 && !turing_glass::ops::has_alpha_shapes())
    error->all(
        FLERR,
        "Compute ops: keyword hull needs Qhull, without which this was built (Debian: libqhull-dev)");
  if (!atom->tag_enable)
    error->all(FLERR, "Compute ops: clusters are known by atom IDs; use atom_modify id yes");

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
  const double needed = 2.0 * cutoff, there = comm->get_comm_cutoff();
  if (needed > there)
    error->all(
        FLERR,
        "Compute ops: O within two cutoffs, {}, must be known; atoms of other ranks are known within {}: "
        "use  comm_modify cutoff {}",
        needed, there, needed + 0.5);

  const int own = atom->nlocal, all = own + atom->nghost;
  const tagint *tag = atom->tag;

  // periodic images of the copies; bonds are found by the owner of their O
  images.assign(3 * static_cast<std::size_t>(all), 0.0);
  comm->forward_comm(this);
  turing_glass::ops::Atoms atoms;
  atoms.own = own;
  atoms.x = atom->x;
  atoms.kind.resize(all);
  for (int i = 0; i < all; ++i)
    atoms.kind[i] =
        atom->mask[i] & groupbit ? static_cast<Kind>(kind_of_type[atom->type[i]]) : Kind::other;
  const auto network = turing_glass::ops::find_bonds(atoms, cutoff);
  const auto connections = turing_glass::ops::connections(atoms, network, reach);

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

  // clusters of this rank, then of all: the same list everywhere
  std::unordered_map<Id, Cluster> mine;
  std::vector<Components::Place> places(own);
  members.clear();
  double sums[6] = {0.0, 0.0, 0.0,
                    0.0, 0.0, 0.0};    // of O: number, bonds, neighbors, paths, close, close^2
  for (int i = 0, o = 0; i < own; ++i) {
    const bool oxygen = atoms.kind[i] == Kind::oxygen;
    if (oxygen) {
      const auto &c = connections[o++];
      const double values[] = {
          1.0,           bonds[i],      1.0 * c.neighbors,
          1.0 * c.paths, 1.0 * c.close, static_cast<double>(c.close) * c.close};
      for (int k = 0; k < 6; ++k) sums[k] += values[k];
    }
    if (atoms.kind[i] == Kind::other || bonds[i] == 0.0) continue;
    places[i] = components.place(tag[i]);
    Cluster &cluster =
        mine.try_emplace(places[i].label,
                         Cluster{static_cast<double>(places[i].label), 0, 0, {}, 0, {}, 0, 0, 0})
            .first->second;
    (oxygen ? cluster.oxygen : cluster.zirconium) += 1.0;
    // along an axis on which the cluster is infinite there is no way to put it together
    const unsigned axes = components.infinite(tag[i]);
    auto n = places[i].image;
    for (int k = 0; k < 3; ++k)
      if (axes >> k & 1U) n[k] = 0;
    const double x[] = {atom->x[i][0] + n[0] * domain->xprd + n[1] * domain->xy + n[2] * domain->xz,
                        atom->x[i][1] + n[1] * domain->yprd + n[2] * domain->yz,
                        atom->x[i][2] + n[2] * domain->zprd};
    members.push_back(
        {static_cast<double>(places[i].label), static_cast<double>(tag[i]), {x[0], x[1], x[2]}});
    for (int k = 0; k < 3; ++k) {
      cluster.place[k] += x[k];
      cluster.square += x[k] * x[k];
      cluster.infinite[k] = axes >> k & 1U;
    }
  }

  constexpr int width = sizeof(Cluster) / sizeof(double);
  std::vector<Cluster> local, parts;
  for (const auto &[label, cluster] : mine) local.push_back(cluster);
  const int count = width * static_cast<int>(local.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  std::partial_sum(counts.begin(), counts.end() - 1, starts.begin() + 1);
  parts.resize((starts.back() + counts.back()) / width);
  MPI_Allgatherv(local.data(), count, MPI_DOUBLE, parts.data(), counts.data(), starts.data(),
                 MPI_DOUBLE, world);
  std::sort(parts.begin(), parts.end(),
            [](const Cluster &a, const Cluster &b) { return a.label < b.label; });
  clusters.clear();
  for (const Cluster &part : parts) {
    if (clusters.empty() || clusters.back().label != part.label) {
      clusters.push_back(part);
      continue;
    }
    Cluster &whole = clusters.back();
    whole.oxygen += part.oxygen;
    whole.zirconium += part.zirconium;
    whole.square += part.square;
    for (int k = 0; k < 3; ++k) whole.place[k] += part.place[k];
  }
  for (Cluster &cluster : clusters) {
    const bool endless = cluster.infinite[0] + cluster.infinite[1] + cluster.infinite[2] > 0.0;
    cluster.square /= cluster.atoms();
    for (double &x : cluster.place) {
      x /= cluster.atoms();
      cluster.square -= x * x;
      if (endless) x = 0.0;
    }
    cluster.square = endless ? 0.0 : std::sqrt(std::max(0.0, cluster.square));
  }
  std::stable_sort(clusters.begin(), clusters.end(),
                   [](const Cluster &a, const Cluster &b) { return a.atoms() > b.atoms(); });

  if (nmax < atom->nmax) {
    nmax = atom->nmax;
    memory->destroy(peratom);
    memory->create(peratom, nmax, static_cast<int>(PERATOM), "ops:peratom");
    array_atom = peratom;
  }
  std::unordered_map<Id, double> size;
  for (const Cluster &cluster : clusters) size[static_cast<Id>(cluster.label)] = cluster.atoms();
  for (int i = 0, o = 0; i < own; ++i) {
    double *values = peratom[i];
    std::fill_n(values, static_cast<int>(PERATOM), 0.0);
    const bool oxygen = atoms.kind[i] == Kind::oxygen;
    if (oxygen) {
      const auto &c = connections[o++];
      values[NEIGHBORS] = c.neighbors;
      values[PATHS] = c.paths;
      values[CLOSE] = c.close;
    }
    if (atoms.kind[i] == Kind::other || bonds[i] == 0.0) continue;
    values[CLUSTER] = static_cast<double>(places[i].label);
    values[ROLE] = oxygen ? 1.0 : 2.0;
    values[SIZE] = size[places[i].label];
    values[BONDS] = bonds[i];
  }

  double all_sums[6];
  MPI_Allreduce(sums, all_sums, 6, MPI_DOUBLE, MPI_SUM, world);
  std::fill_n(vector, static_cast<int>(VECTOR), 0.0);
  vector[COUNT] = static_cast<double>(clusters.size());
  double in_clusters = 0.0;
  for (const Cluster &cluster : clusters) {
    vector[MEAN] += cluster.atoms() / vector[COUNT];
    in_clusters += cluster.oxygen;
    vector[INFINITE] += cluster.infinite[0] + cluster.infinite[1] + cluster.infinite[2] > 0.0;
  }
  if (!clusters.empty()) vector[LARGEST] = clusters[0].atoms();
  if (const double oxygen = all_sums[0]; oxygen > 0.0) {
    vector[FRACTION] = in_clusters / oxygen;
    for (int k = 0; k < 4; ++k) vector[MEAN_BONDS + k] = all_sums[1 + k] / oxygen;
    vector[SPREAD_CLOSE] =
        std::sqrt(std::max(0.0, all_sums[5] / oxygen - vector[MEAN_CLOSE] * vector[MEAN_CLOSE]));
  }
}

/* ----------------------------------------------------------------------
   the surface of each cluster, on the rank (place in the list) modulo (ranks)
------------------------------------------------------------------------- */

void ComputeOPS::update_surfaces()
{
  if (surfaces_invoked == update->ntimestep) return;
  surfaces_invoked = update->ntimestep;
  std::unordered_map<Id, int> index;
  for (const Cluster &cluster : clusters)
    index.emplace(static_cast<Id>(cluster.label), static_cast<int>(index.size()));

  // each rank gets the atoms of its clusters
  constexpr int width = sizeof(Member) / sizeof(double);
  std::vector<std::vector<Member>> to(comm->nprocs);
  for (const Member &member : members)
    to[index[static_cast<Id>(member.label)] % comm->nprocs].push_back(member);
  std::vector<int> sent(comm->nprocs), received(comm->nprocs), send_at(comm->nprocs, 0),
      receive_at(comm->nprocs, 0);
  std::vector<Member> outgoing;
  for (int rank = 0; rank < comm->nprocs; ++rank) {
    sent[rank] = width * static_cast<int>(to[rank].size());
    outgoing.insert(outgoing.end(), to[rank].begin(), to[rank].end());
  }
  MPI_Alltoall(sent.data(), 1, MPI_INT, received.data(), 1, MPI_INT, world);
  std::partial_sum(sent.begin(), sent.end() - 1, send_at.begin() + 1);
  std::partial_sum(received.begin(), received.end() - 1, receive_at.begin() + 1);
  std::vector<Member> incoming((receive_at.back() + received.back()) / width);
  MPI_Alltoallv(outgoing.data(), sent.data(), send_at.data(), MPI_DOUBLE, incoming.data(),
                received.data(), receive_at.data(), MPI_DOUBLE, world);
  std::sort(incoming.begin(), incoming.end(), [](const Member &a, const Member &b) {
    return a.label != b.label ? a.label < b.label : a.tag < b.tag;
  });

  // what fails on one rank is told by all
  std::string failure;
  surfaces.clear();
  std::vector<double> numbers(3 * clusters.size(), 0.0), all(numbers.size());
  const Point cell[] = {{domain->xprd, 0.0, 0.0},
                        {domain->xy, domain->yprd, 0.0},
                        {domain->xz, domain->yz, domain->zprd}};
  for (auto begin = incoming.begin(); begin != incoming.end() && failure.empty();) {
    const auto end = std::find_if(begin, incoming.end(),
                                  [&](const Member &m) { return m.label != begin->label; });
    const int k = index[static_cast<Id>(begin->label)];
    std::vector<Point> points, periods;
    for (int axis = 0; axis < 3; ++axis)
      if (clusters[k].infinite[axis] > 0.0) periods.push_back(cell[axis]);
    for (auto member = begin; member != end; ++member)
      points.push_back({member->x[0], member->x[1], member->x[2]});
    try {
      surfaces.push_back({begin->label, turing_glass::ops::alpha_shape(points, probe, periods)});
      const auto &surface = surfaces.back().shape;
      numbers[3 * k] = surface.volume;
      numbers[3 * k + 1] = surface.area;
      numbers[3 * k + 2] = surface.euler;
    } catch (const std::exception &e) {
      failure = fmt::format("cluster {:.0f}: {}", begin->label, e.what());
    }
    begin = end;
  }
  int bad = !failure.empty(), any = 0;
  MPI_Allreduce(&bad, &any, 1, MPI_INT, MPI_MAX, world);
  if (bad) error->one(FLERR, "Compute ops: {}", failure);
  if (any) error->all(FLERR, "Compute ops: a surface could not be made");
  MPI_Allreduce(numbers.data(), all.data(), static_cast<int>(all.size()), MPI_DOUBLE, MPI_SUM,
                world);
  for (std::size_t k = 0; k < clusters.size(); ++k) {
    clusters[k].volume = all[3 * k];
    clusters[k].area = all[3 * k + 1];
    clusters[k].euler = all[3 * k + 2];
  }
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

// a cluster: label, atoms, O, Zr, centre, radius of gyration, infinite along each axis; volume, area and Euler
// number of its surface
void ComputeOPS::compute_array()
{
  invoked_array = update->ntimestep;
  update_clusters();
  if (probe > 0.0) update_surfaces();
  size_array_rows = static_cast<int>(clusters.size());
  memory->destroy(array);
  memory->create(array, std::max(1, size_array_rows), cluster_columns, "ops:array");
  for (int i = 0; i < size_array_rows; ++i) {
    const Cluster &c = clusters[i];
    const double row[] = {c.label,       c.atoms(),  c.oxygen, c.zirconium,   c.place[0],
                          c.place[1],    c.place[2], c.square, c.infinite[0], c.infinite[1],
                          c.infinite[2], c.volume,   c.area,   c.euler};
    std::copy_n(row, cluster_columns, array[i]);
  }
}

void ComputeOPS::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  update_clusters();
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
  for (const Surface &surface : surfaces) {
    const auto &[vertices, triangles] = std::tie(surface.shape.vertices, surface.shape.triangles);
    if (triangles.empty()) continue;
    mine.insert(mine.end(), {surface.label, 1.0 * vertices.size(), 1.0 * triangles.size()});
    for (const Point &p : vertices) mine.insert(mine.end(), p.begin(), p.end());
    for (const auto &t : triangles) mine.insert(mine.end(), t.begin(), t.end());
  }
  const int count = static_cast<int>(mine.size());
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs, 0);
  MPI_Gather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, 0, world);
  std::partial_sum(counts.begin(), counts.end() - 1, starts.begin() + 1);
  std::vector<double> all(comm->me == 0 ? starts.back() + counts.back() : 0);
  MPI_Gatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), starts.data(), MPI_DOUBLE,
              0, world);

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
      (images.capacity() + bonds.capacity()) * sizeof(double) +
      clusters.capacity() * sizeof(Cluster);
}
