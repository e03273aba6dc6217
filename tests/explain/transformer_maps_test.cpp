// What the methods show of networks that look with a class token.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/explain/grad_cam.h>
#include <fovea/explain/own_attention.h>
#include <fovea/models/transformer/class_attention_transformer.h>
#include <fovea/models/transformer/vision_transformer.h>
#include <fovea/nn/initialise.h>

namespace fovea {
namespace {

using testing::ElementsAre;

constexpr InputSpec kExplainedInput{1, 8, 12, 3};  // 2 x 3 patches

bool any_layer(const std::string&) {
  return true;
}

template <typename Network, typename NetworkOptions>
std::shared_ptr<Network> explained_network(NetworkOptions options) {
  options.patch_size = {4};
  options.embed_dim = 12;
  options.heads = 3;
  options.depth = 4;
  options.layer_scale = 0.5;
  SlotFactory nothing;
  auto network = std::make_shared<Network>(options, kExplainedInput, nothing);
  initialise(*network, 1);
  network->eval();
  return network;
}

Batch one_image() {
  Batch batch;
  batch.images = torch::empty({1, 1, 8, 12});
  fill_normal(batch.images, RandomStream(2, Purpose::test), 1.0);
  return batch;
}

std::vector<std::string> names_of_maps(const Explanation& explanation) {
  std::vector<std::string> names;
  for (const LayerMap& map : explanation.maps) names.push_back(map.layer);
  return names;
}

TEST(TransformerMapsTest, GradCamHasSomethingToShowOfEveryLayer) {
  const auto vit = explained_network<VisionTransformer>(VisionTransformerOptions());
  const auto cait = explained_network<ClassAttentionTransformer>(ClassAttentionTransformerOptions());
  Explanation explanation;
  for (std::int64_t target = 0; target < 3; ++target) {
    explanation = explain_by_grad_cam(*vit, one_image(), any_layer, target);
    EXPECT_THAT(names_of_maps(explanation), ElementsAre("blocks.0", "blocks.1", "blocks.2", "blocks.3.norm1"));
    for (const LayerMap& map : explanation.maps) EXPECT_EQ(map.values.sizes(), torch::IntArrayRef({2, 3}));
    EXPECT_THAT(names_of_maps(explain_by_grad_cam(*cait, one_image(), any_layer, target)),
                ElementsAre("blocks.0", "blocks.1", "blocks.2", "blocks.3"));
  }
  // A rectified map may well be empty for one class; not for all.
  bool shows_last = false;
  for (std::int64_t target = 0; target < 3; ++target) {
    explanation = explain_by_grad_cam(*vit, one_image(), any_layer, target);
    shows_last |= explanation.maps.back().values.max().item<float>() > 0;
  }
  EXPECT_TRUE(shows_last);
}

/// Makes the class token of the last block look at one patch alone.
struct LooksAtOnePatch final : Probe {
  torch::Tensor tap(const torch::nn::Module&, const Tap& about, const torch::Tensor& tensor) override {
    if (about.kind != TapKind::pairwise || ++seen != 4) return tensor;
    auto weights = tensor.clone();
    weights.select(2, 0).zero_();
    weights.select(2, 0).select(2, 1 + 4) = 1;  // the second row's second patch
    maps.push_back({"last", about.kind, about.meaning, weights.detach(), about.query_grid, about.key_grid,
                    about.prefix_tokens, about.frame});
    return weights;
  }
  int seen = 0;
  std::vector<AttentionMap> maps;
};

TEST(TransformerMapsTest, AttentionIsWhatTheClassTokenLooksAt) {
  const auto vit = explained_network<VisionTransformer>(VisionTransformerOptions());
  const auto explanation = explain_by_attention(*vit, one_image(), any_layer, std::nullopt);
  EXPECT_THAT(names_of_maps(explanation), ElementsAre("blocks.0.attn", "blocks.1.attn", "blocks.2.attn", "blocks.3.attn"));
  LooksAtOnePatch probe;
  ForwardContext context;
  context.probe = &probe;
  vit->forward(one_image(), context);
  ASSERT_EQ(probe.maps.size(), 1);
  EXPECT_TRUE(
      torch::equal(visible_values(probe.maps[0], 0).value(), torch::tensor({{0.0F, 0.0F, 0.0F}, {0.0F, 1.0F, 0.0F}})));
}

TEST(TransformerMapsTest, ClassAttentionIsShownLast) {
  const auto cait = explained_network<ClassAttentionTransformer>(ClassAttentionTransformerOptions());
  const auto explanation = explain_by_attention(*cait, one_image(), any_layer, std::nullopt);
  ASSERT_EQ(explanation.maps.size(), 6);
  EXPECT_EQ(explanation.maps.back().layer, "blocks_token_only.1.attn");
  EXPECT_EQ(explanation.maps.back().values.sizes(), torch::IntArrayRef({2, 3}));
}

}  // namespace
}  // namespace fovea
