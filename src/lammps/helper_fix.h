// SPDX-License-Identifier: GPL-2.0-only

// The fix that a compute makes for itself, because a compute is not called every step, does not move with atoms and has
// no restart. The fix has a public member `bool made_by_compute`, false unless this sets it.

#pragma once

#include "lammps/messages.h"

#include "group.h"
#include "modify.h"

#include <string>
#include <vector>

namespace turing_glass::lammps {

template <class Fix> class HelperFix {
 public:
  /// `suffix`: of the compute's ID, makes that of the fix.
  HelperFix(const Messages &say, const std::string &compute, const std::string &suffix) :
      say_(say), compute_(compute), id_(compute + suffix)
  {
  }
  HelperFix(const HelperFix &) = delete;
  HelperFix &operator=(const HelperFix &) = delete;

  /// Defines the fix; `words` come after its style.
  Fix &make(const std::string &style, int group, const std::vector<std::string> &words)
  {
    std::vector<std::string> line = {id_, say_.lmp()->group->names[group], style};
    line.insert(line.end(), words.begin(), words.end());
    std::vector<char *> arguments;
    for (std::string &word : line) arguments.push_back(word.data());
    auto *made =
        say_.lmp()->modify->add_fix(static_cast<int>(arguments.size()), arguments.data(), 0);
    auto &fix = dynamic_cast<Fix &>(*made);
    fix.made_by_compute = true;
    return fix;
  }

  /// Looked up each time, because a script may have removed or replaced it: stops then.
  Fix &get() const
  {
    auto *fix = dynamic_cast<Fix *>(say_.lmp()->modify->get_fix_by_id(id_));
    if (!fix || !fix->made_by_compute)
      say_.stop(
          FLERR,
          "fix {} was removed or replaced, but it is part of the compute; give  uncompute {}  "
          "and the compute once more",
          id_, compute_);
    return *fix;
  }

  /// When the compute ends. LAMMPS may have deleted all fixes before.
  void remove() const
  {
    auto *modify = say_.lmp()->modify;
    if (modify->get_fix_by_id(id_)) modify->delete_fix(id_);
  }

 private:
  Messages say_;
  std::string compute_, id_;
};

}    // namespace turing_glass::lammps
