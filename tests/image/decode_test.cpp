#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>

#include "image_bytes.h"
#include "memory_limit.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

using encoded::big_endian;
using encoded::bytes;
using encoded::png;

/// A grey JPEG of 8 rows and 16 columns, black on the left and white on the right.
std::string two_block_jpeg(int orientation) {
  Image picture(8, 16, 1);
  for (int y = 0; y < 8; ++y) std::fill_n(&picture.at(y, 8, 0), 8, std::uint8_t{255});
  return encoded::jpeg(picture, orientation);
}

/// 4 rows and 8 columns, white in the top left pixel, black elsewhere.
Image corner_picture() {
  Image picture(4, 8, 1);
  picture.at(0, 0, 0) = 255;
  return picture;
}

Image decode(const std::string& file, const DecodeOptions& options = {}) {
  const TemporaryDirectory folder;
  return decode_image_file(folder.write("image", file), options);
}

/// A JPEG with a segment behind its first two bytes.
std::string with_segment(const std::string& jpeg, int marker, const std::string& body) {
  return jpeg.substr(0, 2) + bytes({0xFF, marker}) + big_endian(static_cast<std::uint32_t>(body.size()) + 2, 2) + body +
         jpeg.substr(2);
}

std::string with_wrong_checksum(std::string chunk) {
  chunk.back() = static_cast<char>(chunk.back() ^ 1);
  return chunk;
}

/// Four masks of channels of 32-bit pixels, in the file's order.
std::string masks(std::initializer_list<std::uint32_t> channels) {
  std::string text;
  for (const std::uint32_t mask : channels) text += encoded::little_endian(mask, 4);
  return text;
}

/// Small files of every format and of their rarer kinds.
std::vector<std::string> files_of_every_format() {
  const Image corner = corner_picture();
  const std::string colors = bytes({0, 0, 0, 0, 30, 20, 10, 0});
  return {
      two_block_jpeg(6),
      png(1, 2, 8, 6, bytes({0, 10, 20, 30, 0, 40, 50, 60, 128})),
      png(1, 1, 8, 0, bytes({0, 7}), encoded::png_chunk("eXIf", encoded::exif(6))),
      encoded::webp(corner, 6),
      encoded::animated_webp(8, 12, {corner, corner}),
      encoded::tiff(corner, 3),
      encoded::tiff(1, 2, 16, bytes({0, 1, 0xFF, 0xFF})),
      encoded::bmp(1, 2, bytes({1, 2, 3, 4, 5, 6, 0, 0}), {}),
      encoded::bmp(1, 2, bytes({1, 2, 3, 4, 5, 6, 7, 8}), {.bits = 32, .compression = 3, .masks = masks({255, 65280, 0})}),
      encoded::bmp(1, 4, bytes({2, 1, 0, 2, 1, 0, 0, 1}), {.bits = 8, .compression = 1, .palette = colors}),
      "P6 2 1 255\n" + bytes({10, 20, 30, 200, 210, 220}),
      "P5 2 1 4095\n" + bytes({0, 20, 3, 200}),
      "P3 2 1 15 1 2 3 4 5 6\n",
      "P4 9 1\n" + bytes({0xAA, 0x80})};
}

/// Message of decode_image_file about these bytes, after the path.
std::string refusal(const std::string& file) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("image", file);
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
  const Image image = decode("P6\n# a comment\n2 1\n255\n" + bytes({10, 20, 30, 200, 210, 220}));
  EXPECT_EQ(image.height, 1);
  EXPECT_EQ(image.width, 2);
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(image.pixels, ElementsAre(10, 20, 30, 200, 210, 220));
}

TEST(DecodeTest, RepeatsGreyOverThreeChannels) {
  EXPECT_THAT(decode("P5 2 1 255\n" + bytes({7, 250})).pixels, ElementsAre(7, 7, 7, 250, 250, 250));
}

