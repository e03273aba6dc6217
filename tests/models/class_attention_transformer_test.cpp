#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/models/transformer/class_attention_transformer.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/multiply_adds.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr InputSpec kCaitInput{2, 16, 24, 5};  // 4 x 6 patches of 4 x 4 pixels

std::shared_ptr<Classifier> small_cait(const std::string& more = ", depth: 2") {
  auto network = built("{name: cait, patch_size: 4, embed_dim: 12, mlp_ratio: 2, layer_scale: 0.5" + more + "}", kCaitInput);
  give_life(*network, 1);
  network->eval();
  return network;
}

TEST(ClassAttentionTransformerTest, ParametersHaveTimmsNames) {
  const std::set<std::string> expected = words_in(R"(
      cls_token pos_embed patch_embed.proj.weight patch_embed.proj.bias blocks.0.gamma_1 blocks.0.gamma_2
      blocks.0.norm1.weight blocks.0.norm1.bias blocks.0.attn.qkv.weight blocks.0.attn.qkv.bias
      blocks.0.attn.proj_l.weight blocks.0.attn.proj_l.bias blocks.0.attn.proj_w.weight blocks.0.attn.proj_w.bias
      blocks.0.attn.proj.weight blocks.0.attn.proj.bias blocks.0.norm2.weight blocks.0.norm2.bias
      blocks.0.mlp.fc1.weight blocks.0.mlp.fc1.bias blocks.0.mlp.fc2.weight blocks.0.mlp.fc2.bias
      blocks_token_only.0.gamma_1 blocks_token_only.0.gamma_2
      blocks_token_only.0.norm1.weight blocks_token_only.0.norm1.bias
      blocks_token_only.0.attn.q.weight blocks_token_only.0.attn.q.bias blocks_token_only.0.attn.k.weight
      blocks_token_only.0.attn.k.bias blocks_token_only.0.attn.v.weight blocks_token_only.0.attn.v.bias
      blocks_token_only.0.attn.proj.weight blocks_token_only.0.attn.proj.bias
      blocks_token_only.0.norm2.weight blocks_token_only.0.norm2.bias
      blocks_token_only.0.mlp.fc1.weight blocks_token_only.0.mlp.fc1.bias
      blocks_token_only.0.mlp.fc2.weight blocks_token_only.0.mlp.fc2.bias
      norm.weight norm.bias head.weight head.bias)");
  EXPECT_EQ(parameter_names(*small_cait(", depth: 1, depth_token_only: 1")), expected);
}

// timm's benchmark tables have 11.96, 17.30, 26.67 and 46.92 million parameters; the authors' README has 9.4 billion
// multiply-adds for S24. By hand, for XXS24 with C = 192, h = 4 heads and P = 196 patches:
//   patches 768 P C; 24 blocks of P (12 C C) + 2 P P C + 2 P P h h; 2 of (2 + 8) C C + 2 (P + 1) C C + 2 (P + 1) C;
//   head 1000 C.
TEST(ClassAttentionTransformerTest, SizesAreThePublishedOnes) {
  for (const auto& [name, side, millions] : {std::tuple("cait_xxs24_224", 224, 11.96),
                                             {"cait_xxs36_224", 224, 17.30},
                                             {"cait_xs24_384", 384, 26.67},
                                             {"cait_s24_224", 224, 46.92}}) {
    const auto count = static_cast<double>(count_parameters(*built(name, {3, side, side, 1000})));
    EXPECT_NEAR(count / 1e6, millions, 0.005) << name;  // as rounded there
  }
  constexpr std::int64_t c = 192, h = 4, p = 196;
  const std::int64_t first = 24 * (p * 12 * c * c + 2 * p * p * c + 2 * p * p * h * h);
  const std::int64_t last = 2 * (10 * c * c + 2 * (p + 1) * c * c + 2 * (p + 1) * c);
  EXPECT_EQ(count_multiply_adds(*built("cait_xxs24_224", {3, 224, 224, 1000}), {3, 224, 224, 1000}),
            768 * p * c + first + last + 1000 * c);
}

TEST(ClassAttentionTransformerTest, OptionsAndImagesThatCannotBeAreRefused) {
  EXPECT_THAT([] { small_cait(", heads: 5"); },
              ThrowsMessage<InputError>(HasSubstr("model.heads: expected a divisor of the 12 channels, got 5")));
  EXPECT_THAT([] { built("{name: cait, patch_size: 17}", kCaitInput); },
              ThrowsMessage<InputError>(HasSubstr("model.patch_size: expected")));
  const auto network = small_cait();
  EXPECT_THAT(
      [&] {
        logits_for(*network, torch::ones({3, 2, 24, 16}));
      },
      ThrowsMessage<ShapeError>(HasSubstr("ClassAttentionTransformer: expected [N, 2, 16, 24], ")));
}

TEST(ClassAttentionTransformerTest, PatchesAttendToEachOtherAndThenTheClassTokenToAll) {
  const auto network = small_cait(", depth: 2, depth_token_only: 1");
  AttentionRecorder recorder(*network);
  logits_for(*network, normal_images(2, kCaitInput), &recorder);
  ASSERT_EQ(recorder.maps.size(), 3);
  EXPECT_EQ(recorder.maps[1].layer, "blocks.1.attn");
  EXPECT_EQ(recorder.maps[1].values.sizes(), (Sizes{2, 4, 24, 24}));
  EXPECT_EQ(recorder.maps[1].prefix_tokens, 0);
  EXPECT_EQ(recorder.maps[2].layer, "blocks_token_only.0.attn");
  EXPECT_EQ(recorder.maps[2].values.sizes(), (Sizes{2, 4, 1, 25}));
  EXPECT_EQ(recorder.maps[2].prefix_tokens, 1);
  for (const AttentionMap& map : recorder.maps) {
    EXPECT_EQ(map.key_grid, (Sizes{4, 6}));
    EXPECT_TRUE(torch::allclose(map.values.sum(3), torch::ones_like(map.values.sum(3)), 1e-5)) << map.layer;
  }
}

