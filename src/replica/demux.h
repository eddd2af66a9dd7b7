// From one trajectory per replica to one per temperature.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace turing_glass::replica {

/// Reads text dumps of LAMMPS (atom, custom, local; plain or gzip), frame by frame, never more than the head
/// of a frame in memory, and appends each frame to the output of the temperature that its replica had at that
/// step according to the file of fix remd/swap at `log`. Frames of a step that a replica has written
/// before, as runs and restarts do, are left out. Returns the number of steps written.
///
/// All inputs need frames of the same steps; where some end earlier, the rest of the others is left out.
/// `progress` gets each step that is done. Throws std::runtime_error naming file and line.
std::int64_t demultiplex(const std::string &log, const std::vector<std::string> &inputs,
                         const std::vector<std::string> &outputs,
                         const std::function<void(std::int64_t)> &progress);

}    // namespace turing_glass::replica
