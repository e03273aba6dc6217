#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/cbam.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>

#include "gate_run.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// The scores of CBAM's channel gate for one channel whose bottleneck passes them on.
double cbam_channel_score(const std::vector<std::string>& pools, const std::vector<double>& values) {
  CbamOptions options;
  options.pools = pools;
  CbamImpl gate(1, options);
  set_parameter(gate, "channel.fc1.weight", {1});
  set_parameter(gate, "channel.fc2.weight", {1});
  return torch::logit(run_gate(gate, channels_of({values})).maps[0].values).item<double>();
}

TEST(CbamTest, PoolsAreAdded) {
  const std::vector<double> values{0, 3, 0, 4};
  constexpr double kRounding = 1e-12;
  EXPECT_NEAR(cbam_channel_score({"avg"}, values), 7.0 / 4, kRounding);
  EXPECT_NEAR(cbam_channel_score({"max"}, values), 4, kRounding);
  EXPECT_NEAR(cbam_channel_score({"lp"}, values), 5, kRounding);
  EXPECT_NEAR(cbam_channel_score({"lse"}, values), std::log(2 + std::exp(3.0) + std::exp(4.0)), kRounding);
  EXPECT_NEAR(cbam_channel_score({"lp", "max", "avg"}, values), 5 + 4 + 7.0 / 4, 1e-9);  // the logit of 1 - 2e-5
}

TEST(CbamTest, UnknownPoolsAreRefused) {
  CbamOptions options;
  options.pools = {"avg", "median"};
  EXPECT_THAT([&] { CbamImpl(16, options); }, ThrowsMessage<InputError>(HasSubstr("got 'median'")));
  options.pools = {};
  EXPECT_THAT([&] { CbamImpl(16, options); },
              ThrowsMessage<InputError>(HasSubstr("some of avg, max, lp and lse, got none")));
}

TEST(CbamTest, VariantsRoundTheWidthAsTheirAuthorsDo) {
  CbamOptions options;
  options.reduction_ratio = 16;
  const auto width = [&](std::int64_t channels) {
    return CbamImpl(channels, options).named_parameters()["channel.fc1.weight"].size(0);
  };
  EXPECT_EQ(width(40), 3);  // 2.5 to the nearest
  EXPECT_EQ(width(4), 1);
  options.variant = CbamVariant::official;
  EXPECT_EQ(width(40), 2);
  EXPECT_EQ(width(4), 1);
  options.reduction_ratio = CbamOptions().reduction_ratio;
  options.reduced_channels = 5;
  EXPECT_EQ(width(40), 5);
}

TEST(CbamTest, ThePapersByHand) {
  CbamOptions options;
  options.variant = CbamVariant::paper;
  options.kernel_size = 1;
  CbamImpl gate(2, options);
  EXPECT_EQ(gate.named_buffers().size(), 0U);  // no batch norm
  set_parameter(gate, "channel.fc1.weight", {0, 0});
  set_parameter(gate, "channel.fc1.bias", {1});
  set_parameter(gate, "channel.fc2.weight", {0, 0});
  set_parameter(gate, "channel.fc2.bias", {100, 100});  // passes both channels, but for 1e-43
  set_parameter(gate, "spatial.conv.weight", {1, 10});  // mean, maximum
  set_parameter(gate, "spatial.conv.bias", {-20});
  const auto run = run_gate(gate, channels_of({{1, 2, 0}, {3, 0, 1}}));
  const auto scores = torch::logit(run.maps.at(1).values);
  const auto expected = torch::tensor({2 + 30 - 20.0, 1 + 20 - 20.0, 0.5 + 10 - 20.0}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(scores.flatten(), expected, 1e-9, 1e-9));
}

