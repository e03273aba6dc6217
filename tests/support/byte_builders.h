#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

namespace fovea {

using ByteVector = std::vector<std::uint8_t>;

inline constexpr std::uint32_t kIdxImages = 0x803;  ///< magic number of an IDX file of images
inline constexpr std::uint32_t kIdxLabels = 0x801;  ///< and of labels

/// A number's lowest bytes, the lowest first.
inline std::string little_endian(std::uint64_t value, int count) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

/// An IDX file: the magic number and the dimensions, big-endian, then the values.
inline ByteVector idx_bytes(std::uint32_t magic, std::initializer_list<std::uint32_t> dimensions, const ByteVector& values) {
  ByteVector bytes;
  const auto append = [&](std::uint32_t number) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift & 0xFFU));
  };
  append(magic);
  for (const std::uint32_t dimension : dimensions) append(dimension);
  bytes.insert(bytes.end(), values.begin(), values.end());
  return bytes;
}

inline ByteVector gzip_bytes(const ByteVector& contents) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  ByteVector compressed(deflateBound(&stream, contents.size()));
  stream.next_in = const_cast<Bytef*>(contents.data());
  stream.avail_in = static_cast<uInt>(contents.size());
  stream.next_out = compressed.data();
  stream.avail_out = static_cast<uInt>(compressed.size());
  const int status = deflate(&stream, Z_FINISH);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) throw std::runtime_error("deflate");
  return compressed;
}

/// A copy with one to four random bytes changed, and in one of four cases cut short.
inline ByteVector mutated(ByteVector bytes, std::mt19937& random) {
  for (std::size_t count = 1 + random() % 4; count > 0; --count) {
    bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
  }
  if (random() % 4 == 0) bytes.resize(random() % bytes.size());
  return bytes;
}

}  // namespace fovea
