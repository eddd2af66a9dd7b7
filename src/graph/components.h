// SPDX-License-Identifier: GPL-2.0-only

// Connected components of a graph in a periodic cell whose vertices are spread over ranks.
//
// A vertex is known by a number, which is the same on all ranks; an edge joins a vertex in one periodic
// image with a vertex in another. The component of a vertex is labeled by the lowest number in it, so that the
// result depends neither on the number of ranks nor on any order. Each vertex gets the image in which it
// lies when the component is put together, the vertex with the lowest number in the image 0. A component
// that meets its own image is infinite along the axes in which the two differ.
//
// Union-find with offsets on each rank; then the ranks exchange how the vertices that more than one of them
// knows are labeled, and each joins these labels in the same way.

#pragma once

#include <mpi.h>

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace turing_glass::graph {

using Id = std::int64_t;
using Image = std::array<int, 3>;    ///< in cell vectors

/// Disjoint sets of numbered vertices with an image for each vertex.
class DisjointSets {
 public:
  struct Place {
    Id label;       ///< lowest number of the set
    Image image;    ///< of the vertex, with the label's vertex in the image 0
  };

  /// Makes the vertex known if it is not.
  void add(Id id) { index(id); }
  /// `a` in the image 0 and `b` in `image` belong to one set.
  void join(Id a, Id b, const Image &image);
  /// `axes`: bits of the axes along which the set of `id` is infinite, beside what join() has found.
  void mark_infinite(Id id, unsigned axes) { infinite_[root(index(id))] |= axes; }

  bool knows(Id id) const { return index_.count(id) > 0; }
  /// Of a vertex that is known.
  Place place(Id id);
  unsigned infinite(Id id) { return infinite_[root(index(id))]; }
  /// All vertices, in the order in which they became known.
  const std::vector<Id> &ids() const { return ids_; }

 private:
  int index(Id id);
  int root(int vertex);    // afterwards parent_ and image_ of the vertex refer to it

  std::unordered_map<Id, int> index_;
  std::vector<Id> ids_;
  std::vector<int> parent_;
  std::vector<Image> image_;    // relative to the parent
  std::vector<unsigned> infinite_;
};

class Components {
 public:
  /// Of a component or a vertex in it.
  using Place = DisjointSets::Place;

  /// A vertex of this rank; each vertex belongs to one rank.
  void add(Id id);
  /// An edge from `a` to `b` in the image `image` relative to it. Both may belong to other ranks.
  void connect(Id a, Id b, const Image &image) { sets_.join(a, b, image); }

  /// Collective; after it nothing may be added.
  void resolve(MPI_Comm comm);

  /// After resolve(), of any vertex that this rank has added or connected.
  Place place(Id id);
  /// Bit k: infinite along axis k.
  unsigned infinite(Id id);

 private:
  std::vector<Id> own_;
  DisjointSets sets_;      // of this rank
  DisjointSets shared_;    // of labels and shared vertices of all ranks
};

}    // namespace turing_glass::graph
