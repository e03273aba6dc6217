#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// 0, 1, 2, ... + start: no two rows, columns or tensors alike.
torch::Tensor counted(const std::vector<std::int64_t>& shape, double start = 0) {
  std::int64_t count = 1;
  for (const std::int64_t side : shape) count *= side;
  return (torch::arange(count, torch::kFloat32) + start).view(shape);
}

std::vector<std::string> keys_of(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

void expect_equal(const NamedTensors& got, const NamedTensors& expected) {
  ASSERT_EQ(keys_of(got), keys_of(expected));
  for (const auto& [name, tensor] : expected) EXPECT_TRUE(torch::equal(got.at(name), tensor)) << name;
}

/// Name of a tensor by the mapping.
std::string mapped_name(const KeyMapping& mapping, const std::string& own) {
  return to_external_names(mapping, {{own, torch::zeros({1})}}).begin()->first;
}

/// A module with parameters and mappings of anyone's choice.
struct NamingBlock : torch::nn::Module, HasKeyMappings {
  NamingBlock(const NamedTensors& tensors, std::vector<KeyMapping> mappings) : mappings_(std::move(mappings)) {
    for (const auto& [name, tensor] : tensors) register_parameter(name, tensor.clone());
  }
  std::vector<KeyMapping> key_mappings() const override { return mappings_; }

 private:
  std::vector<KeyMapping> mappings_;
};

/// Holds blocks, and has no names of its own.
struct PlainNet : torch::nn::Module {
  using torch::nn::Module::Module;
};

std::shared_ptr<NamingBlock> gate_with(const KeyMapping& mapping, double start = 0) {
  return std::make_shared<NamingBlock>(NamedTensors{{"weight", counted({2}, start)}}, std::vector{mapping});
}

KeyMapping gate_mapping(const std::string& layer = "") {
  return {"official", {{"weight", {"mlp.weight"}}}, layer, {{"mlp.bias", {2}}}};
}

TEST(KeyMappingTest, TheLongestEntryNamesATensor) {
  const KeyMapping mapping{"timm", {{"a", {"x"}}, {"a.b", {"y.z"}}, {"a.b.weight", {"w"}}, {"body", {""}}}};
  EXPECT_EQ(mapped_name(mapping, "a"), "x");
  EXPECT_EQ(mapped_name(mapping, "a.bias"), "x.bias");
  EXPECT_EQ(mapped_name(mapping, "a.b.bias"), "y.z.bias");
  EXPECT_EQ(mapped_name(mapping, "a.b.c.bias"), "y.z.c.bias");
  EXPECT_EQ(mapped_name(mapping, "a.b.weight"), "w");
  EXPECT_EQ(mapped_name(mapping, "a.bb.weight"), "x.bb.weight") << "entries are whole parts";
  EXPECT_EQ(mapped_name(mapping, "ab.weight"), "ab.weight");
  EXPECT_EQ(mapped_name(mapping, "c.a.weight"), "c.a.weight") << "paths begin at the network";
  EXPECT_EQ(mapped_name(mapping, "body.weight"), "weight");
}

TEST(KeyMappingTest, NamesAndShapesReturn) {
  const KeyMapping mapping{"timm", {{"fc", {"head"}}, {"fc.weight", {"head.weight", {2, 3, 1, 1}}}}};
  const NamedTensors own{{"fc.weight", counted({2, 3})}, {"fc.bias", counted({2})}, {"stem", counted({4})}};
  const NamedTensors external{{"head.weight", counted({2, 3, 1, 1})}, {"head.bias", counted({2})}, {"stem", counted({4})}};
  expect_equal(to_external_names(mapping, own), external);
  expect_equal(to_own_names(mapping, own, external).value(), own);
}

TEST(KeyMappingTest, AnotherShapeThanTheMappingsIsLeftForTheReport) {
  const KeyMapping mapping{"timm", {{"fc", {"head", {2, 3, 1, 1}}}}};
  const auto result = to_own_names(mapping, {{"fc", counted({2, 3})}}, {{"head", counted({3, 2})}});
  EXPECT_EQ(result.value().at("fc").sizes(), (std::vector<std::int64_t>{3, 2}));
}

TEST(KeyMappingTest, SwappedPlanesAreSwappedBack) {
  const KeyMapping mapping{"official", {{"conv", {"c", {}, /*swaps_planes=*/true}}}};
  const NamedTensors own{{"conv", counted({1, 2, 3, 3})}};
  const auto external = to_external_names(mapping, own);
  EXPECT_TRUE(torch::equal(external.at("c"), torch::cat({counted({1, 1, 3, 3}, 9), counted({1, 1, 3, 3})}, 1)));
  expect_equal(to_own_names(mapping, own, external).value(), own);
  // A tensor of another shape must not end the program: it is reported later.
  expect_equal(to_own_names(mapping, own, {{"c", counted({5})}}).value(), {{"conv", counted({5})}});
}

TEST(KeyMappingTest, NamesThatAreInNoEntryStay) {
  const KeyMapping mapping{"timm", {{"fc", {"head"}}}};
  const NamedTensors own{{"fc.weight", counted({2})}, {"stem", counted({3})}};
  const auto result =
      to_own_names(mapping, own, {{"head.weight", counted({2})}, {"stem", counted({3})}, {"extra", counted({1})}});
  EXPECT_THAT(keys_of(result.value()), ElementsAre("extra", "fc.weight", "stem"));
  EXPECT_THAT(keys_of(to_own_names(mapping, own, {}).value()), IsEmpty());
}

TEST(KeyMappingTest, NamesMayTradePlaces) {
  const KeyMapping mapping{"timm", {{"a", {"b"}}, {"b", {"a"}}}};
  const NamedTensors own{{"a.w", counted({2})}, {"b.w", counted({3})}};
  const NamedTensors external{{"a.w", counted({3})}, {"b.w", counted({2})}};
  expect_equal(to_external_names(mapping, own), external);
  expect_equal(to_own_names(mapping, own, external).value(), own);
}

TEST(KeyMappingTest, TensorsWithOneNameDoNotFollowTheMapping) {
  const KeyMapping mapping{"timm", {{"fc", {"head"}}}};
  const NamedTensors own{{"fc.weight", counted({2})}};
  EXPECT_FALSE(to_own_names(mapping, own, {{"head.weight", counted({2})}, {"fc.weight", counted({2})}}));
  expect_equal(to_own_names(mapping, own, {{"fc.weight", counted({2})}}).value(), own);
}

TEST(KeyMappingTest, ZerosThatAreOnlyThereComeAndGo) {
  const KeyMapping mapping{"official", {{"weight", {"w"}}}, "", {{"bias", {2}}}};
  const NamedTensors own{{"weight", counted({3})}};
  expect_equal(to_external_names(mapping, own), {{"w", counted({3})}, {"bias", torch::zeros({2})}});
  expect_equal(to_own_names(mapping, own, {{"w", counted({3})}, {"bias", torch::zeros({2})}}).value(), own);
  expect_equal(to_own_names(mapping, own, {{"w", counted({3})}}).value(), own);
}

TEST(KeyMappingTest, WhatShouldBeZeroAndIsNotStays) {
  const KeyMapping mapping{"official", {{"weight", {"w"}}}, "", {{"bias", {2}}}};
  const NamedTensors own{{"weight", counted({3})}};
  for (const auto& bias :
       {torch::tensor({0.0F, 1e-30F}), torch::zeros({3}), torch::full({2}, std::numeric_limits<float>::quiet_NaN())}) {
    EXPECT_THAT(keys_of(to_own_names(mapping, own, {{"w", counted({3})}, {"bias", bias}}).value()),
                ElementsAre("bias", "weight"));
  }
}

TEST(KeyMappingsOfTest, OfANetworkThatKnowsNoneThereAreNone) {
  EXPECT_THAT(key_mappings_of(PlainNet()), IsEmpty());
  EXPECT_THAT(key_mappings_of(NamingBlock({}, {})), IsEmpty());
}

TEST(KeyMappingsOfTest, TheNetworksOwnAreAsTheyAre) {
  const NamingBlock network({{"weight", counted({2})}}, {gate_mapping("cbam"), {"timm", {{"weight", {"kernel"}}}}});
  const auto mappings = key_mappings_of(network);
  ASSERT_EQ(mappings.size(), 2U);
  EXPECT_EQ(mappings[0].name, "official");
  EXPECT_EQ(mappings[1].name, "timm");
  expect_equal(to_external_names(mappings[0], state_dict(network)),
               {{"mlp.weight", counted({2})}, {"mlp.bias", torch::zeros({2})}});
  expect_equal(to_external_names(mappings[1], state_dict(network)), {{"kernel", counted({2})}});
}

TEST(KeyMappingsOfTest, BlocksOfANetworkAreRenamedWhereTheyStand) {
  PlainNet network;
  auto stage = std::make_shared<PlainNet>();
  network.register_module("stage", stage);
  stage->register_module("se", gate_with(gate_mapping("cbam"), 0));
  stage->register_parameter("bias", counted({3}));
  network.register_module("se", gate_with(gate_mapping("cbam"), 10));
  network.register_module("plain", gate_with(gate_mapping(), 20));

  const auto mappings = key_mappings_of(network);
  ASSERT_EQ(mappings.size(), 1U) << "put together by name";
  EXPECT_EQ(mappings[0].name, "official");
  const NamedTensors own = state_dict(network);
  const NamedTensors external = to_external_names(mappings[0], own);
  expect_equal(external, {{"cbam.mlp.bias", torch::zeros({2})},
                          {"cbam.mlp.weight", counted({2}, 10)},
                          {"plain.mlp.bias", torch::zeros({2})},
                          {"plain.mlp.weight", counted({2}, 20)},
                          {"stage.bias", counted({3})},
                          {"stage.cbam.mlp.bias", torch::zeros({2})},
                          {"stage.cbam.mlp.weight", counted({2})}});
  expect_equal(to_own_names(mappings[0], own, external).value(), own);
}

TEST(KeyMappingsOfTest, MappingsOfOtherNamesStayApart) {
  PlainNet network;
  network.register_module("a", gate_with({"timm", {{"weight", {"t"}}}}));
  network.register_module("b", gate_with({"official", {{"weight", {"o"}}}}));
  const auto mappings = key_mappings_of(network);
  ASSERT_EQ(mappings.size(), 2U);
  EXPECT_THAT(keys_of(to_external_names(mappings[0], state_dict(network))), ElementsAre("a.t", "b.weight"));
  EXPECT_THAT(keys_of(to_external_names(mappings[1], state_dict(network))), ElementsAre("a.weight", "b.o"));
}

TEST(KeyMappingsOfTest, ABlockGoesWhereTheNetworksMappingHasIt) {
  NamingBlock network({}, {{"timm", {{"features.0", {"blocks.3"}}, {"features.0.conv", {"blocks.3.dw"}}}}});
  auto features = std::make_shared<PlainNet>();
  network.register_module("features", features);
  auto layer = std::make_shared<PlainNet>();
  features->register_module("0", layer);
  layer->register_module("se", gate_with({"timm", {{"weight", {"fc.weight", {2, 1}}}}, "attn"}));
  layer->register_module("plain", gate_with({"timm", {{"weight", {"w"}}}}));
  layer->register_parameter("bias", counted({3}));

  const auto mappings = key_mappings_of(network);
  ASSERT_EQ(mappings.size(), 1U);
  const NamedTensors own = state_dict(network);
  const NamedTensors external = to_external_names(mappings[0], own);
  expect_equal(
      external,
      {{"blocks.3.attn.fc.weight", counted({2, 1})}, {"blocks.3.bias", counted({3})}, {"blocks.3.plain.w", counted({2})}});
  expect_equal(to_own_names(mappings[0], own, external).value(), own);
}

}  // namespace
}  // namespace fovea
