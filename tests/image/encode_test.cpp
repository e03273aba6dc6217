#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>
#include <fovea/image/encode.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// Different values in every pixel and channel.
Image numbered(int height, int width, int channels) {
  Image image(height, width, channels);
  std::uint8_t value = 3;
  for (std::uint8_t& pixel : image.pixels) pixel = value = static_cast<std::uint8_t>(value * 7 + 5);
  return image;
}

TEST(EncodeTest, KeepsEveryPixel) {
  const TemporaryDirectory folder;
  for (const auto& [height, width] : {std::pair(1, 1), std::pair(1, 9), std::pair(17, 5)}) {
    const Image rgb = numbered(height, width, 3);
    const Image read = decode_image_file(folder.write("rgb.png", encode_png(rgb)));
    EXPECT_EQ(read.height, height);
    EXPECT_EQ(read.width, width);
    EXPECT_EQ(read.pixels, rgb.pixels);

    const Image grey = numbered(height, width, 1);
    EXPECT_EQ(to_channels(decode_image_file(folder.write("grey.png", encode_png(grey))), 1).pixels, grey.pixels);
  }
}

TEST(EncodeTest, WritesThePngTheImageAsksFor) {
  const std::vector<std::uint8_t> grey = encode_png(Image(2, 3, 1));
  const std::vector<std::uint8_t> rgb = encode_png(Image(2, 3, 3));
  ASSERT_GT(grey.size(), 26U);
  EXPECT_THAT(std::vector<std::uint8_t>(grey.begin(), grey.begin() + 8),
              ElementsAre(0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'));
  // The header chunk's data starts at byte 16: width, height, bits per value, kind (0: grey, 2: RGB).
  EXPECT_THAT(std::vector<std::uint8_t>(grey.begin() + 16, grey.begin() + 26), ElementsAre(0, 0, 0, 3, 0, 0, 0, 2, 8, 0));
  EXPECT_THAT(std::vector<std::uint8_t>(rgb.begin() + 16, rgb.begin() + 26), ElementsAre(0, 0, 0, 3, 0, 0, 0, 2, 8, 2));
}

TEST(EncodeTest, GivesTheSameBytesForTheSameImage) {
  const Image image = numbered(31, 20, 3);
  EXPECT_EQ(encode_png(image), encode_png(image));
  EXPECT_NE(encode_png(image), encode_png(numbered(20, 31, 3)));
}

TEST(EncodeTest, RefusesWhatIsNoPicture) {
  testing::internal::CaptureStderr();
  EXPECT_THAT([] { encode_png(Image(2, 3, 2)); },
              ThrowsMessage<InputError>(
                  StartsWith("png: expected 1 or 3 channels and sides of 1 to 1000000 pixels, got 2 x 3 x 2")));
  EXPECT_THROW(encode_png(Image(2, 3, 4)), InputError);
  EXPECT_THROW(encode_png(Image()), InputError);
  EXPECT_THROW(encode_png(Image(0, 3, 3)), InputError);
  EXPECT_THROW(encode_png(Image(1, 1'000'001, 1)), InputError);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(EncodeTest, WritesLongPictures) {
  const TemporaryDirectory folder;
  EXPECT_EQ(decode_image_file(folder.write("long.png", encode_png(Image(1, 1'000'000, 1)))).width, 1'000'000);
}

TEST(WritePngTest, ReplacesTheFile) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("picture.png");
  write_png(path, numbered(4, 6, 3));
  write_png(path, numbered(5, 2, 3));
  EXPECT_EQ(decode_image_file(path).pixels, numbered(5, 2, 3).pixels);
}

TEST(WritePngTest, NamesThePathItCannotWrite) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("missing/picture.png");
  EXPECT_THAT([&] { write_png(path, numbered(4, 6, 3)); }, ThrowsMessage<Error>(HasSubstr(path)));
}

TEST(WritePngTest, LeavesTheOldFileWhenThereIsNothingToWrite) {
  const TemporaryDirectory folder;
  const std::string path = folder.path("picture.png");
  write_png(path, numbered(4, 6, 3));
  EXPECT_THROW(write_png(path, Image()), InputError);
  EXPECT_EQ(decode_image_file(path).pixels, numbered(4, 6, 3).pixels);
}

}  // namespace
}  // namespace fovea
