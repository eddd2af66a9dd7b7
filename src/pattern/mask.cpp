// SPDX-License-Identifier: GPL-2.0-only

#include "mask.h"

#include "graph/components.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace turing_glass::pattern {

Mask mask_of(const Field2D &field, double threshold)
{
  Mask mask{field.nx, field.ny, {}};
  for (const double value : field.values) mask.inside.push_back(value > threshold ? 1 : 0);
  return mask;
}

Mask read_mask(const std::string &path, std::optional<double> threshold)
{
  if (ends_with(path, ".png")) {
    const Picture picture = read_png(path);
    constexpr unsigned char middle = 128;
    Mask mask{picture.nx, picture.ny, {}};
    for (const unsigned char gray : picture.values) mask.inside.push_back(gray >= middle ? 1 : 0);
    return mask;
  }
  if (!ends_with(path, ".npy"))
    throw std::runtime_error(path + ": a mask is a .png or a .npy file");
  const NpyArray array = read_npy(path);
  if (!array.floating) return mask_of(array, 0.5);
  if (!threshold)
    throw std::runtime_error(
        path + ": holds a field, not a mask: give the threshold above which is inside");
  return mask_of(array, *threshold);
}

void write_mask(const std::string &path, const Mask &mask)
{
  Picture picture{mask.nx, mask.ny, mask.inside};
  if (ends_with(path, ".npy")) {
    write_npy(path, picture);
    return;
  }
  if (!ends_with(path, ".png"))
    throw std::runtime_error(path + ": a mask is a .png or a .npy file");
  constexpr unsigned char white = 255;
  for (unsigned char &gray : picture.values) gray = gray ? white : 0;
  write_png(path, picture);
}

double area_fraction(const Mask &mask)
{
  return std::accumulate(mask.inside.begin(), mask.inside.end(), 0.0) /
      static_cast<double>(mask.inside.size());
}

Patches find_patches(const Mask &mask)
{
  const auto number = [&](int x, int y) { return x + static_cast<graph::Id>(mask.nx) * y; };
  graph::DisjointSets sets;
  for (int y = 0; y < mask.ny; ++y)
    for (int x = 0; x < mask.nx; ++x) {
      if (!mask.inside[number(x, y)]) continue;
      sets.add(number(x, y));
      const int right = (x + 1) % mask.nx, above = (y + 1) % mask.ny;
      if (mask.inside[number(right, y)])
        sets.join(number(x, y), number(right, y), {right == 0 ? 1 : 0, 0, 0});
      if (mask.inside[number(x, above)])
        sets.join(number(x, y), number(x, above), {0, above == 0 ? 1 : 0, 0});
    }

  // A patch is met first at its lowest pixel, which is its label in the sets.
  Patches result;
  std::vector<int> &label = result.label;
  label.assign(mask.inside.size(), -1);
  std::vector<Patch> found;
  for (std::size_t k = 0; k < label.size(); ++k) {
    if (!mask.inside[k]) continue;
    const auto id = static_cast<graph::Id>(k);
    const auto [lowest, image] = sets.place(id);
    if (lowest == id) {
      const unsigned axes = sets.infinite(id);
      label[k] = static_cast<int>(found.size());
      found.push_back({0, 0.0, 0.0, (axes & 1U) != 0, (axes & 2U) != 0});
    }
    label[k] = label[lowest];
    Patch &patch = found[label[k]];
    ++patch.pixels;
    patch.x += static_cast<double>(id % mask.nx) + 0.5 + static_cast<double>(image[0]) * mask.nx;
    patch.y += static_cast<double>(id / mask.nx) + 0.5 + static_cast<double>(image[1]) * mask.ny;
  }
  const auto into_grid = [](double x, int n) { return x - n * std::floor(x / n); };
  for (Patch &patch : found) {
    patch.x = into_grid(patch.x / patch.pixels, mask.nx);
    patch.y = into_grid(patch.y / patch.pixels, mask.ny);
  }

  std::vector<int> order(found.size()), place(found.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int a, int b) { return found[a].pixels > found[b].pixels; });
  for (const int k : order) {
    place[k] = static_cast<int>(result.patches.size());
    result.patches.push_back(found[k]);
  }
  for (int &k : label)
    if (k >= 0) k = place[k];
  return result;
}

}    // namespace turing_glass::pattern
