#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string big_endian(std::uint32_t value, int count) {
  std::string bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift & 0xFFU));
  return bytes;
}

std::string jpeg_segment(int marker, const std::string& body) {
  return bytes_of({0xFF, marker}) + big_endian(static_cast<std::uint32_t>(body.size()) + 2, 2) + body;
}

/// A grey JPEG of 8 rows and 16 columns, black (0) on the left and light (240) on the right, written by hand: both blocks
/// hold a DC coefficient only, -8 and +7 times the quantum 128, each value 128 + DC / 8.
std::string two_block_jpeg(int exif_orientation, int height = 8) {
  const std::string entry = bytes_of({0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, exif_orientation, 0, 0});
  const std::string exif =
      std::string("Exif\0\0", 6) + bytes_of({'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1}) + entry + std::string(4, '\0');
  const std::string one_code = bytes_of({1}) + std::string(15, '\0');  // a Huffman table with the single code "0"
  return bytes_of({0xFF, 0xD8}) + jpeg_segment(0xE1, exif) + jpeg_segment(0xDB, bytes_of({0}) + std::string(64, '\x80')) +
         jpeg_segment(0xC0,
                      bytes_of({8}) + big_endian(static_cast<std::uint32_t>(height), 2) + bytes_of({0, 16, 1, 1, 0x11, 0})) +
         jpeg_segment(0xC4, bytes_of({0x00}) + one_code + bytes_of({4})) +  // DC: four bits follow
         jpeg_segment(0xC4, bytes_of({0x10}) + one_code + bytes_of({0})) +  // AC: end of block
         jpeg_segment(0xDA, bytes_of({1, 1, 0, 0, 63, 0})) +
         bytes_of({0b00111001, 0b11101111}) +  // 0 0111 0 | 0 1111 0 | padding
         bytes_of({0xFF, 0xD9});
}

std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1U) != 0 ? 0xEDB88320U ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

std::string png_chunk(const std::string& type, const std::string& body) {
  return big_endian(static_cast<std::uint32_t>(body.size()), 4) + type + body + big_endian(crc32(type + body), 4);
}

/// zlib data without compression.
std::string stored_zlib(const std::string& data) {
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  for (const char byte : data) {
    low = (low + static_cast<std::uint8_t>(byte)) % 65521U;
    high = (high + low) % 65521U;
  }
  const int length = static_cast<int>(data.size());
  return bytes_of({0x78, 0x01, 1, length & 255, length >> 8, ~length & 255, ~length >> 8 & 255}) + data +
         big_endian(high << 16 | low, 4);
}

/// @param pixels rows of big-endian values, each row after a filter byte 0. @param extra chunks between header and pixels.
std::string png(std::uint32_t width, std::uint32_t height, int bits, int color_type, const std::string& pixels,
                const std::string& extra = "") {
  return bytes_of({0x89}) + "PNG\r\n\x1A\n" +
         png_chunk("IHDR", big_endian(width, 4) + big_endian(height, 4) + bytes_of({bits, color_type, 0, 0, 0})) + extra +
         png_chunk("IDAT", stored_zlib(pixels)) + png_chunk("IEND", "");
}

Image decode(const std::string& bytes) {
  const TemporaryDirectory folder;
  return decode_image_file(folder.write("image", bytes));
}

/// What decode_image_file says about these bytes, after the path.
std::string refusal(const std::string& bytes) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("image", bytes);
  try {
    decode_image_file(path);
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_THAT(message, StartsWith(path + ": expected "));
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message.substr(path.size());
  }
  return "decoded";
}

TEST(DecodeTest, ReadsRgbInOrder) {
  const Image image = decode("P6\n# a comment\n2 1\n255\n" + bytes_of({10, 20, 30, 200, 210, 220}));
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(image.pixels, ElementsAre(10, 20, 30, 200, 210, 220));
}

TEST(DecodeTest, RepeatsGreyOverThreeChannels) {
  EXPECT_THAT(decode("P5 2 1 255\n" + bytes_of({7, 250})).pixels, ElementsAre(7, 7, 7, 250, 250, 250));
}

TEST(DecodeTest, ScalesSixteenBits) {
  EXPECT_THAT(decode(png(2, 1, 16, 0, bytes_of({0, 0xFF, 0xFF, 0x80, 0x00}))).pixels,
              ElementsAre(255, 255, 255, 128, 128, 128));
  EXPECT_THAT(decode("P5 1 1 65535\n" + bytes_of({0xFF, 0xFF})).pixels, ElementsAre(255, 255, 255));
}