TEST(CbamTest, TheOthersHaveNoOptionsOfTimms) {
  CbamOptions options;
  options.variant = CbamVariant::official;
  options.bias = true;
  EXPECT_THAT([&] { CbamImpl(16, options); }, ThrowsMessage<InputError>(HasSubstr("beside official, got bias")));
  options.bias = false;
  options.divisor = 4;
  EXPECT_THAT([&] { CbamImpl(16, options); }, ThrowsMessage<InputError>(HasSubstr("beside official, got divisor")));
}

TEST(CbamTest, OfficialStartsWithAnOpenSpatialGate) {
  const auto features = channels_of({{1, 2, 3}, {0, -1, 5}});
  CbamOptions options;
  for (const auto variant : {CbamVariant::official, CbamVariant::timm}) {
    options.variant = variant;
    CbamImpl gate(2, options);
    initialise(gate, 1);
    const auto spatial = run_gate(gate, features).maps[1].values;
    EXPECT_EQ(nearly_equal(spatial, {0.5, 0.5, 0.5}), variant == CbamVariant::official);
  }
}

TEST(CbamTest, EvenKernelsAreRefused) {
  CbamOptions options;
  options.kernel_size = 4;
  EXPECT_THAT([&] { CbamImpl(16, options); },
              ThrowsMessage<InputError>(HasSubstr("cbam: kernel_size: expected an odd number")));
}

constexpr std::int64_t kTravellingChannels = 32;  // all variants give its bottleneck 2

/// With values of its own in every tensor, also biases and the statistics of batch norm.
std::shared_ptr<CbamImpl> travelling_cbam(CbamVariant variant, bool bias = false, std::uint64_t seed = 1) {
  CbamOptions options;
  options.variant = variant;
  options.bias = bias;
  auto gate = std::make_shared<CbamImpl>(kTravellingChannels, options);
  for (auto& [name, tensor] : state_dict(*gate)) {
    if (!tensor.is_floating_point()) continue;
    const torch::NoGradGuard no_grad;
    torch::Tensor values = tensor;
    fill_uniform(values, RandomStream(seed, Purpose::test).child(name), 0.2, 0.9);
  }
  gate->to(torch::kFloat64);
  return gate;
}

KeyMapping cbam_mapping(const CbamImpl& gate, const std::string& name) {
  for (const KeyMapping& mapping : gate.key_mappings()) {
    if (mapping.name == name) return mapping;
  }
  ADD_FAILURE() << "no scheme " << name;
  return {};
}

void zero_biases(CbamImpl& gate) {
  const torch::NoGradGuard no_grad;
  for (const char* name : {"channel.fc1.bias", "channel.fc2.bias"}) gate.named_parameters()[name].zero_();
}

/// Loads the tensors into the gate by names, as a file's.
void load_cbam(CbamImpl& gate, const NamedTensors& tensors) {
  load_named_weights(gate, name_for(gate, without_wrapper_prefix("cbam.pth", tensors)), "cbam.pth");
}

void expect_same_outputs(CbamImpl& left, CbamImpl& right) {
  auto features = torch::empty({2, kTravellingChannels, 9, 6}, torch::kFloat64);
  fill_normal(features, RandomStream(3, Purpose::test), 1.0);
  EXPECT_TRUE(torch::allclose(run_gate(left, features).output, run_gate(right, features).output, 1e-12, 1e-12));
}

// Names and shapes of the authors' code, github.com/Jongchan/attention-module, MODELS/cbam.py.
TEST(CbamNamesTest, TheAuthorsAreKnown) {
  const auto gate = travelling_cbam(CbamVariant::timm);
  const NamedTensors theirs = to_external_names(cbam_mapping(*gate, "official"), state_dict(*gate));
  std::vector<std::string> names;
  for (const auto& [name, tensor] : theirs) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("ChannelGate.mlp.1.bias", "ChannelGate.mlp.1.weight", "ChannelGate.mlp.3.bias",
                                 "ChannelGate.mlp.3.weight", "SpatialGate.spatial.bn.bias",
                                 "SpatialGate.spatial.bn.num_batches_tracked", "SpatialGate.spatial.bn.running_mean",
                                 "SpatialGate.spatial.bn.running_var", "SpatialGate.spatial.bn.weight",
                                 "SpatialGate.spatial.conv.weight"));
  EXPECT_EQ(theirs.at("ChannelGate.mlp.1.weight").sizes(), (std::vector<std::int64_t>{2, kTravellingChannels}));
  EXPECT_EQ(theirs.at("ChannelGate.mlp.3.weight").sizes(), (std::vector<std::int64_t>{kTravellingChannels, 2}));
  EXPECT_EQ(theirs.at("ChannelGate.mlp.3.bias").sizes(), (std::vector<std::int64_t>{kTravellingChannels}));
}

