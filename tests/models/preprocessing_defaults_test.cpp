// Published weights' preprocessing, for every network that has some.

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/models/registry.h>
#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {
namespace {

TEST(PreprocessingDefaultsTest, AnotherCropIsResizedAsByTimm) {
  int rows = 0;
  for (const ModelRow& row : model_registry()) {
    if (!row.preprocessing) continue;
    ++rows;
    const PreprocessOptions published = preprocessing_of(*row.preprocessing);
    for (std::int64_t crop = 96; crop <= 512; ++crop) {
      const auto by_timm = static_cast<std::int64_t>(std::floor(static_cast<double>(crop) / row.preprocessing->crop_pct));
      const PreprocessOptions once = with_crop(published, crop);
      EXPECT_EQ(once.resize, std::vector<std::int64_t>{by_timm}) << row.name << ", crop " << crop;
      EXPECT_EQ(with_crop(once, row.preprocessing->side).resize, published.resize) << row.name << ", back from " << crop;
    }
  }
  EXPECT_GT(rows, 20);
}

}  // namespace
}  // namespace fovea
