#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace fovea {

/// XXH64, Yann Collet's fast hash (https://github.com/Cyan4973/xxHash, doc/xxhash_spec.md), with seed 0. A change within
/// eight bytes at a multiple of eight always changes it. It is not cryptographic.
class Xxhash64 {
 public:
  void absorb(std::span<const std::uint8_t> bytes);
  /// The eight bytes of a number, the lowest first.
  void absorb(std::int64_t number);
  /// A text after its length, so that "ab" and "c" differ from "a" and "bc".
  void absorb(std::string_view text);

  /// The hash of all bytes so far.
  std::uint64_t value() const;
  /// The same as 16 hexadecimal digits.
  std::string text() const;

 private:
  static constexpr std::size_t kStripe = 32;

  void absorb_stripe(const std::uint8_t* stripe);

  std::array<std::uint64_t, 4> lanes_{0x60ea27eeadc0b5d6, 0xc2b2ae3d27d4eb4f, 0, 0x61c8864e7a143579};
  std::array<std::uint8_t, kStripe> rest_{};  ///< the bytes after the last whole stripe
  std::size_t rest_size_ = 0;
  std::uint64_t length_ = 0;
};

/// Hash of some bytes.
std::uint64_t xxhash64(std::span<const std::uint8_t> bytes);

}  // namespace fovea
