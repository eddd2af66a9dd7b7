// SPDX-License-Identifier: GPL-2.0-only

// Chemical symbols among the words of the nnap command.

#ifndef TG_ELEMENTS_H
#define TG_ELEMENTS_H

#include "lammps/words.h"

#include "utils.h"

#include <string>

namespace LAMMPS_NS {

inline bool looks_like_element(const std::string &word)
{
  return utils::strmatch(word, "^[A-Z][a-z]?$");
}

/// The next word, which must look like a chemical symbol.
inline std::string element(turing_glass::lammps::Words &words,
                           const turing_glass::lammps::Messages &say, const std::string &what)
{
  const std::string word = words.word(what);
  if (!looks_like_element(word))
    say.stop(FLERR, "{} must be a chemical symbol, not '{}'", what, word);
  return word;
}

}    // namespace LAMMPS_NS

#endif
