#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/draw/animation.h>
#include <fovea/image/decode.h>

#include "decoded_animation.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// Different values in every pixel, channel and step.
Image frame(int height, int width, int channels, std::uint8_t step) {
  Image image(height, width, channels);
  std::uint8_t value = step;
  for (std::uint8_t& pixel : image.pixels) pixel = value = static_cast<std::uint8_t>(value * 7 + 5 + step);
  return image;
}

TEST(AnimationTest, KeepsEveryPixelOfEveryFrame) {
  for (const auto& [height, width] : {std::pair(1, 1), std::pair(17, 5), std::pair(40, 63)}) {
    Animation animation;
    for (std::uint8_t step = 0; step < 4; ++step) animation.add(frame(height, width, 3, step), 100 + step);
    const DecodedAnimation read = decoded_animation(animation.finish());
    EXPECT_THAT(read.ends, ElementsAre(100, 201, 303, 406));
    EXPECT_EQ(read.loops, 0U);  // for ever
    ASSERT_EQ(read.frames.size(), 4U);
    for (std::uint8_t step = 0; step < 4; ++step) {
      EXPECT_EQ(read.frames[step].height, height);
      EXPECT_EQ(read.frames[step].pixels, frame(height, width, 3, step).pixels);
    }
  }
}

TEST(AnimationTest, KeepsGreyFrames) {
  Animation animation;
  for (const std::uint8_t step : {3, 8}) animation.add(frame(9, 12, 1, step), 50);
  const DecodedAnimation read = decoded_animation(animation.finish());
  ASSERT_EQ(read.frames.size(), 2U);
  EXPECT_EQ(read.frames[1].pixels, to_channels(frame(9, 12, 1, 8), 3).pixels);
}

TEST(AnimationTest, ShowsEqualFramesAsOneThatLastsLonger) {
  Animation animation;
  for (const std::uint8_t step : {1, 1, 2}) animation.add(frame(6, 8, 3, step), 30);
  EXPECT_THAT(decoded_animation(animation.finish()).ends, ElementsAre(60, 90));
}

TEST(AnimationTest, GivesTheSameBytesForTheSameFrames) {
  const auto bytes = [](std::uint8_t last) {
    Animation animation;
    animation.add(frame(20, 31, 3, 1), 70);
    animation.add(frame(20, 31, 3, last), 70);
    return animation.finish();
  };
  EXPECT_EQ(bytes(2), bytes(2));
  EXPECT_NE(bytes(2), bytes(3));
}

TEST(AnimationTest, WritesAFileThatPicturesAreReadFrom) {
  const TemporaryDirectory folder;
  Animation animation;
  animation.add(frame(11, 7, 3, 4), 70);
  animation.write(folder.path("one.webp"));
  EXPECT_EQ(decode_image_file(folder.path("one.webp")).pixels, frame(11, 7, 3, 4).pixels);  // one frame is a still
  animation = Animation();
  animation.add(frame(11, 7, 3, 4), 70);
  EXPECT_THAT([&] { animation.write(folder.path("none/a.webp")); },
              ThrowsMessage<SystemError>(StartsWith(folder.path("none/a.webp") + ": cannot write: ")));
}

TEST(AnimationTest, RefusesWhatItCannotShow) {
  Animation animation;
  EXPECT_THAT([&] { animation.finish(); },
              ThrowsMessage<InputError>(StrEq("animation: expected at least one frame, got none")));
  EXPECT_THAT([&] { animation.add(Image(), 10); }, ThrowsMessage<InputError>(HasSubstr("got 0 x 0 x 0")));
  EXPECT_THAT([&] { animation.add(Image(3, 4, 2), 10); },
              ThrowsMessage<InputError>(HasSubstr("got 3 x 4 x 2 (height x width x channels)")));
  EXPECT_THAT([&] { animation.add(Image(1, kMaximumAnimationSide + 1, 1), 10); },
              ThrowsMessage<InputError>(HasSubstr("got 1 x 16384 x 1 (height x width x channels)")));
  EXPECT_THAT([&] { animation.add(Image(3, 4, 3), 0); }, ThrowsMessage<InputError>(HasSubstr("1 ms or more, got 0")));
  animation.add(Image(3, 4, 3), 10);
  EXPECT_THAT([&] { animation.add(Image(4, 3, 3), 10); },
              ThrowsMessage<InputError>(
                  StrEq("animation: expected frames of one size, 3 x 4, got 4 x 3 x 3 (height x width x channels)")));
}

TEST(AnimationTest, HoldsTheLargestSide) {
  Animation animation;
  const Image wide = frame(1, kMaximumAnimationSide, 3, 9);
  animation.add(wide, 10);
  animation.add(frame(1, kMaximumAnimationSide, 3, 10), 10);
  const DecodedAnimation read = decoded_animation(animation.finish());
  ASSERT_EQ(read.frames.size(), 2U);
  EXPECT_EQ(read.frames[0].pixels, wide.pixels);
}

}  // namespace
}  // namespace fovea
