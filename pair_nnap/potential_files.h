// SPDX-License-Identifier: GPL-2.0-only

// Finding, reading and writing the files of potentials, for every style that needs one.

#ifndef TG_POTENTIAL_FILES_H
#define TG_POTENTIAL_FILES_H

#include "lammps/messages.h"
#include "lammps/words.h"
#include "nnap/potential.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {

/// One NNAP JSON file, or the aenet files of one potential. Files are looked for as LAMMPS looks
/// for potentials (as given, then in LAMMPS_POTENTIALS), read by rank 0 of each world and sent to the
/// others. Collective; whatever is wrong with a file stops LAMMPS with an error of the style `say` that names it.
turing_glass::nnap::Potential read_potential_files(const turing_glass::lammps::Messages &say,
                                                   const std::vector<std::string> &names);

/// The next word, which names the potential file to write; `which` word of the command it is, for messages.
std::string json_file(const turing_glass::lammps::Messages &say, turing_glass::lammps::Words &words,
                      const char *which);

}    // namespace LAMMPS_NS

#endif
