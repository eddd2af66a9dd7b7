// SPDX-License-Identifier: GPL-2.0-only

#include "compute_nnap_uncertainty.h"

#include "pair_nnap.h"

#include "lammps/words.h"

#include "atom.h"
#include "force.h"
#include "update.h"

#include <algorithm>
#include <cstddef>

using namespace LAMMPS_NS;
using turing_glass::lammps::Words;

/* ---------------------------------------------------------------------- */

ComputeNNAPUncertainty::ComputeNNAPUncertainty(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), say(lmp, "Compute nnap/uncertainty")
{
  Words(say, narg, arg, 3).finish();
  peratom_flag = 1;
  size_peratom_cols = 0;
}

void ComputeNNAPUncertainty::init()
{
  pairs.clear();
  const auto add = [this](Pair *pair) {
    if (auto *ours = dynamic_cast<PairNNAP *>(pair)) pairs.push_back(ours);
    return pair != nullptr;
  };
  // LAMMPS gives the only one under each number, several from 1 on
  if (!add(force->pair_match("^nnap", 0)))
    for (int k = 1; add(force->pair_match("^nnap", 0, k));) ++k;
  if (pairs.empty()) say.stop(FLERR, "needs pair style nnap: give it before the run");
}

/// An atom that several sub-styles of pair style hybrid/overlay know has the largest of their errors.
void ComputeNNAPUncertainty::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  say.guard(FLERR, [&] {
    each.assign(std::max(atom->nmax, 1), 0.0);
    for (PairNNAP *pair : pairs) {
      of_pair.assign(each.size(), 0.0);
      pair->force_uncertainties(groupbit, of_pair.data());
      for (int i = 0; i < atom->nlocal; ++i) each[i] = std::max(each[i], of_pair[i]);
    }
  });
  vector_atom = each.data();
}

double ComputeNNAPUncertainty::memory_usage()
{
  return static_cast<double>((each.capacity() + of_pair.capacity()) * sizeof(double));
}
