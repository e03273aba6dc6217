#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/nn/freeze.h>
#include <fovea/train/layer_rates.h>

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StrEq;
using testing::ThrowsMessage;
using Multipliers = std::map<std::string, double>;

struct RatedNet : torch::nn::Module {
  RatedNet() {
    register_module("conv1", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 2, 3).bias(false)));
    register_module("fc", torch::nn::Linear(2, 2));
  }
};

/// The section `train` with only this key.
struct RatedOptions {
  LayerRatesField layer_rates;
  void visit_fields(FieldVisitor& fields) { fields.custom("layer_rates", layer_rates, "help"); }
};

RatedOptions read_rates(const std::string& yaml) {
  RatedOptions options;
  read_fields(options, parse_yaml(yaml, "a.yaml"), "train");
  return options;
}

std::string rates_complaint(const std::string& yaml) {
  try {
    read_rates(yaml).layer_rates.multipliers(RatedNet());
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(LayerRatesTest, WithoutEntriesEveryFactorIsOne) {
  EXPECT_EQ(LayerRatesField().multipliers(RatedNet()), (Multipliers{{"conv1.weight", 1}, {"fc.weight", 1}, {"fc.bias", 1}}));
}

TEST(LayerRatesTest, TheLastEntryThatMatchesHolds) {
  const auto rates = read_rates(R"(
layer_rates:
  - {layers: "*", multiplier: 0.5}
  - {layers: fc, multiplier: 10}
  - {layers: "*.bias", multiplier: 20}
)")
                         .layer_rates;
  EXPECT_EQ(rates.multipliers(RatedNet()), (Multipliers{{"conv1.weight", 0.5}, {"fc.weight", 10}, {"fc.bias", 20}}));
}

TEST(LayerRatesTest, AnEntryAloneIsAListOfOne) {
  const auto rates = read_rates("layer_rates: {layers: conv1, multiplier: 0.1}").layer_rates;
  EXPECT_EQ(rates.multipliers(RatedNet()), (Multipliers{{"conv1.weight", 0.1}, {"fc.weight", 1}, {"fc.bias", 1}}));
}

TEST(LayerRatesTest, WritesWhatItRead) {
  for (const std::string text :
       {R"([])", R"([{"layers":"layer1","multiplier":0.1},{"layers":"*.bn?","multiplier":10.0}])"}) {
    RatedOptions options = read_rates("layer_rates: " + text);
    const Json written = write_fields(options);
    EXPECT_EQ(written.dump(), R"({"layer_rates":)" + text + "}");
    RatedOptions again = read_rates(to_yaml(written));
    EXPECT_EQ(write_fields(again), written);
  }
}

TEST(LayerRatesTest, ReadingReplacesWhatWasThere) {
  RatedOptions options = read_rates("layer_rates: [{layers: fc, multiplier: 2}]");
  read_fields(options, parse_yaml("layer_rates: []", "b.yaml"), "train");
  EXPECT_THAT(options.layer_rates.entries, IsEmpty());
}

TEST(LayerRatesTest, CanBeSetOnTheCommandLine) {
  ConfigNode root = parse_yaml("train: {layer_rates: [{layers: conv1, multiplier: 3}]}", "a.yaml");
  apply_setting(root, "train.layer_rates.0.multiplier=4");
  RatedOptions options;
  read_fields(options, *root.find("train"), "train");
  EXPECT_EQ(options.layer_rates.multipliers(RatedNet()).at("conv1.weight"), 4);

  apply_setting(root, "train.layer_rates=[{layers: fc, multiplier: 10}]");
  read_fields(options, *root.find("train"), "train");
  EXPECT_EQ(options.layer_rates.multipliers(RatedNet()),
            (Multipliers{{"conv1.weight", 1}, {"fc.weight", 10}, {"fc.bias", 10}}));

  apply_setting(root, "train.layer_rates=[{layers: fc, multiplier: -1}]");
  EXPECT_THAT([&] { read_fields(options, *root.find("train"), "train"); },
              ThrowsMessage<InputError>(
                  HasSubstr(": train.layer_rates.0.multiplier: expected a number in (0, 1000000000000], got '-1'")));
}

TEST(LayerRatesTest, MistakesAreRefusedWithTheirPlace) {
  EXPECT_EQ(rates_complaint("layer_rates: [{layers: fc, multiplier: 0}]"),
            "a.yaml:1: train.layer_rates.0.multiplier: expected a number in (0, 1000000000000], got '0'");
  EXPECT_EQ(rates_complaint("layer_rates:\n  - {layers: fc, multiplier: 1}\n  - {layers: fc}\n"),
            "a.yaml:3: train.layer_rates.1.multiplier: expected a value, got none; add the key");
  EXPECT_EQ(rates_complaint("layer_rates: [{multiplier: 1}]"),
            "a.yaml:1: train.layer_rates.0.layers: expected a value, got none; add the key");
  EXPECT_EQ(rates_complaint("layer_rates: [{layers: fc, multiplier: 1, multiplie: 2}]"),
            "a.yaml:1: train.layer_rates.0.multiplie: unknown key; did you mean 'multiplier'?");
  EXPECT_EQ(rates_complaint("layer_rates: [fc]"),
            "a.yaml:1: train.layer_rates.0: expected {layers: NAME OR PATTERN, multiplier: NUMBER}, got 'fc'");
  EXPECT_EQ(rates_complaint("layer_rates:"),
            "a.yaml:1: train.layer_rates: expected {layers: NAME OR PATTERN, multiplier: NUMBER}, got null");
  EXPECT_EQ(rates_complaint("layer_rates:\n  - {layers: conv1, multiplier: 1}\n  - {layers: conv2, multiplier: 1}\n"),
            "a.yaml:3: train.layer_rates.1.layers: expected the name or pattern of a layer with parameters, got 'conv2'; "
            "did you mean 'conv1'?");
  EXPECT_EQ(rates_complaint("layer_rates:\n  - {layers: fc.bias, multiplier: 2}\n  - {layers: fc, multiplier: 1}\n"),
            "a.yaml:2: train.layer_rates.0.layers: expected layers that are trained and that no later entry matches, got "
            "'fc.bias'; remove the entry");
}

TEST(LayerRatesTest, AnEntryForFrozenLayersIsRefused) {
  RatedNet net;
  freeze(net, {"conv1"}, "test");
  EXPECT_THROW(read_rates("layer_rates: {layers: conv1, multiplier: 2}").layer_rates.multipliers(net), InputError);
  EXPECT_NO_THROW(
      read_rates("layer_rates: {layers: '*', multiplier: 2}").layer_rates.multipliers(net));  // some of it is trained
}

}  // namespace
}  // namespace fovea
