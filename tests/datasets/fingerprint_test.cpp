#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <fovea/datasets/array_dataset.h>
#include <fovea/datasets/image_folder.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

TEST(FingerprintTest, OfImagesInMemoryCoversEveryPixelAndLabel) {
  const auto fingerprint = [](std::uint8_t pixel, std::uint8_t label) {
    return ArrayDataset({1, 2, 1, {1, 2, 3, pixel}}, {0, label}, {"a", "b"}).fingerprint(1);
  };
  EXPECT_EQ(fingerprint(4, 1), fingerprint(4, 1));
  EXPECT_NE(fingerprint(4, 1), fingerprint(5, 1));
  EXPECT_NE(fingerprint(4, 1), fingerprint(4, 0));
}

TEST(FingerprintTest, OfAFileCoversItsNameAndSize) {
  const TemporaryDirectory folder;
  const auto open = [&] { return open_image_folder({.root = folder.path()}, Split::train); };
  for (const char* file : {"train/a/1.png", "train/b/1.png", "test/a/1.png"}) folder.write(file, "no image is read");
  const std::uint64_t before = open()->fingerprint(0);
  EXPECT_TRUE(open()->reads_files());
  EXPECT_EQ(open()->fingerprint(0), before);
  EXPECT_NE(open()->fingerprint(1), before);
  folder.write("train/a/1.png", "longer than it was before");
  EXPECT_NE(open()->fingerprint(0), before);
  std::filesystem::rename(folder.path("train/a/1.png"), folder.path("train/a/2.png"));
  folder.write("train/a/2.png", "no image is read");
  EXPECT_NE(open()->fingerprint(0), before);
}

}  // namespace
}  // namespace fovea
