// SPDX-License-Identifier: GPL-2.0-only

// From one trajectory per replica to one per temperature.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace turing_glass::replica {

struct DemuxReport {
  std::int64_t steps = 0;        ///< that were written: frames of each output
  std::int64_t discarded = 0;    ///< frames that a run continued from an earlier step has made void
  std::int64_t repeated = 0;     ///< frames of the step of the frame before, which they replace
  std::int64_t incomplete = 0;    ///< steps left out because not every replica has its whole frame
  std::int64_t unknown = 0;    ///< steps left out because the file of exchanges does not cover them
};

/// Reads text dumps of LAMMPS (atom, custom, local; plain or gzip) and writes each frame to the output of the
/// temperature that its replica had at that step according to the file of fix remd/swap at `log`. `inputs`: of each
/// replica its files in the order of their runs, read as if they were one.
///
/// Where steps go back, a run was continued from an earlier step: the frames before of the same and later steps are
/// discarded, as are those later than the step of the restart where `log` tells it. If `log` tells of its runs, but
/// not of that one, it is of another run, and that is an error.
///
/// Everything is read twice, a line at a time; in memory are the steps alone. Outputs take their names when they are
/// complete. `progress` gets "reads" or "writes" and each step that is done. Throws std::runtime_error naming file and
/// line.
DemuxReport demultiplex(const std::string &log, const std::vector<std::vector<std::string>> &inputs,
                        const std::vector<std::string> &outputs,
                        const std::function<void(const char *what, std::int64_t step)> &progress);

}    // namespace turing_glass::replica
