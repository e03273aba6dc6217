#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/datasets/idx.h>

#include "byte_builders.h"
#include "fuzz.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// Says that parsing `bytes` as images is refused with a message that begins so.
void expect_refused_images(const ByteVector& bytes, const std::string& message) {
  EXPECT_THAT([&] { parse_idx_images(bytes, "f"); }, ThrowsMessage<InputError>(StartsWith(message)));
}

TEST(IdxTest, ReadsImages) {
  const ImageArray images = parse_idx_images(idx_bytes(kIdxImages, {2, 1, 3}, {1, 2, 3, 4, 5, 6}), "f");
  EXPECT_EQ(images.count(), 2U);
  EXPECT_EQ(images.height, 1);
  EXPECT_EQ(images.width, 3);
  EXPECT_EQ(images.channels, 1);
  EXPECT_THAT(images.pixels, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(IdxTest, ReadsLabels) {
  EXPECT_THAT(parse_idx_labels(idx_bytes(kIdxLabels, {3}, {7, 0, 255}), "f"), ElementsAre(7, 0, 255));
}

TEST(IdxTest, RefusesAWrongMagicNumber) {
  expect_refused_images(idx_bytes(kIdxLabels, {1, 1, 1}, {0}),
                        "f: offset 0: expected the magic number 0x00000803 of IDX images, got 0x00000801; check that");
  EXPECT_THAT([] { parse_idx_labels(idx_bytes(kIdxImages, {1}, {0}), "f"); },
              ThrowsMessage<InputError>(HasSubstr("0x00000801 of IDX labels, got 0x00000803")));
}

TEST(IdxTest, RefusesTruncatedFiles) {
  expect_refused_images({}, "f: offset 0: expected an IDX header of 16 bytes, got the end of the file");
  expect_refused_images(ByteVector(15), "f: offset 15: expected an IDX header of 16 bytes, got the end of the file");
  expect_refused_images(idx_bytes(kIdxImages, {2, 2, 2}, ByteVector(7)),
                        "f: offset 16: expected 2 x 2 x 2 bytes of images, got 7");
}

TEST(IdxTest, RefusesTrailingBytes) {
  expect_refused_images(idx_bytes(kIdxImages, {2, 2, 2}, ByteVector(9)),
                        "f: offset 24: expected 2 x 2 x 2 bytes of images and the end of the file, got 9");
}

TEST(IdxTest, RefusesEmptyDimensions) {
  expect_refused_images(idx_bytes(kIdxImages, {0, 28, 28}, {}), "f: offset 4: expected a dimension of at least 1, got 0");
  expect_refused_images(idx_bytes(kIdxImages, {1, 28, 0}, {}), "f: offset 12: expected a dimension of at least 1, got 0");
}

TEST(IdxTest, RefusesCountsThatClaimTerabytes) {
  expect_refused_images(idx_bytes(kIdxImages, {0xFFFFFFFF, 0xFFFF, 0xFFFF}, ByteVector(100)),
                        "f: offset 16: expected 4294967295 x 65535 x 65535 bytes of images, got 100");
  // The product is 2^64: it must not wrap to 0 and pass.
  expect_refused_images(idx_bytes(kIdxImages, {0x80000000, 0x80000000, 4}, {}),
                        "f: offset 16: expected 2147483648 x 2147483648 x 4 bytes of images, got 0");
  // And 2^64 + 2^32, which would wrap to 2^32.
  expect_refused_images(idx_bytes(kIdxImages, {0x80000000, 0x80000000, 5}, ByteVector(8)), "f: offset 16: expected");
}

TEST(IdxTest, NamesTheFileItRead) {
  const TemporaryDirectory folder;
  folder.write("labels.gz", gzip_bytes(idx_bytes(kIdxLabels, {9}, {1})));
  EXPECT_THAT(
      [&] { read_idx_labels(folder.path("labels.gz")); },
      ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("labels.gz") + ": offset 8: expected 9 bytes of labels, got 1"),
                                      HasSubstr("truncated"))));
}

TEST(IdxTest, RandomDamageOnlyThrowsInputErrors) {
  const FuzzLimits limits;
  std::mt19937 random(5);
  const ByteVector images = idx_bytes(kIdxImages, {3, 2, 2}, ByteVector(12, 9));
  const ByteVector labels = idx_bytes(kIdxLabels, {3}, {0, 1, 2});
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    try {
      if (round % 2 == 0) {
        const ImageArray parsed = parse_idx_images(mutated(images, random), "x");
        ASSERT_EQ(parsed.count() * parsed.image_size(), parsed.pixels.size());
      } else {
        ASSERT_EQ(parse_idx_labels(mutated(labels, random), "x").size(), 3U);
      }
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 3000);  // the rest changed values only
}

}  // namespace
}  // namespace fovea
