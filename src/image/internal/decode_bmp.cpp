#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/rgb_rows.h>

namespace fovea {
namespace {

constexpr std::int64_t kBmpPixelsPerByte = std::int64_t{1} << 14;
constexpr std::size_t kFileHeader = 14;
constexpr std::size_t kOldHeader = 12;  // of OS/2

enum Compression : std::uint32_t { kPlain = 0, kRunLength8 = 1, kRunLength4 = 2, kBitFields = 3, kAlphaBitFields = 6 };

/// A channel's bits of a pixel.
struct Channel {
  std::uint32_t mask = 0;

  /// Scaled to 8 bits as PIL does, which rounds down.
  std::uint8_t of(std::uint32_t pixel) const {
    if (mask == 0) return 0;
    const int shift = std::countr_zero(mask);
    return static_cast<std::uint8_t>(std::uint64_t{(pixel & mask) >> shift} * 255 / (mask >> shift));
  }
};

struct BmpHeader {
  std::size_t size = 0;
  std::int64_t width = 0;
  std::int64_t height = 0;
  bool from_top = false;
  std::uint32_t bits = 0;
  std::uint32_t compression = kPlain;
  std::uint32_t colors = 0;  ///< of the palette
  std::size_t pixels_at = 0;
  std::array<Channel, 4> channels{};  ///< red, green, blue and alpha of pixels without palette

