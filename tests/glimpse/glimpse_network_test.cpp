#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/glimpse/rollout.h>

#include "glimpse_cases.h"
#include "gradient_check.h"

namespace fovea {
namespace {

using test::SmallNetwork;
using testing::UnorderedElementsAre;

TEST(LocationPolicyImpl, LogProbabilityByHand) {
  const auto sample = torch::tensor({{1.3, -0.2}}, torch::kFloat64), mean = torch::tensor({{0.5, 0.1}}, torch::kFloat64);
  // Two independent Gaussians: -((0.8)^2 + (0.3)^2) / (2 x 0.25) - ln(2 pi 0.25) = -1.46 - 0.4515827...
  EXPECT_NEAR(gaussian_log_prob(sample, mean, 0.5)[0].item<double>(), -1.46 - 0.4515827052894548, 1e-12);
}

/// The sample lies outside the range: its density is that of where it was drawn, not of where it was put.
TEST(LocationPolicyImpl, LogProbabilityIsOfTheUnclampedSample) {
  SmallNetwork network(CoreKind::relu, 4, 0);
  RolloutPlan plan;
  plan.glimpses = 2;
  plan.first = torch::zeros({1, 2}, torch::kFloat64);
  plan.noise = torch::tensor({{{5.0, -3.0}}}, torch::kFloat64);
  plan.standard_deviation = 0.5;
  const Retina retina({2, 1}, test::noise_batch(1, 1, 8, 8), 1, torch::kFloat64);
  for (const auto rollout : {composed_rollout, fused_rollout}) {
    const auto trajectory = rollout(network.parts, retina, plan);
    const auto mean = trajectory.means[0][0];
    EXPECT_LT(mean.abs().max().item<double>(), 0.8);
    EXPECT_TRUE(torch::allclose(trajectory.locations[0][1], torch::tensor({0.8, -0.8}, torch::kFloat64)));
    const double expected = -(5.0 * 5.0 + 3.0 * 3.0) / 2 - std::log(2 * M_PI * 0.25);
    EXPECT_NEAR(trajectory.log_probs[0][0].item<double>(), expected, 1e-12);
  }
}

TEST(LocationPolicyImpl, GradientOfTheLogProbabilityIsThatOfTheMeanAlone) {
  const auto mean = torch::tensor({{0.2, -0.4}}, torch::TensorOptions(torch::kFloat64).requires_grad(true));
  const auto sample = mean + 0.3;
  gaussian_log_prob(sample, mean, 0.5).sum().backward();
  EXPECT_TRUE(torch::allclose(mean.grad(), torch::full({1, 2}, 0.3 / 0.25, torch::kFloat64)));
}

TEST(RecurrentCoreImpl, AReluCoreStartsByAddingUp) {
  RecurrentCoreImpl core(CoreKind::relu, 3, 4);
  core.initialise(RandomStream(1, Purpose::initialise));
  EXPECT_TRUE(torch::equal(core.weight_hh, torch::eye(4)));
  EXPECT_TRUE(torch::equal(core.bias_hh, torch::zeros(4)));
  EXPECT_GT(core.weight_ih.abs().max().item<double>(), 0.1);
  EXPECT_LE(core.weight_ih.abs().max().item<double>(), 0.5);
}

/// Against torch's own modules, whose parameters have the same names.
TEST(RecurrentCoreImpl, EveryCoreIsTorchsCell) {
  const auto input = torch::randn({5, 3}), hidden = torch::randn({5, 4}), cell = torch::randn({5, 4});
  const auto expect_same = [&](CoreKind kind, auto peer, const auto& run, const std::vector<torch::Tensor>& state) {
    RecurrentCoreImpl core(kind, 3, 4);
    core.initialise(RandomStream(2, Purpose::initialise));
    const torch::NoGradGuard no_grad;
    for (auto& item : peer->named_parameters()) item.value().copy_(core.named_parameters()[item.key()]);
    EXPECT_TRUE(torch::allclose(core.forward(input, state)[0], run(peer)));
  };
  expect_same(CoreKind::relu, torch::nn::RNNCell(torch::nn::RNNCellOptions(3, 4).nonlinearity(torch::kReLU)),
              [&](auto& peer) { return peer(input, hidden); }, {hidden});
  expect_same(CoreKind::gru, torch::nn::GRUCell(3, 4), [&](auto& peer) { return peer(input, hidden); }, {hidden});
  expect_same(CoreKind::lstm, torch::nn::LSTMCell(3, 4),
              [&](auto& peer) { return std::get<0>(peer(input, std::make_tuple(hidden, cell))); }, {hidden, cell});
}

class EveryCore : public testing::TestWithParam<CoreKind> {
 protected:
  static constexpr RetinaShape kShape{3, 2};
  SmallNetwork network{GetParam(), kShape.values(2), 6};
  Retina retina{kShape, test::noise_batch(2, 2, 10, 7), 1, torch::kFloat64};

