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
  if (Pair *only = force->pair_match("^nnap", 0)) {
    pairs.push_back(dynamic_cast<PairNNAP *>(only));
    return;
  }
  for (int k = 1; Pair *one = force->pair_match("^nnap", 0, k); ++k)
    pairs.push_back(dynamic_cast<PairNNAP *>(one));
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
      pair->force_uncertainties(of_pair.data());
      for (int i = 0; i < atom->nlocal; ++i) each[i] = std::max(each[i], of_pair[i]);
    }
  });
  for (int i = 0; i < atom->nlocal; ++i)
    if (!(atom->mask[i] & groupbit)) each[i] = 0.0;
  vector_atom = each.data();
}

double ComputeNNAPUncertainty::memory_usage()
{
  return static_cast<double>((each.capacity() + of_pair.capacity()) * sizeof(double));
}
