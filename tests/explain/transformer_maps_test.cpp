// Maps of transformers: of their class token where it is read, of their patches where those are.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/explain/grad_cam.h>
#include <fovea/explain/own_attention.h>
#include <fovea/explain/photo_map.h>
#include <fovea/nn/initialise.h>

#include "built_network.h"

namespace fovea {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::Gt;

constexpr InputSpec kExplainedInput{1, 8, 12, 3};  // 2 x 3 patches

bool any_layer(const std::string&) {
  return true;
}

/// @param name `vit` or `cait`. @param more further options, e.g. ", global_pool: avg".
std::shared_ptr<Classifier> explained_network(const std::string& name, const std::string& more = "",
                                              const InputSpec& input = kExplainedInput) {
  const std::string small = ", patch_size: 4, embed_dim: 12, heads: 3, depth: 4, layer_scale: 0.5";
  auto network = built("{name: " + name + small + more + "}", input);
  initialise(*network, 1);
  network->eval();
  return network;
}

Batch one_image(const InputSpec& input = kExplainedInput) {
  Batch batch;
  batch.images = torch::empty({1, input.channels, input.height, input.width});
  fill_normal(batch.images, RandomStream(2, Purpose::test), 1.0);
  return batch;
}

std::vector<std::string> names_of_maps(const Explanation& explanation) {
  std::vector<std::string> names;
  for (const LayerMap& map : explanation.maps) names.push_back(map.layer);
  return names;
}

// A rectified map may well be empty for one class; not for all.
TEST(TransformerMapsTest, GradCamHasSomethingToShowOfEveryLayer) {
  for (const auto& [name, last] : {std::pair("vit", "blocks.3.norm1"), {"cait", "blocks.3"}}) {
    SCOPED_TRACE(name);
    const auto network = explained_network(name);
    std::vector<float> highest(4, 0);
    for (std::int64_t target = 0; target < kExplainedInput.num_classes; ++target) {
      const auto explanation = explain_by_grad_cam(*network, one_image(), any_layer, {target});
      ASSERT_THAT(names_of_maps(explanation), ElementsAre("blocks.0", "blocks.1", "blocks.2", last));
      for (std::size_t i = 0; i < 4; ++i) {
        const torch::Tensor& values = explanation.maps[i].values;
        EXPECT_EQ(values.sizes(), torch::IntArrayRef({2, 3}));
        highest[i] = std::max(highest[i], values.max().item<float>());
      }
    }
    EXPECT_THAT(highest, Each(Gt(0)));
  }
}

/// Makes the class token of the last block look at one patch alone.
struct LooksAtOnePatch final : ForwardHooks {
  torch::Tensor on_tensor(const torch::nn::Module&, const HookedTensor& about, const torch::Tensor& tensor) override {
    if (about.kind != MapKind::pairwise || ++seen != 4) return tensor;
    auto weights = tensor.clone();
    weights.select(2, 0).zero_();
    weights.select(2, 0).select(2, 1 + 4) = 1;  // the second row's second patch
    return weights;
  }
  int seen = 0;
};

/// A vision transformer, and whether its logits depend on what the class token of the last block looks at.
struct Reading {
  const char* options;
  bool reads_class_token;
};

constexpr Reading kReadings[] = {{"", true},
                                 {", global_pool: prr", true},
                                 {", global_pool: avg", false},
                                 {", global_pool: avgmax", false},
                                 {", global_pool: max", false},
                                 {", global_pool: map", false},
                                 {", attention: {name: latent_pool, heads: 3}", false},
                                 {", attention: {name: latent_pool, heads: 3}, global_pool: prr", false}};

TEST(TransformerMapsTest, AttentionIsShownOfThoseWhoseAnswersAreRead) {
  const torch::NoGradGuard no_grad;
  for (const Reading& reading : kReadings) {
    SCOPED_TRACE(reading.options);
    const auto vit = explained_network("vit", reading.options);
    AttentionRecorder recorder(*vit);
    LooksAtOnePatch elsewhere;
    ForwardContext recorded, changed;
    recorded.hooks = &recorder;
    changed.hooks = &elsewhere;
    const auto logits = vit->classify(one_image(), recorded).logits;
    const auto others = vit->classify(one_image(), changed).logits;
    EXPECT_EQ(!torch::equal(logits, others), reading.reads_class_token);

    const auto explanation = explain_by_attention(*vit, one_image(), any_layer, {});
    ASSERT_EQ(explanation.maps.size(), recorder.maps.size());
    for (std::size_t i = 0; i < 4; ++i) {
      SCOPED_TRACE(explanation.maps[i].layer);
      EXPECT_EQ(explanation.maps[i].layer, "blocks." + std::to_string(i) + ".attn");
      const auto weights = recorder.maps[i].values[0].narrow(2, 1, 6);  // [3, 1 + 6, 6]: what each token looks at
      const auto by_class_token = weights.select(1, 0).mean(0).view({2, 3});
      const auto by_patches = weights.narrow(1, 1, 6).mean(torch::IntArrayRef{0, 1}).view({2, 3});
      ASSERT_FALSE(torch::allclose(by_class_token, by_patches, 1e-3, 1e-5));
      EXPECT_TRUE(torch::allclose(explanation.maps[i].values, reading.reads_class_token ? by_class_token : by_patches));
    }
  }
}

TEST(TransformerMapsTest, ClassAttentionIsShownLast) {
  const auto cait = explained_network("cait");
  const auto explanation = explain_by_attention(*cait, one_image(), any_layer, {});
  ASSERT_EQ(explanation.maps.size(), 6);
  EXPECT_EQ(explanation.maps.back().layer, "blocks_token_only.1.attn");
  EXPECT_EQ(explanation.maps.back().values.sizes(), torch::IntArrayRef({2, 3}));
}

TEST(TransformerMapsTest, MapsCoverThePatchesAndNotThePixelsBeyondThem) {
  constexpr InputSpec kCutInput{1, 11, 15, 3};  // 2 x 3 patches of 4 x 4 pixels; three rows and columns are not seen
  const auto theta = torch::tensor({12.0 / 15, 0.0, -3.0 / 15, 0.0, 8.0 / 11, -3.0 / 11}, torch::kFloat64).view({2, 3});
  for (const char* name : {"vit", "cait"}) {
    SCOPED_TRACE(name);
    const auto network = explained_network(name, "", kCutInput);
    auto maps = explain_by_attention(*network, one_image(kCutInput), any_layer, {}).maps;
    const auto more = explain_by_grad_cam(*network, one_image(kCutInput), any_layer, {0}).maps;
    maps.insert(maps.end(), more.begin(), more.end());
    ASSERT_GE(maps.size(), 8U);
    for (const LayerMap& map : maps) {
      EXPECT_EQ(map.values.sizes(), torch::IntArrayRef({2, 3}));
      ASSERT_TRUE(map.theta.defined()) << map.layer;
      EXPECT_TRUE(torch::allclose(map.theta, theta, 1e-6, 1e-7)) << map.layer;  // of float32
      const PhotoMap on_image = map_on_photo(map, Geometry(), 11, 15);
      EXPECT_NEAR(on_image.at(10, 6).value(), map.values[1][2].item<float>(), 1e-5) << "the last patch's centre";
      EXPECT_FALSE(on_image.at(12.5, 4).has_value());
      EXPECT_FALSE(on_image.at(6, 8.5).has_value());
    }
  }
}

TEST(TransformerMapsTest, MapsOfWholeImagesNeedNoFrame) {
  for (const LayerMap& map : explain_by_attention(*explained_network("vit"), one_image(), any_layer, {}).maps) {
    EXPECT_FALSE(map.theta.defined()) << map.layer;
  }
}

}  // namespace
}  // namespace fovea
