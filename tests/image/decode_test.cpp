#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>

#include "image_bytes.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
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

Image decode(const std::string& file) {
  const TemporaryDirectory folder;
  return decode_image_file(folder.write("image", file));
}

/// What decode_image_file says about these bytes, after the path.
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

TEST(DecodeTest, ScalesSixteenBits) {
  EXPECT_THAT(decode(png(1, 2, 16, 0, bytes({0, 0xFF, 0xFF, 0x80, 0x00}))).pixels,
              ElementsAre(255, 255, 255, 128, 128, 128));
  EXPECT_THAT(decode("P5 1 1 65535\n" + bytes({0xFF, 0xFF})).pixels, ElementsAre(255, 255, 255));
}

TEST(DecodeTest, DropsAlphaAndKeepsTheColour) {
  EXPECT_THAT(decode(png(1, 2, 8, 6, bytes({0, 10, 20, 30, 0, 40, 50, 60, 128}))).pixels,
              ElementsAre(10, 20, 30, 40, 50, 60));
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
  // Where the stored top left pixel ends, by the definition of EXIF 2.3, tag 0x0112.
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
  for (const std::string& whole : {two_block_jpeg(6), png(1, 2, 8, 6, bytes({0, 10, 20, 30, 0, 40, 50, 60, 128})),
                                   "P6 2 1 255\n" + bytes({10, 20, 30, 200, 210, 220})}) {
    ASSERT_EQ(refusal(whole), "decoded");
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
  const char* expected = "expected an image of at most 1073741824 pixels, got ";
  EXPECT_THAT(refusal("P6 100000 100000 255\n"), AllOf(HasSubstr(expected), HasSubstr("100000 x 100000")));
  EXPECT_THAT(refusal(png(-1, -1, 8, 2, "")), AllOf(HasSubstr(expected), HasSubstr("4294967295 x 4294967295")));
  EXPECT_THAT(refusal("P6 2000000 1 255\n" + std::string(6000000, 'x')), HasSubstr("2^20 per side"));
}

TEST(DecodeTest, RandomDamageNeverEscapesAsAnythingElse) {
  std::mt19937 random(7);
  const std::vector<std::string> originals = {two_block_jpeg(6), png(1, 2, 8, 6, bytes({0, 1, 2, 3, 4, 5, 6, 7, 8})),
                                              "P6 2 1 255\n123456"};
  testing::internal::CaptureStderr();
  for (int round = 0; round < 1000; ++round) {
    std::string damaged = originals[static_cast<std::size_t>(round) % originals.size()];
    for (int flips = 0; flips < 3; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
    refusal(damaged);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");  // libjpeg would print about damaged pixels
}

TEST(DecodeTest, RefusesAJpegWithDamagedPixels) {
  const std::string whole = two_block_jpeg(1);
  const std::size_t end = whole.size() - 2;  // of the compressed data
  const auto with_stray_bytes = [&](std::size_t count) {
    return whole.substr(0, end) + std::string(count, '\x55') + whole.substr(end);
  };
  EXPECT_EQ(refusal(with_stray_bytes(0)), "decoded");
  EXPECT_EQ(refusal(with_stray_bytes(3)), "decoded");  // padding, which cameras leave
  EXPECT_THAT(refusal(with_stray_bytes(200)), AllOf(HasSubstr("expected a readable JPEG"), HasSubstr("extraneous bytes")));
  std::string wrong_code = whole;
  for (std::size_t i = end - 2; i < end; ++i) wrong_code[i] = '\x7E';
  EXPECT_THAT(refusal(wrong_code), HasSubstr("expected a readable JPEG"));
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
