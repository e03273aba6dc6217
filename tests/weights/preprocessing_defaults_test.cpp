#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {
namespace {

using Sides = std::vector<std::int64_t>;

PreprocessOptions sides(Sides resize, Sides crop) {
  PreprocessOptions preprocess;
  preprocess.resize = std::move(resize);
  preprocess.crop = std::move(crop);
  return preprocess;
}

Sides resize_with_crop(Sides resize, Sides crop, std::int64_t side) {
  return with_crop(sides(std::move(resize), std::move(crop)), side).resize;
}

TEST(PreprocessingDefaultsTest, SidesOfThePreprocessingAreRoundedDown) {
  const PreprocessOptions preprocess = preprocessing_of({.side = 224, .crop_pct = 0.95});  // 235.79
  EXPECT_EQ(preprocess.resize, Sides{235});
  EXPECT_EQ(preprocess.crop, Sides{224});
}

TEST(PreprocessingDefaultsTest, ResizeGoesWithTheCropByTheFractionBehindBoth) {
  EXPECT_EQ(resize_with_crop({256}, {224}, 288), Sides{329}) << "0.875: 329.14";
  EXPECT_EQ(resize_with_crop({235}, {224}, 288), Sides{303}) << "0.95: 303.16, but 302.14 by the two sides";
  EXPECT_EQ(resize_with_crop({269}, {256}, 288), Sides{303}) << "0.95: 303.16, but 302.62 by the two sides";
  EXPECT_EQ(resize_with_crop({248}, {224}, 384), Sides{426}) << "0.9: 426.67, but 425.14 by the two sides";
  EXPECT_EQ(resize_with_crop({224}, {224}, 288), Sides{288}) << "all of it";
}

TEST(PreprocessingDefaultsTest, OtherFractionsAreTheQuotientOfBothSides) {
  EXPECT_EQ(resize_with_crop({72}, {64}, 128), Sides{144});
  EXPECT_EQ(resize_with_crop({232}, {224}, 288), Sides{298});
  EXPECT_EQ(resize_with_crop({16384}, {1}, 2), Sides{32768}) << "less than 0.025";
}

TEST(PreprocessingDefaultsTest, TheSameCropLeavesEverythingAsItIs) {
  for (std::int64_t crop = 1; crop <= 64; ++crop) {
    for (std::int64_t resize = 1; resize <= 128; ++resize) {
      EXPECT_EQ(resize_with_crop({resize}, {crop}, crop), Sides{resize}) << "crop " << crop;
    }
  }
}

TEST(PreprocessingDefaultsTest, SidesThatNoFractionConnectsStay) {
  EXPECT_EQ(resize_with_crop({0}, {224}, 288), Sides{0});
  EXPECT_EQ(resize_with_crop({64}, {0}, 48), Sides{64});
  EXPECT_EQ(resize_with_crop({64, 72}, {48}, 32), (Sides{64, 72}));
  EXPECT_EQ(resize_with_crop({64}, {48, 56}, 32), Sides{64});
  EXPECT_EQ(with_crop(sides({64}, {48, 56}), 32).crop, Sides{32});
}

}  // namespace
}  // namespace fovea
