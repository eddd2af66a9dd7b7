// SPDX-License-Identifier: GPL-2.0-only

// What both fuzz targets do with a potential that a reader accepted.

#pragma once

#include "nnap/evaluator.h"
#include "nnap/nnap_json.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace turing_glass::fuzz {

[[noreturn]] inline void finding(const char *what, const std::string &detail)
{
  std::fprintf(stderr, "%s: %.1000s\n", what, detail.c_str());
  std::abort();
}

/// A message is short and names the file.
inline void check_message(const nnap::PotentialError &error, const char *name)
{
  if (!std::strstr(error.what(), name) || std::strlen(error.what()) > 1000)
    finding("useless message", error.what());
}

/// Energy of an atom of every type with two neighbors.
inline void evaluate(const nnap::Potential &potential)
{
  const nnap::Evaluator evaluator(potential);
  nnap::Workspace workspace;
  for (int t = 0; t < evaluator.ntypes(); ++t) {
    if (!evaluator.has_model(t)) continue;
    const double r = 0.3 * evaluator.cutoff();
    workspace.neighbors.start(evaluator.ntypes(), 2);
    workspace.neighbors.push(r, 0.0, 0.0, r * r, 0);
    workspace.neighbors.push(0.0, 0.6 * r, -0.8 * r, r * r, evaluator.ntypes() - 1);
    evaluator.evaluate(t, workspace);
  }
}

/// What the writer writes, the reader reads.
inline void write_and_read(const nnap::Potential &potential)
{
  std::string text;
  try {
    text = nnap::write_nnap_json(potential);
  } catch (const nnap::PotentialError &) {
    return;    // an element without a model, or nothing that the format can hold
  }
  try {
    if (nnap::read_nnap_json(text, "written").elements != potential.elements)
      finding("other elements", text);
  } catch (const nnap::PotentialError &e) {
    finding(e.what(), text);
  }
}

}    // namespace turing_glass::fuzz
