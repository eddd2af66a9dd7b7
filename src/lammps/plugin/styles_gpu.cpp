// SPDX-License-Identifier: GPL-2.0-only

// The styles of turingglassgpuplugin.so.

#include "lammps/plugin/plugin.h"

#include "pair_nnap_gpu.h"

using namespace LAMMPS_NS;

namespace turing_glass::lammps {

std::vector<StyleEntry> styles()
{
  return {pair<PairNNAPGPU>("nnap/gpu", "pair style nnap on a CUDA device")};
}

}    // namespace turing_glass::lammps
