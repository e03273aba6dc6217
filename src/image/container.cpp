#include <algorithm>
#include <cctype>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

#include <zlib.h>

#include <fovea/base/byte_order.h>
#include <fovea/base/error.h>
#include <fovea/image/container.h>
#include <fovea/image/size_text.h>

namespace fovea {
namespace {

using Bytes = std::span<const std::uint8_t>;

[[noreturn]] void throw_damaged(const std::string& path, std::size_t offset, const std::string& expected,
                                const std::string& got) {
  throw InputError(path, expected + " at offset " + std::to_string(offset), got, "the file is damaged or incomplete");
}

/// Reads numbers of a file in order and refuses to read past its end.
class ByteCursor {
 public:
  ByteCursor(Bytes bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  std::size_t offset() const { return offset_; }
  const std::string& path() const { return path_; }
  Bytes take(std::size_t count) {
    if (count > bytes_.size() - offset_) {
      throw_damaged(path_, offset_, std::to_string(count) + " more bytes", std::to_string(bytes_.size() - offset_));
    }
    const Bytes part = bytes_.subspan(offset_, count);
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
  Bytes bytes_;
  const std::string& path_;
  std::size_t offset_ = 0;
};

bool starts_with(Bytes bytes, std::string_view signature) {
  return bytes.size() >= signature.size() &&
         std::equal(signature.begin(), signature.end(), bytes.begin(),
                    [](char expected, std::uint8_t got) { return static_cast<std::uint8_t>(expected) == got; });
}

// JPEG: a chain of segments, then compressed data in which every 0xFF that is no marker is followed by 0 or by a restart.

constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kEndOfImage = 0xD9;

bool is_frame_header(std::uint8_t marker) {
  // Of 0xC0..0xCF, DHT (0xC4), JPG (0xC8) and DAC (0xCC) do not start a frame.
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

std::uint8_t next_marker(ByteCursor& cursor) {
  std::uint8_t before = 0;
  while (true) {
    const std::uint8_t now = cursor.byte();
    const bool is_restart = now >= 0xD0 && now <= 0xD7;
    if (before == 0xFF && now != 0x00 && now != 0xFF && !is_restart) return now;
    before = now;
  }
}

void expect_jpeg(Bytes bytes, const std::string& path) {
  ByteCursor cursor(bytes, path);
  cursor.take(2);
  bool has_scan = false;
  while (true) {
    const std::uint8_t marker = next_marker(cursor);
    if (marker == kEndOfImage) {
      if (!has_scan) throw_damaged(path, cursor.offset(), "compressed data", "the end of the image");
      return;
    }
    has_scan = has_scan || marker == kStartOfScan;
    const std::size_t length = cursor.big_endian<std::uint16_t>();
    if (length < 2) throw_damaged(path, cursor.offset() - 2, "a segment of at least 2 bytes", std::to_string(length));
    ByteCursor segment(cursor.take(length - 2), path);
    if (is_frame_header(marker)) {
      segment.take(1);  // bits per value
      const auto height = segment.big_endian<std::uint16_t>();
      expect_image_size(height, segment.big_endian<std::uint16_t>(), path);
    }
  }
}

// PNG: chunks of length, type, data and a checksum of type and data.

/// Critical chunks begin with a capital letter. All others but the orientation are dropped: libpng prints warnings
/// about many of them (colour profiles above all), and fovea uses none.
bool is_png_chunk_needed(Bytes type) {
  return (type[0] >= 'A' && type[0] <= 'Z') || starts_with(type, "eXIf");
}

std::vector<std::uint8_t> needed_png_chunks(Bytes bytes, const std::string& path) {
  ByteCursor cursor(bytes, path);
  const Bytes signature = cursor.take(8);
  std::vector<std::uint8_t> kept(signature.begin(), signature.end());
  kept.reserve(bytes.size());
  bool has_header = false;
  bool has_pixels = false;
  while (true) {
    const std::size_t start = cursor.offset();
    const std::size_t length = cursor.big_endian<std::uint32_t>();
    const Bytes body = cursor.take(4 + length);
    const auto checksum = cursor.big_endian<std::uint32_t>();
    const Bytes type = body.first(4);
    if (!is_png_chunk_needed(type)) continue;
    if (checksum != crc32_z(0, body.data(), body.size()))
      throw_damaged(path, start, "a PNG chunk with its checksum", "a wrong checksum");
    const bool is_end = starts_with(type, "IEND");
    if (has_header == starts_with(type, "IHDR") || (is_end && !has_pixels)) {
      throw_damaged(path, start, "a PNG header, then pixels, then the end", "chunks in another order");
    }
    has_header = true;
    has_pixels = has_pixels || starts_with(type, "IDAT");
    if (starts_with(type, "IHDR")) {
      ByteCursor header(body.subspan(4), path);
      const auto width = header.big_endian<std::uint32_t>();
      expect_image_size(header.big_endian<std::uint32_t>(), width, path);
    }
    const Bytes chunk = bytes.subspan(start, cursor.offset() - start);
    kept.insert(kept.end(), chunk.begin(), chunk.end());
    if (is_end) return kept;
  }
}

// BMP: a header that tells where the pixels begin; rows are padded to four bytes.

void expect_bmp(Bytes bytes, const std::string& path) {
  ByteCursor cursor(bytes, path);
  cursor.take(10);
  const std::uint64_t pixels_start = cursor.little_endian<std::uint32_t>();
  const auto header_size = cursor.little_endian<std::uint32_t>();
  if (header_size < 40) throw_damaged(path, 14, "a BMP header of at least 40 bytes", std::to_string(header_size));
  const auto width = cursor.little_endian<std::int32_t>();
  const std::int64_t signed_height = cursor.little_endian<std::int32_t>();
  const std::int64_t height = signed_height < 0 ? -signed_height : signed_height;  // negative: rows from the top
  if (width <= 0 || height == 0) throw_damaged(path, 18, "a positive height and width", size_text(height, width));
  expect_image_size(height, width, path);
  cursor.take(2);
  const std::uint64_t bits = cursor.little_endian<std::uint16_t>();
  const auto compression = cursor.little_endian<std::uint32_t>();
  constexpr std::uint32_t kUncompressed = 0;
  constexpr std::uint32_t kBitFields = 3;
  if (compression != kUncompressed && compression != kBitFields) return;
  const std::uint64_t row_bytes = (static_cast<std::uint64_t>(width) * bits + 31) / 32 * 4;
  const std::uint64_t needed = pixels_start + row_bytes * static_cast<std::uint64_t>(height);
  if (bytes.size() < needed) {
    throw_damaged(path, pixels_start, "pixels up to offset " + std::to_string(needed),
                  "a file of " + std::to_string(bytes.size()) + " bytes");
  }
}

// PGM and PPM: three numbers as text, one white space, the values.

std::uint32_t portable_map_number(ByteCursor& cursor) {
  std::uint8_t character = cursor.byte();
  while (std::isspace(character) != 0 || character == '#') {
    const bool is_comment = character == '#';
    while (is_comment && character != '\n') character = cursor.byte();
    character = cursor.byte();
  }
  std::uint32_t value = 0;
  for (; std::isdigit(character) != 0; character = cursor.byte()) {
    value = std::min(value * 10 + (character - std::uint32_t{'0'}), 100'000'000U);
  }
  if (std::isspace(character) == 0) throw_damaged(cursor.path(), cursor.offset() - 1, "a number", "another character");
  return value;
}

void expect_portable_map(Bytes bytes, const std::string& path) {
  ByteCursor cursor(bytes, path);
  const std::uint64_t channels = cursor.take(2)[1] == '6' ? 3 : 1;
  const std::uint64_t width = portable_map_number(cursor);
  const std::uint64_t height = portable_map_number(cursor);
  const std::uint32_t maximum = portable_map_number(cursor);
  if (width == 0 || height == 0 || maximum == 0 || maximum > 65535) {
    throw_damaged(path, 2, "a width, a height and a largest value in 1..65535",
                  std::to_string(width) + ", " + std::to_string(height) + " and " + std::to_string(maximum));
  }
  expect_image_size(static_cast<std::int64_t>(height), static_cast<std::int64_t>(width), path);
  cursor.take(width * height * channels * (maximum > 255 ? 2 : 1));
}

}  // namespace

void expect_image_size(std::int64_t height, std::int64_t width, const std::string& path) {
  if (height > 0 && width > kMaximumImagePixels / height) {
    throw InputError(path, "an image of at most " + std::to_string(kMaximumImagePixels) + " pixels",
                     size_text(height, width) + " (height x width)", "scale it down first");
  }
}

std::vector<std::uint8_t> checked_image_bytes(std::vector<std::uint8_t> bytes, const std::string& path) {
  using namespace std::string_view_literals;
  if (bytes.empty()) throw InputError(path, "an image", "an empty file", "fetch the file again");
  if (starts_with(bytes, "\x89PNG\r\n\x1A\n"sv)) return needed_png_chunks(bytes, path);
  if (starts_with(bytes, "\xFF\xD8\xFF"sv)) {
    expect_jpeg(bytes, path);
  } else if (starts_with(bytes, "BM"sv)) {
    expect_bmp(bytes, path);
  } else if (starts_with(bytes, "P5"sv) || starts_with(bytes, "P6"sv)) {
    expect_portable_map(bytes, path);
  } else if (!starts_with(bytes, "RIFF"sv) && !starts_with(bytes, "II*\0"sv) && !starts_with(bytes, "MM\0*"sv)) {
    throw InputError(path, "a JPEG, PNG, WebP, TIFF, BMP, PGM or PPM image", "another kind of file", "convert or remove it");
  }
  return bytes;
}

}  // namespace fovea
