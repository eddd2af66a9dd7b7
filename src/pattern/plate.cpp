// SPDX-License-Identifier: GPL-2.0-only

#include "pattern/plate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace turing_glass::pattern {

std::array<int, 2> plate_axes(const std::string &first, const std::string &second)
{
  const auto axis = [](const std::string &name) {
    if (name != "x" && name != "y" && name != "z")
      throw std::runtime_error("axes are two of x, y, z, not '" + name + "'");
    return name[0] - 'x';
  };
  const std::array<int, 2> axes{axis(first), axis(second)};
  if (axes[0] == axes[1]) throw std::runtime_error("axes must be two different ones");
  return axes;
}

int pixel_at(double s, int n)
{
  return static_cast<int>(std::clamp(s * n, 0.0, n - 1.0));
}

namespace {

/// How many pixels fit best along a side.
int pixels_along(double side, double pixel)
{
  constexpr double most = 1 << 15;
  const double pixels = std::round(side / pixel);
  if (!(pixels >= 1.0 && pixels <= most)) {
    std::ostringstream why;
    why << "pixels of " << pixel << " are too " << (pixels < 1.0 ? "large" : "small")
        << " for a side of " << side << ": 1 to " << most << " can lie along it";
    throw std::runtime_error(why.str());
  }
  return static_cast<int>(pixels);
}

}    // namespace

Mask over_plate(const Mask &mask, double lx, double ly, double pixel)
{
  std::ostringstream why;
  if (pixel == 0.0) {
    constexpr double tolerance = 0.05;
    const double plate = lx / ly, whole = static_cast<double>(mask.nx) / mask.ny;
    if (std::abs(plate / whole - 1.0) <= tolerance) return mask;
    why << "its " << mask.nx << " x " << mask.ny << " pixels do not scale to a plate of " << lx
        << " x " << ly
        << "; choose other axes, a mask of that aspect ratio, or the side of a pixel (keyword pixel)";
    throw std::runtime_error(why.str());
  }
  Mask window;
  window.nx = pixels_along(lx, pixel);
  window.ny = pixels_along(ly, pixel);
  if (window.nx > mask.nx || window.ny > mask.ny) {
    why << "with pixels of " << pixel << " a plate of " << lx << " x " << ly << " takes "
        << window.nx << " x " << window.ny << " of them, and it has " << mask.nx << " x "
        << mask.ny;
    throw std::runtime_error(why.str());
  }
  for (int y = 0; y < window.ny; ++y) {
    const auto row = mask.inside.begin() + static_cast<long>(y) * mask.nx;
    window.inside.insert(window.inside.end(), row, row + window.nx);
  }
  return window;
}

Field2D slow_density(const std::vector<std::array<double, 2>> &slow, double lx, double ly,
                     double pixel, double mean, MPI_Comm comm)
{
  Field2D u;
  u.nx = pixels_along(lx, pixel);
  u.ny = pixels_along(ly, pixel);
  constexpr std::int64_t most = 1 << 26;
  if (static_cast<std::int64_t>(u.nx) * u.ny > most)
    throw std::runtime_error(std::to_string(u.nx) + " x " + std::to_string(u.ny) +
                             " pixels are too many: choose larger ones (keyword pixel)");
  std::vector<double> own(static_cast<std::size_t>(u.nx) * u.ny, 0.0);
  for (const auto &[a, b] : slow) {
    const int x = pixel_at(a, u.nx), y = pixel_at(b, u.ny);
    own[x + static_cast<std::size_t>(u.nx) * y] += 1.0;
  }
  u.values.resize(own.size());
  MPI_Allreduce(own.data(), u.values.data(), static_cast<int>(own.size()), MPI_DOUBLE, MPI_SUM,
                comm);
  const double all = std::accumulate(u.values.begin(), u.values.end(), 0.0);
  if (all == 0.0) return u;
  const double unit = mean * static_cast<double>(u.values.size()) / all;
  for (double &value : u.values) value *= unit;
  return u;
}

std::vector<double> patch_radii(const Patches &patches, double pixel)
{
  std::vector<double> radii;
  for (const Patch &patch : patches.patches) radii.push_back(pixel * std::sqrt(patch.pixels));
  return radii;
}

}    // namespace turing_glass::pattern