TEST(DecodeTest, ReadsPortableMapsAsPeopleWriteThem) {
  const std::vector<std::pair<std::string, std::vector<int>>> pictures = {
      {"P4 3 2\n" + bytes({0b01000000, 0b10100000}), {255, 0, 255, 0, 255, 0}},  // 1 is black; rows begin at bytes
      {"P1\n# drawn by hand\n3 2\n010\n1 0 1", {255, 0, 255, 0, 255, 0}},
      {"P2 3 2 255\n0 10 20\n30 40 255\n", {0, 10, 20, 30, 40, 255}},
      {"P5 3 2 255\n" + bytes({0, 10, 20, 30, 40, 255}), {0, 10, 20, 30, 40, 255}},
      {"P3 1 2 255 1 2 3 4 5 6", {1, 4}}};
  for (const auto& [file, reds] : pictures) {
    const Image image = decode(file);
    ASSERT_EQ(image.pixels.size(), 3 * reds.size()) << file;
    for (std::size_t i = 0; i < reds.size(); ++i) EXPECT_EQ(image.pixels[3 * i], reds[i]) << file << " " << i;
  }
  EXPECT_THAT(decode("P3 1 2 255 1 2 3 4 5 6").pixels, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(DecodeTest, RefusesAnIncompletePortableMap) {
  for (const std::string file : {"P1 3 2 01010", "P2 3 2 255 0 10 20 30 40", "P3 1 1 255 1 2", "P4 9 2\n123", "P2 1 1 255 x",
                                 "P1 100000 10000 0", "P7 1 1", "P"}) {
    EXPECT_THAT(refusal(file), HasSubstr("got ")) << file;
  }
}

TEST(DecodeTest, ScalesSixteenBits) {
  EXPECT_THAT(decode(png(1, 2, 16, 0, bytes({0, 0xFF, 0xFF, 0x80, 0x00}))).pixels,
              ElementsAre(255, 255, 255, 128, 128, 128));
  EXPECT_THAT(decode("P5 1 1 65535\n" + bytes({0xFF, 0xFF})).pixels, ElementsAre(255, 255, 255));
}

TEST(DecodeTest, DropsAlphaAndKeepsTheColour) {
  EXPECT_THAT(decode(png(1, 2, 8, 6, bytes({0, 10, 20, 30, 0, 40, 50, 60, 128}))).pixels,
              ElementsAre(10, 20, 30, 40, 50, 60));
}

TEST(DecodeTest, BlendsTransparencyWithAColor) {
  const std::string rgba = png(1, 2, 8, 6, bytes({0, 10, 20, 30, 0, 40, 50, 60, 128}));
  EXPECT_THAT(decode(rgba, {.alpha = Alpha::white}).pixels, ElementsAre(255, 255, 255, 147, 152, 157));
  EXPECT_THAT(decode(rgba, {.alpha = Alpha::black}).pixels, ElementsAre(0, 0, 0, 20, 25, 30));
  const std::string grey = png(1, 2, 8, 0, bytes({0, 10, 20}), encoded::png_chunk("tRNS", bytes({0, 10})));
  EXPECT_THAT(decode(grey).pixels, ElementsAre(10, 10, 10, 20, 20, 20));
  EXPECT_THAT(decode(grey, {.alpha = Alpha::white}).pixels, ElementsAre(255, 255, 255, 20, 20, 20));
  const std::string opaque = "P6 1 1 255\n" + bytes({10, 20, 30});
  EXPECT_THAT(decode(opaque, {.alpha = Alpha::white}).pixels, ElementsAre(10, 20, 30));
}

TEST(DecodeTest, SpreadsTwelveBitsInSixteenOverTheWholeRange) {
  const std::string values = bytes({0x00, 0x00, 0x08, 0x00, 0x0F, 0xFF});  // 0, 2048, 4095
  const DecodeOptions twelve_bits{.levels = Levels{0, 4095}};
  for (const std::string& file : {png(1, 3, 16, 0, std::string(1, '\0') + values), "P5 3 1 65535\n" + values,
                                  encoded::tiff(1, 3, 16, bytes({0x00, 0x00, 0x00, 0x08, 0xFF, 0x0F}))}) {
    EXPECT_THAT(decode(file).pixels, ElementsAre(0, 0, 0, 8, 8, 8, 15, 15, 15));
    EXPECT_THAT(decode(file, twelve_bits).pixels, ElementsAre(0, 0, 0, 128, 128, 128, 255, 255, 255));
    EXPECT_THAT(decode(file, {.levels = Levels{2048, 3000}}).pixels, ElementsAre(0, 0, 0, 0, 0, 0, 255, 255, 255));
  }
  EXPECT_THAT(decode("P5 3 1 4095\n" + values).pixels, ElementsAre(0, 0, 0, 128, 128, 128, 255, 255, 255));
  EXPECT_THAT(decode("P5 2 1 255\n" + bytes({7, 250}), twelve_bits).pixels, ElementsAre(7, 7, 7, 250, 250, 250));
}

TEST(DecodeTest, RefusesLevelsThatAreNone) {
  for (const Levels& levels : {Levels{5, 5}, Levels{-1, 9}, Levels{0, 65536}}) {
    EXPECT_THAT(
        [&] { decode("P5 1 1 255\n7", {.levels = levels}); },
        ThrowsMessage<InputError>(StartsWith("levels: expected two values of 0 to 65535, the lower one first, got ")));
  }
}

TEST(DecodeTest, ReadsTheFirstFrameOfAnAnimation) {
  Image other = corner_picture();
  std::fill(other.pixels.begin(), other.pixels.end(), std::uint8_t{255});
  const std::string file = encoded::animated_webp(8, 12, {corner_picture(), other});
  const Image image = decode(file);
  ASSERT_EQ(image.height, 8);
  ASSERT_EQ(image.width, 12);
  EXPECT_EQ(image.at(2, 2, 0), 255);
  EXPECT_EQ(std::accumulate(image.pixels.begin(), image.pixels.end(), 0), 3 * 255);
  const Image on_white = decode(file, {.alpha = Alpha::white});  // the canvas around the frame is transparent
  EXPECT_EQ(on_white.at(2, 2, 1), 255);
  EXPECT_EQ(on_white.at(2, 3, 1), 0);
  EXPECT_EQ(on_white.at(0, 0, 1), 255);
  EXPECT_EQ(on_white.at(7, 11, 1), 255);
}

TEST(DecodeTest, ReadsABmpByItsChannelMasks) {
  const auto pixel = [](std::initializer_list<std::uint32_t> channels, int bits) {
    return encoded::bmp(1, 1, bytes({0x12, 0x34, 0x56, 0x78}), {.bits = bits, .compression = 3, .masks = masks(channels)});
  };
  EXPECT_THAT(decode(pixel({0xFF0000, 0xFF00, 0xFF}, 32)).pixels, ElementsAre(0x56, 0x34, 0x12));
  EXPECT_THAT(decode(pixel({0xFF, 0xFF00, 0xFF0000}, 32)).pixels, ElementsAre(0x12, 0x34, 0x56));
  EXPECT_THAT(decode(pixel({0xFF000000, 0xFF0000, 0xFF00}, 32)).pixels, ElementsAre(0x78, 0x56, 0x34));
  // 0x3412 is 00110 100000 10010 and 0 01101 00000 10010; n of 5 bits become n * 255 / 31, rounded down, as in PIL.
  EXPECT_THAT(decode(pixel({0xF800, 0x07E0, 0x001F}, 16)).pixels, ElementsAre(49, 129, 148));
  EXPECT_THAT(decode(encoded::bmp(1, 1, bytes({0x12, 0x34, 0, 0}), {.bits = 16})).pixels, ElementsAre(106, 0, 148));
}

TEST(DecodeTest, FindsThePaletteThatABmpLeavesOutOfItsOffset) {
  const std::string palette = bytes({3, 2, 1, 0, 30, 20, 10, 0});
  const std::string row = bytes({1, 0, 1, 0});
  for (const int pixels_at : {-1, 54, 0}) {
    EXPECT_THAT(decode(encoded::bmp(1, 3, row, {.bits = 8, .palette = palette, .pixels_at = pixels_at})).pixels,
                ElementsAre(10, 20, 30, 1, 2, 3, 10, 20, 30));
  }
  EXPECT_THAT(refusal(encoded::bmp(1, 3, bytes({1, 2, 1, 0}), {.bits = 8, .palette = palette})),
              HasSubstr("expected pixels of 2 colours at offset 66, got colour 2"));
}

TEST(DecodeTest, ReadsTheRunLengthsOfABmp) {
  const std::string palette = bytes({0, 0, 0, 0, 9, 9, 9, 0, 7, 7, 7, 0});
  const std::string runs = bytes({3, 1, 0, 0, 0, 3, 2, 0, 2, 0, 0, 1});  // the lowest row: 1 1 1, above: 2 0 2
  EXPECT_THAT(to_channels(decode(encoded::bmp(2, 3, runs, {.bits = 8, .compression = 1, .palette = palette})), 1).pixels,
              ElementsAre(7, 0, 7, 9, 9, 9));
}

TEST(DecodeTest, ScalesPortableMapsToEightBits) {
  EXPECT_THAT(decode("P3 # two pixels\n2 1\n15\n1 2 3 15 0 7\n").pixels, ElementsAre(17, 34, 51, 255, 0, 119));
  EXPECT_THAT(decode("P2 2 1 7 3 7").pixels, ElementsAre(109, 109, 109, 255, 255, 255));
  EXPECT_THAT(to_channels(decode("P1 3 2 101 0 1 1\n"), 1).pixels, ElementsAre(0, 255, 0, 255, 0, 0));
  EXPECT_THAT(to_channels(decode("P4 9 1\n" + bytes({0xAA, 0x80})), 1).pixels,
              ElementsAre(0, 255, 0, 255, 0, 255, 0, 255, 0));
  EXPECT_THAT(decode("P6 1 1 15\n" + bytes({1, 2, 15})).pixels, ElementsAre(17, 34, 255));
  EXPECT_THAT(refusal("P2 2 1 7 3 8"), HasSubstr("expected a value of at most 7 at offset 11, got 8"));
}

TEST(DecodeTest, SaysWhichKindOfTiffItDoesNotRead) {
  constexpr std::uint32_t kSampleFormat = 339;
  EXPECT_THAT(refusal(encoded::tiff(1, 1, 32, std::string(4, '\0'), 1, {{kSampleFormat, 3}})),
              HasSubstr("expected a TIFF of unsigned values of 1, 2, 4, 8 or 16 bits, got 32-bit floating-point values; "
                        "convert it"));
  EXPECT_THAT(refusal(encoded::tiff(1, 2, 12, std::string(3, '\0'))), HasSubstr("got 12-bit values"));
  EXPECT_THAT(refusal(encoded::tiff(1, 2, 16, std::string(4, '\0'), 1, {{kSampleFormat, 2}})),
              HasSubstr("got 16-bit signed values"));
}

TEST(DecodeTest, ReadsAJpegOfANewerJfifVersion) {
  const std::string plain = two_block_jpeg(1);
  const Image expected = decode(plain);
  const std::string jfif_9 = with_segment(plain, 0xE0, std::string("JFIF\0", 5) + bytes({9, 1, 0, 0, 1, 0, 1, 0, 0}));
  const std::string adobe_7 = with_segment(plain, 0xEE, "Adobe" + bytes({0, 100, 0, 0, 0, 0, 7}));
  EXPECT_EQ(decode(jfif_9).pixels, expected.pixels);
  EXPECT_EQ(decode(adobe_7).pixels, expected.pixels);
}

TEST(DecodeTest, IgnoresADamagedChunkThatNoPixelNeeds) {
  const std::string exif = with_wrong_checksum(encoded::png_chunk("eXIf", encoded::exif(6)));
  const Image image = decode(png(1, 2, 8, 0, bytes({0, 7, 9}), exif));
  EXPECT_EQ(image.width, 2);  // not turned
  EXPECT_THAT(to_channels(image, 1).pixels, ElementsAre(7, 9));
  const std::string transparency = with_wrong_checksum(encoded::png_chunk("tRNS", bytes({0, 7})));
  EXPECT_THAT(to_channels(decode(png(1, 2, 8, 0, bytes({0, 7, 9}), transparency), {.alpha = Alpha::white}), 1).pixels,
              ElementsAre(7, 9));
}

TEST(DecodeTest, LeavesOutPngChunksThatCarryNoPixels) {
  const std::string damaged_profile = big_endian(3, 4) + "iCCP" + "abc" + "sum?";
  EXPECT_THAT(decode(png(1, 1, 8, 2, bytes({0, 1, 2, 3}), damaged_profile)).pixels, ElementsAre(1, 2, 3));
}

TEST(DecodeTest, AppliesExifOrientation) {
  const Image upright = decode(two_block_jpeg(1));
  EXPECT_EQ(upright.height, 8);
  EXPECT_EQ(upright.width, 16);
  EXPECT_EQ(upright.at(0, 0, 0), 0);
  EXPECT_EQ(upright.at(0, 15, 0), 255);

  const Image turned_half = decode(two_block_jpeg(3));
  EXPECT_EQ(turned_half.width, 16);
  EXPECT_EQ(turned_half.at(0, 0, 0), 255);

  const Image turned_clockwise = decode(two_block_jpeg(6));  // the left column becomes the top row
  EXPECT_EQ(turned_clockwise.height, 16);
  EXPECT_EQ(turned_clockwise.width, 8);
  EXPECT_EQ(turned_clockwise.at(0, 0, 0), 0);
  EXPECT_EQ(turned_clockwise.at(15, 7, 0), 255);
}

TEST(DecodeTest, AppliesEveryExifOrientationOfWebpAndTiff) {
  struct Corner {
    int height, width, row, column;
  };
  // Place of the stored top left pixel in the upright image, by the definition of EXIF 2.3, tag 0x0112.
  constexpr Corner kCorners[] = {{4, 8, 0, 0}, {4, 8, 0, 7}, {4, 8, 3, 7}, {4, 8, 3, 0},
                                 {8, 4, 0, 0}, {8, 4, 0, 3}, {8, 4, 7, 3}, {8, 4, 7, 0}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    SCOPED_TRACE(orientation);
    const Corner& corner = kCorners[orientation - 1];
    for (const std::string& file :
         {encoded::webp(corner_picture(), orientation), encoded::tiff(corner_picture(), orientation)}) {
      const Image image = decode(file);
      ASSERT_EQ(image.height, corner.height);
      ASSERT_EQ(image.width, corner.width);
      EXPECT_EQ(image.at(corner.row, corner.column, 0), 255);
      EXPECT_EQ(std::accumulate(image.pixels.begin(), image.pixels.end(), 0), 3 * 255);
    }
  }
}

TEST(DecodeTest, TakesDamagedWebpExifForNone) {
  const std::string good = encoded::webp(corner_picture(), 6);
  const std::size_t exif = good.find("EXIF");
  for (std::size_t i = exif + 4; i < good.size(); ++i) {
    for (const int value : {0, 0x7F, 0xFF}) {
      std::string damaged = good;
      damaged[i] = static_cast<char>(value);
      try {
        const Image image = decode(damaged);
        EXPECT_EQ(image.height * image.width, 32);
      } catch (const InputError&) {  // the decoder may refuse the file as a whole
      }
    }
  }
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
  for (const std::string& whole : files_of_every_format()) {
    ASSERT_EQ(refusal(whole), "decoded");
    if (whole.starts_with("P3")) continue;  // shorter numbers are numbers too
    for (std::size_t length = 1; length < whole.size(); ++length) {
      ASSERT_THAT(refusal(whole.substr(0, length)), StartsWith(": expected ")) << length << " of " << whole.size();
    }
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeTest, RefusesADamagedPngQuietly) {
  std::string damaged = png(1, 2, 8, 6, bytes({0, 10, 20, 30, 0, 40, 50, 60, 128}));
  damaged[damaged.size() - 25] ^= 1;  // inside IDAT
  testing::internal::CaptureStderr();
  EXPECT_THAT(refusal(damaged),
              AllOf(HasSubstr("expected a PNG chunk with its checksum at offset 33"), HasSubstr("damaged")));
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(DecodeTest, RefusesHugeImagesBeforeAllocation) {
  const char* expected = "expected an image of at most 536870912 pixels, got ";
  EXPECT_THAT(refusal("P6 100000 100000 255\n"), AllOf(HasSubstr(expected), HasSubstr("100000 x 100000")));
  EXPECT_THAT(refusal(png(-1, -1, 8, 2, "")), AllOf(HasSubstr(expected), HasSubstr("4294967295 x 4294967295")));
  EXPECT_THAT(refusal("P6 2000000 1 255\n" + std::string(6000000, 'x')), HasSubstr("1048576 pixels per side"));
}

/// A JPEG's bytes with another height and width in its header.
std::string with_declared_size(std::string jpeg, int height, int width) {
  const std::size_t frame = jpeg.find("\xFF\xC0");
  return jpeg.replace(frame + 5, 4, big_endian(encoded::side(height), 2) + big_endian(encoded::side(width), 2));
}

TEST(DecodeTest, TakesNoMemoryForPixelsThatASmallFileCannotHold) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "memory cannot be limited under a sanitizer";
  const std::string large_jpeg = with_declared_size(two_block_jpeg(1), 12000, 14000);
  const std::string large_webp = encoded::riff_chunk("RIFF", "WEBP" + encoded::webp_canvas(12000, 14000, 0x12) +
                                                                 encoded::riff_chunk("ANIM", std::string(6, '\0')) +
                                                                 encoded::webp_pixels(corner_picture()));
  const std::vector<std::string> files = {large_jpeg,
                                          large_webp,
                                          png(12000, 14000, 8, 2, bytes({0, 1, 2, 3})),
                                          encoded::bmp(12000, 14000, "", {}),
                                          encoded::bmp(12000, 14000, bytes({0, 1}), {.bits = 8, .compression = 1}),
                                          encoded::tiff(12000, 14000, 8, "abc"),
                                          "P6 14000 12000 255\nabc"};
  const MemoryLimit limit(64 << 20);  // a ninth of what the pixels take
  for (const std::string& file : files) EXPECT_THAT(refusal(file), StartsWith(": expected ")) << file.substr(0, 4);
  EXPECT_THAT(refusal(large_jpeg), HasSubstr("pixels in a file of " + std::to_string(large_jpeg.size()) +
                                             " bytes, got 12000 x 14000 (height x width)"));
}

TEST(DecodeTest, RefusesAJpegOfEndlessScans) {
  const std::string whole = two_block_jpeg(1);
  const std::size_t scan = whole.find("\xFF\xDA");
  const std::string scans = whole.substr(scan, whole.size() - 2 - scan);
  std::string endless = with_declared_size(whole.substr(0, whole.size() - 2), 4000, 4000);
  for (int i = 0; i < 200; ++i) endless += scans;
  EXPECT_THAT(refusal(endless + "\xFF\xD9"), HasSubstr("expected at most 134 scans of 16000000 pixels, got more"));
}

TEST(DecodeTest, RandomDamageNeverEscapesAsAnythingElse) {
  std::mt19937 random(7);
  const std::vector<std::string> originals = files_of_every_format();
  testing::internal::CaptureStderr();
  for (int round = 0; round < 1400; ++round) {
    std::string damaged = originals[static_cast<std::size_t>(round) % originals.size()];
    for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
    EXPECT_THAT(refusal(damaged), Not(HasSubstr("OpenCV")));
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");  // the libraries print about damage
}

TEST(DecodeTest, RefusesAJpegWithDamagedPixels) {
  const std::string whole = two_block_jpeg(1);
  const std::size_t end = whole.size() - 2;  // of the compressed data
  const auto with_stray_bytes = [&](std::size_t count) {
    return whole.substr(0, end) + std::string(count, '\x55') + whole.substr(end);
  };
  EXPECT_EQ(refusal(with_stray_bytes(0)), "decoded");
  EXPECT_EQ(refusal(with_stray_bytes(3)), "decoded");  // padding, which cameras leave
  EXPECT_THAT(refusal(with_stray_bytes(200)),
              AllOf(HasSubstr("expected a readable JPEG at offset "), HasSubstr(" stray bytes")));
  std::string wrong_code = whole;
  for (std::size_t i = end - 2; i < end; ++i) wrong_code[i] = '\x7E';
  EXPECT_THAT(refusal(wrong_code), HasSubstr("expected a readable JPEG at offset "));
}

TEST(DecodeTest, ReadsTheFourInksOfAPrinter) {
  const Image image = decode_image_file(FOVEA_TEST_DATA "/images/cmyk.jpg");
  ASSERT_EQ(image.height, 8);
  ASSERT_EQ(image.width, 16);
  const auto expect_pixel = [&](int x, int red, int green, int blue) {  // within what JPEG loses
    EXPECT_NEAR(image.at(4, x, 0), red, 3);
    EXPECT_NEAR(image.at(4, x, 1), green, 3);
    EXPECT_NEAR(image.at(4, x, 2), blue, 3);
  };
  expect_pixel(2, 255, 0, 0);     // magenta and yellow make red
  expect_pixel(13, 0, 127, 127);  // cyan and half of the black
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
