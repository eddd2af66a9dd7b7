// LAMMPS's box as the core knows it

#ifndef LMP_DMIN2_DOMAIN_CELL_H
#define LMP_DMIN2_DOMAIN_CELL_H

#include "geometry/cell.h"

#include "domain.h"

namespace LAMMPS_NS {

inline turing_glass::geometry::Cell cell_of(const Domain *domain)
{
  turing_glass::geometry::Cell cell;
  cell.xy = domain->xy;
  cell.xz = domain->xz;
  cell.yz = domain->yz;
  for (int k = 0; k < 3; ++k) {
    cell.origin[k] = domain->boxlo[k];
    cell.lengths[k] = domain->prd[k];
    cell.periodic[k] = domain->periodicity[k] != 0;
  }
  return cell;
}

}    // namespace LAMMPS_NS

#endif
