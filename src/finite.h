// SPDX-License-Identifier: GPL-2.0-only

#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>

namespace turing_glass {

template <class Iterator> bool all_finite(Iterator begin, Iterator end)
{
  return std::all_of(begin, end, [](double value) { return std::isfinite(value); });
}

/// Of a list of numbers.
template <class List> bool all_finite(const List &values)
{
  return all_finite(std::begin(values), std::end(values));
}

}    // namespace turing_glass
