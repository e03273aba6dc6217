// Parameters and multiply-adds of the networks whose numbers are published, at full size.
//
// torchvision: `num_params` and `_ops` (in 1e9 multiply-adds of convolutions, linear layers and matrix products, as we count
// them) of the weights' descriptions, pytorch/vision @ 07a929e8b851242b1c75c9016ee06a8e502961d8 and its documentation.
// timm: param_count (in 1e6) and infer_gmacs of results/benchmark-infer-amp-nchw-pt240-cu124-rtx3090.csv,
// huggingface/pytorch-image-models @ 7479d451a6dfd8af27f941b8e82a7402461fae80. Its counter adds two operations for each
// value that a convolution gives (its norm), which small networks notice most, and five for each value of a layer norm.

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/models/registry.h>
#include <fovea/nn/multiply_adds.h>

#include "built_network.h"

namespace fovea {
namespace {

struct PublishedNetwork {
  const char* name;
  std::int64_t side;       ///< of the image, in pixels
  const char* parameters;  ///< as printed: a number, or millions with decimals
  const char* giga_macs;   ///< as printed, with decimals
  double norms;            ///< fraction of giga_macs that may be norms: 0 where they are not counted
};

const PublishedNetwork kPublished[] = {
    // torchvision
    {"resnet18", 224, "11689512", "1.814", 0},
    {"resnet34", 224, "21797672", "3.664", 0},
    {"resnet50", 224, "25557032", "4.089", 0},
    {"resnet101", 224, "44549160", "7.801", 0},
    {"resnet152", 224, "60192808", "11.514", 0},
    {"resnext50_32x4d", 224, "25028904", "4.23", 0},
    {"resnext101_32x8d", 224, "88791336", "16.414", 0},
    {"wide_resnet50_2", 224, "68883240", "11.398", 0},
    {"wide_resnet101_2", 224, "126886696", "22.753", 0},
    {"vgg11_bn", 224, "132868840", "7.609", 0},
    {"vgg13_bn", 224, "133053736", "11.308", 0},
    {"vgg16_bn", 224, "138365992", "15.47", 0},
    {"vgg19_bn", 224, "143678248", "19.632", 0},
    {"mobilenet_v2", 224, "3504872", "0.301", 0},
    {"mobilenet_v3_small", 224, "2542856", "0.057", 0},
    {"mobilenet_v3_large", 224, "5483032", "0.217", 0},
    {"vit_b_16", 224, "86567656", "17.564", 0},
    {"vit_b_32", 224, "88224232", "4.409", 0},
    // timm
    {"resnet18d", 224, "11.71", "2.06", 0.01},
    {"resnet34d", 224, "21.82", "3.91", 0.01},
    {"resnet50d", 224, "25.58", "4.35", 0.01},
    {"resnet101d", 224, "44.57", "8.08", 0.01},
    {"seresnet18", 224, "11.78", "1.82", 0.01},
    {"seresnet34", 224, "21.96", "3.67", 0.01},
    {"seresnet50", 224, "28.09", "4.11", 0.01},
    {"seresnet101", 224, "49.33", "7.84", 0.01},
    {"seresnet152", 224, "66.82", "11.57", 0.01},
    {"ecaresnet50d", 224, "25.58", "4.35", 0.01},
    {"ecaresnet101d", 224, "44.57", "8.08", 0.01},
    {"ecaresnetlight", 224, "30.16", "4.11", 0.01},
    {"mobilenetv3_small_050", 224, "1.59", "0.03", 0.07},
    {"mobilenetv3_small_075", 224, "2.04", "0.05", 0.07},
    {"mobilenetv3_small_100", 224, "2.54", "0.06", 0.07},
    {"mobilenetv3_large_100", 224, "5.48", "0.23", 0.07},
    {"mobilenetv2_100", 224, "3.5", "0.31", 0.07},
    {"vit_tiny_patch16_224", 224, "5.72", "1.26", 0.01},
    {"vit_small_patch16_224", 224, "22.05", "4.61", 0.01},
    {"vit_base_patch16_224", 224, "86.57", "17.58", 0.01},
    {"vit_small_patch32_224", 224, "22.88", "1.15", 0.01},
    {"vit_base_patch32_224", 224, "88.22", "4.41", 0.01},
    {"deit_tiny_patch16_224", 224, "5.72", "1.26", 0.01},
    {"deit_small_patch16_224", 224, "22.05", "4.61", 0.01},
    {"deit_base_patch16_224", 224, "86.57", "17.58", 0.01},
    {"cait_xxs24_224", 224, "11.96", "2.53", 0.01},
    {"cait_xxs36_224", 224, "17.3", "3.77", 0.01},
    {"cait_s24_224", 224, "46.92", "9.35", 0.01},
    {"cait_xs24_384", 384, "26.67", "19.28", 0.01},
};

/// Half of the last digit of a printed number.
double half_digit(const std::string& printed) {
  const std::size_t point = printed.find('.');
  const std::size_t decimals = point == std::string::npos ? 0 : printed.size() - point - 1;
  return 0.5 * std::pow(10.0, -static_cast<double>(decimals)) * (1 + 1e-9);
}

std::string test_name(const testing::TestParamInfo<PublishedNetwork>& test) {
  return test.param.name;
}

class PublishedCosts : public testing::TestWithParam<PublishedNetwork> {};

TEST_P(PublishedCosts, AreOurs) {
  const PublishedNetwork& published = GetParam();
  const InputSpec input{3, published.side, published.side, 1000};
  const auto network = built(published.name, input);

  const std::string parameters = published.parameters;
  const bool millions = parameters.find('.') != std::string::npos;
  const double unit = millions ? 1e6 : 1;
  EXPECT_NEAR(static_cast<double>(count_parameters(*network)) / unit, std::stod(parameters),
              millions ? half_digit(parameters) : 0);

  const std::string printed = published.giga_macs;
  const double ours = static_cast<double>(count_multiply_adds(*network, input)) / 1e9;
  EXPECT_LE(ours, std::stod(printed) + half_digit(printed));
  EXPECT_GE(ours, std::stod(printed) * (1 - published.norms) - half_digit(printed));
}

INSTANTIATE_TEST_SUITE_P(Networks, PublishedCosts, testing::ValuesIn(kPublished), test_name);

/// A new row belongs into the table above, or here.
TEST(PublishedCostsTest, EveryNetworkWithPhotosIsInTheTable) {
  const std::set<std::string> unpublished{"cbam_resnet18", "cbam_resnet50", "ecaresnet101",
                                          "ecaresnet18",   "ecaresnet34",   "ecaresnet50"};
  std::set<std::string> known = unpublished;
  for (const PublishedNetwork& network : kPublished) known.insert(network.name);
  for (const ModelRow& row : model_registry()) {
    EXPECT_TRUE(!row.preprocessing || known.contains(row.name)) << row.name;
  }
}

}  // namespace
}  // namespace fovea
