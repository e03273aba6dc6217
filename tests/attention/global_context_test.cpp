#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/global_context.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"

namespace fovea {
namespace {

constexpr std::int64_t kContextChannels = 32;

torch::Tensor context_features(std::int64_t channels = kContextChannels, std::uint64_t seed = 1) {
  auto features = torch::empty({2, channels, 3, 4}, torch::kFloat64);
  fill_normal(features, RandomStream(seed, Purpose::test), 1.0);
  return features;
}

GateRun run_fresh(const GlobalContextGateOptions& options, const torch::Tensor& features) {
  GlobalContextImpl gate(features.size(1), options);
  initialise(gate, 1);
  return run_gate(gate, features);
}

/// Puts all the weight on one position.
class OneCell final : public ForwardHooks {
 public:
  torch::Tensor on_tensor(const torch::nn::Module&, const HookedTensor& about, const torch::Tensor& tensor) override {
    if (about.kind != MapKind::spatial) return tensor;
    auto weights = torch::zeros_like(tensor);
    weights.select(2, 1).select(2, 3).fill_(1);
    return weights;
  }
};

TEST(GlobalContextTest, ContextIsTheWeightedMeanOfTheCells) {
  GlobalContextImpl gate(kContextChannels, GlobalContextGateOptions{});
  initialise(gate, 1);
  const auto features = context_features();
  const auto cell = features.select(2, 1).select(2, 3).view({2, kContextChannels, 1, 1});
  const auto of_cell_alone = run_gate(gate, cell.expand_as(features).contiguous());
  OneCell hooks;
  ForwardContext context;
  context.hooks = &hooks;
  const auto expected = features * of_cell_alone.maps[1].values.view_as(cell);
  EXPECT_TRUE(torch::allclose(gate.forward(features, context), expected, 1e-12, 1e-12));
}

TEST(GlobalContextTest, EqualWeightsAreThePlainMean) {
  GlobalContextGateOptions options;
  GlobalContextImpl attentive(kContextChannels, options);
  options.attention = false;
  GlobalContextImpl plain(kContextChannels, options);
  initialise(attentive, 1);
  initialise(plain, 1);
  attentive.named_parameters()["conv_attn.weight"].data().zero_();
  EXPECT_TRUE(torch::allclose(run_gate(attentive, context_features()).output, run_gate(plain, context_features()).output,
                              1e-12, 1e-12));
}

TEST(GlobalContextTest, AdditiveFormStartsAsTheIdentityAndAddsWhatItShows) {
  GlobalContextImpl gate(kContextChannels, GlobalContextOptions{});
  initialise(gate, 1);
  const auto features = context_features();
  EXPECT_TRUE(torch::equal(run_gate(gate, features).output, features));
  gate.named_parameters()["mlp_add.fc2.weight"].data().fill_(0.5);
  const auto run = run_gate(gate, features);
  ASSERT_EQ(run.maps.size(), 2U);
  EXPECT_EQ(run.maps[1].meaning, Meaning::signed_);
  EXPECT_GT(run.maps[1].values.abs().max().item<double>(), 0.01);
  EXPECT_TRUE(torch::allclose(run.output - features,
                              run.maps[1].values.view({2, kContextChannels, 1, 1}).expand_as(features), 1e-12, 1e-12));
}

TEST(GlobalContextTest, BothFormsReadTheSameContext) {
  GlobalContextGateOptions options;
  options.add = true;
  GlobalContextImpl gate(kContextChannels, options);
  initialise(gate, 1);
  gate.named_parameters()["mlp_add.fc2.weight"].data().fill_(0.5);
  const auto features = context_features();
  const auto run = run_gate(gate, features);
  ASSERT_EQ(run.maps.size(), 3U);
  const auto spread = [&](std::size_t map) { return run.maps[map].values.view({2, kContextChannels, 1, 1}); };
  EXPECT_TRUE(torch::allclose(run.output, features * spread(1) + spread(2), 1e-12, 1e-12));
  EXPECT_TRUE(torch::allclose(run.maps[1].values, run_fresh({}, features).maps[1].values, 1e-12, 1e-12));
}

TEST(GlobalContextTest, LayerNormOverOneChannelForgetsTheInput) {
  const auto gate_of = [](std::int64_t channels, std::uint64_t seed) {
    return run_fresh({}, context_features(channels, seed)).maps[1].values;
  };
  EXPECT_TRUE(torch::allclose(gate_of(8, 1), gate_of(8, 2), 1e-12, 1e-12));
  EXPECT_FALSE(torch::allclose(gate_of(32, 1), gate_of(32, 2)));
}

TEST(GlobalContextTest, NewWeightsSpreadOverTheCells) {
  auto features = torch::empty({8, 512, 7, 7}, torch::kFloat64);
  fill_normal(features, RandomStream(1, Purpose::test), 1.0);
  const auto weights = run_fresh({}, features).maps[0].values;
  EXPECT_LT(weights.max().item<double>(), 0.7);  // scores of deviation sqrt(2); by fan-out it would be 32 and the maximum 1
}

}  // namespace
}  // namespace fovea
