#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <vector>

#include <fovea/base/error.h>
#include <fovea/image/internal/formats.h>
#include <fovea/image/internal/rgb_rows.h>

namespace fovea {
namespace {

constexpr std::int64_t kPortableMapPixelsPerByte = 8;

struct MapHeader {
  bool is_text = false;
  bool is_bitmap = false;  ///< 1 is black
  int channels = 1;
  std::size_t width = 0;
  std::size_t height = 0;
  std::uint32_t maximum = 1;

  std::size_t row_values() const { return width * static_cast<std::size_t>(channels); }
  /// The least number of bytes that the pixels take.
  std::size_t least_bytes() const {
    if (is_text) return is_bitmap ? row_values() * height : 2 * row_values() * height - 1;
    return (is_bitmap ? (width + 7) / 8 : row_values() * (maximum > 255 ? 2 : 1)) * height;
  }
};

/// The first character that is neither white space nor in a comment.
std::uint8_t next_character(ByteCursor& cursor) {
  std::uint8_t character = cursor.byte();
  while (std::isspace(character) != 0 || character == '#') {
    const bool is_comment = character == '#';
    while (is_comment && character != '\n' && character != '\r') character = cursor.byte();
    character = cursor.byte();
  }
  return character;
}

/// A number and the white space behind it, which the end of the file may replace.
std::uint32_t next_number(ByteCursor& cursor) {
  std::uint8_t character = next_character(cursor);
  const std::size_t start = cursor.offset() - 1;
  std::uint32_t value = 0;
  while (std::isdigit(character) != 0) {
    value = std::min(value * 10 + (character - std::uint32_t{'0'}), 100'000'000U);
    if (cursor.left() == 0) return value;
    character = cursor.byte();
  }
  if (std::isspace(character) == 0 || cursor.offset() - 1 == start) {
    throw_damaged(cursor.path(), cursor.offset() - 1, "a number", "another character");
  }
  return value;
}

/// @param file the whole file. @param cursor at its beginning; then behind the header.
MapHeader read_map_header(ByteCursor& cursor, EncodedBytes file) {
  MapHeader header;
  const int kind = cursor.take(2)[1] - '0';
  header.is_text = kind <= 3;
  header.is_bitmap = kind % 3 == 1;
  header.channels = kind % 3 == 0 ? 3 : 1;
  header.width = next_number(cursor);
  header.height = next_number(cursor);
  if (!header.is_bitmap) header.maximum = next_number(cursor);
  if (header.maximum == 0 || header.maximum > 65535) {
    throw_damaged(cursor.path(), 2, "a largest value of 1 to 65535", std::to_string(header.maximum));
  }
  expect_pixel_budget(static_cast<std::int64_t>(header.height), static_cast<std::int64_t>(header.width), file,
                      kPortableMapPixelsPerByte, cursor.path());
  if (cursor.left() < header.least_bytes()) cursor.take(header.least_bytes());
  return header;
}

std::uint16_t text_value(ByteCursor& cursor, const MapHeader& header) {
  if (header.is_bitmap) {  // the digits need no space between them
    const std::uint8_t digit = next_character(cursor);
    if (digit != '0' && digit != '1') throw_damaged(cursor.path(), cursor.offset() - 1, "0 or 1", "another character");
    return digit - '0';
  }
  const std::size_t start = cursor.offset();
  const std::uint32_t value = next_number(cursor);
  if (value > header.maximum) {
    throw_damaged(cursor.path(), start, "a value of at most " + std::to_string(header.maximum), std::to_string(value));
  }
  return static_cast<std::uint16_t>(value);
}

void read_row(ByteCursor& cursor, const MapHeader& header, std::vector<std::uint16_t>& row) {
  if (header.is_text) {
    for (std::uint16_t& value : row) value = text_value(cursor, header);
  } else if (header.is_bitmap) {
    const EncodedBytes bits = cursor.take((header.width + 7) / 8);
    for (std::size_t x = 0; x < row.size(); ++x) row[x] = bits[x / 8] >> (7 - x % 8) & 1;
  } else if (header.maximum > 255) {
    for (std::uint16_t& value : row) value = cursor.big_endian<std::uint16_t>();
  } else {
    const EncodedBytes bytes = cursor.take(row.size());
    std::copy(bytes.begin(), bytes.end(), row.begin());
  }
}

}  // namespace

StoredPicture decode_portable_map(EncodedBytes bytes, const std::string& path, const DecodeOptions& options) {
  ByteCursor cursor(bytes, path);
  const MapHeader header = read_map_header(cursor, bytes);
  Image image(static_cast<int>(header.height), static_cast<int>(header.width), 3);
  RgbRows rows(image, {.channels = header.channels, .maximum = header.maximum, .inverted = header.is_bitmap}, options);
  std::vector<std::uint16_t> row(header.row_values());
  for (int y = 0; y < image.height; ++y) {
    read_row(cursor, header, row);
    rows.write(y, row.data());
  }
  return {std::move(image)};
}

}  // namespace fovea
