#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/image/decode.h>
#include <fovea/image/encode.h>
#include <fovea/image/image.h>
#include <fovea/image/resample.h>
#include <fovea/image/size_text.h>

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// An image whose pixels end in the second row.
Image truncated_image(int channels) {
  Image image(4, 6, channels);
  image.pixels.resize(static_cast<std::size_t>(8 * channels));
  return image;
}

TEST(ImageTest, AnImageHasPixels) {
  EXPECT_NO_THROW(expect_valid(Image(2, 3, 1), "test"));
  EXPECT_NO_THROW(expect_valid(Image(1, 1, 7), "test"));
  for (const Image& image : {Image(), Image(0, 3, 1), Image(3, 0, 1), Image(3, 3, 0)}) {
    EXPECT_THROW(expect_valid(image, "test"), InputError);
    EXPECT_NO_THROW(expect_complete(image, "test"));
  }
  EXPECT_THAT([] { expect_valid(Image(0, 3, 1), "test"); },
              ThrowsMessage<InputError>(StrEq("test: expected an image of at least one pixel and channel, got 0 x 3 x 1 "
                                              "(height x width x channels)")));
}

TEST(ImageTest, AnImageHasAsManyValuesAsItsSidesSay) {
  EXPECT_THAT(
      [] { expect_valid(truncated_image(3), "test"); },
      ThrowsMessage<InputError>(StrEq("test: expected 72 values in an image of 4 x 6 x 3 (height x width x channels), "
                                      "got 24")));
  Image longer(2, 2, 1);
  longer.pixels.push_back(0);
  EXPECT_THROW(expect_complete(longer, "test"), InputError);
  Image negative;
  negative.height = negative.width = -2;
  negative.channels = 1;
  negative.pixels.resize(4);
  EXPECT_THROW(expect_complete(negative, "test"), InputError);
}

TEST(ImageTest, WhatReadsPixelsRefusesATruncatedImage) {
  EXPECT_THROW(cropped_image(truncated_image(3), {0, 0, 4, 6}), InputError);
  EXPECT_THROW(resampled(truncated_image(1), {0, 0, 4, 6}, 2, 3, Interpolation::bilinear, true), InputError);
  EXPECT_THROW(resampled(truncated_image(1), {0, 0, 4, 6}, 2, 3, Interpolation::area, false), InputError);
  EXPECT_THROW(encode_png(truncated_image(3)), InputError);
  EXPECT_THROW(to_channels(truncated_image(3), 1), InputError);
  EXPECT_THROW(to_channels(truncated_image(1), 3), InputError);
}

TEST(SizeTextTest, TheHeightIsFirst) {
  EXPECT_EQ(size_text(480, 640), "480 x 640");
  EXPECT_EQ(pixels_text(480, 640), "480 x 640 pixels (height x width)");
  EXPECT_EQ(shape_text(Image(2, 3, 1)), "2 x 3 x 1");
}

}  // namespace
}  // namespace fovea
