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
  EXPECT_TRUE(context.tap(net, {TapKind::features}, tensor).is_same(tensor));
}

/// Keeps what it is told and answers twice the tensor.
struct DoublingProbe final : Probe {
  torch::Tensor tap(const torch::nn::Module& module, const Tap& about, const torch::Tensor& tensor) override {
    modules.push_back(&module);
    taps.push_back(about);
    return tensor * 2;
  }
  std::vector<const torch::nn::Module*> modules;
  std::vector<Tap> taps;
};

TEST(ForwardContextTest, TheProbesAnswerGoesOn) {
  const ProbedNet net;
  DoublingProbe probe;
  ForwardContext context;
  context.probe = &probe;
  const auto answer = context.tap(*net.fc, {TapKind::pairwise, Meaning::weights, {2, 3}, {4, 5}, 1}, torch::ones({2}));
  EXPECT_TRUE(torch::equal(answer, torch::full({2}, 2.0)));
  ASSERT_EQ(probe.taps.size(), 1);
  EXPECT_EQ(probe.modules[0], net.fc.get());
  EXPECT_EQ(probe.taps[0].kind, TapKind::pairwise);
  EXPECT_EQ(probe.taps[0].meaning, Meaning::weights);
  EXPECT_EQ(probe.taps[0].query_grid, (Sizes{2, 3}));
  EXPECT_EQ(probe.taps[0].key_grid, (Sizes{4, 5}));
  EXPECT_EQ(probe.taps[0].prefix_tokens, 1);
  EXPECT_FALSE(probe.taps[0].frame.defined());
}

TEST(ForwardContextTest, TheFrameOfTheMomentIsPassedOn) {
  const ProbedNet net;
  DoublingProbe probe;
  ForwardContext context;
  context.probe = &probe;
  context.tap(net, {TapKind::features}, torch::ones({1}));
  context.frame = torch::eye(3).slice(0, 0, 2).unsqueeze(0);
  context.tap(net, {TapKind::features}, torch::ones({1}));
  ASSERT_EQ(probe.taps.size(), 2);
  EXPECT_FALSE(probe.taps[0].frame.defined());
  EXPECT_TRUE(probe.taps[1].frame.is_same(context.frame));
}

TEST(TapKindTest, EveryKindHasAName) {
  const std::vector<std::string> names{
      to_string(TapKind::features), to_string(TapKind::channel),  to_string(TapKind::spatial), to_string(TapKind::dense),
      to_string(TapKind::branch),   to_string(TapKind::pairwise), to_string(TapKind::windows)};
  EXPECT_THAT(names, testing::ElementsAre("features", "channel", "spatial", "dense", "branch", "pairwise", "windows"));
}

/// Offers one tensor to a recorder. @return the recorded map.
AttentionMap record_one(TapKind kind, const torch::Tensor& tensor) {
  const ProbedNet net;
  AttentionRecorder recorder(net);
  ForwardContext context;
  context.probe = &recorder;
  EXPECT_TRUE(context.tap(*net.fc, {kind, Meaning::gate}, tensor).is_same(tensor)) << "a recorder changes nothing";
  EXPECT_EQ(recorder.maps.size(), 1);
  return recorder.maps.at(0);
}

TEST(AttentionRecorderTest, MapsComeInTheirCanonicalShapes) {
  const auto values = [](const Sizes& sizes) { return torch::rand(sizes); };
  EXPECT_EQ(record_one(TapKind::channel, values({2, 5, 1, 1})).values.sizes(), (Sizes{2, 5}));
  EXPECT_EQ(record_one(TapKind::channel, values({2, 5})).values.sizes(), (Sizes{2, 5}));
  EXPECT_EQ(record_one(TapKind::spatial, values({2, 1, 3, 4})).values.sizes(), (Sizes{2, 3, 4}));
  EXPECT_EQ(record_one(TapKind::spatial, values({2, 3, 4})).values.sizes(), (Sizes{2, 3, 4}));
  EXPECT_EQ(record_one(TapKind::dense, values({2, 5, 3, 4})).values.sizes(), (Sizes{2, 5, 3, 4}));
  EXPECT_EQ(record_one(TapKind::branch, values({2, 3, 5})).values.sizes(), (Sizes{2, 3, 5}));
  EXPECT_EQ(record_one(TapKind::pairwise, values({2, 1, 4, 4})).values.sizes(), (Sizes{2, 1, 4, 4}));
  EXPECT_EQ(record_one(TapKind::windows, values({2, 1, 3, 4})).values.sizes(), (Sizes{2, 1, 3, 4}));
}

TEST(AttentionRecorderTest, ShapesOfOneKeepTheirDimensions) {
  EXPECT_EQ(record_one(TapKind::channel, torch::rand({1, 1, 1, 1})).values.sizes(), (Sizes{1, 1}));
  EXPECT_EQ(record_one(TapKind::spatial, torch::rand({1, 1, 1, 1})).values.sizes(), (Sizes{1, 1, 1}));
}

TEST(AttentionRecorderTest, AMapHoldsTheValuesAndNoGraph) {
  const auto gate = torch::rand({2, 5, 1, 1}).requires_grad_();
  const AttentionMap map = record_one(TapKind::channel, gate * 1);
  EXPECT_TRUE(torch::equal(map.values, gate.detach().flatten(1)));
  EXPECT_FALSE(map.values.requires_grad());
}

TEST(AttentionRecorderTest, AMapSaysAllThatTheTapSaid) {
  const ProbedNet net;
  AttentionRecorder recorder(net);
  ForwardContext context;
  context.probe = &recorder;
  context.frame = torch::rand({2, 2, 3});
  context.tap(*net.second, {TapKind::pairwise, Meaning::weights, {1, 2}, {1, 3}, 1, false}, torch::rand({2, 1, 3, 4}));
  ASSERT_EQ(recorder.maps.size(), 1);
  const AttentionMap& map = recorder.maps[0];
  EXPECT_EQ(map.site, "layer1.1");
  EXPECT_EQ(map.kind, TapKind::pairwise);
  EXPECT_EQ(map.meaning, Meaning::weights);
  EXPECT_EQ(map.query_grid, (Sizes{1, 2}));
  EXPECT_EQ(map.key_grid, (Sizes{1, 3}));
  EXPECT_EQ(map.prefix_tokens, 1);
  EXPECT_FALSE(map.prefix_is_read);
  EXPECT_TRUE(map.frame.is_same(context.frame));
}

TEST(AttentionRecorderTest, FeaturesAreNoAttention) {
  const ProbedNet net;
  AttentionRecorder recorder(net);
  ForwardContext context;
  context.probe = &recorder;
  const auto features = torch::ones({1, 2, 3, 3});
  EXPECT_TRUE(context.tap(*net.fc, {TapKind::features}, features).is_same(features));
  EXPECT_TRUE(recorder.maps.empty());
  context.tap(*net.fc, {TapKind::spatial, Meaning::gate}, torch::ones({1, 1, 3, 3}));
  context.tap(*net.fc, {TapKind::channel, Meaning::gate}, torch::ones({1, 2, 1, 1}));
  ASSERT_EQ(recorder.maps.size(), 2);  // in the order of the pass
  EXPECT_EQ(recorder.maps[0].kind, TapKind::spatial);
  EXPECT_EQ(recorder.maps[1].kind, TapKind::channel);
}

}  // namespace
}  // namespace fovea
