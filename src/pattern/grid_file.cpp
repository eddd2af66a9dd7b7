// SPDX-License-Identifier: GPL-2.0-only

#include "grid_file.h"

#include "finite.h"
#include "text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <stdexcept>

#if defined(TURING_GLASS_PNG)
#include <png.h>
#endif

namespace turing_glass::pattern {

namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "the formats below are written as they lie in memory");

// Format: numpy.lib.format, "\x93NUMPY", version, length of the header, a Python dictionary, the values
constexpr char magic[] = "\x93NUMPY";
constexpr std::size_t magic_size = sizeof magic - 1;
constexpr std::size_t alignment = 64;

[[noreturn]] void fail(const std::string &path, const std::string &what)
{
  throw std::runtime_error(path + ": " + what);
}

template <class T>
void write_values(const std::string &path, const char *type, const Array<T> &array)
{
  std::string header = std::string("{'descr': '") + type + "', 'fortran_order': False, 'shape': (" +
      std::to_string(array.ny) + ", " + std::to_string(array.nx) + "), }";
  const std::size_t begin = magic_size + 4;
  header.append(alignment - (begin + header.size()) % alignment, ' ');
  header.back() = '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  write_file(path, [&](std::ostream &file) {
    file.write(magic, magic_size);
    file.write("\x01\x00", 2);
    file.write(reinterpret_cast<const char *>(&length), sizeof length);
    file << header;
    file.write(reinterpret_cast<const char *>(array.values.data()),
               static_cast<std::streamsize>(array.values.size() * sizeof(T)));
  });
}

template <class T> std::vector<double> values_of(const char *bytes, std::size_t count)
{
  std::vector<T> raw(count);
  std::memcpy(raw.data(), bytes, count * sizeof(T));
  return {raw.begin(), raw.end()};
}

}    // namespace

bool ends_with(const std::string &path, const std::string &ending)
{
  return path.size() >= ending.size() &&
      path.compare(path.size() - ending.size(), ending.size(), ending) == 0;
}

NpyArray read_npy(const std::string &path)
{
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "cannot be opened");
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.compare(0, magic_size, magic) != 0 || text.size() < magic_size + 6)
    fail(path, "is no .npy file of NumPy");

  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  // versions 1.0, 2.0 and 3.0; the first has two bytes for the length, later ones four
  constexpr int latest = 3;
  if (byte(magic_size) < 1 || byte(magic_size) > latest || byte(magic_size + 1) != 0)
    fail(path, "is of a version of .npy that is not known, or is damaged");
  const bool is_short = byte(magic_size) == 1;
  std::size_t length = byte(magic_size + 2) | byte(magic_size + 3) << 8U;
  if (!is_short)
    length |= std::size_t(byte(magic_size + 4)) << 16U | std::size_t(byte(magic_size + 5)) << 24U;
  const std::size_t begin = magic_size + (is_short ? 4 : 6);
  if (text.size() - begin < length) fail(path, "ends within its header");
  const std::string header = text.substr(begin, length);
  // the pattern matches a repeated character by recursion, which a header of megabytes would not survive
  constexpr std::size_t longest_header = 4096;
  if (length > longest_header)
    fail(path, "has a header of " + std::to_string(length) + " bytes, which is no array's");

  const auto find = [&](const char *form, const char *otherwise) {
    std::smatch match;
    if (!std::regex_search(header, match, std::regex(form))) fail(path, otherwise);
    return std::vector<std::string>(match.begin(), match.end());
  };
  const std::string type = find("'descr' *: *'([^']*)'", "is not an array of plain numbers")[1];
  find("'fortran_order' *: *False", "is in Fortran order; write it with numpy.ascontiguousarray");
  const std::vector<std::string> shape =
      find("'shape' *: *\\( *([0-9]{1,9}) *, *([0-9]{1,9}) *,? *\\)",
           "is not an array of two dimensions");

  NpyArray array;
  array.ny = std::stoi(shape[1]);
  array.nx = std::stoi(shape[2]);
  const std::size_t count = static_cast<std::size_t>(array.nx) * array.ny;
  if (count == 0 || count > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    fail(path, "has no values, or 2^31 or more of them");
  const std::size_t width = type == "<f8" ? 8
      : type == "<f4"                     ? 4
      : type == "|u1" || type == "|b1"    ? 1
                                          : 0;
  if (width == 0)
    fail(path, "has the type " + in_quotes(type) + "; '<f8', '<f4', '|u1' and '|b1' are read");
  if (text.size() - begin - length != count * width)
    fail(path,
         "has " + std::to_string(text.size() - begin - length) +
             " bytes of values, where its shape needs " + std::to_string(count * width));
  const char *bytes = text.data() + begin + length;
  array.floating = width > 1;
  array.values = width == 8 ? values_of<double>(bytes, count)
      : width == 4          ? values_of<float>(bytes, count)
                            : values_of<unsigned char>(bytes, count);
  if (!all_finite(array.values)) fail(path, "holds values that are not finite");
  if (type == "|b1" && *std::max_element(array.values.begin(), array.values.end()) > 1.0)
    fail(path, "holds truth values other than 0 and 1: it is damaged");
  return array;
}

void write_npy(const std::string &path, const Field2D &field)
{
  write_values(path, "<f8", field);
}

void write_npy(const std::string &path, const Picture &picture)
{
  write_values(path, "|u1", picture);
}

#if defined(TURING_GLASS_PNG)

// libpng's simplified interface returns on an error; its older one would jump over our destructors.

namespace {

struct Image : png_image {
  Image() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~Image() { png_image_free(this); }
  Image(const Image &) = delete;
  Image &operator=(const Image &) = delete;
};

}    // namespace

bool has_png()
{
  return true;
}

Picture read_png(const std::string &path)
{
  Image image;
  if (!png_image_begin_read_from_file(&image, path.c_str()))
    fail(path, std::string("cannot be read as PNG: ") + image.message);
  image.format = PNG_FORMAT_GRAY;
  constexpr png_uint_32 largest = 1U
      << 15U;    // cells along an edge: the memory is asked for before it is filled
  if (image.width > largest || image.height > largest)
    fail(path, "has more than " + std::to_string(largest) + " pixels along an edge");
  Picture picture;
  picture.nx = static_cast<int>(image.width);
  picture.ny = static_cast<int>(image.height);
  picture.values.resize(PNG_IMAGE_SIZE(image));
  const png_color black = {0, 0, 0};
  // a negative stride: the last row of the picture is the first in memory
  if (!png_image_finish_read(&image, &black, picture.values.data(), -picture.nx, nullptr))
    fail(path, std::string("cannot be read as PNG: ") + image.message);
  return picture;
}

void write_png(const std::string &path, const Picture &picture)
{
  Image image;
  image.width = static_cast<png_uint_32>(picture.nx);
  image.height = static_cast<png_uint_32>(picture.ny);
  image.format = PNG_FORMAT_GRAY;
  // under its name only when it is complete
  const std::string part = path + ".part";
  if (!png_image_write_to_file(&image, part.c_str(), 0, picture.values.data(), -picture.nx,
                               nullptr))
    fail(path, std::string("cannot be written as PNG: ") + image.message);
  if (std::rename(part.c_str(), path.c_str()) != 0) fail(path, "cannot be written");
}

#else

namespace {

constexpr char no_png[] =
    "built without libpng (Debian: libpng-dev), which pictures need; .npy files do without";

}

bool has_png()
{
  return false;
}

Picture read_png(const std::string &path)
{
  fail(path, no_png);
}

void write_png(const std::string &path, const Picture &)
{
  fail(path, no_png);
}

#endif

}    // namespace turing_glass::pattern
