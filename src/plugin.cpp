// SPDX-License-Identifier: GPL-2.0-only

// The one place where LAMMPS meets the styles: what it opens, what it may not open, what it gets.

#include "lammpsplugin.h"

#include "command.h"
#include "compute.h"
#include "fix.h"
#include "lammps.h"
#include "library.h"
#include "pair.h"
#include "version.h"

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

#include <cstdio>

using namespace LAMMPS_NS;

namespace {

// ---- the table of styles ------------------------------------------------------------------------

// LAMMPS builds pairs and commands from its own pointer alone, fixes and computes also from the
// words of the input line.  Each factory returns the base class, for LAMMPS casts from void *.
template <class Base, class Style> void *create(void *lmp)
{
  return static_cast<Base *>(new Style(static_cast<LAMMPS *>(lmp)));
}

template <class Base, class Style> void *create_from_words(void *lmp, int narg, char **arg)
{
  return static_cast<Base *>(new Style(static_cast<LAMMPS *>(lmp), narg, arg));
}

struct StyleEntry {
  const char *kind, *name, *info;
  lammpsplugin_factory1 *from_lammps;    // one of the two is set
  lammpsplugin_factory2 *from_words;
};

template <class Style> constexpr StyleEntry pair(const char *name, const char *info)
{
  return {"pair", name, info, &create<Pair, Style>, nullptr};
}

template <class Style> constexpr StyleEntry command(const char *name, const char *info)
{
  return {"command", name, info, &create<Command, Style>, nullptr};
}

template <class Style> constexpr StyleEntry fix(const char *name, const char *info)
{
  return {"fix", name, info, nullptr, &create_from_words<Fix, Style>};
}

template <class Style> constexpr StyleEntry compute(const char *name, const char *info)
{
  return {"compute", name, info, nullptr, &create_from_words<Compute, Style>};
}

constexpr StyleEntry styles[] = {
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

// ---- the ABI guard ------------------------------------------------------------------------------

// LAMMPS loads a plugin compiled for another version, says so in the log, and crashes later.  We
// ask the host through its C interface alone, for that is all that can be trusted before we know.
bool host_matches(void *lmp)
{
  constexpr int bits_per_byte = 8;
  constexpr int tag_bytes = sizeof(tagint), big_bytes = sizeof(bigint),
                image_bytes = sizeof(imageint);

  const int host_version = lammps_version(lmp);
  const int host_tag_bytes = lammps_extract_setting(lmp, "tagint");
  const int host_big_bytes = lammps_extract_setting(lmp, "bigint");
  const int host_image_bytes = lammps_extract_setting(lmp, "imageint");

  if (host_version == TURINGGLASS_LAMMPS_VERSION && host_tag_bytes == tag_bytes &&
      host_big_bytes == big_bytes && host_image_bytes == image_bytes)
    return true;

  // stderr, because the host's screen may be switched off and its log is not open to us yet
  if (lammps_extract_setting(lmp, "world_rank") == 0)
    std::fprintf(
        stderr,
        "TuringGlass: this plugin does not fit this LAMMPS; none of its styles is registered.\n"
        "  plugin built for version %d, atom IDs of %d, counters of %d, image flags of %d bits\n"
        "  this LAMMPS is   version %d, atom IDs of %d, counters of %d, image flags of %d bits\n"
        "  rebuild it:  cmake --preset release -D LAMMPS_SOURCE_DIR=<source tree of this LAMMPS>"
        " -D LAMMPS_BINARY=<this lmp>  and  cmake --build --preset release\n",
        TURINGGLASS_LAMMPS_VERSION, bits_per_byte * tag_bytes, bits_per_byte * big_bytes,
        bits_per_byte * image_bytes, host_version, bits_per_byte * host_tag_bytes,
        bits_per_byte * host_big_bytes, bits_per_byte * host_image_bytes);
  return false;
}

}    // namespace

// The only exported symbol.  LAMMPS calls it once for each plugin load and, when auto-loaded, again
// after every `clear`.
extern "C" __attribute__((visibility("default"))) void lammpsplugin_init(void *lmp, void *handle,
                                                                         void *regfunc)
{
  if (!host_matches(lmp)) return;

  const auto register_style = reinterpret_cast<lammpsplugin_regfunc>(regfunc);
  for (const StyleEntry &entry : styles) {
    lammpsplugin_t plugin{};
    plugin.version = LAMMPS_VERSION;
    plugin.style = entry.kind;
    plugin.name = entry.name;
    plugin.info = entry.info;
    plugin.author = "The TuringGlass developers";
    if (entry.from_lammps)
      plugin.creator.v1 = entry.from_lammps;
    else
      plugin.creator.v2 = entry.from_words;
    plugin.handle = handle;
    register_style(&plugin, lmp);
  }
}