TEST(DecodeTest, DropsAlphaAndKeepsTheColour) {
  EXPECT_THAT(decode(png(2, 1, 8, 6, bytes_of({0, 10, 20, 30, 0, 40, 50, 60, 128}))).pixels,
              ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST(DecodeTest, LeavesOutPngChunksThatCarryNoPixels) {
  const std::string damaged_profile = big_endian(3, 4) + "iCCP" + "abc" + "sum?";
  EXPECT_THAT(decode(png(1, 1, 8, 2, bytes_of({0, 1, 2, 3}), damaged_profile)).pixels, ElementsAre(1, 2, 3));
}

TEST(DecodeTest, AppliesExifOrientation) {
  const Image upright = decode(two_block_jpeg(1));
  EXPECT_EQ(upright.height, 8);
  EXPECT_EQ(upright.width, 16);
  EXPECT_EQ(upright.at(0, 0, 0), 0);
  EXPECT_EQ(upright.at(0, 15, 0), 240);

  const Image turned_half = decode(two_block_jpeg(3));
  EXPECT_EQ(turned_half.width, 16);
  EXPECT_EQ(turned_half.at(0, 0, 0), 240);

  const Image turned_clockwise = decode(two_block_jpeg(6));  // the left column becomes the top row
  EXPECT_EQ(turned_clockwise.height, 16);
  EXPECT_EQ(turned_clockwise.width, 8);
  EXPECT_EQ(turned_clockwise.at(0, 0, 0), 0);
  EXPECT_EQ(turned_clockwise.at(15, 7, 0), 240);
}

TEST(DecodeTest, NamesWhatIsNoImage) {
  const TemporaryDirectory folder;
  EXPECT_THAT(
      [&] { decode_image_file(folder.path("none.png")); },
      ThrowsMessage<InputError>(StartsWith(folder.path("none.png") + ": expected a readable file, got No such file")));
  EXPECT_THAT([&] { decode_image_file(folder.path()); },
              ThrowsMessage<InputError>(StartsWith(folder.path() + ": expected a file, got a folder")));
  EXPECT_THAT(refusal(""), StartsWith(": expected an image, got an empty file"));
  EXPECT_THAT(refusal("hello, this is text"), HasSubstr("got another kind of file"));
}

TEST(DecodeTest, RefusesTruncatedFilesAtEveryLength) {
  testing::internal::CaptureStderr();
  for (const std::string& whole : {two_block_jpeg(6), png(2, 1, 8, 6, bytes_of({0, 10, 20, 30, 0, 40, 50, 60, 128})),
                                   "P6 2 1 255\n" + bytes_of({10, 20, 30, 200, 210, 220})}) {
    ASSERT_EQ(refusal(whole), "decoded");
    for (std::size_t length = 1; length < whole.size(); ++length) {
      ASSERT_THAT(refusal(whole.substr(0, length)), StartsWith(": expected ")) << length << " of " << whole.size();
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeTest, RefusesADamagedPngQuietly) {
  std::string damaged = png(2, 1, 8, 6, bytes_of({0, 10, 20, 30, 0, 40, 50, 60, 128}));
  damaged[damaged.size() - 25] ^= 1;  // inside IDAT
  testing::internal::CaptureStderr();
  EXPECT_THAT(refusal(damaged),
              AllOf(HasSubstr("expected a PNG chunk with its checksum at offset 33"), HasSubstr("damaged")));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeTest, RefusesHugeImagesBeforeAllocation) {
  const char* expected = "expected an image of at most 1073741824 pixels, got ";
  EXPECT_THAT(refusal("P6 100000 100000 255\n"), AllOf(HasSubstr(expected), HasSubstr("100000 x 100000")));
  EXPECT_THAT(refusal(png(0xFFFFFFFF, 0xFFFFFFFF, 8, 2, "")),
              AllOf(HasSubstr(expected), HasSubstr("4294967295 x 4294967295")));
  EXPECT_THAT(refusal("P6 2000000 1 255\n" + std::string(6000000, 'x')), HasSubstr("2^20 per side"));
}

TEST(DecodeTest, RandomDamageNeverEscapesAsAnythingElse) {
  std::mt19937 random(7);
  const std::vector<std::string> originals = {two_block_jpeg(6), png(2, 1, 8, 6, bytes_of({0, 1, 2, 3, 4, 5, 6, 7, 8})),
                                              "P6 2 1 255\n123456"};
  testing::internal::CaptureStderr();  // libjpeg's own warnings about damaged pixels cannot be turned off
  for (int round = 0; round < 1000; ++round) {
    std::string bytes = originals[static_cast<std::size_t>(round) % originals.size()];
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    refusal(bytes);
  }
  testing::internal::GetCapturedStderr();
}

TEST(ToChannelsTest, WeighsRgbAsPilDoes) {
  Image rgb(1, 5, 3);
  rgb.pixels = {255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 1, 2, 3};
  EXPECT_THAT(to_channels(rgb, 1).pixels, ElementsAre(76, 150, 29, 255, 2));
}

TEST(ToChannelsTest, RepeatsGreyAndCopiesTheSame) {
  Image grey(2, 1, 1);
  grey.pixels = {5, 9};
  const Image rgb = to_channels(grey, 3);
  EXPECT_EQ(rgb.height, 2);
  EXPECT_EQ(rgb.channels, 3);
  EXPECT_THAT(rgb.pixels, ElementsAre(5, 5, 5, 9, 9, 9));
  EXPECT_EQ(to_channels(grey, 1).pixels, grey.pixels);
  EXPECT_EQ(to_channels(rgb, 3).pixels, rgb.pixels);
}

TEST(ToChannelsTest, RefusesOtherCounts) {
  EXPECT_THAT([] { to_channels(Image(1, 1, 4), 3); },
              ThrowsMessage<InputError>(StartsWith("to_channels: input: expected 1 or 3 channels, got 4")));
  EXPECT_THAT([] { to_channels(Image(1, 1, 3), 2); },
              ThrowsMessage<InputError>(StartsWith("to_channels: output: expected 1 or 3 channels, got 2")));
}

}  // namespace
}  // namespace fovea
