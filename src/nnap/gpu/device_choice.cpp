// SPDX-License-Identifier: GPL-2.0-only

#include "engine.h"

namespace turing_glass::nnap::gpu {

int DeviceChoice::among(int visible) const
{
  if (visible == 0)
    throw EngineError(
        "no CUDA device was found: run on a node that has one (and see CUDA_VISIBLE_DEVICES), or use "
        "pair style nnap");
  if (wanted > visible)
    throw EngineError(
        std::to_string(wanted) + " devices of a node were asked for, but this process sees " +
        std::to_string(visible) + ": see package gpu (or -pk gpu) and CUDA_VISIBLE_DEVICES");
  return rank_on_node % (wanted > 0 ? wanted : visible);
}

}    // namespace turing_glass::nnap::gpu
