#include "nnap_command.h"

#include "potential_files.h"

#include "collective.h"
#include "nnap/nnap_json.h"
#include "nnap/summary.h"
#include "text.h"

#include "comm.h"
#include "error.h"
#include "utils.h"

#include <mpi.h>

#include <cstring>

using namespace LAMMPS_NS;
namespace nnap = turing_glass::nnap;

/* ---------------------------------------------------------------------- */

void NNAP::command(int narg, char **arg)
{
  if (narg < 1) utils::missing_cmd_args(FLERR, "nnap", error);
  if (strcmp(arg[0], "info") == 0)
    info(narg - 1, arg + 1);
  else if (strcmp(arg[0], "convert") == 0)
    convert(narg - 1, arg + 1);
  else if (strcmp(arg[0], "label") == 0)
    label(narg - 1, arg + 1);
  else if (strcmp(arg[0], "train") == 0)
    train(narg - 1, arg + 1);
  else if (strcmp(arg[0], "test") == 0)
    test(narg - 1, arg + 1);
  else
    error->all(FLERR, "Unknown nnap keyword '{}': use nnap info, convert, label, train or test",
               arg[0]);
}

/* ----------------------------------------------------------------------
   nnap info FILE [FILE ...]
------------------------------------------------------------------------- */

void NNAP::info(int narg, char **arg)
{
  if (narg < 1) utils::missing_cmd_args(FLERR, "nnap info", error);
  const nnap::Potential potential =
      read_potential_files(lmp, std::vector<std::string>(arg, arg + narg));
  if (comm->me == 0) utils::logmesg(lmp, nnap::summary(potential));
}

/* ----------------------------------------------------------------------
   nnap convert FILE [FILE ...] OUT.json
------------------------------------------------------------------------- */

void NNAP::convert(int narg, char **arg)
{
  if (narg < 2) utils::missing_cmd_args(FLERR, "nnap convert", error);
  const std::string out = arg[narg - 1];
  if (!utils::strmatch(out, "\\.json$"))
    error->all(
        FLERR,
        "nnap convert: the last word names the file to write, which must end in .json; '{}' does not",
        out);
  const nnap::Potential potential =
      read_potential_files(lmp, std::vector<std::string>(arg, arg + narg - 1));

  try {
    turing_glass::on_first_rank(
        world, [&] { turing_glass::write_file(out, nnap::write_nnap_json(potential)); });
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "nnap convert: {}", e.what());
  }
  if (comm->me == 0) utils::logmesg(lmp, "nnap convert: wrote {}\n", out);
}
