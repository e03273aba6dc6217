#include <algorithm>
#include <bit>
#include <cstddef>
#include <string_view>

#include <fovea/base/byte_order.h>
#include <fovea/image/internal/orientation.h>

namespace fovea {
namespace {

using ExifBytes = std::span<const std::uint8_t>;

constexpr int kAsStored = 1;

/// The number at an offset; 0 beyond the end, which every caller takes for "no orientation".
template <typename Number>
Number number_at(ExifBytes bytes, std::size_t offset, std::endian order) {
  if (offset > bytes.size() || sizeof(Number) > bytes.size() - offset) return 0;
  const ExifBytes from = bytes.subspan(offset);
  return order == std::endian::big ? load_big_endian<Number>(from) : load_little_endian<Number>(from);
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
  const std::endian order = holds(tiff, 0, "MM") ? std::endian::big : std::endian::little;
  if (order == std::endian::little && !holds(tiff, 0, "II")) return kAsStored;
  const std::size_t list = number_at<std::uint32_t>(tiff, 4, order);
  const std::size_t entries = number_at<std::uint16_t>(tiff, list, order);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = list + 2 + 12 * i;
    if (number_at<std::uint16_t>(tiff, entry, order) != kOrientationTag) continue;
    const int orientation = number_at<std::uint16_t>(tiff, entry + 8, order);
    return orientation >= 1 && orientation <= 8 ? orientation : kAsStored;
  }
  return kAsStored;
}

int webp_orientation(std::span<const std::uint8_t> bytes) {
  using namespace std::string_view_literals;
  if (!holds(bytes, 0, "RIFF") || !holds(bytes, 8, "WEBP")) return kAsStored;
  std::size_t chunk = 12;  // chunks of name, length and content, padded to an even length
  while (chunk + 8 <= bytes.size()) {
    const std::size_t length = number_at<std::uint32_t>(bytes, chunk + 4, std::endian::little);
    const std::size_t content = chunk + 8;
    if (length > bytes.size() - content) return kAsStored;
    if (holds(bytes, chunk, "EXIF")) {
      const std::size_t header = holds(bytes, content, "Exif\0\0"sv) ? 6 : 0;  // some writers add JPEG's header
      return exif_orientation(bytes.subspan(content + header, length - std::min(length, header)));
    }
    chunk = content + length + length % 2;
  }
  return kAsStored;
}

}  // namespace fovea
