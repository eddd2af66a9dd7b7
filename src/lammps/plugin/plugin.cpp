// SPDX-License-Identifier: GPL-2.0-only

// The one place where LAMMPS meets the styles: what it opens, and what it may not open. What it gets is in styles.cpp,
// or in styles_gpu.cpp.

#include "lammps/plugin/plugin.h"

#include "library.h"
#include "lmptype.h"
#include "version.h"

#include <cstdio>

using namespace LAMMPS_NS;
using turing_glass::lammps::StyleEntry;

namespace {

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
  for (const StyleEntry &entry : turing_glass::lammps::styles()) {
    if (entry.unless_there && lammps_has_style(lmp, entry.kind, entry.name)) continue;
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
