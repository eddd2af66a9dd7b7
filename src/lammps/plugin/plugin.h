// SPDX-License-Identifier: GPL-2.0-only

// A row of the table of styles that a plugin gives to LAMMPS.

#pragma once

#include "lammpsplugin.h"

#include "command.h"
#include "compute.h"
#include "fix.h"
#include "lammps.h"
#include "pair.h"

#include <vector>

namespace turing_glass::lammps {

struct StyleEntry {
  const char *kind, *name, *info;
  lammpsplugin_factory1 *from_lammps;    // one of the two is set
  lammpsplugin_factory2 *from_words;
  bool unless_there;    // leaves a style of this name that LAMMPS has
};

/// The table of this plugin.
std::vector<StyleEntry> styles();

// LAMMPS builds pairs and commands from its own pointer alone, fixes and computes also from the
// words of the input line.  Each factory returns the base class, for LAMMPS casts from void *.
template <class Base, class Style> void *create(void *lmp)
{
  return static_cast<Base *>(new Style(static_cast<LAMMPS_NS::LAMMPS *>(lmp)));
}

template <class Base, class Style> void *create_from_words(void *lmp, int narg, char **arg)
{
  return static_cast<Base *>(new Style(static_cast<LAMMPS_NS::LAMMPS *>(lmp), narg, arg));
}

template <class Style> constexpr StyleEntry pair(const char *name, const char *info)
{
  return {"pair", name, info, &create<LAMMPS_NS::Pair, Style>, nullptr, false};
}

template <class Style> constexpr StyleEntry command(const char *name, const char *info)
{
  return {"command", name, info, &create<LAMMPS_NS::Command, Style>, nullptr, false};
}

template <class Style>
constexpr StyleEntry fix(const char *name, const char *info, bool unless_there = false)
{
  return {"fix", name, info, nullptr, &create_from_words<LAMMPS_NS::Fix, Style>, unless_there};
}

template <class Style> constexpr StyleEntry compute(const char *name, const char *info)
{
  return {"compute", name, info, nullptr, &create_from_words<LAMMPS_NS::Compute, Style>, false};
}

}    // namespace turing_glass::lammps
