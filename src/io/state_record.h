// SPDX-License-Identifier: GPL-2.0-only

// What a checkpoint or a restart file holds of one object: named values, versioned and checksummed, with the settings
// they belong to. A record is restored only when all of it is sound.
//
//     StateRecord record("compute fsd", 1);
//     record.setting("group", "mobile");              // whose state this is
//     record.put("times", times);
//     write_file(path, record.bytes());
//
//     const auto stored = StateRecord::parse(bytes, "compute fsd", 1);
//     if (const auto other = stored.differences(record); !other.empty()) ...    // "group mobile, now all"
//     times = stored.numbers("times");
//
// Byte layout, numbers in the byte order of the machine: a head of 32 bytes (8 of magic, the size of the record, the
// checksum of the body, the checksum of the head), then the body: kind, version, settings, values.

#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace turing_glass::io {

/// What is wrong with a record.
class StateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// FNV-1a, 64 bits: any change of a single byte changes it. The same on every machine of one byte order.
class Checksum {
 public:
  Checksum &add(const void *data, std::size_t bytes);
  Checksum &add(std::string_view text) { return add(text.data(), text.size()); }
  template <class T> Checksum &add(const std::vector<T> &list)
  {
    return add(list.data(), list.size() * sizeof(T));
  }
  std::uint64_t value() const { return value_; }
  /// 16 hexadecimal digits.
  std::string text() const;

 private:
  std::uint64_t value_ = 0xcbf29ce484222325u;
};

class StateRecord {
 public:
  /// `kind`: what the record is of ("compute fsd"); `version`: of the values it holds.
  StateRecord(std::string kind, int version);
  const std::string &kind() const { return kind_; }
  int version() const { return version_; }

  /// A setting that the state belongs to, in the words in which a message shows it.
  void setting(const std::string &name, const std::string &value);
  void setting(const std::string &name, double value);

  void put(const std::string &name, const std::vector<double> &values);
  void put(const std::string &name, const std::vector<std::int64_t> &values);
  void put(const std::string &name, const std::string &text);
  void put(const std::string &name, double value) { put(name, std::vector<double>{value}); }
  void put(const std::string &name, std::int64_t value)
  {
    put(name, std::vector<std::int64_t>{value});
  }

  std::string bytes() const;

  /// Throws StateError if the bytes are damaged, cut off, followed by others, or of another kind or version.
  static StateRecord parse(std::string_view bytes, const std::string &kind, int version);
  /// The same for a record in memory whose length is known from its head alone; `smallest` bytes at least must be there.
  static StateRecord parse_at(const char *begin, const std::string &kind, int version);
  static constexpr std::size_t smallest = 32;

  /// The settings in which this stored record differs from `now`: "group mobile, now all; cutoff 5, now 6". Empty if in none.
  std::string differences(const StateRecord &now) const;

  /// Values by name. Throw StateError if there are none of this name, or not `count` of them.
  const std::vector<double> &numbers(const std::string &name) const;
  const std::vector<double> &numbers(const std::string &name, std::size_t count) const;
  const std::vector<std::int64_t> &integers(const std::string &name) const;
  const std::string &text(const std::string &name) const;
  double number(const std::string &name) const { return numbers(name, 1)[0]; }
  std::int64_t integer(const std::string &name) const;

 private:
  template <class Value> using Named = std::vector<std::pair<std::string, Value>>;

  std::string kind_;
  int version_;
  Named<std::string> settings_, texts_;
  Named<std::vector<double>> numbers_;
  Named<std::vector<std::int64_t>> integers_;
};

}    // namespace turing_glass::io
