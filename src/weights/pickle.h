#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea {

/// A value of a pickle: its place in Pickle::values(). The same object in two places has one number.
using PickleId = std::uint32_t;

struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    long_integer,  ///< one that needs more than 64 bits
    real,
    text,
    bytes,
    list,
    tuple,
    set,
    dict,        ///< also a collections.OrderedDict
    global,      ///< the name of a class or function, `module.name`
    call,        ///< of a global or of something else, with arguments; nobody calls it
    persistent,  ///< what lies outside the pickle
  };

  Kind kind = Kind::none;
  bool altered = false;         ///< of a call: the pickle then changes what the call would return
  std::int64_t integer = 0;     ///< of booleans and integers
  double real = 0.0;            ///< of real numbers
  std::string text;             ///< of texts, bytes and globals; of long integers the two's complement, lowest byte first
  std::vector<PickleId> items;  ///< elements; keys and values in turn; callee and arguments; the name of what lies outside
};

/// A Python pickle (https://docs.python.org/3/library/pickletools.html) as plain data. Where Python would import, call or
/// build something, here stands a value that says so; there is no code that could do it. Protocols 2 to 5 with the opcodes
/// that Python's pickler writes for them. Objects that hold themselves are cycles of numbers, and nothing here recurses.
class Pickle {
 public:
  /// Reads the one pickle that `bytes` begin with; others may follow.
  /// @param where names the bytes in messages, `first_offset` is what their first byte is called there.
  /// @throws InputError with the offset of whatever no pickler writes, and for more than two million values.
  Pickle(std::span<const std::uint8_t> bytes, const std::string& where, std::size_t first_offset = 0);

  const std::deque<PickleValue>& values() const { return values_; }
  const PickleValue& operator[](PickleId id) const { return values_[id]; }
  /// The value that was pickled.
  PickleId root() const { return root_; }
  /// The pickle's length.
  std::size_t bytes_read() const { return bytes_read_; }

  bool is_text(PickleId id, std::string_view text) const;
  /// Whether this is a call of a global, `module.name`.
  bool is_call_of(PickleId id, std::string_view global) const;
  /// What a dict holds under a key; of several entries the last, as in Python. Nothing is in what is no dict.
  std::optional<PickleId> find(PickleId dict, std::string_view key) const;
  /// For messages: "a list", "the number 5", "a call of os.system".
  std::string describe(PickleId id) const;

 private:
  std::string callee_name(const PickleValue& callee) const;

  std::deque<PickleValue> values_;
  PickleId root_ = 0;
  std::size_t bytes_read_ = 0;
};

}  // namespace fovea
