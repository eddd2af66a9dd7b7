// SPDX-License-Identifier: GPL-2.0-only

// Files of a value per cell of a grid: NumPy's .npy and PNG pictures.
//
// In memory and in .npy files row 0 is y = 0, [ny][nx]; in pictures y = 0 is the bottom. Errors are
// std::runtime_error and name the file.

#pragma once

#include <string>
#include <vector>

namespace turing_glass::pattern {

template <class T> struct Array {
  int nx = 0, ny = 0;
  std::vector<T> values;    ///< [ny][nx]
};
using Field2D = Array<double>;
using Picture = Array<unsigned char>;    ///< 0 black, 255 white

struct NpyArray : Field2D {
  bool floating = false;    ///< of the file's type
};

/// Reads 2-d arrays of '<f8', '<f4', '|u1', '|b1' in C order. All values must be finite.
NpyArray read_npy(const std::string &path);
/// As '<f8'.
void write_npy(const std::string &path, const Field2D &field);
/// As '|u1'.
void write_npy(const std::string &path, const Picture &picture);

/// False where this was built without libpng.
bool has_png();
/// Any PNG, converted to 8-bit gray; what is transparent is black.
Picture read_png(const std::string &path);
/// 8-bit gray.
void write_png(const std::string &path, const Picture &picture);

/// Whether the name ends in `ending`, as ".png".
bool ends_with(const std::string &path, const std::string &ending);

}    // namespace turing_glass::pattern
