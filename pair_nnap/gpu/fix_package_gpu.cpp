// SPDX-License-Identifier: GPL-2.0-only

#include "fix_package_gpu.h"

#include "lammps/words.h"

#include "force.h"

using namespace LAMMPS_NS;
using namespace turing_glass::lammps;

/* ----------------------------------------------------------------------
   package gpu N [newton on|off]; other keywords are those of LAMMPS's own GPU package
------------------------------------------------------------------------- */

FixPackageGPU::FixPackageGPU(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg)
{
  constexpr int most_devices = 1024;
  const Messages say(lmp, "Package gpu");
  Words words(say, narg, arg, 3);
  devices_ = words.small_integer("number of devices of a node", 0, most_devices);
  while (!words.done()) {
    words.keyword({"newton"});
    force->newton_pair = words.choice("newton", {"on", "off"}) == "on";
    force->newton = force->newton_pair || force->newton_bond;
  }
}
