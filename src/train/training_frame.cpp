// SPDX-License-Identifier: GPL-2.0-only

#include "training_frame.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace turing_glass::train {

namespace {

using Vector = std::array<double, 3>;

Vector cross(const Vector &a, const Vector &b)
{
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

double dot(const Vector &a, const Vector &b)
{
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

}    // namespace

std::array<int, 3> images_needed(const io::LabeledFrame &frame, double cutoff)
{
  std::array<int, 3> images = {};
  const double volume = std::abs(io::volume(frame.cell));
  for (int k = 0; k < 3; ++k) {
    if (!frame.periodic[k]) continue;
    const Vector normal = cross(frame.cell[(k + 1) % 3], frame.cell[(k + 2) % 3]);
    const double height = volume / std::sqrt(dot(normal, normal));
    images[k] = static_cast<int>(std::min(std::ceil(cutoff / height), most_images + 1.0));
  }
  return images;
}

TrainingFrame make_training_frame(io::LabeledFrame data, double cutoff)
{
  TrainingFrame frame;
  const auto &cell = data.cell;
  frame.volume = std::abs(io::volume(cell));
  const int count = static_cast<int>(data.types.size());

  const std::array<int, 3> images = images_needed(data, cutoff);

  // atoms into the cell, so that the images above are enough; forces do not change
  std::array<Vector, 3> reciprocal;
  for (int k = 0; k < 3; ++k) {
    reciprocal[k] = cross(cell[(k + 1) % 3], cell[(k + 2) % 3]);
    const double projection = dot(reciprocal[k], cell[k]);
    for (double &v : reciprocal[k]) v /= projection;
  }
  for (int i = 0; i < count; ++i) {
    double *x = data.positions.data() + 3 * i;
    for (int k = 0; k < 3; ++k) {
      if (!data.periodic[k]) continue;
      const double shift = std::floor(dot(reciprocal[k], {x[0], x[1], x[2]}));
      for (int a = 0; a < 3; ++a) x[a] -= shift * cell[k][a];
    }
  }

  for (int i = 0; i < count; ++i) {
    frame.first.push_back(static_cast<std::int32_t>(frame.neighbors.size()));
    const double *xi = data.positions.data() + 3 * i;
    for (int a = -images[0]; a <= images[0]; ++a)
      for (int b = -images[1]; b <= images[1]; ++b)
        for (int c = -images[2]; c <= images[2]; ++c) {
          Vector origin;
          for (int k = 0; k < 3; ++k)
            origin[k] = a * cell[0][k] + b * cell[1][k] + c * cell[2][k] - xi[k];
          for (int j = 0; j < count; ++j) {
            if (j == i && a == 0 && b == 0 && c == 0) continue;
            const double *xj = data.positions.data() + 3 * j;
            const Vector d = {origin[0] + xj[0], origin[1] + xj[1], origin[2] + xj[2]};
            if (dot(d, d) < cutoff * cutoff)
              frame.neighbors.push_back({j,
                                         {static_cast<std::int8_t>(a), static_cast<std::int8_t>(b),
                                          static_cast<std::int8_t>(c)}});
          }
        }
  }
  frame.first.push_back(static_cast<std::int32_t>(frame.neighbors.size()));
  frame.neighbors.shrink_to_fit();
  frame.data = std::move(data);
  return frame;
}

}    // namespace turing_glass::train
