// SPDX-License-Identifier: GPL-2.0-only

// The styles of turingglassgpuplugin.so.

#include "lammps/plugin/plugin.h"

#include "fix_package_gpu.h"
#include "pair_nnap_gpu.h"

using namespace LAMMPS_NS;

namespace turing_glass::lammps {

std::vector<StyleEntry> styles()
{
  return {pair<PairNNAPGPU>("nnap/gpu", "pair style nnap on a CUDA device"),
          // the name by which LAMMPS knows that -sf gpu and package gpu are possible
          fix<FixPackageGPU>("GPU", "devices for pair style nnap/gpu", true)};
}

}    // namespace turing_glass::lammps
