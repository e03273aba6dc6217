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

/// Index of a value in Pickle::values(). The same object in two places has one index.
using PickleId = std::uint32_t;

struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    long_integer,  ///< more than 64 bits
    real,
    text,
    bytes,
    list,
    tuple,
    set,
    dict,        ///< also a collections.OrderedDict
    global,      ///< name of a class or function, `module.name`
    call,        ///< a call with its arguments, which is not executed
    persistent,  ///< reference to data outside the pickle
  };

  Kind kind = Kind::none;
  bool altered = false;         ///< of a call: the pickle changes the returned object
  std::int64_t integer = 0;     ///< of booleans and integers
  double real = 0.0;            ///< of real numbers
  std::string text;             ///< of texts, bytes and globals; of long integers the two's complement, lowest byte first
  std::vector<PickleId> items;  ///< elements; alternating keys and values; callee and arguments; the persistent id
};

/// A Python pickle (https://docs.python.org/3/library/pickletools.html) as plain data. Imports, calls and
/// constructions are values of their own kind and are never executed. Protocols 2 to 5, with the opcodes that Python's
/// pickler writes. Objects that contain themselves are cycles of indices; the reader does not recurse.
class Pickle {
 public:
  /// Reads the pickle at the beginning of `bytes`; other data may follow.
  /// @param where names the bytes in messages. @param first_offset offset of the first byte in messages.
  /// @throws InputError with the offset of an invalid opcode or value, and for more than two million values.
  Pickle(std::span<const std::uint8_t> bytes, const std::string& where, std::size_t first_offset = 0);

  const std::deque<PickleValue>& values() const { return values_; }
  const PickleValue& operator[](PickleId id) const { return values_[id]; }
  /// Index of the pickled value.
  PickleId root() const { return root_; }
  /// Length of the pickle in bytes.
  std::size_t bytes_read() const { return bytes_read_; }

  bool is_text(PickleId id, std::string_view text) const;
  /// True for a call of a global, `module.name`.
  bool is_call_of(PickleId id, std::string_view global) const;
  /// Value of a key of a dict, the last of several entries as in Python; None when there is none, or for other values.
  std::optional<PickleId> find(PickleId dict, std::string_view key) const;
  /// Description for messages: "a list", "the number 5", "a call of os.system".
  std::string describe(PickleId id) const;

 private:
  std::string callee_name(const PickleValue& callee) const;

  std::deque<PickleValue> values_;
  PickleId root_ = 0;
  std::size_t bytes_read_ = 0;
};

}  // namespace fovea
