// SPDX-License-Identifier: GPL-2.0-only

// What pair nnap keeps, for itself and for pair nnap/gpu.

#ifndef TG_NNAP_IMPL_H
#define TG_NNAP_IMPL_H

#include "pair_nnap.h"

#include "exclusions.h"

#include "lammps/messages.h"
#include "nnap/evaluator.h"

#include <optional>
#include <string>
#include <vector>

namespace LAMMPS_NS {

struct PairNNAP::Impl {
  Impl(LAMMPS *lmp, const char *style) : say(lmp, style), exclusions(lmp) {}

  turing_glass::lammps::Messages say;
  std::string source;    // how messages name the files
  std::optional<turing_glass::nnap::Potential> potential;
  std::optional<turing_glass::nnap::Evaluator> evaluator;
  std::vector<turing_glass::nnap::Workspace> workspaces;    // one per share of the atoms
  std::vector<std::vector<int>> inside;                     // likewise: neighbors inside the cutoff
  std::vector<int> bin;    // by atom type: the element, or for NULL another one behind all
  int bins = 0;            // number of elements, and one more where a type is NULL
  std::vector<double> uncertainties;    // of local atoms (eV/A), of the last step with a check
  Exclusions exclusions;
  std::string
      partial_exclusion;    // the command that removes neighbors of atoms that are there, or empty
  std::vector<char>
      absent;    // local atoms that are excluded from all others; empty where none can be
};

}    // namespace LAMMPS_NS

#endif
