#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fovea {

/// 64-bit FNV-1a hash (Fowler, Noll and Vo), to compare data. It is not cryptographic.
class Fnv1a {
 public:
  void absorb(std::span<const std::uint8_t> bytes) {
    for (const std::uint8_t byte : bytes) state_ = (state_ ^ byte) * 0x100000001b3;
  }
  /// The eight bytes of a number, the lowest first.
  void absorb(std::int64_t number) {
    for (int shift = 0; shift < 64; shift += 8) {
      const auto byte = static_cast<std::uint8_t>(number >> shift);
      absorb({&byte, 1});
    }
  }
  /// A text after its length, so that "ab" and "c" differ from "a" and "bc".
  void absorb(std::string_view text) {
    absorb(static_cast<std::int64_t>(text.size()));
    absorb({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  std::uint64_t state() const { return state_; }

 private:
  std::uint64_t state_ = 0xcbf29ce484222325;
};

}  // namespace fovea
