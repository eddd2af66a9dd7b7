// SPDX-License-Identifier: GPL-2.0-only

// The styles of turingglassplugin.so.

#include "lammps/plugin/plugin.h"

#include "compute_dmin2.h"
#include "compute_fsd.h"
#include "compute_nnap_uncertainty.h"
#include "compute_ops.h"
#include "compute_sq.h"
#include "fix_dmin2_reference.h"
#include "fix_fsd_origins.h"
#include "fix_insert_mask.h"
#include "fix_ops_mesh.h"
#include "fix_remd_swap.h"
#include "fsd_command.h"
#include "nnap_command.h"
#include "onset_command.h"
#include "pair_nnap.h"
#include "pattern_command.h"
#include "remd_command.h"

using namespace LAMMPS_NS;

namespace turing_glass::lammps {

std::vector<StyleEntry> styles()
{
  return {
      pair<PairNNAP>("nnap", "neural-network potential with Spherical-Chebyshev descriptors"),
      command<NNAP>("nnap", "trains, tests, shows and converts files of pair style nnap"),
      fix<FixREMDSwap>("remd/swap", "replica exchange of temperatures between partitions"),
      command<REMD>("remd", "one trajectory per temperature from one per replica"),
      compute<ComputeNNAPUncertainty>("nnap/uncertainty", "likely force errors of pair style nnap"),
      compute<ComputeOPS>("ops", "clusters of oxidation-induced pinned structures"),
      fix<FixOPSMesh>("ops/mesh", "surfaces of the clusters of compute ops as VTK or OBJ files"),
      fix<FixInsertMask>("insert/mask", "oxygen in the holes of a glass inside a mask"),
      command<Pattern>("pattern", "reaction-diffusion patterns, their masks, and masks of atoms"),
      compute<ComputeFSD>("fsd", "dynamics by distance to oxygen, from several time origins"),
      fix<FixFSDOrigins>("FSD/ORIGINS", "helper of compute fsd"),
      compute<ComputeSQ>("sq", "total and partial structure factors"),
      compute<ComputeDMin2>("dmin2", "non-affine deformation and its localization"),
      fix<FixDMin2Reference>("DMIN2/REFERENCE", "helper of compute dmin2"),
      command<FSD>("fsd", "fits relaxation times to temperature and to distance"),
      command<OnsetCommand>("onset", "onset of the glass transition from the enthalpy on heating"),
  };
}

}    // namespace turing_glass::lammps
