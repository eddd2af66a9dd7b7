// SPDX-License-Identifier: GPL-2.0-only

#include "remd_command.h"

#include "collective.h"
#include "lammps/messages.h"
#include "lammps/words.h"
#include "replica/demux.h"
#include "replica/exchange_log.h"

#include "platform.h"
#include "universe.h"
#include "utils.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace LAMMPS_NS;
using turing_glass::lammps::Messages;
using turing_glass::lammps::Words;
using turing_glass::replica::DemuxReport;

namespace {

std::string with_number(std::string pattern, int number)
{
  return pattern.replace(pattern.find('*'), 1, std::to_string(number));
}

std::string pattern_of(Words &words, const Messages &say, const std::string &what)
{
  const std::string pattern = words.word(what);
  if (std::count(pattern.begin(), pattern.end(), '*') != 1)
    say.stop(FLERR, "{} needs one * for the number, '{}' has {}", what, pattern,
             std::count(pattern.begin(), pattern.end(), '*'));
  return pattern;
}

std::string text_of(const DemuxReport &report, int temperatures, const std::string &log)
{
  std::string text = fmt::format("remd demux: {} frames for each of {} temperatures\n",
                                 report.steps, temperatures);
  const auto add = [&text](std::int64_t count, const std::string &what) {
    if (count > 0) text += fmt::format("  {} {}\n", count, what);
  };
  add(report.discarded,
      "frames discarded, which a run continued from an earlier step has replaced");
  add(report.repeated, "frames repeated by the next run, of which the later ones are written");
  add(report.incomplete, "steps left out, which not every dump has in full");
  add(report.unknown, fmt::format("steps left out, which {} does not cover", log));
  return text;
}

}    // namespace

// In a run with several partitions all of them do the same, or one alone: nothing here waits for others.
void REMD::command(int narg, char **arg)
{
  const Messages say(lmp, "Command remd");
  Words words(say, narg, arg);
  words.choice("the first word", {"demux"});
  const std::string log = words.word("the file of fix remd/swap");
  std::vector<std::string> dumps;
  do dumps.push_back(pattern_of(words, say, "the name of dumps"));
  while (words.left() > 1);
  const std::string results = pattern_of(words, say, "the name of results");

  say.guard(FLERR, [&] {
    turing_glass::on_first_rank(world, [&] {
      const int n = turing_glass::replica::ExchangeLogReader(log).size();
      std::vector<std::vector<std::string>> inputs(n);
      std::vector<std::string> outputs;
      for (const std::string &pattern : dumps) {
        const int first = platform::file_is_readable(with_number(pattern, 0)) ? 0 : 1;
        for (int k = 0; k < n; ++k) inputs[k].push_back(with_number(pattern, first + k));
      }
      for (int k = 0; k < n; ++k) outputs.push_back(with_number(results, 1 + k));

      double told = platform::walltime();
      constexpr double pause = 5.0;    // seconds
      const DemuxReport report = turing_glass::replica::demultiplex(
          log, inputs, outputs, [&](const char *what, std::int64_t step) {
            if (platform::walltime() < told + pause) return;
            told = platform::walltime();
            utils::logmesg(lmp, "remd demux {} step {}\n", what, step);
          });
      const std::string text = text_of(report, n, log);
      utils::logmesg(lmp, text);
      if (universe->nworlds > 1) say.tell(text);
    });
  });
}
