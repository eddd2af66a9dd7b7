// SPDX-License-Identifier: GPL-2.0-only

#include "environment.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

namespace turing_glass::test {

namespace {

double dot(const Vector &a, const Vector &b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

Vector cross(const Vector &a, const Vector &b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}    // namespace

void find_neighbors(const Structure &s, int atom, int elements, double cutoff,
                    nnap::Workspace &workspace)
{
  std::array<int, 3> images = {};
  if (s.periodic)
    for (int k = 0; k < 3; ++k) {
      // one more than the planes of the cell that the cutoff crosses: positions may lie outside the cell
      const Vector normal = cross(s.cell[(k + 1) % 3], s.cell[(k + 2) % 3]);
      const double height = std::abs(dot(normal, s.cell[k])) / std::sqrt(dot(normal, normal));
      images[k] = static_cast<int>(std::ceil(cutoff / height)) + 1;
    }
  struct Found {
    Vector d;
    int atom;
  };
  std::vector<Found> found;
  const int count = static_cast<int>(s.positions.size());
  for (int a = -images[0]; a <= images[0]; ++a)
    for (int b = -images[1]; b <= images[1]; ++b)
      for (int c = -images[2]; c <= images[2]; ++c)
        for (int j = 0; j < count; ++j) {
          if (j == atom && a == 0 && b == 0 && c == 0) continue;
          Vector d;
          for (int k = 0; k < 3; ++k)
            d[k] = s.positions[j][k] - s.positions[atom][k] + a * s.cell[0][k] + b * s.cell[1][k] +
                c * s.cell[2][k];
          if (dot(d, d) >= cutoff * cutoff) continue;
          found.push_back({d, j});
        }
  workspace.neighbors.start(elements, static_cast<int>(found.size()));
  for (const auto &[d, j] : found)
    workspace.neighbors.push(d[0], d[1], d[2], dot(d, d), s.types[j], j);
}

Structure structure_of(const nlohmann::json &record, const std::vector<std::string> &elements)
{
  Structure s;
  s.cell = record.at("cell").get<Matrix>();
  s.positions = record.at("positions").get<std::vector<Vector>>();
  for (const std::string symbol : record.at("symbols"))
    s.types.push_back(
        static_cast<int>(std::find(elements.begin(), elements.end(), symbol) - elements.begin()));
  return s;
}

Result evaluate(const nnap::Evaluator &evaluator, const Structure &s)
{
  Result result;
  result.forces.assign(s.positions.size(), Vector{});
  nnap::Workspace workspace;
  for (int i = 0; i < static_cast<int>(s.positions.size()); ++i) {
    find_neighbors(s, i, evaluator.ntypes(), evaluator.cutoff(), workspace);
    const double energy = evaluator.evaluate(s.types[i], workspace);
    result.energy += energy;
    result.atom_energies.push_back(energy);
    const nnap::Neighbors &n = workspace.neighbors;
    n.each([&](int k, int) {
      const Vector d = {n.d[k].x, n.d[k].y, n.d[k].z}, g = {n.gx[k], n.gy[k], n.gz[k]};
      for (int a = 0; a < 3; ++a) {
        result.forces[i][a] += g[a];
        result.forces[n.tag[k]][a] -= g[a];
        for (int b = 0; b < 3; ++b) result.virial[a][b] -= d[a] * g[b];
      }
    });
  }
  return result;
}

Structure random_structure(int count, int ntypes, double density, double closest, unsigned seed)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform;
  Structure s;
  const double length = std::cbrt(count / density);
  // triclinic, of the volume asked for
  s.cell = {Vector{length, 0.0, 0.0}, Vector{0.15 * length, length, 0.0},
            Vector{-0.1 * length, 0.12 * length, length}};
  while (static_cast<int>(s.positions.size()) < count) {
    const double u = uniform(random), v = uniform(random), w = uniform(random);
    Vector trial;
    for (int k = 0; k < 3; ++k) trial[k] = u * s.cell[0][k] + v * s.cell[1][k] + w * s.cell[2][k];
    bool clear = true;
    for (const Vector &other : s.positions)
      for (int a = -1; a <= 1; ++a)
        for (int b = -1; b <= 1; ++b)
          for (int c = -1; c <= 1; ++c) {
            Vector d;
            for (int k = 0; k < 3; ++k)
              d[k] = trial[k] - other[k] + a * s.cell[0][k] + b * s.cell[1][k] + c * s.cell[2][k];
            if (dot(d, d) < closest * closest) clear = false;
          }
    if (!clear) continue;
    s.positions.push_back(trial);
    s.types.push_back(static_cast<int>(uniform(random) * ntypes));
  }
  return s;
}

nnap::Potential random_potential(const nnap::Basis &basis, int ntypes, unsigned seed)
{
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  const auto fill = [&](std::vector<double> &values, std::size_t count, double scale) {
    values.resize(count);
    for (double &v : values) v = scale * uniform(random);
  };
  nnap::Potential potential;
  const char *symbols[] = {"Cu", "Zr", "O", "Ti", "Hf", "Co"};
  for (int t = 0; t < ntypes; ++t) {
    nnap::ElementModel model;
    model.basis = {basis};
    const int inputs = nnap::descriptor_size(basis, ntypes);
    fill(model.norm_mu, inputs, 1.0);
    fill(model.norm_sigma, inputs, 1.0);
    for (double &sigma : model.norm_sigma) sigma = 6.0 + 2.0 * sigma;
    model.mu_energy = -0.1;
    model.sigma_energy = 0.7;
    model.reference_energy = -3.0 - t;
    const int widths[] = {inputs, 8, 8, 1};
    for (int k = 0; k < 3; ++k) {
      nnap::Layer layer;
      layer.inputs = widths[k];
      layer.outputs = widths[k + 1];
      layer.silu = k < 2;
      fill(layer.weight, static_cast<std::size_t>(layer.inputs) * layer.outputs,
           1.0 / std::sqrt(layer.inputs));
      fill(layer.bias, layer.outputs, 0.5);
      model.network.push_back(layer);
    }
    potential.elements.emplace_back(symbols[t]);
    potential.models.emplace_back(std::move(model));
  }
  return potential;
}

double dimer_energy(const nnap::Potential &potential, int i, int j, double r)
{
  const nnap::Evaluator evaluator(potential);
  nnap::Workspace workspace;
  workspace.neighbors.start(evaluator.ntypes(), 1);
  const double direction[] = {0.48, -0.6, 0.64};    // a unit vector
  workspace.neighbors.push(r * direction[0], r * direction[1], r * direction[2], r * r, j);
  return evaluator.evaluate(i, workspace);
}

std::vector<nnap::Basis> with_every_weight_type(const nnap::Basis &basis, int ntypes, unsigned seed)
{
  using nnap::WeightType;
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  std::vector<nnap::Basis> bases;
  for (const WeightType wtype :
       {WeightType::none, WeightType::standard, WeightType::full, WeightType::exfull,
        WeightType::fuse, WeightType::exfuse, WeightType::rfuse}) {
    nnap::Basis &added = bases.emplace_back(basis);
    added.wtype = wtype;
    if (wtype == WeightType::fuse || wtype == WeightType::exfuse) {
      added.fuse_size = 2;
      for (int k = 0; k < ntypes * 2; ++k) added.fuse_weight.push_back(uniform(random));
    }
    if (wtype == WeightType::rfuse) {
      added.rfuse_size = 3;
      for (int k = 0; k < ntypes * 3 * (basis.nmax + 1); ++k)
        added.rfuse_weight.push_back(uniform(random));
    }
  }
  return bases;
}

std::vector<SamplePotential> sample_potentials()
{
  using namespace nnap;
  std::vector<SamplePotential> out;
  constexpr int ntypes = 3;
  Basis common;
  common.nmax = 3;
  common.lmax = 4;
  common.rcut = 5.0;
  for (Basis basis : with_every_weight_type(common, ntypes, 23)) {
    out.push_back({nnap::name(basis.wtype), random_potential(basis, ntypes, 2), ntypes});
    if (basis.wtype != WeightType::exfull) continue;
    basis.l3max = 4;
    out.push_back({"exfull, l3max 4", random_potential(basis, ntypes, 2), ntypes});
    basis.l3max = 2;
    basis.post_fuse_size = 5;
    for (int k = 0; k < 5 * 16; ++k) basis.post_fuse_weight.push_back(std::sin(k + 1.0));
    out.push_back({"exfull, l3max 2, post-fused", random_potential(basis, ntypes, 2), ntypes});
  }
  Basis radial;
  radial.kind = Basis::Kind::chebyshev;
  radial.nmax = Basis::largest_nmax;    // more than loops are unrolled for
  radial.lmax = 0;
  radial.rcut = 6.0;
  radial.wtype = WeightType::exfull;
  out.push_back({"chebyshev", random_potential(radial, ntypes, 2), ntypes});

  Basis large;
  large.nmax = 8;
  large.lmax = 12;
  large.rcut = 4.5;
  SamplePotential merged{"merge of chebyshev and spherical", random_potential(large, ntypes, 2),
                         ntypes};
  const Potential part = random_potential(radial, ntypes, 3);
  for (int t = 0; t < ntypes; ++t) {
    ElementModel &model = *merged.potential.models[t];
    const ElementModel &extra = *part.models[t];
    model.basis.push_back(extra.basis[0]);
    model.norm_mu.insert(model.norm_mu.end(), extra.norm_mu.begin(), extra.norm_mu.end());
    model.norm_sigma.insert(model.norm_sigma.end(), extra.norm_sigma.begin(),
                            extra.norm_sigma.end());
    Layer &first = model.network[0];
    const Layer &added = extra.network[0];
    std::vector<double> weight;
    for (int o = 0; o < first.outputs; ++o) {
      weight.insert(weight.end(), first.weight.begin() + o * first.inputs,
                    first.weight.begin() + (o + 1) * first.inputs);
      weight.insert(weight.end(), added.weight.begin() + o * added.inputs,
                    added.weight.begin() + (o + 1) * added.inputs);
    }
    first.weight = weight;
    first.inputs += added.inputs;
  }
  out.push_back(merged);
  Basis paper;
  paper.nmax = 4;
  paper.lmax = 8;
  paper.rcut = 7.0;
  out.push_back({"the papers' shape", random_potential(paper, ntypes, 2), ntypes});
  Basis single;
  single.rcut = 5.0;
  out.push_back({"one element", random_potential(single, 1, 2), 1});
  return out;
}

std::string shared_file(const std::string &path)
{
  std::ifstream file(std::string(TG_SHARED_DIR) + "/" + path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

}    // namespace turing_glass::test
