#include <limits>
#include <string>
#include <temporary_directory.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/map_keys.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

/// A linear layer and a norm, which other libraries call otherwise.
struct TravellingNet : torch::nn::Module, HasKeyMappings {
  explicit TravellingNet(std::vector<KeyMapping> mappings = {}) : mappings_(std::move(mappings)) {
    fc = register_module("fc", torch::nn::Linear(3, 2));
    bn = register_module("bn", torch::nn::BatchNorm1d(2));
  }
  std::vector<KeyMapping> key_mappings() const override { return mappings_; }

  torch::nn::Linear fc{nullptr};
  torch::nn::BatchNorm1d bn{nullptr};

 private:
  std::vector<KeyMapping> mappings_;
};

/// Makes rows of four out of what it is given.
struct AdaptingNet : torch::nn::Module, AdaptsWeights, HasKeyMappings {
  AdaptingNet() { register_parameter("grid", torch::zeros({2, 4})); }
  void adapt_weights(NamedTensors& weights) const override {
    const auto grid = weights.find("grid");
    if (grid != weights.end()) grid->second = grid->second.slice(1, 0, 4);
  }
  std::vector<KeyMapping> key_mappings() const override { return {{"timm", {{"grid", {"pos_embed"}}}}}; }
};

const KeyMapping kTimm{"timm", {{"fc", {"head"}}, {"bn", {"norm"}}}};
const KeyMapping kTorchvision{"torchvision", {{"fc", {"classifier.1"}}, {"bn", {"features.0"}}}};

/// The state of a TravellingNet; every tensor differs from what the network starts with, and is exact in 8 bits.
NamedTensors travelling_state() {
  NamedTensors state = copy_state(TravellingNet());
  int start = 10;
  for (auto& [name, tensor] : state) {
    tensor = torch::arange(start, start + tensor.numel()).view(tensor.sizes()).to(tensor.dtype());
    start += 7;
  }
  return state;
}

WeightsFile file_with(NamedTensors tensors) {
  return without_wrapper_prefix("a.pth", std::move(tensors));
}

void expect_states(const NamedTensors& got, const NamedTensors& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_TRUE(torch::equal(got.at(name), tensor)) << name;
  }
}

/// Message of loading, or "accepted"; a refusal must not change the network.
std::string loading_refusal(const NamedTensors& weights) {
  TravellingNet network;
  const NamedTensors before = copy_state(network);
  try {
    load_named_weights(network, name_for(network, file_with(weights)), "a.pth");
  } catch (const InputError& error) {
    expect_states(copy_state(network), before);
    return error.what();
  }
  return "accepted";
}

TEST(NameForTest, OwnNamesStay) {
  const TravellingNet network({kTimm, kTorchvision});
  const NamedForNetwork named = name_for(network, file_with(travelling_state()));
  EXPECT_EQ(named.mapping, "");
  expect_states(named.tensors, travelling_state());
}

TEST(NameForTest, TheMappingThatFindsTheMostNamesIsTaken) {
  const TravellingNet network({kTimm, kTorchvision});
  for (const KeyMapping& mapping : {kTimm, kTorchvision}) {
    const NamedForNetwork named = name_for(network, file_with(to_external_names(mapping, travelling_state())));
    EXPECT_EQ(named.mapping, mapping.name);
    expect_states(named.tensors, travelling_state());
  }
  // More of one than of the other: the rest is for the report.
  NamedTensors mixed = to_external_names(kTorchvision, travelling_state());
  mixed["head.weight"] = mixed.extract("classifier.1.weight").mapped();
  const NamedForNetwork named = name_for(network, file_with(mixed));
  EXPECT_EQ(named.mapping, "torchvision");
  EXPECT_TRUE(named.tensors.contains("head.weight"));
}

TEST(NameForTest, OfEquallyManyTheNetworksOwnNamesComeFirst) {
  const TravellingNet network({{"traded", {{"fc.bias", {"bn.bias"}}, {"bn.bias", {"fc.bias"}}}}, kTimm});
  EXPECT_EQ(name_for(network, file_with(travelling_state())).mapping, "");
  EXPECT_EQ(name_for(network, file_with({{"unexpected", torch::zeros({1})}})).mapping, "");
  const TravellingNet twice({{"first", kTimm.keys}, {"second", kTimm.keys}});
  EXPECT_EQ(name_for(twice, file_with(to_external_names(kTimm, travelling_state()))).mapping, "first");
}

