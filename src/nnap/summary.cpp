// SPDX-License-Identifier: GPL-2.0-only

#include "summary.h"

#include <cstdio>

namespace turing_glass::nnap {

namespace {

std::string number(const char *format, double value)
{
  char text[64];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string describe(const Basis &basis, int ntypes)
{
  std::string out;
  if (basis.kind == Basis::Kind::chebyshev) {
    out = "Chebyshev (radial), nmax " + std::to_string(basis.nmax);
  } else {
    out = "spherical Chebyshev, nmax " + std::to_string(basis.nmax) + ", lmax " +
        std::to_string(basis.lmax);
    if (basis.l3max > 0) out += ", l3max " + std::to_string(basis.l3max);
  }
  out += ", rcut " + number("%g", basis.rcut) + " A, wtype " + name(basis.wtype);
  if (basis.fuse_size > 0) out += " (" + std::to_string(basis.fuse_size) + ")";
  if (basis.rfuse_size > 0) out += " (" + std::to_string(basis.rfuse_size) + ")";
  if (!basis.post_fuse_weight.empty())
    out += ", post-fused to " + std::to_string(basis.post_fuse_size);
  return out + ": " + std::to_string(descriptor_size(basis, ntypes)) + " inputs";
}

std::string shape(const ElementModel &model)
{
  std::string out = std::to_string(model.inputs());
  std::size_t weights = 0;
  for (const Layer &layer : model.network) {
    out += "-" + std::to_string(layer.outputs);
    weights += layer.weight.size() + layer.bias.size();
  }
  return out + ", " + std::to_string(weights) + " weights";
}

}    // namespace

std::string summary(const Potential &potential)
{
  const int ntypes = static_cast<int>(potential.elements.size());
  std::string out = "NNAP potential: " + potential.format + ", elements";
  for (const std::string &element : potential.elements) out += " " + element;
  out += ", cutoff " + number("%g", potential.cutoff()) + " A\n";
  for (int t = 0; t < ntypes; ++t) {
    out += "  " + potential.elements[t] + ":";
    if (!potential.models[t]) {
      out += " no model in the files given\n";
      continue;
    }
    const ElementModel &model = *potential.models[t];
    out += "\n";
    for (const Basis &basis : model.basis) out += "    basis    " + describe(basis, ntypes) + "\n";
    out += "    network  " + shape(model) + "\n";
    out += "    energy   " + number("%.8g", model.sigma_energy) + " x network " +
        number("%+.8g", model.mu_energy + model.reference_energy) + " eV\n";
  }
  if (potential.uncertainty_limit > 0.0)
    out += "  likely force error of one training atom in 1000: above " +
        number("%.3g", potential.uncertainty_limit) + " eV/A\n";
  return out;
}

}    // namespace turing_glass::nnap
