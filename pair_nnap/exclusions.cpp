// SPDX-License-Identifier: GPL-2.0-only

#include "exclusions.h"

#include "collective.h"

#include "atom.h"
#include "group.h"
#include "neighbor.h"

#include <algorithm>
#include <map>

namespace LAMMPS_NS {

bool Exclusions::any() const
{
  return neighbor->nex_type > 0 || neighbor->nex_group > 0 || neighbor->nex_mol > 0;
}

/// Every atom is in group all, also one whose mask a fix has replaced by the bit of its own group.
bool Exclusions::in_group(const Kind &kind, int number) const
{
  const int all = 0;
  return number == all || (kind.mask & group->bitmask[number]) != 0;
}

/// By type and group. Molecules do not exclude an atom from all others.
bool Exclusions::excluded(const Kind &a, const Kind &b) const
{
  const auto match = [](bool a_first, bool b_second, bool b_first, bool a_second) {
    return (a_first && b_second) || (b_first && a_second);
  };
  for (int k = 0; k < neighbor->nex_type; ++k) {
    const int first = neighbor->ex1_type[k], second = neighbor->ex2_type[k];
    if (match(a.type == first, b.type == second, b.type == first, a.type == second)) return true;
  }
  for (int k = 0; k < neighbor->nex_group; ++k) {
    const int first = neighbor->ex1_group[k], second = neighbor->ex2_group[k];
    if (match(in_group(a, first), in_group(b, second), in_group(b, first), in_group(a, second)))
      return true;
  }
  return false;
}

void Exclusions::find()
{
  kinds_.clear();
  single_.clear();
  absent_.clear();
  if (!any()) return;
  struct Count {
    Kind kind;
    int atoms;
  };
  std::map<Kind, int> mine, all;
  for (int i = 0; i < atom->nlocal; ++i) ++mine[{atom->mask[i], atom->type[i]}];
  std::vector<Count> counts;
  for (const auto &[kind, atoms] : mine) counts.push_back({kind, std::min(atoms, 2)});
  for (const Count &count : turing_glass::gather_all(counts, world)) all[count.kind] += count.atoms;

  for (const auto &[kind, atoms] : all) {
    kinds_.push_back(kind);
    single_.push_back(atoms == 1);
  }
  // of the only atom of its kind, others decide; if it is the only atom at all, whether it would see its like
  const bool alone = kinds_.size() == 1;
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    bool everywhere = true;
    for (std::size_t other = 0; other < kinds_.size(); ++other)
      if (other != k || !single_[k] || alone)
        everywhere = everywhere && excluded(kinds_[k], kinds_[other]);
    absent_.push_back(everywhere);
  }
}

bool Exclusions::absent(int i) const
{
  const Kind kind = {atom->mask[i], atom->type[i]};
  const auto at = std::lower_bound(kinds_.begin(), kinds_.end(), kind);
  return at != kinds_.end() && *at == kind && absent_[at - kinds_.begin()];
}

std::string Exclusions::partial(const std::vector<char> &wanted) const
{
  const auto counts = [&](std::size_t k) {
    return !absent_[k] && (wanted.empty() || wanted[kinds_[k].type]);
  };
  if (neighbor->nex_mol > 0) return "neigh_modify exclude molecule";
  for (std::size_t a = 0; a < kinds_.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b)
      if (counts(a) && counts(b) && !(a == b && single_[a]) && excluded(kinds_[a], kinds_[b]))
        return "neigh_modify exclude";
  return {};
}

}    // namespace LAMMPS_NS
