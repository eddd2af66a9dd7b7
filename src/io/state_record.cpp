// SPDX-License-Identifier: GPL-2.0-only

#include "io/state_record.h"

#include "text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace turing_glass::io {

namespace {

constexpr char magic[8] = {'T', 'G', 's', 't', 'a', 't', 'e', '1'};

// A head of fixed size, which is checked before its size is believed; then the body.
struct Head {
  char magic[8];
  std::uint64_t size;        // of head and body
  std::uint64_t body;        // checksum
  std::uint64_t checksum;    // of all above

  std::uint64_t sum() const { return Checksum().add(this, offsetof(Head, checksum)).value(); }
};
static_assert(sizeof(Head) == StateRecord::smallest);

Head head_of(const char *bytes)
{
  Head head;
  std::memcpy(&head, bytes, sizeof head);
  if (std::memcmp(head.magic, magic, sizeof magic) != 0)
    throw StateError("is of another kind or version, or is damaged");
  if (head.checksum != head.sum()) throw StateError("is damaged");
  return head;
}

// ---- writing ----

template <class T> void append(std::string &out, const T &value)
{
  out.append(reinterpret_cast<const char *>(&value), sizeof value);
}

template <class List> void append_list(std::string &out, const List &list)
{
  append(out, static_cast<std::uint64_t>(list.size()));
  out.append(reinterpret_cast<const char *>(list.data()),
             list.size() * sizeof(typename List::value_type));
}

template <class Value>
void append_named(std::string &out, const std::vector<std::pair<std::string, Value>> &values)
{
  append(out, static_cast<std::uint64_t>(values.size()));
  for (const auto &[name, value] : values) {
    append_list(out, name);
    append_list(out, value);
  }
}

// ---- reading ----

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T> T value()
  {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  template <class List> List list()
  {
    using Item = typename List::value_type;
    const auto count = value<std::uint64_t>();
    if (count > rest_.size() / sizeof(Item)) damaged();
    List list;
    list.resize(count);
    const std::string_view bytes = take(count * sizeof(Item));
    if (count > 0) std::memcpy(list.data(), bytes.data(), bytes.size());
    return list;
  }
  template <class Value> void named(std::vector<std::pair<std::string, Value>> &values)
  {
    const auto count = value<std::uint64_t>();
    for (std::uint64_t n = 0; n < count; ++n) {
      auto name = list<std::string>();
      values.emplace_back(std::move(name), list<Value>());
    }
  }
  bool done() const { return rest_.empty(); }

  [[noreturn]] static void damaged() { throw StateError("is damaged"); }

 private:
  std::string_view take(std::size_t bytes)
  {
    if (bytes > rest_.size()) damaged();
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }
  std::string_view rest_;
};

template <class Value>
const Value *find(const std::vector<std::pair<std::string, Value>> &values, const std::string &name)
{
  const auto at = std::find_if(values.begin(), values.end(),
                               [&](const auto &entry) { return entry.first == name; });
  return at == values.end() ? nullptr : &at->second;
}

template <class Value>
const Value &found(const std::vector<std::pair<std::string, Value>> &values,
                   const std::string &name)
{
  if (const Value *value = find(values, name)) return *value;
  throw StateError("does not hold " + in_quotes(name));
}

}    // namespace

// ---- checksum ----

Checksum &Checksum::add(const void *data, std::size_t bytes)
{
  constexpr std::uint64_t prime = 0x100000001b3u;
  const auto *byte = static_cast<const unsigned char *>(data);
  for (std::size_t n = 0; n < bytes; ++n) value_ = (value_ ^ byte[n]) * prime;
  return *this;
}

std::string Checksum::text() const
{
  constexpr char digits[] = "0123456789abcdef";
  constexpr int bits = 64, of_digit = 4;
  std::string out;
  for (int shift = bits - of_digit; shift >= 0; shift -= of_digit)
    out += digits[value_ >> shift & 0xf];
  return out;
}

// ---- record ----

