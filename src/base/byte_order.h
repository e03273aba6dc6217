#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fovea {

// Integers in the byte order of a file format, on any machine. A load reads and a store writes the first sizeof(Number)
// bytes of the span; its length is not checked.

/// Integer from bytes in little-endian order.
template <std::integral Number>
constexpr Number load_little_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number |= std::uint64_t{bytes[i]} << (8 * i);
  return static_cast<Number>(number);
}

/// Integer from bytes in big-endian order.
template <std::integral Number>
constexpr Number load_big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number = number << 8 | bytes[i];
  return static_cast<Number>(number);
}

/// Writes an integer in little-endian order.
template <std::integral Number>
constexpr void store_little_endian(Number number, std::span<std::uint8_t> bytes) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
}

}  // namespace fovea