TEST(ClassAttentionTransformerTest, FeaturesAreThePatchesBehindEveryStage) {
  const auto network = small_cait(", depth: 5");
  FeatureHooks hooks, cut;
  logits_for(*network, normal_images(2, kCaitInput), &hooks);
  const ModuleNames names(*network);
  std::vector<std::string> layers;
  for (const auto* module : hooks.modules) layers.push_back(names.of(*module));
  EXPECT_THAT(layers, ElementsAre("blocks.1", "blocks.2", "blocks.3", "blocks.4"));
  cut.replace_number = 4;
  const auto logits = logits_for(*network, normal_images(2, kCaitInput), &cut);
  EXPECT_TRUE(torch::equal(logits[0], logits[1])) << "the class token knows the image from the patches alone";
}

TEST(ClassAttentionTransformerTest, APoolTakesThePlaceOfTheClassTokenAndItsBlocks) {
  ToyAttention attention;
  ClassAttentionTransformerOptions options;
  options.patch_size = {4};
  options.embed_dim = 12;
  options.heads = 3;
  options.depth = 3;
  ClassAttentionTransformerImpl network(options, kCaitInput, attention);
  give_life(network, 1);
  logits_for(network, normal_images(2, kCaitInput));
  for (const std::string& name : parameter_names(network)) {
    EXPECT_FALSE(name.starts_with("cls_token") || name.starts_with("blocks_token_only")) << name;
  }
  EXPECT_TRUE(attention.visits.contains("mixer blocks.2.attn"));
  EXPECT_TRUE(attention.visits.contains("gate blocks.2.gate"));
  EXPECT_TRUE(attention.visits.contains("warp stage3_warp"));
  EXPECT_EQ(attention.last_pool->stage_shapes, std::vector<Sizes>(3, Sizes{2, 12, 4, 6}));
  EXPECT_TRUE(attention.last_pool->last_is_features);
}

TEST(ClassAttentionTransformerTest, StartsAsTimmStarts) {
  const auto network = built("{name: cait, depth: 1, layer_scale: 1e-4}", {3, 64, 64, 50});
  initialise(*network, 1);
  const auto parameters = network->named_parameters();
  for (const char* name : {"pos_embed", "blocks.0.attn.qkv.weight", "blocks_token_only.1.attn.k.weight", "head.weight"}) {
    EXPECT_NEAR(parameters[name].std().item<double>(), 0.02, 0.001) << name;  // of at least 3072 draws
  }
  EXPECT_NEAR(parameters["cls_token"].std().item<double>(), 0.02, 0.004);  // of 192
  for (const char* name : {"blocks.0.gamma_1", "blocks.0.gamma_2", "blocks_token_only.0.gamma_1"}) {
    EXPECT_TRUE(torch::allclose(parameters[name], torch::full({192}, 1e-4))) << name;
  }
  for (const char* name : {"blocks.0.attn.proj_l.bias", "blocks_token_only.1.attn.q.bias", "head.bias"}) {
    EXPECT_EQ(parameters[name].abs().max().item<double>(), 0) << name;
  }
}

TEST(ClassAttentionTransformerTest, EveryBlocksBranchesAreLeftOutEquallyOften) {
  constexpr double kProbability = 0.3;
  const auto network = small_cait(", depth: 3, stochastic_depth: 0.3");
  {
    const torch::NoGradGuard no_grad;  // blocks that add 1 by their MLP and nothing by their attention
    for (auto& item : network->named_parameters()) {
      const std::string& name = item.key();
      if (!name.starts_with("blocks.")) continue;
      if (name.ends_with("gamma_1") || name.ends_with("mlp.fc2.weight")) item.value().zero_();
      if (name.ends_with("gamma_2") || name.ends_with("mlp.fc2.bias")) item.value().fill_(1);
    }
  }
  network->train();
  FeatureHooks hooks;
  ForwardContext context;
  context.hooks = &hooks;
  context.random = RandomStream(17, Purpose::test);
  logits_for(*network, normal_images(12, kCaitInput), context);
  ASSERT_EQ(hooks.features.size(), 3);
  for (std::size_t i = 1; i < 3; ++i) {
    const std::string path = "blocks." + std::to_string(i);
    RandomStream stream = RandomStream(17, Purpose::test).child(path).child("mlp").child("stochastic_depth");
    for (std::int64_t image = 0; image < 12; ++image) {
      const double expected = stream.chance(kProbability) ? 0 : 1 / (1 - kProbability);
      const auto added = hooks.features[i][image] - hooks.features[i - 1][image];
      EXPECT_TRUE(torch::allclose(added, torch::full_like(added, expected), 1e-4, 1e-5)) << path << ", image " << image;
    }
  }
}

TEST(ClassAttentionTransformerTest, WeightsOfAnotherImageSizeLoadWithResampledPositions) {
  const auto square = built("{name: cait, patch_size: 4, embed_dim: 12, mlp_ratio: 2, depth: 2}", {2, 24, 24, 5});
  give_life(*square, 1);
  const auto wide = small_cait();
  const NamedForNetwork named = name_for(*wide, without_wrapper_prefix("a.pth", copy_state(*square)));
  EXPECT_EQ(named.tensors.at("pos_embed").sizes(), (Sizes{1, 24, 12}));
  EXPECT_NO_THROW(load_named_weights(*wide, named, "a.pth"));
}

}  // namespace
}  // namespace fovea