StateRecord::StateRecord(std::string kind, int version) : kind_(std::move(kind)), version_(version)
{
}

void StateRecord::setting(const std::string &name, const std::string &value)
{
  settings_.emplace_back(name, value);
}

void StateRecord::setting(const std::string &name, double value)
{
  // the shortest text that is read back as the same number
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  setting(name, std::string(text, end));
}

void StateRecord::put(const std::string &name, const std::vector<double> &values)
{
  numbers_.emplace_back(name, values);
}

void StateRecord::put(const std::string &name, const std::vector<std::int64_t> &values)
{
  integers_.emplace_back(name, values);
}

void StateRecord::put(const std::string &name, const std::string &text)
{
  texts_.emplace_back(name, text);
}

std::string StateRecord::bytes() const
{
  std::string body;
  append_list(body, kind_);
  append(body, static_cast<std::int64_t>(version_));
  append_named(body, settings_);
  append_named(body, texts_);
  append_named(body, integers_);
  append_named(body, numbers_);

  Head head{};
  std::copy_n(magic, sizeof magic, head.magic);
  head.size = sizeof head + body.size();
  head.body = Checksum().add(body).value();
  head.checksum = head.sum();
  std::string out;
  append(out, head);
  return out + body;
}

StateRecord StateRecord::parse_at(const char *begin, const std::string &kind, int version)
{
  return parse({begin, head_of(begin).size}, kind, version);
}

StateRecord StateRecord::parse(std::string_view bytes, const std::string &kind, int version)
{
  if (bytes.empty()) throw StateError("is empty");
  if (bytes.size() < smallest) throw StateError("is of another kind, or was cut off");
  const Head head = head_of(bytes.data());
  if (bytes.size() < head.size) throw StateError("was cut off");
  if (bytes.size() > head.size) throw StateError("is followed by other data");
  bytes.remove_prefix(sizeof head);
  if (head.body != Checksum().add(bytes).value()) throw StateError("is damaged");

  Reader body(bytes);
  StateRecord record(body.list<std::string>(), 0);
  record.version_ = static_cast<int>(body.value<std::int64_t>());
  if (record.kind_ != kind)
    throw StateError("is of " + in_quotes(record.kind_) + ", not of " + in_quotes(kind));
  if (record.version_ != version)
    throw StateError("has version " + std::to_string(record.version_) +
                     " of its format; this program reads version " + std::to_string(version));
  body.named(record.settings_);
  body.named(record.texts_);
  body.named(record.integers_);
  body.named(record.numbers_);
  if (!body.done()) Reader::damaged();
  return record;
}

std::string StateRecord::differences(const StateRecord &now) const
{
  std::string text;
  const auto add = [&text](const std::string &difference) {
    text += (text.empty() ? "" : "; ") + difference;
  };
  for (const auto &[name, value] : settings_) {
    const std::string *present = find(now.settings_, name);
    if (present == nullptr)
      add(name + " " + value + ", now not given");
    else if (*present != value)
      add(name + " " + value + ", now " + *present);
  }
  for (const auto &[name, value] : now.settings_)
    if (find(settings_, name) == nullptr) add(name + " not given, now " + value);
  return text;
}

const std::vector<double> &StateRecord::numbers(const std::string &name) const
{
  return found(numbers_, name);
}

const std::vector<double> &StateRecord::numbers(const std::string &name, std::size_t count) const
{
  const auto &values = numbers(name);
  if (values.size() != count)
    throw StateError("holds " + std::to_string(values.size()) + " values of " + in_quotes(name) +
                     " instead of " + std::to_string(count));
  return values;
}

const std::vector<std::int64_t> &StateRecord::integers(const std::string &name) const
{
  return found(integers_, name);
}

const std::string &StateRecord::text(const std::string &name) const
{
  return found(texts_, name);
}

std::int64_t StateRecord::integer(const std::string &name) const
{
  const auto &values = integers(name);
  if (values.size() != 1) throw StateError("holds more than one " + in_quotes(name));
  return values[0];
}

}    // namespace turing_glass::io
