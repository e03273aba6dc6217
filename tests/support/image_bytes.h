#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <fovea/image/image.h>

#include "byte_builders.h"

/// Image files written byte by byte: what they hold is known without any decoder or encoder.
namespace fovea::encoded {

inline std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

using fovea::little_endian;

inline std::string big_endian(std::uint32_t value, int count) {
  const std::string reversed = little_endian(value, count);
  return {reversed.rbegin(), reversed.rend()};
}

inline std::uint32_t side(int length) {
  return static_cast<std::uint32_t>(length);
}

/// EXIF data that hold nothing but an orientation, 1 to 8.
inline std::string exif(int orientation) {
  return bytes({'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0});
}

/// A PGM or PPM file. @param image 1 or 3 channels.
inline std::string pnm(const Image& image) {
  const std::string size = std::to_string(image.width) + " " + std::to_string(image.height);
  return (image.channels == 1 ? "P5 " : "P6 ") + size + " 255\n" + std::string(image.pixels.begin(), image.pixels.end());
}

/// An entry of a TIFF's directory: its number and its value.
struct TiffEntry {
  std::uint32_t tag;
  std::uint32_t value;
};

/// An uncompressed TIFF in one strip. @param more entries beside those of size and place, with tags above 279.
inline std::string tiff(int height, int width, std::uint32_t bits, const std::string& pixels, std::uint32_t orientation = 1,
                        const std::vector<TiffEntry>& more = {}) {
  const auto count = static_cast<std::uint32_t>(9 + more.size());
  const std::uint32_t pixels_at = 8 + 2 + count * 12 + 4;
  std::vector<TiffEntry> entries = {{256, side(width)},
                                    {257, side(height)},
                                    {258, bits},
                                    {259, 1},
                                    {262, 1},
                                    {273, pixels_at},
                                    {274, orientation},
                                    {278, side(height)},
                                    {279, static_cast<std::uint32_t>(pixels.size())}};
  entries.insert(entries.end(), more.begin(), more.end());
  std::string file = bytes({'I', 'I', 42, 0, 8, 0, 0, 0}) + little_endian(count, 2);
  for (const auto& [tag, value] : entries) {
    file += little_endian(tag, 2) + bytes({3, 0, 1, 0, 0, 0}) + little_endian(value, 4);
  }
  return file + std::string(4, '\0') + pixels;
}

inline std::string tiff(const Image& grey, int orientation) {
  return tiff(grey.height, grey.width, 8, std::string(grey.pixels.begin(), grey.pixels.end()),
              static_cast<std::uint32_t>(orientation));
}

/// Layout of a BMP's pixels. @see bmp()
struct BmpKind {
  int bits = 24;
  int compression = 0;  ///< 0: none, 1: run lengths of 8 bits, 3: channel masks
  // NOLINTBEGIN(readability-redundant-member-init): GCC warns where a designated initialiser omits a field without one
  std::string masks = {};    ///< of the channels, behind the header
  std::string palette = {};  ///< blue, green, red and 0 of each colour
  // NOLINTEND(readability-redundant-member-init)
  int pixels_at = -1;  ///< the offset that the file states; -1: the right one
};

/// A BMP with a header of 40 bytes. @param rows padded to four bytes, the lowest one first.
inline std::string bmp(int height, int width, const std::string& rows, const BmpKind& kind) {
  const auto u32 = [](std::size_t number) { return little_endian(static_cast<std::uint32_t>(number), 4); };
  const std::size_t pixels_at = 54 + kind.masks.size() + kind.palette.size();
  return "BM" + u32(pixels_at + rows.size()) + u32(0) +
         u32(kind.pixels_at < 0 ? pixels_at : static_cast<std::size_t>(kind.pixels_at)) + u32(40) +
         little_endian(side(width), 4) + little_endian(side(height), 4) + bytes({1, 0, kind.bits, 0}) +
         u32(static_cast<std::size_t>(kind.compression)) + u32(rows.size()) + u32(0) + u32(0) +
         u32(kind.palette.size() / 4) + u32(0) + kind.masks + kind.palette + rows;
}

inline std::string png_chunk(const std::string& type, const std::string& body) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : type + body) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? 0xEDB88320U ^ (crc >> 1) : crc >> 1;
  }
  return big_endian(static_cast<std::uint32_t>(body.size()), 4) + type + body + big_endian(~crc, 4);
}

