// SPDX-License-Identifier: GPL-2.0-only

// Files as aenet writes its networks, made from the list of records alone: for the tests of the reader
// and the seeds of its fuzz target. Little endian, as the machines that run them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace turing_glass::test::aenet {

constexpr std::int32_t silu = 6, linear = 0;

using Record = std::string;

template <class T> Record record(const std::vector<T> &values)
{
  Record bytes(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline Record record(std::int32_t value)
{
  return record(std::vector<std::int32_t>{value});
}
inline Record record(double value)
{
  return record(std::vector<double>{value});
}
inline Record text(std::string words, std::size_t length)
{
  words.resize(length, ' ');
  return words;
}

/// Fortran unformatted: every record between two marks of its length.
inline std::string file_of(const std::vector<Record> &records)
{
  std::string out;
  for (const Record &r : records) {
    const Record mark = record(static_cast<std::int32_t>(r.size()));
    out += mark + r + mark;
  }
  return out;
}

/// What goes into a file; columns of a layer's matrix belong to its inputs.
struct Contents {
  std::string element = "Cu";
  std::vector<std::string> elements = {"Cu", "Zr", "O"};
  int nmax = 1, lmax = 2;
  double rcut = 5.0;
  std::vector<std::int32_t> nodes;    // the first is set to the number of features
  std::vector<std::int32_t> activations;
  std::vector<double> weights;
  std::vector<double> mean, mean_square;
  double scale = 0.4, shift = -0.3;
  std::vector<double> atomic_energies;

  int features() const { return (elements.size() == 1 ? 1 : 2) * (nmax + 1) * (lmax + 1); }
};

inline Contents contents(const std::string &element, const std::vector<std::string> &elements,
                         std::vector<std::int32_t> hidden = {4, 3})
{
  Contents s;
  s.element = element;
  s.elements = elements;
  std::mt19937 random(static_cast<unsigned>(element[0]));
  const auto number = [&random] { return random() / 4294967296.0 - 0.5; };
  s.nodes = {s.features()};
  for (const std::int32_t width : hidden) s.nodes.push_back(width);
  s.nodes.push_back(1);
  s.activations.assign(hidden.size(), silu);
  s.activations.push_back(linear);
  for (std::size_t k = 0; k + 1 < s.nodes.size(); ++k)
    for (int w = 0; w < (s.nodes[k] + 1) * s.nodes[k + 1]; ++w) s.weights.push_back(number());
  for (int k = 0; k < s.features(); ++k) {
    s.mean.push_back(number());
    const double deviation = 1.0 + number();
    s.mean_square.push_back(s.mean.back() * s.mean.back() + deviation * deviation);
  }
  for (std::size_t t = 0; t < elements.size(); ++t) s.atomic_energies.push_back(-3.5 - t);
  return s;
}

inline std::vector<Record> records_of(const Contents &s)
{
  const std::int32_t layers = static_cast<std::int32_t>(s.nodes.size()), features = s.features();
  std::vector<std::int32_t> weight_offsets = {0}, value_offsets = {0};
  for (std::size_t k = 0; k + 1 < s.nodes.size(); ++k) {
    weight_offsets.push_back(weight_offsets.back() + (s.nodes[k] + 1) * s.nodes[k + 1]);
    value_offsets.push_back(value_offsets.back() + s.nodes[k] + 1);
  }
  Record symbols;
  for (const std::string &e : s.elements) symbols += text(e, 2);
  std::vector<double> parameters(5 * features, 0.0);
  parameters[0] = s.nmax;
  parameters[1] = s.lmax;
  parameters[2] = s.rcut;
  return {
      record(layers),                                               // 0
      record(*std::max_element(s.nodes.begin(), s.nodes.end())),    // 1
      record(static_cast<std::int32_t>(s.weights.size())),          // 2
      record(value_offsets.back()),                                 // 3
      record(s.nodes),                                              // 4
      record(s.activations),                                        // 5
      record(weight_offsets),                                       // 6
      record(value_offsets),                                        // 7
      record(s.weights),                                            // 8
      text("written by a test", 1024),                              // 9
      text(s.element, 2),                                           // 10
      record(static_cast<std::int32_t>(s.elements.size())),         // 11
      symbols,                                                      // 12
      record(0.5),                                                  // 13
      record(s.rcut),                                               // 14
      text("Spherical_Chebyshev", 100),                             // 15
      record(features),                                             // 16
      record(5),                                                    // 17
      record(std::vector<std::int32_t>(features, 0)),               // 18
      record(parameters),                                           // 19
      record(std::vector<double>(features, 0.0)),                   // 20
      record(1000),                                                 // 21
      record(std::vector<double>(features, -1e3)),                  // 22
      record(std::vector<double>(features, 1e3)),                   // 23
      record(s.mean),                                               // 24
      record(s.mean_square),                                        // 25
      text("training set", 1024),                                   // 26
      record(-1),                                                   // 27
      record(s.scale),                                              // 28
      record(s.shift),                                              // 29
      record(static_cast<std::int32_t>(s.elements.size())),         // 30
      symbols,                                                      // 31
      record(s.atomic_energies),                                    // 32
      record(20000),                                                // 33
      record(500),                                                  // 34
  };
}

inline std::string file_of(const Contents &s)
{
  return file_of(records_of(s));
}

}    // namespace turing_glass::test::aenet
