#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fovea {

// Numbers in the bytes of a file, in the order that its format says, whatever this machine's own is. A load reads the first
// sizeof(Number) bytes, a store writes them: the caller sees to it that there are as many.

/// The number whose lowest byte comes first.
template <std::integral Number>
constexpr Number load_little_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
  return static_cast<Number>(number);
}

/// The number whose highest byte comes first.
template <std::integral Number>
constexpr Number load_big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number = number << 8 | bytes[i];
  return static_cast<Number>(number);
}

/// Writes the lowest byte first.
template <std::integral Number>
constexpr void store_little_endian(Number number, std::span<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

}  // namespace fovea
