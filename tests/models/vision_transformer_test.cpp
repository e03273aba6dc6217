#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/models/transformer/vision_transformer.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/multiply_adds.h>
#include <fovea/weights/map_keys.h>

#include "network_run.h"
#include "toy_attention.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr InputSpec kPatchedInput{2, 16, 24, 5};  // 4 x 6 patches of 4 x 4 pixels

/// With what `more` adds to, e.g. ", depth: 4".
std::shared_ptr<Classifier> small_vit(const std::string& more = "", const InputSpec& input = kPatchedInput) {
  auto network = built("{name: vit, patch_size: 4, embed_dim: 12, heads: 3, mlp_ratio: 2" + more + "}", input);
  give_life(*network, 1);
  network->eval();
  return network;
}

std::shared_ptr<VisionTransformerImpl> vit_with(AttentionFactory& attention, std::int64_t depth, bool class_token,
                                                TokenPooling pooling) {
  VisionTransformerOptions options;
  options.patch_size = {4};
  options.embed_dim = 12;
  options.depth = depth;
  options.class_token = class_token;
  options.global_pool = pooling;
  auto network = std::make_shared<VisionTransformerImpl>(options, kPatchedInput, attention);
  give_life(*network, 1);
  network->eval();
  return network;
}

TEST(VisionTransformerTest, ParametersHaveTimmsNames) {
  EXPECT_EQ(parameter_names(*small_vit(", depth: 1")), words_in(R"(
      cls_token pos_embed patch_embed.proj.weight patch_embed.proj.bias
      blocks.0.norm1.weight blocks.0.norm1.bias blocks.0.attn.qkv.weight blocks.0.attn.qkv.bias
      blocks.0.attn.proj.weight blocks.0.attn.proj.bias blocks.0.norm2.weight blocks.0.norm2.bias
      blocks.0.mlp.fc1.weight blocks.0.mlp.fc1.bias blocks.0.mlp.fc2.weight blocks.0.mlp.fc2.bias
      norm.weight norm.bias head.weight head.bias)"));
  EXPECT_EQ(parameter_names(*small_vit(
                ", depth: 1, qkv_bias: false, qk_norm: true, layer_scale: 0.1, class_token: false, global_pool: avg")),
            words_in(R"(
      pos_embed patch_embed.proj.weight patch_embed.proj.bias
      blocks.0.norm1.weight blocks.0.norm1.bias blocks.0.attn.qkv.weight blocks.0.attn.q_norm.weight
      blocks.0.attn.q_norm.bias blocks.0.attn.k_norm.weight blocks.0.attn.k_norm.bias
      blocks.0.attn.proj.weight blocks.0.attn.proj.bias blocks.0.ls1.gamma blocks.0.norm2.weight blocks.0.norm2.bias
      blocks.0.mlp.fc1.weight blocks.0.mlp.fc1.bias blocks.0.mlp.fc2.weight blocks.0.mlp.fc2.bias blocks.0.ls2.gamma
      fc_norm.weight fc_norm.bias head.weight head.bias)"));
}

TEST(VisionTransformerTest, PoolingsOfTheirOwnHaveTimmsNames) {
  std::set<std::string> expected = parameter_names(*small_vit());
  EXPECT_EQ(parameter_names(*small_vit(", global_pool: prr")), expected);
  for (const char* name : {"latent", "q.weight", "q.bias", "kv.weight", "kv.bias", "proj.weight", "proj.bias", "norm.weight",
                           "norm.bias", "mlp.fc1.weight", "mlp.fc1.bias", "mlp.fc2.weight", "mlp.fc2.bias"}) {
    expected.insert(std::string("attn_pool.") + name);
  }
  EXPECT_EQ(parameter_names(*small_vit(", global_pool: map")), expected);
}

// torchvision.models.ViT_B_16_Weights.meta: 86567656 parameters, 17.56 billion multiply-adds. By hand, with C = 192, L = 197
// tokens and 12 blocks, those of the tiny one:
//   patches 196 x 768 C = 28901376; block L (12 C C) + 2 L L C = 102049152; head 192 x 1000.
TEST(VisionTransformerTest, SizesAreThePublishedOnes) {
  constexpr InputSpec kPhotos{3, 224, 224, 1000};
  const auto base = built("vit_b_16", kPhotos);
  EXPECT_EQ(count_parameters(*base), 86567656);
  const auto tiny = built("vit_tiny_patch16_224", kPhotos);
  EXPECT_EQ(count_parameters(*tiny), 5717416);
  EXPECT_EQ(count_multiply_adds(*tiny, kPhotos), 28901376 + 12 * 102049152 + 192000);
}

TEST(VisionTransformerTest, OptionsThatCannotBeAreRefused) {
  EXPECT_THAT(
      [] {
        small_vit("", {2, 16, 3, 5});
      },
      ThrowsMessage<InputError>(
          HasSubstr("model.patch_size: expected patches no larger than the images, 16 x 3 pixels, got 4 x 4")));
  EXPECT_THAT(
      [] {
        built("{name: vit, patch_size: [17, 13]}", {2, 16, 26, 5});
      },
      ThrowsMessage<InputError>(HasSubstr("got 17 x 13")));
  EXPECT_THAT([] { built("{name: vit, embed_dim: 16, heads: 3}"); },
              ThrowsMessage<InputError>(HasSubstr("model.heads: expected a divisor of the 16 channels, got 3")));
  EXPECT_THAT([] { small_vit(", class_token: false"); },
              ThrowsMessage<InputError>(
                  HasSubstr("model.global_pool: expected avg, avgmax, max, map or prr without a class token, got token")));
}

TEST(VisionTransformerTest, PixelsBeyondTheLastWholePatchAreNotSeen) {
  constexpr InputSpec kCutInput{2, 30, 45, 5};
  const auto network = built("{name: vit, patch_size: 8, embed_dim: 12, depth: 2}", kCutInput);
  give_life(*network, 1);
  network->eval();
  AttentionRecorder recorder(*network);
  const auto images = normal_images(3, kCutInput);
  const auto logits = logits_for(*network, images, &recorder);
  auto cut = images.clone();
  cut.slice(2, 24).zero_();
  cut.slice(3, 40).zero_();
  EXPECT_TRUE(torch::equal(logits_for(*network, cut), logits));
  cut.select(2, 23).zero_();
  EXPECT_FALSE(torch::allclose(logits_for(*network, cut), logits));
  const auto theta = torch::tensor({40.0F / 45, 0.0F, -5.0F / 45, 0.0F, 24.0F / 30, -6.0F / 30}).view({1, 2, 3});
  ASSERT_EQ(recorder.maps.size(), 2);
  for (const AttentionMap& map : recorder.maps) {
    EXPECT_EQ(map.key_grid, (Sizes{3, 5}));
    EXPECT_TRUE(torch::allclose(map.theta, theta.expand({3, 2, 3}))) << map.layer;
  }
}

TEST(VisionTransformerTest, PatchesOfAWarpedImageLieWhereTheWarpLooked) {
  PatchEmbeddingImpl embedding({2, 30, 45}, {8}, 12);
  ForwardContext context;
  context.theta = torch::tensor({0.0F, -0.5F, 0.25F, 0.5F, 0.0F, 0.125F}).view({1, 2, 3}).expand({3, 2, 3});  // a turn
  embedding.forward(normal_images(3, {2, 30, 45, 5}), context);
  // The patches' (x, y) lies at ((8 x - 1) / 9, (8 y - 2) / 10) of what the warp gave.
  const auto expected = torch::tensor({0.0F, -0.4F, 0.35F, 4.0F / 9, 0.0F, 0.125F - 0.5F / 9}).view({1, 2, 3});
  EXPECT_TRUE(torch::allclose(context.theta, expected.expand({3, 2, 3})));
}

TEST(VisionTransformerTest, ImagesOfAnotherSizeAreRefused) {
  const auto network = small_vit();
  EXPECT_THAT(
      [&] {
        logits_for(*network, torch::ones({3, 2, 24, 16}));
      },
      ThrowsMessage<ShapeError>(HasSubstr("VisionTransformer: expected [N, 2, 16, 24], the size of the position "
                                          "embedding, got [3, 2, 24, 16]")));
}

TEST(VisionTransformerTest, PoolingsReadWhatTheyAreNamedFor) {
  const auto images = normal_images(2, kPatchedInput);
  std::map<std::string, torch::Tensor> features;
  for (const char* pooling : {"avg", "max", "avgmax"}) {
    const auto network = small_vit(std::string(", global_pool: ") + pooling);
    FeatureHooks hooks;
    const auto logits = logits_for(*network, images, &hooks);
    const auto patches = hooks.features.back().flatten(2);
    const auto mean = patches.mean(2);
    const auto largest = patches.amax(2);
    const auto pooled = *pooling == 'm' ? largest : std::string(pooling) == "avg" ? mean : (mean + largest) / 2;
    const auto parameters = network->named_parameters();
    const auto normed = torch::layer_norm(pooled, {12}, parameters["fc_norm.weight"], parameters["fc_norm.bias"], 1e-6);
    const auto expected = torch::linear(normed, parameters["head.weight"], parameters["head.bias"]);
    EXPECT_TRUE(torch::allclose(logits, expected, 1e-4, 1e-5)) << pooling;  // float32
  }
}

TEST(VisionTransformerTest, EveryBlockOffersItsAttention) {
  const auto network = small_vit(", depth: 2, global_pool: map");
  AttentionRecorder recorder(*network);
  logits_for(*network, normal_images(2, kPatchedInput), &recorder);
  ASSERT_EQ(recorder.maps.size(), 3);
  for (std::size_t i = 0; i < 2; ++i) {
    const AttentionMap& map = recorder.maps[i];
    EXPECT_EQ(map.layer, "blocks." + std::to_string(i) + ".attn");
    EXPECT_EQ(map.values.sizes(), (Sizes{2, 3, 25, 25}));
    EXPECT_EQ(map.query_grid, (Sizes{4, 6}));
    EXPECT_EQ(map.key_grid, (Sizes{4, 6}));
    EXPECT_EQ(map.prefix_tokens, 1);
  }
  EXPECT_EQ(recorder.maps[2].layer, "attn_pool");
  EXPECT_EQ(recorder.maps[2].key_grid, (Sizes{4, 6}));
}

std::vector<std::string> hooked_layers(Classifier& network, FeatureHooks& hooks) {
  logits_for(network, normal_images(2, kPatchedInput), &hooks);
  const ModuleNames names(network);
  std::vector<std::string> layers;
  for (const auto* module : hooks.modules) layers.push_back(names.of(*module));
  return layers;
}

TEST(VisionTransformerTest, FeaturesAreThePatchesWhereTheyReachTheLogits) {
  FeatureHooks token, mean, few;
  EXPECT_THAT(hooked_layers(*small_vit(", depth: 6"), token),
              ElementsAre("blocks.1", "blocks.2", "blocks.4", "blocks.5.norm1"));
  EXPECT_THAT(hooked_layers(*small_vit(", depth: 6, global_pool: avg"), mean),
              ElementsAre("blocks.1", "blocks.2", "blocks.4", "blocks.5"));
  EXPECT_THAT(hooked_layers(*small_vit(", depth: 2"), few), ElementsAre("blocks.0", "blocks.1.norm1"));
  for (const Sizes& shape : token.shapes) EXPECT_EQ(shape, (Sizes{2, 12, 4, 6}));
}

TEST(VisionTransformerTest, ReplacedFeaturesGoOnWithTheClassTokenAsItIs) {
  const auto images = normal_images(2, kPatchedInput);
  for (const std::size_t hooked : {1U, 2U}) {  // behind the first block, and before the last one's attention
    SCOPED_TRACE(hooked);
    const auto network = small_vit(", depth: 2");
    const auto parameters = network->named_parameters();
    FeatureHooks cut;
    cut.replace_number = hooked;
    const auto logits = logits_for(*network, images, &cut);
    const auto whole = logits_for(*network, images);
    EXPECT_GT((logits - whole).abs().max().item<double>(), 1e-4);
    EXPECT_GT((logits[0] - logits[1]).abs().max().item<double>(), 1e-6) << "the class token still knows the image";
  }
  const auto mean = small_vit(", depth: 2, global_pool: avg");
  FeatureHooks cut;
  cut.replace_number = 2;
  const auto logits = logits_for(*mean, images, &cut);
  const auto parameters = mean->named_parameters();
  const auto nothing = torch::linear(parameters["fc_norm.bias"], parameters["head.weight"], parameters["head.bias"]);
  EXPECT_TRUE(torch::allclose(logits, nothing.expand_as(logits), 1e-5, 1e-6)) << "the mean of no features";
}

std::vector<std::string> visited_names(const ToyAttention& attention) {
  std::vector<std::string> names;
  for (const auto& [name, visit] : attention.visits) names.push_back(name);
  return names;
}

/// All but the pool.
struct AttentionWithoutPool final : AttentionFactory {
  std::shared_ptr<Gate> gate(const InsertionPoint& point) override { return attention.gate(point); }
  std::shared_ptr<Mixer> mixer(const InsertionPoint& point) override { return attention.mixer(point); }
  std::shared_ptr<Warp> warp(const InsertionPoint& point) override { return attention.warp(point); }
  ToyAttention attention;
};

TEST(VisionTransformerTest, ThereAreNoPlacesWhoseResultNobodyReads) {
  AttentionWithoutPool own;
  const auto network = vit_with(own, 5, /*class_token=*/true, TokenPooling::token);
  logits_for(*network, normal_images(2, kPatchedInput));
  EXPECT_THAT(visited_names(own.attention),
              ElementsAre("gate blocks.0.gate", "gate blocks.1.gate", "gate blocks.2.gate", "gate blocks.3.gate",
                          "gate stage1_gate", "gate stage2_gate", "gate stage3_gate", "warp stage1_warp", "warp stage2_warp",
                          "warp stage3_warp", "warp warp"));
  EXPECT_EQ(own.attention.visits.at("gate blocks.1.gate").point.stage, 1);
  EXPECT_EQ(own.attention.visits.at("gate blocks.2.gate").point.stage, 2);
}

TEST(VisionTransformerTest, WithoutAClassTokenAMixerTakesThePlaceOfAttention) {
  ToyAttention attention;
  const auto network = vit_with(attention, 2, /*class_token=*/false, TokenPooling::avg);
  logits_for(*network, normal_images(2, kPatchedInput));
  EXPECT_THAT(visited_names(attention), ElementsAre("gate blocks.0.gate", "gate blocks.1.gate", "gate stage1_gate",
                                                    "gate stage2_gate", "mixer blocks.0.attn", "mixer blocks.1.attn",
                                                    "pool pool", "warp stage1_warp", "warp stage2_warp", "warp warp"));
  EXPECT_TRUE(network->named_parameters().contains("blocks.0.attn.linear.weight"));
  EXPECT_FALSE(network->named_parameters().contains("fc_norm.weight")) << "the pool reads behind norm";
}

TEST(VisionTransformerTest, APoolReadsTheNormedPatchesInPlaceOfTheClassToken) {
  ToyAttention attention;
  const auto network = vit_with(attention, 5, /*class_token=*/true, TokenPooling::token);
  FeatureHooks hooks;
  EXPECT_THAT(hooked_layers(*network, hooks), ElementsAre("blocks.1", "blocks.2", "blocks.3", "blocks.4"));
  EXPECT_EQ(attention.last_pool->stage_shapes, std::vector<Sizes>(4, Sizes{2, 12, 4, 6}));
  EXPECT_TRUE(attention.last_pool->last_is_features);
  EXPECT_EQ(network->named_parameters()["head.weight"].sizes(), (Sizes{5, 24}));
}

TEST(VisionTransformerTest, APoolReadsTheLastBlocksPatchesSoThatTheyHavePlaces) {
  const auto network = small_vit(
      ", depth: 4, attention: [{name: se, at: stage, stages: [4]}, {name: eca, at: block, stages: [4]}, "
      "{name: latent_pool, heads: 3}]");
  const auto names = parameter_names(*network);
  EXPECT_TRUE(names.contains("blocks.3.gate.conv.weight"));
  EXPECT_TRUE(names.contains("stage4_gate.fc1.weight"));
  logits_for(*network, normal_images(2, kPatchedInput)).sum().backward();
  EXPECT_GT(network->named_parameters()["stage4_gate.fc1.weight"].grad().abs().max().item<double>(), 0);
  EXPECT_THAT([] { small_vit(", depth: 4, attention: {name: se, at: stage, stages: [4]}"); },
              ThrowsMessage<InputError>(HasSubstr("no 'stage' in stages 4")));
}

/// A gate that silences the patches, at one place.
struct SilentPatches final : AttentionFactory {
  struct Silence final : Gate {
    torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return features * 0; }
  };
  explicit SilentPatches(std::string where) : path(std::move(where)) {}
  std::shared_ptr<Gate> gate(const InsertionPoint& point) override {
    return point.path == path ? std::make_shared<Silence>() : nullptr;
  }
  std::string path;
};

TEST(VisionTransformerTest, GatesActOnThePatchesAndTheClassTokenPassesBy) {
  const auto images = normal_images(2, kPatchedInput);
  SilentPatches stage("stage1_gate");
  const auto gated = vit_with(stage, 2, /*class_token=*/true, TokenPooling::token);
  FeatureHooks hooks;
  const auto logits = logits_for(*gated, images, &hooks);
  EXPECT_EQ(hooks.features[0].abs().max().item<double>(), 0);
  EXPECT_GT((logits[0] - logits[1]).abs().max().item<double>(), 1e-6);

  SilentPatches block("blocks.0.gate");
  const auto inner = vit_with(block, 2, /*class_token=*/true, TokenPooling::token);
  AttentionFactory nothing;
  const auto plain = vit_with(nothing, 2, /*class_token=*/true, TokenPooling::token);
  FeatureHooks one, other;
  const auto inner_logits = logits_for(*inner, images, &one);
  {
    const torch::NoGradGuard no_grad;  // an MLP that adds nothing
    for (const char* name : {"blocks.0.mlp.fc2.weight", "blocks.0.mlp.fc2.bias"}) plain->named_parameters()[name].zero_();
  }
  const auto plain_logits = logits_for(*plain, images, &other);
  EXPECT_TRUE(torch::allclose(one.features[0], other.features[0], 1e-5, 1e-6)) << "the sum with the input is not gated";
  EXPECT_FALSE(torch::allclose(inner_logits, plain_logits, 1e-4, 1e-5)) << "the class token's MLP is there";
}

TEST(VisionTransformerTest, AWarpBehindAStageGivesTheNextOneItsGrid) {
  const auto network =
      small_vit(", depth: 2, attention: {name: spatial_transformer, at: stage, stages: [1], height: 3, width: 5}");
  AttentionRecorder recorder(*network);
  logits_for(*network, normal_images(2, kPatchedInput), &recorder);
  std::vector<Sizes> grids;
  for (const AttentionMap& map : recorder.maps) {
    if (map.kind == MapKind::pairwise) grids.push_back(map.key_grid);
  }
  EXPECT_THAT(grids, ElementsAre(Sizes{4, 6}, Sizes{3, 5}));
  EXPECT_TRUE(recorder.maps.back().theta.defined()) << "its positions lie where the warp looked";
}

TEST(VisionTransformerTest, StartsAsTimmStarts) {
  const auto network = built("{name: vit, depth: 2, layer_scale: 0.25, global_pool: map}", {3, 64, 64, 50});
  initialise(*network, 1);
  const auto parameters = network->named_parameters();
  const auto deviation = [&](const char* name) { return parameters[name].std().item<double>(); };
  for (const char* name : {"pos_embed", "blocks.1.attn.qkv.weight", "blocks.0.attn.proj.weight", "blocks.0.mlp.fc1.weight",
                           "blocks.1.mlp.fc2.weight", "attn_pool.kv.weight", "attn_pool.mlp.fc1.weight", "head.weight"}) {
    EXPECT_NEAR(deviation(name), 0.02, 0.001) << name;  // of at least 3264 draws: 4 standard errors
  }
  for (const char* name : {"blocks.0.attn.qkv.bias", "blocks.0.mlp.fc1.bias", "attn_pool.q.bias", "head.bias"}) {
    EXPECT_EQ(parameters[name].abs().max().item<double>(), 0) << name;
  }
  EXPECT_NEAR(deviation("cls_token"), 1e-6, 3e-7);
  EXPECT_NEAR(deviation("attn_pool.latent"), 1 / std::sqrt(192.0), 0.02);
  EXPECT_TRUE(parameters["blocks.1.ls2.gamma"].eq(0.25).all().item<bool>());
  const double bound = 1 / std::sqrt(768.0);  // 3 x 16 x 16 pixels of a patch
  EXPECT_NEAR(parameters["patch_embed.proj.weight"].max().item<double>(), bound, 0.001);
  EXPECT_NEAR(parameters["patch_embed.proj.weight"].min().item<double>(), -bound, 0.001);
}

TEST(VisionTransformerTest, LayerScaleMayBeAnyNumberAndZeroMeansNone) {
  const auto network = built("{name: vit, depth: 1, layer_scale: -0.5}", {3, 32, 32, 5});
  EXPECT_TRUE(network->named_parameters()["blocks.0.ls1.gamma"].eq(-0.5).all().item<bool>());
  initialise(*network, 1);
  EXPECT_TRUE(network->named_parameters()["blocks.0.ls2.gamma"].eq(-0.5).all().item<bool>());
  EXPECT_FALSE(built("{name: vit, depth: 1, layer_scale: 0}")->named_parameters().contains("blocks.0.ls1.gamma"));
}

/// A block alone, whose MLP adds nothing.
std::shared_ptr<TransformerBlockImpl> attention_only_block(double drop_probability) {
  AttentionFactory nothing;
  TransformerBlockPlan plan{"blocks.0", 1, {12, 2, 3}, 1, drop_probability};
  auto block = std::make_shared<TransformerBlockImpl>(plan, TransformerBlockOptions(), nothing);
  initialise(*block, 1);
  block->to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  block->named_parameters()["mlp.fc2.weight"].zero_();
  return block;
}

TEST(TransformerBlockTest, ABranchIsLeftOutPerImageInTraining) {
  constexpr double kProbability = 0.4;
  const auto block = attention_only_block(kProbability);
  auto tokens = torch::empty({16, 7, 12}, torch::kFloat64);
  fill_normal(tokens, RandomStream(3, Purpose::test), 1.0);
  ForwardContext context;
  context.random = RandomStream(17, Purpose::test);
  block->eval();
  const auto branch = block->forward(tokens, context) - tokens;
  block->train();
  const auto added = block->forward(tokens, context) - tokens;
  RandomStream stream = RandomStream(17, Purpose::test).child("blocks.0").child("attn").child("stochastic_depth");
  std::set<bool> seen;
  for (std::int64_t image = 0; image < 16; ++image) {
    const bool is_left_out = stream.chance(kProbability);
    seen.insert(is_left_out);
    const auto expected = is_left_out ? torch::zeros_like(branch[image]) : branch[image] / (1 - kProbability);
    EXPECT_TRUE(torch::allclose(added[image], expected, 1e-6, 1e-9)) << image;  // the factors are float32's
  }
  EXPECT_EQ(seen.size(), 2);
}

TEST(TransformerStageTest, FourStagesAreAsEqualAsTheyCanBe) {
  const auto stages = [](std::int64_t depth) {
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = 0; i < depth; ++i) numbers.push_back(transformer_stage(i, depth));
    return numbers;
  };
  EXPECT_THAT(stages(12), ElementsAre(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4));
  EXPECT_THAT(stages(6), ElementsAre(1, 1, 2, 3, 3, 4));
  EXPECT_THAT(stages(4), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(stages(3), ElementsAre(1, 2, 3));
  EXPECT_THAT(stages(1), ElementsAre(1));
}

TEST(VisionTransformerTest, TorchvisionsNames) {
  const auto network = small_vit(", depth: 1");
  const auto mappings = key_mappings_of(*network);
  ASSERT_EQ(mappings.size(), 3);
  std::set<std::string> names;
  for (const auto& [name, tensor] : to_external_names(mappings[0], state_dict(*network))) names.insert(name);
  EXPECT_EQ(mappings[0].name, "torchvision");
  EXPECT_EQ(names, words_in(R"(
      class_token conv_proj.weight conv_proj.bias encoder.pos_embedding
      encoder.layers.encoder_layer_0.ln_1.weight encoder.layers.encoder_layer_0.ln_1.bias
      encoder.layers.encoder_layer_0.self_attention.in_proj_weight
      encoder.layers.encoder_layer_0.self_attention.in_proj_bias
      encoder.layers.encoder_layer_0.self_attention.out_proj.weight
      encoder.layers.encoder_layer_0.self_attention.out_proj.bias
      encoder.layers.encoder_layer_0.ln_2.weight encoder.layers.encoder_layer_0.ln_2.bias
      encoder.layers.encoder_layer_0.mlp.0.weight encoder.layers.encoder_layer_0.mlp.0.bias
      encoder.layers.encoder_layer_0.mlp.3.weight encoder.layers.encoder_layer_0.mlp.3.bias
      encoder.ln.weight encoder.ln.bias heads.head.weight heads.head.bias)"));
  const auto published = to_external_names(mappings[1], state_dict(*network));  // as in vit_b_16-c867db91.pth
  EXPECT_TRUE(published.contains("encoder.layers.encoder_layer_0.mlp.linear_1.weight"));
  EXPECT_TRUE(published.contains("encoder.layers.encoder_layer_0.mlp.linear_2.bias"));
  for (const char* more : {", global_pool: avg", ", qk_norm: true", ", layer_scale: 0.1"}) {
    const auto known = key_mappings_of(*small_vit(more));
    ASSERT_EQ(known.size(), 1) << "torchvision has no such network: " << more;
    EXPECT_EQ(known[0].name, "timm");
  }
}

TEST(VisionTransformerTest, WeightsOfAnotherImageSizeLoadWithResampledPositions) {
  const auto square = small_vit("", {2, 24, 24, 5});
  const auto wide = small_vit("", {2, 16, 24, 5});
  const auto file = without_wrapper_prefix("a.pth", copy_state(*square));
  const NamedForNetwork named = name_for(*wide, file);
  EXPECT_EQ(named.tensors.at("pos_embed").sizes(), (Sizes{1, 25, 12}));
  EXPECT_TRUE(torch::equal(named.tensors.at("pos_embed").slice(1, 0, 1), file.tensors.at("pos_embed").slice(1, 0, 1)));
  load_named_weights(*wide, named, "a.pth");
  const auto logits = logits_for(*wide, normal_images(2, kPatchedInput));
  EXPECT_TRUE(torch::isfinite(logits).all().item<bool>());
}

}  // namespace
}  // namespace fovea