/// @param bits per value. @param color_type 0: grey, 2: RGB, 6: RGB and alpha. @param rows values, big-endian, each row
/// behind a filter byte 0; less than 2^16 bytes, as they are not compressed. @param extra chunks between header and pixels.
inline std::string png(int height, int width, int bits, int color_type, const std::string& rows,
                       const std::string& extra = "") {
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  for (const char byte : rows) {
    low = (low + static_cast<std::uint8_t>(byte)) % 65521U;
    high = (high + low) % 65521U;
  }
  const auto length = static_cast<std::uint32_t>(rows.size());
  const std::string zlib =
      bytes({0x78, 0x01, 1}) + little_endian(length, 2) + little_endian(~length, 2) + rows + big_endian(high << 16 | low, 4);
  return bytes({0x89}) + "PNG\r\n\x1A\n" +
         png_chunk("IHDR", big_endian(side(width), 4) + big_endian(side(height), 4) + bytes({bits, color_type, 0, 0, 0})) +
         extra + png_chunk("IDAT", zlib) + png_chunk("IEND", "");
}

inline std::string png(const Image& grey, int orientation) {
  std::string rows;
  for (int y = 0; y < grey.height; ++y) {
    rows.push_back('\0');
    for (int x = 0; x < grey.width; ++x) rows.push_back(static_cast<char>(grey.at(y, x, 0)));
  }
  return png(grey.height, grey.width, 8, 0, rows, png_chunk("eXIf", exif(orientation)));
}

/// The compressed data of a JPEG: numbers of some bits, the most significant first.
class JpegBits {
 public:
  void write(std::uint32_t value, int count) {
    for (int bit = count - 1; bit >= 0; --bit) {
      byte_ = byte_ << 1 | (value >> bit & 1U);
      if (++filled_ == 8) flush();
    }
  }
  std::string finish() {
    while (filled_ != 0) write(1, 1);
    return std::move(bytes_);
  }

 private:
  void flush() {
    bytes_.push_back(static_cast<char>(byte_ & 0xFFU));
    if ((byte_ & 0xFFU) == 0xFF) bytes_.push_back('\0');
    byte_ = 0;
    filled_ = 0;
  }
  std::string bytes_;
  std::uint32_t byte_ = 0;
  int filled_ = 0;
};

/// A grey JPEG of blocks of 8 x 8 pixels, each all black (0) or all white (255), as its first pixel is black or not.
inline std::string jpeg(const Image& grey, int orientation) {
  const auto segment = [](int marker, const std::string& body) {
    return bytes({0xFF, marker}) + big_endian(static_cast<std::uint32_t>(body.size()) + 2, 2) + body;
  };
  // A block has a mean only: -8 or 8 times the quantum 128, which is -128 or 128 around the middle grey.
  JpegBits bits;
  int before = 0;
  for (int y = 0; y < grey.height; y += 8) {
    for (int x = 0; x < grey.width; x += 8) {
      const int level = grey.at(y, x, 0) == 0 ? -8 : 8;
      const int step = level - std::exchange(before, level);
      // Three codes: "0" for no step, "10" for one of 4 bits (8), "110" for one of 5 bits (16).
      const int count = step == 0 ? 0 : step == 8 || step == -8 ? 4 : 5;
      if (count > 0) bits.write(count == 4 ? 0b10 : 0b110, count == 4 ? 2 : 3);
      if (count == 0) bits.write(0, 1);
      bits.write(static_cast<std::uint32_t>(step > 0 ? step : step + (1 << count) - 1), count);
      bits.write(0, 1);  // the end of the block
    }
  }
  return bytes({0xFF, 0xD8}) + segment(0xE1, std::string("Exif\0\0", 6) + exif(orientation)) +
         segment(0xDB, bytes({0}) + std::string(64, '\x80')) +
         segment(0xC0,
                 bytes({8}) + big_endian(side(grey.height), 2) + big_endian(side(grey.width), 2) + bytes({1, 1, 0x11, 0})) +
         segment(0xC4, bytes({0x00, 1, 1, 1}) + std::string(13, '\0') + bytes({0, 4, 5})) +
         segment(0xC4, bytes({0x10, 1}) + std::string(15, '\0') + bytes({0})) + segment(0xDA, bytes({1, 1, 0, 0, 63, 0})) +
         bits.finish() + bytes({0xFF, 0xD9});
}

