// SPDX-License-Identifier: GPL-2.0-only

// random_potential FOLDER: writes random-default, random-exfull, random-radial, and of the same models for
// four elements and another one random-four and random-five.nnap.json there.

#include "environment.h"

#include "nnap/nnap_json.h"

#include <cstdio>
#include <fstream>

using namespace turing_glass;

namespace {

bool write(const std::string &folder, const std::string &label, const nnap::Basis &basis,
           int ntypes = 3)
{
  constexpr unsigned seed = 20;
  std::ofstream file(folder + "/random-" + label + ".nnap.json");
  file << nnap::write_nnap_json(test::random_potential(basis, ntypes, seed)) << std::flush;
  return file.good();
}

}    // namespace

int main(int argc, char **argv)
{
  if (argc != 2) {
    std::fprintf(stderr, "usage: random_potential FOLDER\n");
    return 1;
  }
  nnap::Basis basis;
  basis.nmax = 3;
  basis.lmax = 4;
  basis.rcut = 5.0;
  bool good = write(argv[1], "default", basis);
  basis.wtype = nnap::WeightType::none;
  good = write(argv[1], "four", basis, 4) && write(argv[1], "five", basis, 5) && good;
  basis.wtype = nnap::WeightType::exfull;
  basis.l3max = 4;
  good = write(argv[1], "exfull", basis) && good;
  basis.kind = nnap::Basis::Kind::chebyshev;
  basis.lmax = basis.l3max = 0;
  good = write(argv[1], "radial", basis) && good;
  return good ? 0 : 1;
}