  std::size_t row_bytes() const { return (static_cast<std::size_t>(width) * bits + 31) / 32 * 4; }
  bool has_palette() const { return bits <= 8; }
  bool has_run_lengths() const { return compression == kRunLength8 || compression == kRunLength4; }
  bool has_masks() const { return compression == kBitFields || compression == kAlphaBitFields; }
};

using Palette = std::vector<std::array<std::uint8_t, 3>>;

void expect_known_kind(const BmpHeader& header, const std::string& path) {
  const bool known_bits = header.bits == 1 || header.bits == 4 || header.bits == 8 || header.bits == 16 ||
                          header.bits == 24 || header.bits == 32;
  if (!known_bits) throw_unsupported(path, "a BMP of 1, 4, 8, 16, 24 or 32 bits per pixel", std::to_string(header.bits));
  const std::uint32_t compression = header.compression;
  const bool fits = compression == kPlain || (compression == kRunLength8 && header.bits == 8) ||
                    (compression == kRunLength4 && header.bits == 4) || (header.has_masks() && header.bits >= 16);
  if (fits) return;
  throw_unsupported(path, "a BMP without compression, with run lengths or with channel masks",
                    "compression " + std::to_string(compression) + " of " + std::to_string(header.bits) + " bits per pixel");
}

/// Width, height and kind of pixels. @param cursor behind the header's size; then behind its first 12 or 40 bytes.
BmpHeader read_sizes(ByteCursor& cursor, std::size_t size) {
  BmpHeader header;
  header.size = size;
  if (size == kOldHeader) {
    header.width = cursor.little_endian<std::uint16_t>();
    header.height = cursor.little_endian<std::uint16_t>();
    cursor.take(2);
    header.bits = cursor.little_endian<std::uint16_t>();
  } else {
    header.width = cursor.little_endian<std::int32_t>();
    header.height = cursor.little_endian<std::int32_t>();
    cursor.take(2);
    header.bits = cursor.little_endian<std::uint16_t>();
    header.compression = cursor.little_endian<std::uint32_t>();
    cursor.take(12);
    header.colors = cursor.little_endian<std::uint32_t>();
    cursor.take(4);
  }
  header.from_top = header.height < 0;
  header.height = std::abs(header.height);
  const std::uint32_t most = header.bits <= 8 ? 1U << header.bits : 0;
  if (header.colors == 0 || header.colors > most) header.colors = most;
  return header;
}

/// The usual channels of 15, 24 or 32 bits, or the masks of the header or behind it. @param cursor behind 40 bytes.
void read_channels(ByteCursor& cursor, BmpHeader& header) {
  header.channels = {Channel{0xFF0000}, Channel{0xFF00}, Channel{0xFF}, Channel{0}};
  if (header.bits == 16) header.channels = {Channel{0x7C00}, Channel{0x3E0}, Channel{0x1F}, Channel{0}};
  if (!header.has_masks()) return;
  const bool has_alpha = header.size >= 56 || header.compression == kAlphaBitFields;
  std::array<Channel, 4> given{};
  for (std::size_t c = 0; c < (has_alpha ? 4U : 3U); ++c) given[c].mask = cursor.little_endian<std::uint32_t>();
  const bool is_empty = given[0].mask == 0 && given[1].mask == 0 && given[2].mask == 0;
  if (!is_empty) header.channels = given;
  if (is_empty && header.bits == 32) header.channels[3].mask = 0xFF000000;  // as PIL takes it
}

Palette read_palette(ByteCursor& cursor, const BmpHeader& header) {
  const std::size_t entry = header.size == kOldHeader ? 3 : 4;
  std::size_t count = header.colors;
  // A palette may be shorter than it says where the pixels begin before its end.
  if (header.pixels_at > cursor.offset()) count = std::min(count, (header.pixels_at - cursor.offset()) / entry);
  Palette palette(count);
  for (auto& color : palette) {
    const EncodedBytes bgr = cursor.take(entry);
    color = {bgr[2], bgr[1], bgr[0]};
  }
  return palette;
}

/// @param cursor at the beginning; then behind header and palette.
BmpHeader read_bmp_header(ByteCursor& cursor, EncodedBytes file, Palette& palette) {
  cursor.take(10);
  const std::size_t stated = cursor.little_endian<std::uint32_t>();
  const std::size_t size = cursor.little_endian<std::uint32_t>();
  if (size != kOldHeader && (size < 40 || size > 0xFFFF)) {
    throw_damaged(cursor.path(), kFileHeader, "a BMP header of 12 bytes or at least 40", std::to_string(size));
  }
  BmpHeader header = read_sizes(cursor, size);
  expect_known_kind(header, cursor.path());
  expect_pixel_budget(header.height, header.width, file, kBmpPixelsPerByte, cursor.path());
  read_channels(cursor, header);
  if (cursor.offset() < kFileHeader + size) cursor.seek(kFileHeader + size);
  // Some writers state an offset that skips the palette, or none.
  const bool omits_palette = stated == kFileHeader + size && header.has_palette();
  header.pixels_at = omits_palette ? 0 : stated;
  if (header.has_palette()) palette = read_palette(cursor, header);
  if (header.pixels_at == 0) header.pixels_at = cursor.offset();
  cursor.seek(header.pixels_at);
  return header;
}

/// Indices of a palette, [H, W] in the file's order of rows, from runs of equal or given pixels.
std::vector<std::uint8_t> read_runs(ByteCursor& cursor, const BmpHeader& header) {
  const auto width = static_cast<std::size_t>(header.width);
  const auto height = static_cast<std::size_t>(header.height);
  std::vector<std::uint8_t> indices(width * height);
  const bool halves = header.compression == kRunLength4;
  std::size_t x = 0;
  std::size_t y = 0;
  const auto put = [&](std::size_t i, std::uint8_t byte) {
    const std::uint8_t index = !halves ? byte : i % 2 == 0 ? byte >> 4 : byte & 0xF;
    if (x < width && y < height) indices[y * width + x] = index;
    ++x;
  };
  while (y < height) {
    const std::uint8_t count = cursor.byte();
    const std::uint8_t code = cursor.byte();
    if (count > 0) {
      for (std::size_t i = 0; i < count; ++i) put(i, code);
    } else if (code == 0) {  // end of the row
      x = 0;
      ++y;
    } else if (code == 1) {  // end of the picture
      break;
    } else if (code == 2) {  // further right and up
      x += cursor.byte();
      y += cursor.byte();
    } else {
      const std::size_t bytes = halves ? (code + 1U) / 2 : code;
      const EncodedBytes given = cursor.take(bytes + bytes % 2);
      for (std::size_t i = 0; i < code; ++i) put(i, given[halves ? i / 2 : i]);
    }
  }
  return indices;
}

/// Indices of one row without compression.
void unpack_indices(EncodedBytes row, std::uint32_t bits, std::vector<std::uint8_t>& indices) {
  const std::size_t per_byte = 8 / bits;
  for (std::size_t x = 0; x < indices.size(); ++x) {
    const std::size_t shift = 8 - bits * (x % per_byte + 1);
    indices[x] = static_cast<std::uint8_t>(row[x / per_byte] >> shift & ((1U << bits) - 1));
  }
}

void write_colors(std::span<const std::uint8_t> indices, const Palette& palette, const ByteCursor& cursor,
                  std::uint8_t* target) {
  for (const std::uint8_t index : indices) {
    if (index >= palette.size()) {
      throw_damaged(cursor.path(), cursor.offset(), "pixels of " + std::to_string(palette.size()) + " colours",
                    "colour " + std::to_string(index));
    }
    target = std::copy(palette[index].begin(), palette[index].end(), target);
  }
}

/// Pixels without palette as RGB and alpha.
void unpack_channels(EncodedBytes row, const BmpHeader& header, std::vector<std::uint8_t>& rgba) {
  const std::size_t size = header.bits / 8;
  for (std::size_t x = 0; 4 * x < rgba.size(); ++x) {
    std::uint32_t pixel = 0;
    for (std::size_t i = 0; i < size; ++i) pixel |= std::uint32_t{row[x * size + i]} << (8 * i);
    for (std::size_t c = 0; c < 3; ++c) rgba[4 * x + c] = header.channels[c].of(pixel);
    rgba[4 * x + 3] = header.channels[3].mask == 0 ? 255 : header.channels[3].of(pixel);
  }
}

void read_rows(ByteCursor& cursor, const BmpHeader& header, const Palette& palette, const DecodeOptions& options,
               Image& image) {
  const auto row_of = [&](int i) { return header.from_top ? i : image.height - 1 - i; };
  const auto width = static_cast<std::size_t>(image.width);
  if (header.has_run_lengths()) {
    const std::vector<std::uint8_t> indices = read_runs(cursor, header);
    for (int i = 0; i < image.height; ++i) {
      write_colors(std::span(indices).subspan(static_cast<std::size_t>(i) * width, width), palette, cursor,
                   &image.at(row_of(i), 0, 0));
    }
    return;
  }
  RgbRows rows(image, {.channels = 4}, options);
  std::vector<std::uint8_t> values(header.has_palette() ? width : 4 * width);
  for (int i = 0; i < image.height; ++i) {
    const EncodedBytes row = cursor.take(header.row_bytes());
    if (header.has_palette()) {
      unpack_indices(row, header.bits, values);
      write_colors(values, palette, cursor, &image.at(row_of(i), 0, 0));
    } else {
      unpack_channels(row, header, values);
      rows.write(row_of(i), values.data());
    }
  }
}

}  // namespace

StoredPicture decode_bmp(EncodedBytes bytes, const std::string& path, const DecodeOptions& options) {
  ByteCursor cursor(bytes, path);
  Palette palette;
  const BmpHeader header = read_bmp_header(cursor, bytes, palette);
  const std::size_t needed = header.row_bytes() * static_cast<std::size_t>(header.height);
  if (!header.has_run_lengths() && cursor.left() < needed) {
    throw_damaged(path, header.pixels_at, "pixels up to offset " + std::to_string(header.pixels_at + needed),
                  "a file of " + std::to_string(bytes.size()) + " bytes");
  }
  Image image(static_cast<int>(header.height), static_cast<int>(header.width), 3);
  read_rows(cursor, header, palette, options, image);
  return {std::move(image)};
}

}  // namespace fovea
