// SPDX-License-Identifier: GPL-2.0-only

// What the ranks of a communicator have of something, brought together. All functions are collective over `comm`.

#pragma once

#include <mpi.h>

#include <cstdint>
#include <exception>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace turing_glass {

inline int rank_of(MPI_Comm comm)
{
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

inline int ranks_of(MPI_Comm comm)
{
  int ranks = 1;
  MPI_Comm_size(comm, &ranks);
  return ranks;
}

/// Replaces `count` values by their sums over the ranks.
inline void sum_over_ranks(double *values, int count, MPI_Comm comm)
{
  MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_DOUBLE, MPI_SUM, comm);
}

/// A type of MPI's for a plain struct, so that counts are those of structs, not of bytes.
template <class T> class MPIType {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  MPIType()
  {
    MPI_Type_contiguous(sizeof(T), MPI_BYTE, &type_);
    MPI_Type_commit(&type_);
  }
  ~MPIType() { MPI_Type_free(&type_); }
  MPIType(const MPIType &) = delete;
  MPIType &operator=(const MPIType &) = delete;
  operator MPI_Datatype() const { return type_; }

 private:
  MPI_Datatype type_;
};

/// Where lists of these lengths begin when they lie one after another.
struct Layout {
  std::vector<int> counts, starts;
  int total = 0;

  explicit Layout(std::vector<int> lengths) : counts(std::move(lengths))
  {
    std::int64_t next = 0;
    for (const int count : counts) {
      starts.push_back(static_cast<int>(next));
      next += count;
      if (next > std::numeric_limits<int>::max())
        throw std::length_error("more items than MPI can count come together on one rank");
    }
    total = static_cast<int>(next);
  }
};

/// How much each rank has.
inline Layout layout_of(std::size_t mine, MPI_Comm comm)
{
  const int count = static_cast<int>(mine);
  std::vector<int> counts(ranks_of(comm));
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, comm);
  return Layout(std::move(counts));
}

/// The lists (vectors, strings) of all ranks one after another, on all of them.
template <class List> List gather_all(const List &mine, MPI_Comm comm)
{
  const MPIType<typename List::value_type> type;
  const Layout lists = layout_of(mine.size(), comm);
  List all;
  all.resize(lists.total);
  MPI_Allgatherv(mine.data(), static_cast<int>(mine.size()), type, all.data(), lists.counts.data(),
                 lists.starts.data(), type, comm);
  return all;
}

/// The lists of all ranks one after another, on the first of them; nothing on the others.
template <class List> List gather_first(const List &mine, MPI_Comm comm)
{
  const MPIType<typename List::value_type> type;
  const Layout lists = layout_of(mine.size(), comm);
  List all;
  if (rank_of(comm) == 0) all.resize(lists.total);
  MPI_Gatherv(mine.data(), static_cast<int>(mine.size()), type, all.data(), lists.counts.data(),
              lists.starts.data(), type, 0, comm);
  return all;
}

/// The list of rank `from`, on all.
template <class List> void broadcast(List &list, MPI_Comm comm, int from = 0)
{
  const MPIType<typename List::value_type> type;
  auto size = static_cast<int>(list.size());
  MPI_Bcast(&size, 1, MPI_INT, from, comm);
  list.resize(size);
  MPI_Bcast(list.data(), size, type, from, comm);
}

/// To each rank the list meant for it; returns what came, in the order of ranks, and from each how much.
template <class T>
std::vector<T> exchange(const std::vector<std::vector<T>> &to, std::vector<int> &received,
                        MPI_Comm comm)
{
  const MPIType<T> type;
  std::vector<int> sent;
  std::vector<T> out;
  for (const auto &list : to) {
    sent.push_back(static_cast<int>(list.size()));
    out.insert(out.end(), list.begin(), list.end());
  }
  received.resize(to.size());
  MPI_Alltoall(sent.data(), 1, MPI_INT, received.data(), 1, MPI_INT, comm);
  const Layout from(sent), at(received);
  std::vector<T> in(at.total);
  MPI_Alltoallv(out.data(), from.counts.data(), from.starts.data(), type, in.data(),
                at.counts.data(), at.starts.data(), type, comm);
  return in;
}

/// Throws std::runtime_error on all ranks if `failure` is not empty on one: with the text of the first such rank.
inline void throw_everywhere(std::string failure, MPI_Comm comm)
{
  const int ranks = ranks_of(comm);
  int first = failure.empty() ? ranks : rank_of(comm);
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm);
  if (first == ranks) return;
  broadcast(failure, comm, first);
  throw std::runtime_error(failure);
}

/// Does `work` on the first rank; its exception becomes a std::runtime_error on all.
template <class Work> void on_first_rank(MPI_Comm comm, Work &&work)
{
  std::string failure;
  if (rank_of(comm) == 0) try {
      work();
    } catch (const std::exception &e) {
      failure = e.what();
      if (failure.empty()) failure = "an error without a text";
    }
  throw_everywhere(std::move(failure), comm);
}

}    // namespace turing_glass
