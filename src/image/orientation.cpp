#include <algorithm>
#include <cstddef>
#include <string_view>

#include <fovea/image/orientation.h>

namespace fovea {
namespace {

using ExifBytes = std::span<const std::uint8_t>;

constexpr int kAsStored = 1;

/// An unsigned number of `count` bytes; 0 beyond the end, which every caller takes for "no orientation".
std::uint32_t number_at(ExifBytes bytes, std::size_t offset, std::size_t count, bool big_endian) {
  if (offset > bytes.size() || count > bytes.size() - offset) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value = value << 8 | bytes[offset + (big_endian ? i : count - 1 - i)];
  }
  return value;
}

bool holds(ExifBytes bytes, std::size_t offset, std::string_view text) {
  return offset <= bytes.size() && text.size() <= bytes.size() - offset &&
         std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                    [](char expected, std::uint8_t got) { return static_cast<std::uint8_t>(expected) == got; });
}

}  // namespace

int exif_orientation(std::span<const std::uint8_t> tiff) {
  // Byte order, 42, the offset of a list of 12-byte entries: tag, type, count, value.
  constexpr std::uint32_t kOrientationTag = 0x0112;
  const bool big_endian = holds(tiff, 0, "MM");
  if (!big_endian && !holds(tiff, 0, "II")) return kAsStored;
  const std::size_t list = number_at(tiff, 4, 4, big_endian);
  const std::uint32_t entries = number_at(tiff, list, 2, big_endian);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = list + 2 + 12 * i;
    if (number_at(tiff, entry, 2, big_endian) != kOrientationTag) continue;
    const std::uint32_t orientation = number_at(tiff, entry + 8, 2, big_endian);
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : kAsStored;
  }
  return kAsStored;
}

int webp_orientation(std::span<const std::uint8_t> bytes) {
  using namespace std::string_view_literals;
  if (!holds(bytes, 0, "RIFF") || !holds(bytes, 8, "WEBP")) return kAsStored;
  std::size_t chunk = 12;  // chunks of name, length, content, and a byte more when the length is odd
  while (chunk + 8 <= bytes.size()) {
    const std::size_t length = number_at(bytes, chunk + 4, 4, /*big_endian=*/false);
    const std::size_t content = chunk + 8;
    if (length > bytes.size() - content) return kAsStored;
    if (holds(bytes, chunk, "EXIF")) {
      const std::size_t header = holds(bytes, content, "Exif\0\0"sv) ? 6 : 0;  // some writers keep JPEG's
      return exif_orientation(bytes.subspan(content + header, length - std::min(length, header)));
    }
    chunk = content + length + length % 2;
  }
  return kAsStored;
}

}  // namespace fovea
