#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/datasets/mnist.h>

#include "byte_builders.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

std::shared_ptr<const Dataset> open_digits(const TemporaryDirectory& folder, Split split) {
  return open_mnist(folder.path(), split, mnist_class_names(), "advice");
}

TEST(MnistTest, ReadsBothSplits) {
  const TemporaryDirectory folder;
  folder.write("train-images-idx3-ubyte.gz",
               gzip_bytes(idx_bytes(kIdxImages, {2, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})));
  folder.write("train-labels-idx1-ubyte", idx_bytes(kIdxLabels, {2}, {9, 4}));
  folder.write("t10k-images-idx3-ubyte", idx_bytes(kIdxImages, {1, 2, 3}, {200, 0, 0, 0, 0, 0}));
  folder.write("t10k-labels-idx1-ubyte.gz", gzip_bytes(idx_bytes(kIdxLabels, {1}, {0})));

  const auto train = open_digits(folder, Split::train);
  ASSERT_EQ(train->size(), 2);
  EXPECT_EQ(train->height(), 2);
  EXPECT_EQ(train->width(), 3);
  EXPECT_EQ(train->channels(), 1);
  EXPECT_EQ(train->label(0), 9);
  const Sample second = train->sample(1);
  EXPECT_EQ(second.label, 4);
  EXPECT_THAT(second.image.pixels, ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_EQ(second.image.at(1, 2, 0), 11);

  const auto test = open_digits(folder, Split::test);
  EXPECT_EQ(test->size(), 1);
  EXPECT_EQ(test->sample(0).image.at(0, 0, 0), 200);
}

TEST(MnistTest, RefusesAnIndexOutOfRange) {
  const TemporaryDirectory folder;
  folder.write("t10k-images-idx3-ubyte", idx_bytes(kIdxImages, {1, 1, 1}, {200}));
  folder.write("t10k-labels-idx1-ubyte", idx_bytes(kIdxLabels, {1}, {0}));
  const auto test = open_digits(folder, Split::test);
  EXPECT_THAT([&] { test->sample(1); }, ThrowsMessage<InputError>(HasSubstr("expected an index in [0, 1), got 1")));
  EXPECT_THROW(test->label(-1), InputError);
}

TEST(MnistTest, SaysHowToGetAMissingFolder) {
  const TemporaryDirectory folder;
  EXPECT_THAT([&] { open_mnist(folder.path("none"), Split::train, mnist_class_names(), "advice"); },
              ThrowsMessage<InputError>(
                  StartsWith(folder.path("none") + ": expected the folder of the data set, got no such folder; advice")));
  EXPECT_THAT([&] { open_mnist(folder.write("file", "x"), Split::train, mnist_class_names(), "advice"); },
              ThrowsMessage<InputError>(HasSubstr("got a file")));
  EXPECT_THAT([&] { open_digits(folder, Split::train); },
              ThrowsMessage<InputError>(StartsWith(folder.path("train-images-idx3-ubyte") + ": expected this file or ")));
}

TEST(MnistTest, RefusesCountsThatDiffer) {
  const TemporaryDirectory folder;
  folder.write("train-images-idx3-ubyte", idx_bytes(kIdxImages, {2, 1, 1}, {0, 0}));
  const std::string labels = folder.write("train-labels-idx1-ubyte", idx_bytes(kIdxLabels, {3}, {0, 0, 0}));
  EXPECT_THAT([&] { open_digits(folder, Split::train); },
              ThrowsMessage<InputError>(StartsWith(labels + ": offset 4: expected 2 labels, one per image, got 3")));
}

TEST(MnistTest, RefusesTestImagesOfAnotherSizeThanTheTrainingImages) {
  const TemporaryDirectory folder;
  folder.write("train-images-idx3-ubyte.gz", gzip_bytes(idx_bytes(kIdxImages, {1, 2, 3}, ByteVector(6))));
  const std::string images = folder.write("t10k-images-idx3-ubyte", idx_bytes(kIdxImages, {1, 3, 2}, ByteVector(6)));
  folder.write("t10k-labels-idx1-ubyte", idx_bytes(kIdxLabels, {1}, {0}));
  EXPECT_THAT(
      [&] { open_digits(folder, Split::test); },
      ThrowsMessage<InputError>(AllOf(StartsWith(images + ": offset 8: expected images of 2 x 3 (height x width), as in "),
                                      HasSubstr("got 3 x 2; take both files from the same data set"))));
}

TEST(MnistTest, RefusesALabelWithoutAClass) {
  const TemporaryDirectory folder;
  folder.write("train-images-idx3-ubyte", idx_bytes(kIdxImages, {2, 1, 1}, {0, 0}));
  const std::string labels = folder.write("train-labels-idx1-ubyte.gz", gzip_bytes(idx_bytes(kIdxLabels, {2}, {9, 10})));
  EXPECT_THAT([&] { open_digits(folder, Split::train); },
              ThrowsMessage<InputError>(StartsWith(labels + ": offset 9: expected a label below 10, got 10")));
}

TEST(MnistTest, ShipsNoValidationSplit) {
  const TemporaryDirectory folder;
  EXPECT_EQ(open_digits(folder, Split::validation), nullptr);
}

}  // namespace
}  // namespace fovea