  RolloutPlan given() const {
    RolloutPlan plan;
    plan.glimpses = 3;
    plan.locations = test::some_locations(2, 3) / 2;
    return plan;
  }

  /// The parts of the network that get a gradient from an output.
  std::set<std::string> reached(const torch::Tensor& output) {
    for (auto& parameter : network.parameters()) parameter.mutable_grad() = torch::Tensor();
    output.square().sum().backward({}, /*retain_graph=*/true);
    std::set<std::string> parts;
    for (const auto& item : network.named_parameters()) {
      const bool arrived = item.value().grad().defined() && item.value().grad().abs().max().item<double>() > 0;
      if (arrived) parts.insert(item.key().substr(0, item.key().find('.')));
    }
    return parts;
  }
};

TEST_P(EveryCore, GradientsMatchDifferences) {
  for (const auto rollout : {composed_rollout, fused_rollout}) {
    std::vector<std::pair<std::string, torch::Tensor>> classifying, choosing, expecting;
    for (const auto& item : network.named_parameters()) {
      const bool matches = item.key().starts_with("policy"), expects = item.key().starts_with("baseline");
      (matches ? choosing : expects ? expecting : classifying).emplace_back(item.key(), item.value());
    }
    expect_gradients_match([&] { return rollout(network.parts, retina, given()).logits; }, classifying);
    expect_gradients_match([&] { return rollout(network.parts, retina, given()).means; }, choosing);
    expect_gradients_match([&] { return rollout(network.parts, retina, given()).baselines; }, expecting);
  }
}

TEST_P(EveryCore, EachOutputTrainsItsOwnParts) {
  auto plan = given();
  plan.first = plan.locations.select(1, 0);
  plan.locations = torch::Tensor();
  plan.noise = torch::randn({2, 2, 2}, torch::kFloat64);
  plan.standard_deviation = 0.2;
  for (const auto rollout : {composed_rollout, fused_rollout}) {
    const auto trajectory = rollout(network.parts, retina, plan);
    EXPECT_THAT(reached(trajectory.logits), UnorderedElementsAre("encoder", "core", "classifier"));
    EXPECT_THAT(reached(trajectory.log_probs), UnorderedElementsAre("policy"));
    EXPECT_THAT(reached(trajectory.means), UnorderedElementsAre("policy"));
    EXPECT_THAT(reached(trajectory.baselines), UnorderedElementsAre("baseline"));
    EXPECT_FALSE(trajectory.locations.requires_grad());
  }
}

TEST_P(EveryCore, AParameterThatChangedSinceIsNoticed) {
  const auto trajectory = fused_rollout(network.parts, retina, given());
  {
    const torch::NoGradGuard no_grad;
    network.parts.classifier->weight.add_(1);
  }
  EXPECT_THROW(trajectory.logits.sum().backward(), c10::Error);
}

INSTANTIATE_TEST_SUITE_P(Glimpse, EveryCore, testing::Values(CoreKind::relu, CoreKind::lstm, CoreKind::gru));

TEST(GlimpseParts, ClonesHaveTheWeights) {
  std::vector<std::shared_ptr<torch::nn::Module>> parts{
      std::make_shared<LinearGlimpseEncoderImpl>(12, 3, 4), std::make_shared<ConvolutionalGlimpseEncoderImpl>(2, 5, 3, 4, 6),
      std::make_shared<LocationPolicyImpl>(4), std::make_shared<LocationPolicyImpl>(4, 3, 0.5)};
  for (const CoreKind kind : {CoreKind::relu, CoreKind::lstm, CoreKind::gru}) {
    parts.push_back(std::make_shared<RecurrentCoreImpl>(kind, 3, 4));
  }
  for (const auto& part : parts) {
    const auto copy = part->clone();
    EXPECT_EQ(copy->name(), part->name());
    const auto copies = copy->named_parameters();
    ASSERT_EQ(copies.keys(), part->named_parameters().keys());
    for (const auto& item : part->named_parameters()) {
      EXPECT_TRUE(torch::equal(copies[item.key()], item.value())) << item.key();
      EXPECT_NE(copies[item.key()].data_ptr(), item.value().data_ptr()) << item.key();
    }
  }
  const auto policy = std::dynamic_pointer_cast<LocationPolicyImpl>(parts[3]->clone());
  EXPECT_EQ(policy->range(), 0.5);
}

TEST(GlimpseParts, ImpossibleNumbersAreRefused) {
  EXPECT_THROW(LinearGlimpseEncoderImpl(0, 3, 4), InputError);
  EXPECT_THROW(LinearGlimpseEncoderImpl(12, 0, 4), InputError);
  EXPECT_THROW(ConvolutionalGlimpseEncoderImpl(2, 1, 3, 4, 6), InputError);
  EXPECT_THROW(ConvolutionalGlimpseEncoderImpl(2, 5, -3, 4, 6), InputError);
  EXPECT_THROW(LocationPolicyImpl(0), InputError);
  EXPECT_THROW(LocationPolicyImpl(4, -1), InputError);
  EXPECT_THROW(LocationPolicyImpl(4, 3, 0), InputError);
  EXPECT_THROW(LocationPolicyImpl(4, 3, std::nan("")), InputError);
  EXPECT_THROW(RecurrentCoreImpl(CoreKind::lstm, 0, 4), InputError);
  EXPECT_THROW(RecurrentCoreImpl(CoreKind::lstm, 3, 0), InputError);
}

TEST(RecurrentCoreImpl, StartsWithLibTorchsGenerator) {
  const auto weights = [](std::uint64_t seed) {
    torch::manual_seed(seed);
    return RecurrentCoreImpl(CoreKind::gru, 3, 4).weight_ih;
  };
  EXPECT_TRUE(torch::equal(weights(1), weights(1)));
  EXPECT_FALSE(torch::equal(weights(1), weights(2)));
}

TEST(GlimpseEncoder, AddsWhatAndWhere) {
  LinearGlimpseEncoderImpl encoder(4, 2, 3);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : encoder.parameters()) parameter.zero_();
  encoder.what->weight[0][1] = 2;      // h_g[0] = 2 patch[1]
  encoder.where->weight[1][0] = -1;    // h_l[1] = ReLU(-x)
  encoder.what_out->weight[0][0] = 1;  // g[0] = h_g[0] + 10 h_l[1]
  encoder.where_out->weight[0][1] = 10;
  encoder.where_out->bias[2] = -5;  // g[2] = ReLU(-5)
  const auto patches = torch::tensor({1.0F, 3.0F, 0.0F, 0.0F}).view({1, 1, 1, 2, 2}).expand({2, 1, 1, 2, 2});
  const auto codes = encoder.forward(patches, torch::tensor({{-0.5F, 0.9F}, {0.5F, 0.9F}}));
  EXPECT_TRUE(torch::allclose(codes, torch::tensor({{11.0F, 0.0F, 0.0F}, {6.0F, 0.0F, 0.0F}})));
}

TEST(GlimpseEncoder, AConvolutionalOneSeesWhereInThePatchSomethingIs) {
  ConvolutionalGlimpseEncoderImpl encoder(2, 6, 4, 5, 7);
  initialise(encoder, 1);
  auto patches = torch::zeros({3, 2, 1, 6, 6});
  patches[1][0][0][1][1] = 3;
  patches[2][0][0][4][4] = 3;
  const auto codes = encoder.forward(patches, torch::zeros({3, 2}));
  EXPECT_EQ(codes.sizes(), (std::vector<std::int64_t>{3, 7}));
  EXPECT_GT((codes[1] - codes[0]).abs().max().item<double>(), 1e-3);
  EXPECT_GT((codes[2] - codes[1]).abs().max().item<double>(), 1e-3);
}

}  // namespace
}  // namespace fovea
