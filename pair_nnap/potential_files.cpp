// SPDX-License-Identifier: GPL-2.0-only

#include "potential_files.h"

#include "nnap/aenet.h"
#include "nnap/nnap_json.h"

#include "comm.h"
#include "lammps.h"
#include "utils.h"

#include <mpi.h>

#include <fstream>

namespace LAMMPS_NS {

using turing_glass::lammps::Messages;
using turing_glass::nnap::AenetFile;
using turing_glass::nnap::Potential;
using turing_glass::nnap::PotentialError;

namespace {

constexpr int largest_file = 1 << 30;    // bytes; an int counts them in MPI_Bcast

/// Content of the file on every rank of the world.
std::string read_everywhere(const Messages &say, const std::string &name)
{
  const LAMMPS *lmp = say.lmp();
  std::string content;
  int size = -1;
  if (lmp->comm->me == 0) {
    std::ifstream file(utils::get_potential_file_path(name), std::ios::binary | std::ios::ate);
    const std::streamoff length = file ? std::streamoff(file.tellg()) : -1;
    if (length > largest_file) {
      size = -2;
    } else if (length >= 0) {
      content.resize(static_cast<std::size_t>(length));
      file.seekg(0);
      if (file.read(content.data(), length)) size = static_cast<int>(length);
    }
  }
  MPI_Bcast(&size, 1, MPI_INT, 0, lmp->world);
  if (size == -1)
    say.stop(
        FLERR,
        "cannot read potential file {}: it is neither at that path nor in a folder of the environment "
        "variable LAMMPS_POTENTIALS",
        name);
  if (size == -2)
    say.stop(FLERR, "potential file {} is larger than 1 GiB, which no potential is", name);
  content.resize(size);
  MPI_Bcast(content.data(), size, MPI_CHAR, 0, lmp->world);
  return content;
}

Potential parse(const std::vector<std::string> &names, const std::vector<std::string> &contents)
{
  using namespace turing_glass::nnap;
  if (contents.size() == 1 && !looks_like_aenet(contents[0]))
    return read_nnap_json(contents[0], names[0]);
  std::vector<AenetFile> files;
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (!looks_like_aenet(contents[k]))
      throw PotentialError(names[k] +
                           ": not an aenet network; of several potential files each must be one");
    files.push_back({names[k], contents[k]});
  }
  return read_aenet(files);
}

}    // namespace

Potential read_potential_files(const Messages &say, const std::vector<std::string> &names)
{
  return say.guard(FLERR, [&] {
    std::vector<std::string> contents;
    for (const std::string &name : names) contents.push_back(read_everywhere(say, name));
    try {
      return parse(names, contents);
    } catch (const PotentialError &e) {
      say.stop(FLERR, "cannot use potential file {}", e.what());
    }
  });
}

std::string json_file(const Messages &say, turing_glass::lammps::Words &words, const char *which)
{
  std::string out = words.word("the file to write");
  if (!utils::strmatch(out, "\\.json$"))
    say.stop(FLERR, "the {} word names the file to write, which must end in .json; '{}' does not",
             which, out);
  return out;
}

}    // namespace LAMMPS_NS
