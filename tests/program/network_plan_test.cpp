// Preprocessing for weights without a data set, when a configuration sets another crop.

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/run/internal/network_plan.h>
#include <fovea/weights/model_file.h>

namespace fovea {
namespace {

/// Preprocessing of seresnet50 for weights without a description, or with that of `fovea convert`.
PreprocessOptions planned_preprocessing(const std::string& preprocess, const DescribedWeights& weights) {
  const ConfigNode root = parse_yaml("{model: {name: seresnet50}, preprocess: " + preprocess + "}", "test");
  return NetworkPlan(root, weights, {}, torch::kCPU).description(1000).preprocess;
}

TEST(NetworkPlanTest, ACropResizesAlikeBeforeAndAfterConversion) {
  DescribedWeights published, converted;
  converted.description =
      NetworkPlan(parse_yaml("model: {name: seresnet50}", "test"), published, {}, torch::kCPU).description(1000);
  ASSERT_EQ(converted.description->preprocess.resize, std::vector<std::int64_t>{235});
  for (const DescribedWeights* weights : {&published, &converted}) {
    SCOPED_TRACE(weights->description ? "converted" : "published");
    EXPECT_EQ(planned_preprocessing("{crop: 288}", *weights).resize, std::vector<std::int64_t>{303}) << "timm's: 288 / 0.95";
    EXPECT_EQ(planned_preprocessing("{crop: 288}", *weights).crop, std::vector<std::int64_t>{288});
    EXPECT_EQ(planned_preprocessing("{crop: [288, 200]}", *weights).resize, std::vector<std::int64_t>{235});
    EXPECT_EQ(planned_preprocessing("{resize: 300, crop: 288}", *weights).resize, std::vector<std::int64_t>{300});
    EXPECT_EQ(planned_preprocessing("{resize: [300, 300]}", *weights).crop, std::vector<std::int64_t>{0});
  }
}

}  // namespace
}  // namespace fovea
