// Masks over plates of atoms, and plates turned into masks again (Liu et al., 2.5).

#pragma once

#include "pattern/mask.h"

namespace turing_glass::pattern {

/// The mask as it lies over a plate of so long sides. `pixel` 0: the whole mask, scaled to the plate, of which the aspect
/// ratio may differ from the mask's by 5 %; otherwise the side of a pixel, and the window that the plate covers, from the
/// mask's first corner, rounded to whole pixels. std::runtime_error if it does not fit.
Mask over_plate(const Mask &mask, double lx, double ly, double pixel);

}    // namespace turing_glass::pattern