TEST(CbamNamesTest, InANetworkTheGateIsCalledAsTheAuthorsCallIt) {
  torch::nn::Module block;
  block.register_module("se", travelling_cbam(CbamVariant::timm));
  torch::nn::Module network;
  network.register_module("layer1", std::make_shared<torch::nn::Module>(block));
  const auto mappings = key_mappings_of(network);
  ASSERT_EQ(mappings.size(), 1U);
  const NamedTensors own = state_dict(network);
  const NamedTensors theirs = to_external_names(mappings[0], own);
  EXPECT_TRUE(theirs.contains("layer1.cbam.ChannelGate.mlp.1.bias"));
  EXPECT_TRUE(theirs.contains("layer1.cbam.SpatialGate.spatial.conv.weight"));
  const NamedTensors back = to_own_names(mappings[0], own, theirs).value();
  ASSERT_EQ(back.size(), own.size());
  for (const auto& [name, tensor] : own) EXPECT_TRUE(torch::equal(back.at(name), tensor)) << name;
}

TEST(CbamNamesTest, ThePapersAreNobodyElses) {
  CbamOptions options;
  options.variant = CbamVariant::paper;
  EXPECT_TRUE(CbamImpl(kTravellingChannels, options).key_mappings().empty());
}

TEST(CbamNamesTest, TimmsGatesMoveToTheAuthors) {
  for (const bool bias : {false, true}) {
    const auto timm = travelling_cbam(CbamVariant::timm, bias);
    const auto official = travelling_cbam(CbamVariant::official, false, /*seed=*/2);
    load_cbam(*official, to_external_names(cbam_mapping(*timm, "official"), state_dict(*timm)));
    expect_same_outputs(*timm, *official);
  }
}

TEST(CbamNamesTest, TheAuthorsGatesMoveToTimms) {
  for (const bool bias : {false, true}) {
    const auto official = travelling_cbam(CbamVariant::official);
    if (!bias) zero_biases(*official);
    const auto timm = travelling_cbam(CbamVariant::timm, bias, /*seed=*/2);
    load_cbam(*timm, to_external_names(cbam_mapping(*official, "official"), state_dict(*official)));
    expect_same_outputs(*timm, *official);

    const auto by_timms_names = travelling_cbam(CbamVariant::timm, /*bias=*/true, /*seed=*/3);
    load_cbam(*by_timms_names, to_external_names(cbam_mapping(*official, "timm"), state_dict(*official)));
    expect_same_outputs(*by_timms_names, *official);
  }
}

TEST(CbamNamesTest, BiasesThatAreNotZeroHaveNoPlaceInAGateWithoutThem) {
  const auto official = travelling_cbam(CbamVariant::official);
  const auto timm = travelling_cbam(CbamVariant::timm, /*bias=*/false, /*seed=*/2);
  const NamedTensors before = copy_state(*timm);
  EXPECT_THAT([&] { load_cbam(*timm, to_external_names(cbam_mapping(*official, "official"), state_dict(*official))); },
              ThrowsMessage<InputError>(HasSubstr("2 unexpected (ChannelGate.mlp.1.bias, ChannelGate.mlp.3.bias);")));
  for (const auto& [name, tensor] : state_dict(*timm)) EXPECT_TRUE(torch::equal(tensor, before.at(name))) << name;
}

}  // namespace
}  // namespace fovea
