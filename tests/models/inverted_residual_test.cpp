#include <cmath>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/models/mobilenet/inverted_residual.h>
#include <fovea/nn/initialise.h>

#include "toy_attention.h"

namespace fovea {
namespace {

using testing::ElementsAre;

constexpr FeatureShape kArriving{4, 7, 10};

/// A block of 4 channels that expands to 12 with a 5x5 convolution.
InvertedResidualShape expanding_shape(std::int64_t out_channels = 4, std::int64_t stride = 1) {
  InvertedResidualShape shape;
  shape.expanded = 12;
  shape.out_channels = out_channels;
  shape.kernel = 5;
  shape.stride = stride;
  return shape;
}

std::shared_ptr<InvertedResidualImpl> block_of(const InvertedResidualShape& shape, AttentionFactory& attention,
                                               double drop_probability = 0, const InvertedResidualSettings& settings = {}) {
  const InvertedResidualPlan plan{.in = kArriving,
                                  .shape = shape,
                                  .names = timm_inverted_residual(shape.expands),
                                  .settings = settings,
                                  .stage = 2,
                                  .path = "blocks.1.0",
                                  .drop_probability = drop_probability};
  auto block = std::make_shared<InvertedResidualImpl>(plan, attention);
  initialise(*block, 1);
  block->to(torch::kFloat64);
  block->eval();
  return block;
}

std::shared_ptr<InvertedResidualImpl> plain_block(const InvertedResidualShape& shape, double drop_probability = 0) {
  AttentionFactory nothing;
  return block_of(shape, nothing, drop_probability);
}

torch::Tensor arriving(std::int64_t images = 3) {
  auto features = torch::empty({images, kArriving.channels, kArriving.height, kArriving.width}, torch::kFloat64);
  fill_normal(features, RandomStream(1, Purpose::test), 2.0);
  return features;
}

torch::Tensor block_result(InvertedResidualImpl& block, const torch::Tensor& features) {
  ForwardContext context;
  return block.forward(features, context);
}

TEST(InvertedResidualTest, IsThePapersFormula) {
  for (const Activation activation : {Activation::relu6, Activation::hard_swish}) {
    InvertedResidualShape shape = expanding_shape();
    shape.activation = activation;
    const auto block = plain_block(shape);
    const auto weight = [&](const char* name) { return block->named_parameters()[std::string(name) + ".weight"]; };
    // Fresh norms divide by sqrt(1 + 1e-5).
    const auto norm = [](const torch::Tensor& x) { return x / std::sqrt(1 + 1e-5); };
    const auto features = arriving();
    const auto expanded = apply_activation(norm(torch::conv2d(features, weight("conv_pw"))), activation);
    const auto mixed = apply_activation(norm(torch::conv2d(expanded, weight("conv_dw"), {}, 1, 2, 1, 12)), activation);
    const auto expected = features + norm(torch::conv2d(mixed, weight("conv_pwl")));
    EXPECT_TRUE(torch::allclose(block_result(*block, features), expected, 1e-10, 1e-10));
  }
}

TEST(InvertedResidualTest, SumsOnlyWhereShapesAllow) {
  const auto silenced = [](const InvertedResidualShape& shape) {
    const auto block = plain_block(shape);
    const torch::NoGradGuard no_grad;
    block->named_parameters()["bn3.weight"].zero_();
    return block_result(*block, arriving());
  };
  EXPECT_TRUE(torch::equal(silenced(expanding_shape()), arriving()));
  EXPECT_TRUE(torch::equal(silenced(expanding_shape(4, 2)), torch::zeros({3, 4, 4, 5}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(silenced(expanding_shape(6)), torch::zeros({3, 6, 7, 10}, torch::kFloat64)));
}

TEST(InvertedResidualTest, WithoutExpansionTheInputIsConvolvedDepthwise) {
  InvertedResidualShape shape = expanding_shape(6);
  shape.expands = false;
  shape.expanded = kArriving.channels;
  const auto block = plain_block(shape);
  const auto parameters = block->named_parameters();
  EXPECT_EQ(parameters["conv_dw.weight"].sizes(), (Sizes{4, 1, 5, 5}));
  EXPECT_EQ(parameters["conv_pw.weight"].sizes(), (Sizes{6, 4, 1, 1}));
  EXPECT_EQ(block_result(*block, arriving()).sizes(), (Sizes{3, 6, 7, 10}));
}

/// Only gates, that double what they get and keep it.
struct DoublingAttention final : AttentionFactory {
  struct Doubling final : Gate {
    torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override {
      arrived = features;
      return 2 * features;
    }
    torch::Tensor arrived;
  };
  std::shared_ptr<Gate> gate(const InsertionPoint& point) override {
    points.push_back(point);
    return last = std::make_shared<Doubling>();
  }
  std::vector<InsertionPoint> points;
  std::shared_ptr<Doubling> last;
};

TEST(InvertedResidualTest, AGateWeighsTheDepthwiseConvolutionsResult) {
  const InvertedResidualShape shape = expanding_shape(4, 2);
  DoublingAttention attention;
  const auto gated = block_of(shape, attention);
  const auto plain = plain_block(shape);
  // The projection is linear and its fresh norm only scales.
  EXPECT_TRUE(torch::allclose(block_result(*gated, arriving()), 2 * block_result(*plain, arriving()), 1e-10, 1e-10));
  EXPECT_EQ(attention.last->arrived.sizes(), (Sizes{3, 12, 4, 5}));
  EXPECT_GE(attention.last->arrived.min().item<double>(), 0);  // behind ReLU6
  EXPECT_LE(attention.last->arrived.max().item<double>(), 6);
  ASSERT_EQ(attention.points.size(), 1U);
  EXPECT_EQ(attention.points[0].path, "blocks.1.0.se");
  EXPECT_EQ(attention.points[0].stage, 2);
}

std::set<std::string> names_below(const torch::nn::Module& module, const std::string& name) {
  std::set<std::string> names;
  for (const auto& key : module.named_parameters().keys()) {
    if (key.starts_with(name + ".")) names.insert(key.substr(name.size() + 1));
  }
  return names;
}

TEST(InvertedResidualTest, SqueezeAndExcitationIsItsOwnUnlessAGateTakesItsPlace) {
  InvertedResidualShape shape = expanding_shape();
  shape.expanded = 40;
  EXPECT_THAT(names_below(*plain_block(shape), "se"), testing::IsEmpty());
  shape.excited = true;
  const auto own = plain_block(shape);
  EXPECT_THAT(names_below(*own, "se"),
              ElementsAre("conv_expand.bias", "conv_expand.weight", "conv_reduce.bias", "conv_reduce.weight"));
  // 40 / 4 = 10 to the nearest multiple of 8 would lose more than a tenth.
  EXPECT_EQ(own->named_parameters()["se.conv_reduce.weight"].sizes(), (Sizes{16, 40, 1, 1}));
  DoublingAttention attention;
  EXPECT_THAT(names_below(*block_of(shape, attention), "se"), testing::IsEmpty());
  AttentionFactory nothing;
  EXPECT_THAT(names_below(*block_of(shape, nothing, 0, {.squeeze_excitation = false}), "se"), testing::IsEmpty());
}

TEST(InvertedResidualTest, ItsOwnGateIsAHardSigmoid) {
  InvertedResidualShape shape = expanding_shape(6);
  const auto plain = block_result(*plain_block(shape), arriving());
  shape.excited = true;
  const auto block = plain_block(shape);
  {
    const torch::NoGradGuard no_grad;
    block->named_parameters()["se.conv_expand.weight"].zero_();
    block->named_parameters()["se.conv_expand.bias"].fill_(1.5);
  }
  EXPECT_TRUE(torch::allclose(block_result(*block, arriving()), plain * (1.5 + 3) / 6, 1e-10, 1e-10));
}

TEST(InvertedResidualTest, NormsHaveTheSettingsNumbers) {
  AttentionFactory nothing;
  const auto block = block_of(expanding_shape(), nothing, 0, {.norm_epsilon = 0.25, .norm_momentum = 0.5});
  int norms = 0;
  for (const auto& module : block->modules()) {
    const auto* norm = module->as<torch::nn::BatchNorm2d>();
    if (norm == nullptr) continue;
    ++norms;
    EXPECT_EQ(norm->options.eps(), 0.25);
    EXPECT_EQ(norm->options.momentum(), 0.5);
  }
  EXPECT_EQ(norms, 3);
}

/// The block in training, with norms that keep their statistics, so that images do not see each other.
torch::Tensor in_training(InvertedResidualImpl& block, const torch::Tensor& features, ForwardContext& context) {
  block.train();
  for (const auto& module : block.modules()) {
    if (module->as<torch::nn::BatchNorm2d>() != nullptr) module->eval();
  }
  return block.forward(features, context);
}

TEST(InvertedResidualTest, ItsBranchIsLeftOutPerImage) {
  constexpr std::int64_t kImages = 16;
  const auto features = arriving(kImages);
  const auto branch = block_result(*plain_block(expanding_shape()), features) - features;
  ForwardContext context;
  context.random = RandomStream(17, Purpose::test);
  const auto added = in_training(*plain_block(expanding_shape(), 0.75), features, context) - features;
  RandomStream stream = RandomStream(17, Purpose::test).child("blocks.1.0").child("stochastic_depth");
  std::int64_t kept = 0;
  for (std::int64_t image = 0; image < kImages; ++image) {
    const double factor = stream.uniform() < 0.75 ? 0 : 4;
    kept += factor > 0 ? 1 : 0;
    EXPECT_TRUE(torch::allclose(added[image], factor * branch[image], 1e-9, 1e-9)) << "image " << image;
  }
  EXPECT_GT(kept, 0);
  EXPECT_LT(kept, kImages);
}

TEST(InvertedResidualTest, WithoutASumNothingIsLeftOut) {
  const auto features = arriving();
  ForwardContext context;
  const auto trained = in_training(*plain_block(expanding_shape(6), 0.75), features, context);
  EXPECT_TRUE(torch::equal(trained, block_result(*plain_block(expanding_shape(6)), features)));
}

}  // namespace
}  // namespace fovea