/// The data of a lossless WebP: numbers of some bits, the least significant first.
class WebpBits {
 public:
  void write(std::uint32_t value, int count) {
    for (int bit = 0; bit < count; ++bit, ++filled_) {
      if (filled_ % 8 == 0) bytes_.push_back('\0');
      bytes_.back() = static_cast<char>(static_cast<std::uint8_t>(bytes_.back()) | (value >> bit & 1U) << filled_ % 8);
    }
  }
  std::string finish() { return std::move(bytes_); }

 private:
  std::string bytes_;
  int filled_ = 0;
};

inline std::string riff_chunk(const std::string& name, const std::string& body) {
  const std::string padding(body.size() % 2, '\0');
  return name + little_endian(static_cast<std::uint32_t>(body.size()), 4) + body + padding;
}

/// The chunk of a lossless WebP of black and white pixels, as those of `grey` are black or not.
inline std::string webp_pixels(const Image& grey) {
  WebpBits bits;
  bits.write(0x2F, 8);
  bits.write(side(grey.width) - 1, 14);
  bits.write(side(grey.height) - 1, 14);
  bits.write(0, 1 + 3);      // no alpha, version 0
  bits.write(0, 1 + 1 + 1);  // no transform, no colour cache, one group of codes
  for (int color = 0; color < 3; ++color) {
    bits.write(0b0011, 4);  // a code of two symbols, the first of one bit: 0
    bits.write(255, 8);
  }
  bits.write(0b101, 3);  // alpha: one symbol of eight bits
  bits.write(255, 8);
  bits.write(0b0001, 4);  // distance: one symbol of one bit: 0
  for (const std::uint8_t pixel : grey.pixels) bits.write(pixel == 0 ? 0b000 : 0b111, 3);
  return riff_chunk("VP8L", bits.finish());
}

/// The chunk that declares a canvas. @param flags 0x08: EXIF, 0x02: animation, 0x10: alpha.
inline std::string webp_canvas(int height, int width, int flags) {
  return riff_chunk("VP8X",
                    bytes({flags, 0, 0, 0}) + little_endian(side(width) - 1, 3) + little_endian(side(height) - 1, 3));
}

/// A lossless WebP; EXIF stands behind the pixels.
inline std::string webp(const Image& grey, int orientation) {
  return riff_chunk("RIFF", "WEBP" + webp_canvas(grey.height, grey.width, 0x08) + webp_pixels(grey) +
                                riff_chunk("EXIF", exif(orientation)));
}

/// An animated WebP. @param frames each covers as much of the canvas as it is large, two pixels right of and below the
/// corner.
inline std::string animated_webp(int height, int width, const std::vector<Image>& frames) {
  std::string chunks = webp_canvas(height, width, 0x12) + riff_chunk("ANIM", std::string(6, '\0'));
  for (const Image& frame : frames) {
    const std::string place = little_endian(1, 3) + little_endian(1, 3) + little_endian(side(frame.width) - 1, 3) +
                              little_endian(side(frame.height) - 1, 3) + little_endian(100, 3) + bytes({0});
    chunks += riff_chunk("ANMF", place + webp_pixels(frame));
  }
  return riff_chunk("RIFF", "WEBP" + chunks);
}

}  // namespace fovea::encoded