TEST(NameForTest, AMappingThatTheFileDoesNotFollowIsPassedOver) {
  NamedTensors both = to_external_names(kTimm, travelling_state());
  both["fc.weight"] = torch::zeros({2, 3});
  const NamedForNetwork named = name_for(TravellingNet({kTimm}), file_with(both));
  EXPECT_EQ(named.mapping, "") << "two tensors would be fc.weight";
}

TEST(NameForTest, RenamesComeBeforeTheMappings) {
  NamedTensors renamed_by_its_author = to_external_names(kTimm, travelling_state());
  for (const char* name : {"weight", "bias"}) {
    renamed_by_its_author[std::string("linear.") + name] =
        renamed_by_its_author.extract(std::string("head.") + name).mapped();
  }
  const TravellingNet network({kTimm});
  const NamedForNetwork named = name_for(network, file_with(renamed_by_its_author), {{"linear", "head"}});
  EXPECT_EQ(named.mapping, "timm");
  expect_states(named.tensors, travelling_state());
  EXPECT_THROW(name_for(network, file_with(travelling_state()), {{"linear", "head"}}), InputError);
}

TEST(NameForTest, ForeignNamesLoadWithTwoRenames) {
  NamedTensors foreign;
  for (const auto& [name, tensor] : travelling_state()) {
    const std::string layer = name.starts_with("fc.") ? "module.linear" : "module.body.norm";
    foreign[layer + name.substr(2)] = tensor;
  }
  TravellingNet network;
  load_named_weights(network, name_for(network, file_with(foreign), {{"module.linear", "fc"}, {"body.norm", "bn"}}), "a");
  expect_states(copy_state(network), travelling_state());
}

TEST(NameForTest, CountersThatOldFilesLackAreZero) {
  NamedTensors old = travelling_state();
  old.erase("bn.num_batches_tracked");
  TravellingNet network;
  network.bn->num_batches_tracked.fill_(7);
  load_named_weights(network, name_for(network, file_with(old)), "a.pth");
  EXPECT_EQ(network.bn->num_batches_tracked.item<int>(), 0);

  const TravellingNet other_names({kTimm});
  EXPECT_TRUE(name_for(other_names, file_with(to_external_names(kTimm, old))).tensors.contains("bn.num_batches_tracked"));
}

TEST(NameForTest, SomeCountersMissingIsDamage) {
  torch::nn::Module network;
  network.register_module("a", torch::nn::BatchNorm1d(2));
  network.register_module("b", torch::nn::BatchNorm1d(2));
  NamedTensors weights = copy_state(network);
  weights.erase("b.num_batches_tracked");
  EXPECT_FALSE(name_for(network, file_with(weights)).tensors.contains("b.num_batches_tracked"));
  weights.erase("a.num_batches_tracked");
  EXPECT_TRUE(name_for(network, file_with(weights)).tensors.contains("b.num_batches_tracked"));
}

TEST(NameForTest, TheNetworkAdaptsWhatItCanUnderItsOwnNames) {
  const AdaptingNet network;
  const auto wide = torch::arange(12.0).view({2, 6});
  for (const char* name : {"grid", "pos_embed"}) {
    const NamedForNetwork named = name_for(network, file_with({{name, wide}}));
    ASSERT_EQ(named.tensors.size(), 1U);
    EXPECT_TRUE(torch::equal(named.tensors.at("grid"), wide.slice(1, 0, 4))) << name;
  }
}

TEST(LoadNamedWeightsTest, TensorsAreCopiedInPlace) {
  TravellingNet network;
  const void* memory = network.fc->weight.data_ptr();
  load_named_weights(network, {travelling_state(), ""}, "a.pth");
  expect_states(copy_state(network), travelling_state());
  EXPECT_EQ(network.fc->weight.data_ptr(), memory);
}

