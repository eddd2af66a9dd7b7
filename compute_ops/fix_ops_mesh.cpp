#include "fix_ops_mesh.h"

#include "compute_ops.h"

#include "comm.h"
#include "error.h"
#include "modify.h"
#include "update.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

using namespace LAMMPS_NS;
using namespace FixConst;

namespace {

// VTK's legacy format, polygons with the label of their cluster
void write_vtk(FILE *file, const ComputeOPS::Mesh &mesh, bigint step)
{
  utils::print(
      file,
      "# vtk DataFile Version 3.0\nsurfaces of compute ops, step {}\nASCII\nDATASET POLYDATA\n",
      step);
  utils::print(file, "POINTS {} double\n", mesh.vertices.size());
  for (const auto &v : mesh.vertices)
    utils::print(file, "{:.6g} {:.6g} {:.6g}\n", v[0], v[1], v[2]);
  utils::print(file, "POLYGONS {} {}\n", mesh.triangles.size(), 4 * mesh.triangles.size());
  for (const auto &t : mesh.triangles) utils::print(file, "3 {} {} {}\n", t[0], t[1], t[2]);
  utils::print(file, "CELL_DATA {}\nSCALARS cluster int 1\nLOOKUP_TABLE default\n",
               mesh.labels.size());
  for (const tagint label : mesh.labels) utils::print(file, "{}\n", label);
}

// Wavefront OBJ, a group for each cluster
void write_obj(FILE *file, const ComputeOPS::Mesh &mesh, bigint step)
{
  utils::print(file, "# surfaces of compute ops, step {}\n", step);
  for (const auto &v : mesh.vertices)
    utils::print(file, "v {:.6g} {:.6g} {:.6g}\n", v[0], v[1], v[2]);
  for (std::size_t k = 0; k < mesh.triangles.size(); ++k) {
    if (k == 0 || mesh.labels[k] != mesh.labels[k - 1])
      utils::print(file, "g cluster_{}\n", mesh.labels[k]);
    const auto &t = mesh.triangles[k];
    utils::print(file, "f {} {} {}\n", t[0] + 1, t[1] + 1, t[2] + 1);
  }
}

}    // namespace

/* ---------------------------------------------------------------------- */

FixOPSMesh::FixOPSMesh(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg), ops(nullptr)
{
  if (narg != 6) utils::missing_cmd_args(FLERR, "fix ops/mesh", error);
  nevery = utils::inumeric(FLERR, arg[3], false, lmp);
  if (nevery < 1) error->all(FLERR, "Fix ops/mesh: N must be at least 1");
  compute = arg[4];
  if (compute.substr(0, 2) != "c_")
    error->all(FLERR, "Fix ops/mesh: '{}' is no compute (c_ID)", compute);
  compute = compute.substr(2);
  file = arg[5];
  if (!utils::strmatch(file, "\\.vtk$") && !utils::strmatch(file, "\\.obj$"))
    error->all(FLERR, "Fix ops/mesh: the name of the file must end with .vtk or .obj, not '{}'",
               file);
  if (file.find('*') == std::string::npos)
    error->all(FLERR, "Fix ops/mesh: the name of the file needs a * for the step, '{}' has none",
               file);
}

int FixOPSMesh::setmask()
{
  return END_OF_STEP;
}

void FixOPSMesh::init()
{
  ops = dynamic_cast<ComputeOPS *>(modify->get_compute_by_id(compute));
  if (!ops) error->all(FLERR, "Fix ops/mesh: there is no compute {} of style ops", compute);
  if (!ops->has_mesh())
    error->all(FLERR, "Fix ops/mesh: compute {} needs the keyword hull", compute);
}

void FixOPSMesh::setup(int /*vflag*/)
{
  if (update->ntimestep % nevery == 0) end_of_step();
}

void FixOPSMesh::end_of_step()
{
  const ComputeOPS::Mesh mesh = ops->mesh();
  if (comm->me != 0) return;
  std::string name = file;
  name.replace(name.find('*'), 1, std::to_string(update->ntimestep));
  FILE *out = fopen(name.c_str(), "w");
  if (!out) error->one(FLERR, "Fix ops/mesh: cannot open {}: {}", name, strerror(errno));
  (utils::strmatch(name, "\\.vtk$") ? write_vtk : write_obj)(out, mesh, update->ntimestep);
  const bool failed = ferror(out) != 0;
  if (fclose(out) != 0 || failed)
    error->one(FLERR, "Fix ops/mesh: cannot write {}: {}", name, strerror(errno));
}
