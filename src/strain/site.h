// An atom by its number, and what every rank has of something, on all of them.

#pragma once

#include "geometry/cell.h"

#include <mpi.h>

#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

namespace turing_glass::strain {

using geometry::Vector;
using Id = std::int64_t;

struct Site {
  Id id;
  Vector x;
};

inline int ranks_of(MPI_Comm comm)
{
  int ranks = 1;
  MPI_Comm_size(comm, &ranks);
  return ranks;
}

inline std::vector<int> starts_of(const std::vector<int> &counts)
{
  std::vector<int> starts(counts.size(), 0);
  std::partial_sum(counts.begin(), counts.end() - 1, starts.begin() + 1);
  return starts;
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

/// Collective: the lists of all ranks one after another, on all of them.
template <class T> std::vector<T> gather_all(const std::vector<T> &mine, MPI_Comm comm)
{
  const MPIType<T> type;
  const int count = static_cast<int>(mine.size());
  std::vector<int> counts(ranks_of(comm));
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, comm);
  const std::vector<int> starts = starts_of(counts);
  std::vector<T> all(starts.back() + counts.back());
  MPI_Allgatherv(mine.data(), count, type, all.data(), counts.data(), starts.data(), type, comm);
  return all;
}

/// Collective: to each rank the list meant for it; returns what came, in the order of ranks, and from each how much.
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
  const std::vector<int> from = starts_of(sent), at = starts_of(received);
  std::vector<T> in(at.back() + received.back());
  MPI_Alltoallv(out.data(), sent.data(), from.data(), type, in.data(), received.data(), at.data(),
                type, comm);
  return in;
}

}    // namespace turing_glass::strain
