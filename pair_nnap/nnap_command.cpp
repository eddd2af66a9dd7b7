// SPDX-License-Identifier: GPL-2.0-only

#include "nnap_command.h"

#include "potential_files.h"

#include "collective.h"
#include "lammps/words.h"
#include "nnap/nnap_json.h"
#include "nnap/summary.h"
#include "text.h"

#include "comm.h"
#include "utils.h"

#include <mpi.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using turing_glass::lammps::Messages;
using turing_glass::lammps::Words;
namespace nnap = turing_glass::nnap;

/* ---------------------------------------------------------------------- */

void NNAP::command(int narg, char **arg)
{
  const Messages say(lmp, "Command nnap");
  Words words(say, std::min(narg, 1), arg);
  const std::string what =
      words.choice("the first word", {"info", "convert", "label", "train", "uncertainty", "test"});
  if (what == "info")
    info(narg - 1, arg + 1);
  else if (what == "convert")
    convert(narg - 1, arg + 1);
  else if (what == "label")
    label(narg - 1, arg + 1);
  else if (what == "train")
    train(narg - 1, arg + 1);
  else if (what == "uncertainty")
    uncertainty(narg - 1, arg + 1);
  else
    test(narg - 1, arg + 1);
}

namespace {

/// The words up to the end, or so many before it.
std::vector<std::string> potential_files(Words &words, std::size_t after = 0)
{
  std::vector<std::string> names = {words.word("a potential file")};
  while (words.left() > after) names.push_back(words.word("a potential file"));
  return names;
}

}    // namespace

/* ----------------------------------------------------------------------
   nnap info FILE [FILE ...]
------------------------------------------------------------------------- */

void NNAP::info(int narg, char **arg)
{
  const Messages say(lmp, "nnap info");
  Words words(say, narg, arg);
  const nnap::Potential potential = read_potential_files(say, potential_files(words));
  if (comm->me == 0) utils::logmesg(lmp, nnap::summary(potential));
}

/* ----------------------------------------------------------------------
   nnap convert FILE [FILE ...] OUT.json
------------------------------------------------------------------------- */

void NNAP::convert(int narg, char **arg)
{
  const Messages say(lmp, "nnap convert");
  Words words(say, narg, arg);
  const std::vector<std::string> files = potential_files(words, 1);
  const std::string out = json_file(say, words, "last");
  const nnap::Potential potential = read_potential_files(say, files);

  say.guard(FLERR, [&] {
    turing_glass::on_first_rank(
        world, [&] { turing_glass::write_file(out, nnap::write_nnap_json(potential)); });
  });
  if (comm->me == 0) utils::logmesg(lmp, "nnap convert: wrote {}\n", out);
}
