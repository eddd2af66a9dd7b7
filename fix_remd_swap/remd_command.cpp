#include "remd_command.h"

#include "collective.h"
#include "replica/demux.h"
#include "replica/exchange_log.h"

#include "comm.h"
#include "error.h"
#include "platform.h"
#include "utils.h"

#include <stdexcept>
#include <string>
#include <vector>

using namespace LAMMPS_NS;

namespace {

std::string with_number(std::string pattern, int number)
{
  return pattern.replace(pattern.find('*'), 1, std::to_string(number));
}

}    // namespace

void REMD::command(int narg, char **arg)
{
  if (narg < 1 || std::string(arg[0]) != "demux")
    error->all(FLERR, "Command remd: the first word is 'demux', not '{}'", narg ? arg[0] : "");
  if (narg != 4)
    error->all(
        FLERR,
        "Command remd demux needs the file of fix remd/swap, the dumps and the files to write, "
        "both with a * for the number");
  const std::string log = arg[1], dumps = arg[2], results = arg[3];
  for (const std::string &pattern : {dumps, results})
    if (pattern.find('*') == std::string::npos)
      error->all(FLERR, "Command remd demux: {} has no * for the number", pattern);

  try {
    turing_glass::on_first_rank(world, [&] {
      const int n = turing_glass::replica::ExchangeLogReader(log).size();
      const int first = platform::file_is_readable(with_number(dumps, 0)) ? 0 : 1;
      std::vector<std::string> inputs, outputs;
      for (int k = 0; k < n; ++k) {
        inputs.push_back(with_number(dumps, first + k));
        outputs.push_back(with_number(results, 1 + k));
      }
      double told = platform::walltime();
      constexpr double pause = 5.0;    // seconds
      const auto frames =
          turing_glass::replica::demultiplex(log, inputs, outputs, [&](std::int64_t step) {
            if (platform::walltime() < told + pause) return;
            told = platform::walltime();
            utils::logmesg(lmp, "remd demux: step {}\n", step);
          });
      utils::logmesg(lmp, "remd demux: {} frames for each of {} temperatures\n", frames, n);
    });
  } catch (const std::runtime_error &e) {
    error->all(FLERR, "Command remd demux: {}", e.what());
  }
}
