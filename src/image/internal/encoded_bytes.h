#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/image/image_size.h>
#include <fovea/image/size_text.h>

namespace fovea {

/// Bytes of an image file.
using EncodedBytes = std::span<const std::uint8_t>;

[[noreturn]] inline void throw_damaged(const std::string& path, std::size_t offset, const std::string& expected,
                                       const std::string& got) {
  throw InputError(path, expected + " at offset " + std::to_string(offset), got, "the file is damaged or incomplete");
}

/// @throws InputError for a sound file of a kind that is not read.
[[noreturn]] inline void throw_unsupported(const std::string& path, const std::string& expected, const std::string& got) {
  throw InputError(path, expected, got, "convert it, e.g. to PNG");
}

inline bool starts_with(EncodedBytes bytes, std::string_view signature) {
  return bytes.size() >= signature.size() &&
         std::equal(signature.begin(), signature.end(), bytes.begin(),
                    [](char expected, std::uint8_t got) { return static_cast<std::uint8_t>(expected) == got; });
}

/// Checks a declared size before memory is allocated for it: it must be positive, at most that of expect_image_size(), and
/// one that a file of this length can have.
/// @param pixels_per_byte the most pixels for a byte of the file, beyond 2^24 pixels for any file.
inline void expect_pixel_budget(std::int64_t height, std::int64_t width, EncodedBytes file, std::int64_t pixels_per_byte,
                                const std::string& path) {
  constexpr std::int64_t kAnyFile = std::int64_t{1} << 24;
  if (height < 1 || width < 1) {
    throw InputError(path, "an image of at least " + pixels_text(1, 1), size_text(height, width),
                     "the file is damaged or incomplete");
  }
  expect_image_size(height, width, path);
  const std::int64_t most = kAnyFile + pixels_per_byte * static_cast<std::int64_t>(file.size());
  if (height * width <= most) return;
  throw InputError(path,
                   "at most " + std::to_string(most) + " pixels in a file of " + std::to_string(file.size()) + " bytes",
                   size_text(height, width) + " (height x width)", "the file is damaged or incomplete");
}

/// @param bytes_per_pixel all that decoding holds at once. @throws InputError when that is more than 3 GiB.
inline void expect_memory_budget(std::int64_t height, std::int64_t width, std::int64_t bytes_per_pixel,
                                 const std::string& path) {
  const std::int64_t most = (std::int64_t{3} << 30) / bytes_per_pixel;
  if (height * width <= most) return;
  throw InputError(path, "at most " + std::to_string(most) + " pixels in an image of this kind",
                   size_text(height, width) + " (height x width)", "scale it down first, or save it without interlacing");
}

/// Reads numbers of a file in order and refuses to read past its end.
class ByteCursor {
 public:
  ByteCursor(EncodedBytes bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  std::size_t offset() const { return offset_; }
  std::size_t left() const { return bytes_.size() - offset_; }
  const std::string& path() const { return path_; }
  /// Goes to an offset from the beginning.
  void seek(std::size_t offset) {
    offset_ = std::min(offset, bytes_.size());
    take(offset - offset_);
  }
  EncodedBytes take(std::size_t count) {
    if (count > left()) throw_damaged(path_, offset_, std::to_string(count) + " more bytes", std::to_string(left()));
    const EncodedBytes part = bytes_.subspan(offset_, count);
    offset_ += count;
    return part;
  }
  std::uint8_t byte() { return take(1)[0]; }
  template <typename Number>
  Number big_endian() {
    return load_big_endian<Number>(take(sizeof(Number)));
  }
  template <typename Number>
  Number little_endian() {
    return load_little_endian<Number>(take(sizeof(Number)));
  }

 private:
  EncodedBytes bytes_;
  const std::string& path_;
  std::size_t offset_ = 0;
};

}  // namespace fovea
