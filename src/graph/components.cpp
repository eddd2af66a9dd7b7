// SPDX-License-Identifier: GPL-2.0-only

#include "components.h"

#include "collective.h"

#include <numeric>
#include <unordered_set>

namespace turing_glass::graph {

namespace {

Image operator+(const Image &a, const Image &b)
{
  return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
}

Image operator-(const Image &a, const Image &b)
{
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}

unsigned axes_of(const Image &image)
{
  return (image[0] != 0 ? 1U : 0U) | (image[1] != 0 ? 2U : 0U) | (image[2] != 0 ? 4U : 0U);
}

/// A vertex that several ranks know, as one of them sees it.
struct Link {
  Id id, label;
  std::int64_t image[3];
  std::int64_t infinite;
};

}    // namespace

int DisjointSets::index(Id id)
{
  const auto [at, is_new] = index_.try_emplace(id, static_cast<int>(ids_.size()));
  if (is_new) {
    ids_.push_back(id);
    parent_.push_back(at->second);
    image_.push_back({0, 0, 0});
    infinite_.push_back(0);
  }
  return at->second;
}

int DisjointSets::root(int vertex)
{
  int top = vertex;
  Image image = {0, 0, 0};    // of `vertex` relative to `top`
  while (parent_[top] != top) {
    image = image + image_[top];
    top = parent_[top];
  }
  while (parent_[vertex] != vertex) {
    const int next = parent_[vertex];
    const Image rest = image - image_[vertex];
    parent_[vertex] = top;
    image_[vertex] = image;
    image = rest;
    vertex = next;
  }
  return top;
}

void DisjointSets::join(Id a, Id b, const Image &image)
{
  const int i = index(a), j = index(b), top = root(i), other = root(j);
  // image of the root `other` relative to the root `top`
  const Image between = image_[i] + image - image_[j];
  if (top == other)
    infinite_[top] |= axes_of(between);
  else if (ids_[top] < ids_[other]) {
    parent_[other] = top;
    image_[other] = between;
    infinite_[top] |= infinite_[other];
  } else {
    parent_[top] = other;
    image_[top] = Image{0, 0, 0} - between;
    infinite_[other] |= infinite_[top];
  }
}

DisjointSets::Place DisjointSets::place(Id id)
{
  const int vertex = index(id), top = root(vertex);
  return {ids_[top], image_[vertex]};
}

void Components::add(Id id)
{
  own_.push_back(id);
  sets_.add(id);
}

void Components::resolve(MPI_Comm comm)
{
  const auto link = [this](Id id) {
    const Place place = sets_.place(id);
    return Link{
        id, place.label, {place.image[0], place.image[1], place.image[2]}, sets_.infinite(id)};
  };
  // what this rank knows of vertices of other ranks; then what their owners know of them
  const std::unordered_set<Id> own(own_.begin(), own_.end());
  std::vector<Link> mine;
  for (const Id id : sets_.ids())
    if (own.count(id) == 0) mine.push_back(link(id));
  const std::vector<Link> foreign = gather_all(mine, comm);
  mine.clear();
  std::unordered_set<Id> told;
  for (const Link &other : foreign)
    if (own.count(other.id) > 0 && told.insert(other.id).second) mine.push_back(link(other.id));
  for (const auto &links : {foreign, gather_all(mine, comm)})
    for (const Link &l : links) {
      shared_.join(l.label, l.id,
                   {static_cast<int>(l.image[0]), static_cast<int>(l.image[1]),
                    static_cast<int>(l.image[2])});
      shared_.mark_infinite(l.label, static_cast<unsigned>(l.infinite));
    }
}

Components::Place Components::place(Id id)
{
  Place here = sets_.place(id);
  if (!shared_.knows(here.label)) return here;
  const Place there = shared_.place(here.label);
  return {there.label, here.image + there.image};
}

unsigned Components::infinite(Id id)
{
  const Id label = sets_.place(id).label;
  return sets_.infinite(id) | (shared_.knows(label) ? shared_.infinite(label) : 0U);
}

}    // namespace turing_glass::graph