TEST(LoadNamedWeightsTest, EveryRealTypeIsConvertedToTheNetworks) {
  const TemporaryDirectory folder;
  for (const auto from : {torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
    NamedTensors weights = travelling_state();
    for (auto& [name, tensor] : weights) {
      if (tensor.is_floating_point()) tensor = tensor.to(from);
    }
    const std::string path = folder.path(c10::toString(from));
    write_safetensors(path, weights, {});
    TravellingNet network;
    load_named_weights(network, name_for(network, read_weights_file(path)), path);
    expect_states(copy_state(network), travelling_state());
    EXPECT_EQ(network.fc->weight.scalar_type(), torch::kFloat32);
  }
}

TEST(LoadNamedWeightsTest, EveryKindOfDifferenceIsReportedAtOnce) {
  NamedTensors weights = travelling_state();
  weights.erase("bn.bias");
  weights["bn.weight"] = torch::ones({3});
  weights["fc.weight"] = torch::ones({2, 3}, torch::kInt64);
  weights["fc.scale"] = torch::ones({1});
  EXPECT_EQ(loading_refusal(weights),
            "a.pth: expected the weights of this 7-tensor network, got 1 missing (bn.bias), 1 unexpected (fc.scale), "
            "1 with a shape mismatch (bn.weight [2], got [3]) and 1 with a dtype mismatch (fc.weight Float, got Long); "
            "the file belongs to another architecture, or its keys need renames; see the full report on its keys");
}

TEST(LoadNamedWeightsTest, TheAdviceIsWhatMostLikelyHelps) {
  NamedTensors prefixed;
  add_with_prefix(prefixed, travelling_state(), "backbone.net.");
  EXPECT_THAT(loading_refusal(prefixed),
              EndsWith("; add the rename backbone.net= (0 instead of 7 tensors missing and 0 instead of 7 unexpected)"));
  NamedTensors whole = travelling_state();
  whole["fc.weight"] = whole["fc.weight"].to(torch::kInt64);
  EXPECT_THAT(loading_refusal(whole), EndsWith("; in Python, save them with .float()"));
}

TEST(LoadNamedWeightsTest, OneDifferenceOfAnyKindIsEnough) {
  EXPECT_EQ(loading_refusal(travelling_state()), "accepted");
  NamedTensors missing = travelling_state();
  missing.erase("fc.weight");
  EXPECT_THAT(loading_refusal(missing), HasSubstr("1 missing (fc.weight);"));
  NamedTensors unexpected = travelling_state();
  unexpected["fc.scale"] = torch::ones({1});
  EXPECT_THAT(loading_refusal(unexpected), HasSubstr("1 unexpected (fc.scale);"));
  NamedTensors other_shape = travelling_state();
  other_shape["fc.bias"] = torch::ones({1});
  EXPECT_THAT(loading_refusal(other_shape), HasSubstr("1 with a shape mismatch (fc.bias [2], got [1]);"));
  NamedTensors other_dtype = travelling_state();
  other_dtype["bn.running_mean"] = torch::ones({2}, torch::kInt64);
  EXPECT_THAT(loading_refusal(other_dtype), HasSubstr("1 with a dtype mismatch (bn.running_mean Float, got Long);"));
}

TEST(LoadNamedWeightsTest, ValuesThatAreNotFiniteAreRefusedByName) {
  for (const double value : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), 1e300}) {
    NamedTensors weights = travelling_state();
    weights["bn.running_var"] = torch::tensor({1.0, value}, torch::kFloat64);
    EXPECT_EQ(loading_refusal(weights),
              "a.pth: bn.running_var: expected finite values, got NaN or infinity; the weights are damaged; download or "
              "train them again");
  }
  NamedTensors several = travelling_state();
  several["fc.bias"] = torch::full({2}, std::numeric_limits<float>::quiet_NaN());
  several["fc.weight"] = torch::full({2, 3}, std::numeric_limits<float>::infinity());
  EXPECT_THAT(loading_refusal(several), AllOf(StartsWith("a.pth: fc.bias: "), HasSubstr("infinity, as in 1 more; ")));
}

}  // namespace
}  // namespace fovea
