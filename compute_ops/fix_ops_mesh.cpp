// SPDX-License-Identifier: GPL-2.0-only

#include "fix_ops_mesh.h"

#include "collective.h"
#include "compute_ops.h"
#include "lammps/words.h"
#include "text.h"

#include "fmt/format.h"
#include "modify.h"
#include "update.h"

#include <algorithm>

using namespace LAMMPS_NS;
using namespace FixConst;
using turing_glass::lammps::Words;

namespace {

// VTK's legacy format, polygons with the label of their cluster
std::string vtk(const ComputeOPS::Mesh &mesh, bigint step)
{
  std::string text = fmt::format(
      "# vtk DataFile Version 3.0\nsurfaces of compute ops, step {}\nASCII\nDATASET POLYDATA\n",
      step);
  text += fmt::format("POINTS {} double\n", mesh.vertices.size());
  for (const auto &v : mesh.vertices)
    text += fmt::format("{:.6g} {:.6g} {:.6g}\n", v[0], v[1], v[2]);
  text += fmt::format("POLYGONS {} {}\n", mesh.triangles.size(), 4 * mesh.triangles.size());
  for (const auto &t : mesh.triangles) text += fmt::format("3 {} {} {}\n", t[0], t[1], t[2]);
  text += fmt::format("CELL_DATA {}\nSCALARS cluster int 1\nLOOKUP_TABLE default\n",
                      mesh.labels.size());
  for (const tagint label : mesh.labels) text += fmt::format("{}\n", label);
  return text;
}

// Wavefront OBJ, a group for each cluster
std::string obj(const ComputeOPS::Mesh &mesh, bigint step)
{
  std::string text = fmt::format("# surfaces of compute ops, step {}\n", step);
  for (const auto &v : mesh.vertices)
    text += fmt::format("v {:.6g} {:.6g} {:.6g}\n", v[0], v[1], v[2]);
  for (std::size_t k = 0; k < mesh.triangles.size(); ++k) {
    if (k == 0 || mesh.labels[k] != mesh.labels[k - 1])
      text += fmt::format("g cluster_{}\n", mesh.labels[k]);
    const auto &t = mesh.triangles[k];
    text += fmt::format("f {} {} {}\n", t[0] + 1, t[1] + 1, t[2] + 1);
  }
  return text;
}

}    // namespace

/* ---------------------------------------------------------------------- */

FixOPSMesh::FixOPSMesh(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), say(lmp, "Fix ops/mesh"), ops(nullptr)
{
  Words words(say, narg, arg, 3);
  nevery = words.small_integer("N", 1);
  compute = words.word("the compute");
  if (compute.substr(0, 2) != "c_") say.stop(FLERR, "'{}' is no compute (c_ID)", compute);
  compute = compute.substr(2);
  file = words.word("the name of the file");
  if (!utils::strmatch(file, "\\.vtk$") && !utils::strmatch(file, "\\.obj$"))
    say.stop(FLERR, "the name of the file must end with .vtk or .obj, not '{}'", file);
  if (std::count(file.begin(), file.end(), '*') != 1)
    say.stop(FLERR, "the name of the file needs one * for the step: '{}'", file);
  words.finish();
}

int FixOPSMesh::setmask()
{
  return END_OF_STEP;
}

void FixOPSMesh::init()
{
  ops = dynamic_cast<ComputeOPS *>(modify->get_compute_by_id(compute));
  if (!ops) say.stop(FLERR, "there is no compute {} of style ops", compute);
  if (!ops->has_mesh()) say.stop(FLERR, "compute {} needs the keyword hull", compute);
}

void FixOPSMesh::setup(int /*vflag*/)
{
  if (update->ntimestep % nevery == 0) end_of_step();
}

void FixOPSMesh::end_of_step()
{
  const ComputeOPS::Mesh mesh = ops->mesh();
  std::string name = file;
  name.replace(name.find('*'), 1, std::to_string(update->ntimestep));
  say.guard(FLERR, [&] {
    turing_glass::on_first_rank(world, [&] {
      turing_glass::write_file(
          name, (utils::strmatch(name, "\\.vtk$") ? vtk : obj)(mesh, update->ntimestep));
    });
  });
}
