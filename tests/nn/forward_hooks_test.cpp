#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/attention_map.h>
#include <fovea/nn/forward_context.h>

namespace fovea {
namespace {

using Sizes = std::vector<std::int64_t>;

/// A network with a name two levels deep.
struct ProbedNet : torch::nn::Module {
  ProbedNet() {
    fc = register_module("fc", torch::nn::Linear(2, 2));
    second = torch::nn::Linear(2, 2);
    layer = register_module("layer1", torch::nn::ModuleList(torch::nn::Linear(2, 2), second));
  }
  torch::nn::Linear fc{nullptr}, second{nullptr};
  torch::nn::ModuleList layer{nullptr};
};

TEST(ModuleNamesTest, NamesAreThoseOfNamedModules) {
  const ProbedNet net;
  const ModuleNames names(net);
  EXPECT_EQ(names.of(net), "");
  EXPECT_EQ(names.of(*net.fc), "fc");
  EXPECT_EQ(names.of(*net.layer), "layer1");
  EXPECT_EQ(names.of(*net.second), "layer1.1");
  for (const auto& item : net.named_modules("", /*include_self=*/false)) EXPECT_EQ(names.of(*item.value()), item.key());
}

TEST(ModuleNamesTest, AModuleOfAnotherNetworkIsRefused) {
  const ProbedNet net;
  const ProbedNet other;
  const ModuleNames names(net);
  EXPECT_THAT([&] { names.of(*other.fc); }, testing::ThrowsMessage<Error>(testing::AllOf(
                                                testing::HasSubstr("Linear"), testing::HasSubstr("not registered"))));
}

TEST(ForwardContextTest, WithoutAProbeTheTensorItselfGoesOn) {
  const ProbedNet net;
  ForwardContext context;
  const auto tensor = torch::ones({2, 3});
  EXPECT_TRUE(context.hook(net, {MapKind::features}, tensor).is_same(tensor));
}

/// Keeps what it is told and answers twice the tensor.
struct DoublingProbe final : ForwardHooks {
  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override {
    modules.push_back(&module);
    hooked.push_back(about);
    return tensor * 2;
  }
  std::vector<const torch::nn::Module*> modules;
  std::vector<HookedTensor> hooked;
};

TEST(ForwardContextTest, TheProbesAnswerGoesOn) {
  const ProbedNet net;
  DoublingProbe hooks;
  ForwardContext context;
  context.hooks = &hooks;
  const auto answer = context.hook(*net.fc, {MapKind::pairwise, Meaning::weights, {2, 3}, {4, 5}, 1}, torch::ones({2}));
  EXPECT_TRUE(torch::equal(answer, torch::full({2}, 2.0)));
  ASSERT_EQ(hooks.hooked.size(), 1);
  EXPECT_EQ(hooks.modules[0], net.fc.get());
  EXPECT_EQ(hooks.hooked[0].kind, MapKind::pairwise);
  EXPECT_EQ(hooks.hooked[0].meaning, Meaning::weights);
  EXPECT_EQ(hooks.hooked[0].query_grid, (Sizes{2, 3}));
  EXPECT_EQ(hooks.hooked[0].key_grid, (Sizes{4, 5}));
  EXPECT_EQ(hooks.hooked[0].prefix_tokens, 1);
  EXPECT_FALSE(hooks.hooked[0].theta.defined());
}

TEST(ForwardContextTest, TheFrameOfTheMomentIsPassedOn) {
  const ProbedNet net;
  DoublingProbe hooks;
  ForwardContext context;
  context.hooks = &hooks;
  context.hook(net, {MapKind::features}, torch::ones({1}));
  context.theta = torch::eye(3).slice(0, 0, 2).unsqueeze(0);
  context.hook(net, {MapKind::features}, torch::ones({1}));
  ASSERT_EQ(hooks.hooked.size(), 2);
  EXPECT_FALSE(hooks.hooked[0].theta.defined());
  EXPECT_TRUE(hooks.hooked[1].theta.is_same(context.theta));
}

TEST(ForwardContextTest, LayersWithinAStageAreNoAttention) {
  const ProbedNet net;
  ForwardContext context;
  const auto output = torch::ones({1, 2, 3, 4});
  EXPECT_TRUE(context.hook_layer(*net.fc, output).is_same(output));
  AttentionRecorder recorder(net);
  context.hooks = &recorder;
  EXPECT_TRUE(context.hook_layer(*net.fc, output).is_same(output));
  EXPECT_TRUE(recorder.maps.empty());
}

TEST(TapKindTest, EveryKindHasAName) {
  const std::vector<std::string> names{to_string(MapKind::features), to_string(MapKind::layer),  to_string(MapKind::channel),
                                       to_string(MapKind::spatial),  to_string(MapKind::dense),  to_string(MapKind::branch),
                                       to_string(MapKind::pairwise), to_string(MapKind::windows)};
  EXPECT_THAT(names,
              testing::ElementsAre("features", "layer", "channel", "spatial", "dense", "branch", "pairwise", "windows"));
}

/// Offers one tensor to a recorder. @return the recorded map.
AttentionMap record_one(MapKind kind, const torch::Tensor& tensor) {
  const ProbedNet net;
  AttentionRecorder recorder(net);
  ForwardContext context;
  context.hooks = &recorder;
  EXPECT_TRUE(context.hook(*net.fc, {kind, Meaning::gate}, tensor).is_same(tensor)) << "a recorder changes nothing";
  EXPECT_EQ(recorder.maps.size(), 1);
  return recorder.maps.at(0);
}

TEST(AttentionRecorderTest, MapsComeInTheirCanonicalShapes) {
  const auto values = [](const Sizes& sizes) { return torch::rand(sizes); };
  EXPECT_EQ(record_one(MapKind::channel, values({2, 5, 1, 1})).values.sizes(), (Sizes{2, 5}));
  EXPECT_EQ(record_one(MapKind::channel, values({2, 5})).values.sizes(), (Sizes{2, 5}));
  EXPECT_EQ(record_one(MapKind::spatial, values({2, 1, 3, 4})).values.sizes(), (Sizes{2, 3, 4}));
  EXPECT_EQ(record_one(MapKind::spatial, values({2, 3, 4})).values.sizes(), (Sizes{2, 3, 4}));
  EXPECT_EQ(record_one(MapKind::dense, values({2, 5, 3, 4})).values.sizes(), (Sizes{2, 5, 3, 4}));
  EXPECT_EQ(record_one(MapKind::branch, values({2, 3, 5})).values.sizes(), (Sizes{2, 3, 5}));
  EXPECT_EQ(record_one(MapKind::pairwise, values({2, 1, 4, 4})).values.sizes(), (Sizes{2, 1, 4, 4}));
  EXPECT_EQ(record_one(MapKind::windows, values({2, 1, 3, 4})).values.sizes(), (Sizes{2, 1, 3, 4}));
}

TEST(AttentionRecorderTest, ShapesOfOneKeepTheirDimensions) {
  EXPECT_EQ(record_one(MapKind::channel, torch::rand({1, 1, 1, 1})).values.sizes(), (Sizes{1, 1}));
  EXPECT_EQ(record_one(MapKind::spatial, torch::rand({1, 1, 1, 1})).values.sizes(), (Sizes{1, 1, 1}));
}

TEST(AttentionRecorderTest, AMapHoldsTheValuesAndNoGraph) {
  const auto gate = torch::rand({2, 5, 1, 1}).requires_grad_();
  const AttentionMap map = record_one(MapKind::channel, gate * 1);
  EXPECT_TRUE(torch::equal(map.values, gate.detach().flatten(1)));
  EXPECT_FALSE(map.values.requires_grad());
}

TEST(AttentionRecorderTest, AMapSaysAllThatTheTapSaid) {
  const ProbedNet net;
  AttentionRecorder recorder(net);
  ForwardContext context;
  context.hooks = &recorder;
  context.theta = torch::rand({2, 2, 3});
  context.hook(*net.second, {MapKind::pairwise, Meaning::weights, {1, 2}, {1, 3}, 1, false}, torch::rand({2, 1, 3, 4}));
  ASSERT_EQ(recorder.maps.size(), 1);
  const AttentionMap& map = recorder.maps[0];
  EXPECT_EQ(map.layer, "layer1.1");
  EXPECT_EQ(map.kind, MapKind::pairwise);
  EXPECT_EQ(map.meaning, Meaning::weights);
  EXPECT_EQ(map.query_grid, (Sizes{1, 2}));
  EXPECT_EQ(map.key_grid, (Sizes{1, 3}));
  EXPECT_EQ(map.prefix_tokens, 1);
  EXPECT_FALSE(map.prefix_is_read);
  EXPECT_TRUE(map.theta.is_same(context.theta));
}

TEST(AttentionRecorderTest, FeaturesAreNoAttention) {
  const ProbedNet net;
  AttentionRecorder recorder(net);
  ForwardContext context;
  context.hooks = &recorder;
  const auto features = torch::ones({1, 2, 3, 3});
  EXPECT_TRUE(context.hook(*net.fc, {MapKind::features}, features).is_same(features));
  EXPECT_TRUE(recorder.maps.empty());
  context.hook(*net.fc, {MapKind::spatial, Meaning::gate}, torch::ones({1, 1, 3, 3}));
  context.hook(*net.fc, {MapKind::channel, Meaning::gate}, torch::ones({1, 2, 1, 1}));
  ASSERT_EQ(recorder.maps.size(), 2);  // in the order of the pass
  EXPECT_EQ(recorder.maps[0].kind, MapKind::spatial);
  EXPECT_EQ(recorder.maps[1].kind, MapKind::channel);
}

}  // namespace
}  // namespace fovea
