#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/initial_weights.h>
#include <fovea/weights/internal/new_layers.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A convolution, a norm, two linear layers whose names begin alike; the second is the head.
struct BegunNet final : Classifier {
  explicit BegunNet(std::int64_t channels = 3, std::int64_t classes = 2, std::int64_t groups = 1) : Classifier("BegunNet") {
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, 4, 3).groups(groups).bias(false)));
    bn = register_module("bn", torch::nn::BatchNorm2d(4));
    fc0 = register_module("fc0", torch::nn::Linear(torch::nn::LinearOptions(4, 4).bias(false)));
    fc = register_module("fc", torch::nn::Linear(4, classes));
  }
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    return {fc(fc0(bn(conv(batch.input())).mean({2, 3})))};
  }
  std::string head() const override { return "fc"; }
  std::string input_layer() const override { return input; }

  std::string input = "conv";
  torch::nn::Conv2d conv{nullptr};
  torch::nn::BatchNorm2d bn{nullptr};
  torch::nn::Linear fc0{nullptr}, fc{nullptr};
};

/// A file's weights for BegunNet(channels, classes); every value is exact in half precision and differs from a fresh net's.
NamedTensors file_weights(std::int64_t channels = 3, std::int64_t classes = 2) {
  NamedTensors weights = copy_state(BegunNet(channels, classes));
  int start = 3;
  for (auto& [name, tensor] : weights) {
    tensor = (torch::arange(tensor.numel()).remainder(64) + start).view(tensor.sizes()).to(tensor.dtype());
    ++start;
  }
  return weights;
}

InitialWeightsOptions weights_options(InitialHead head, InitialInput input = InitialInput::keep) {
  InitialWeightsOptions options;
  options.head = head;
  options.input = input;
  return options;
}

void expect_tensors(const Classifier& network, const NamedTensors& expected) {
  const NamedTensors own = state_dict(network);
  for (const auto& [name, tensor] : expected) EXPECT_TRUE(torch::equal(own.at(name), tensor)) << name;
}

/// Message of loading, or "accepted"; a refusal must not change the network.
std::string weights_refusal(BegunNet& network, const NamedTensors& weights, const InitialWeightsOptions& options) {
  const NamedTensors before = copy_state(network);
  try {
    load_initial_weights(network, {weights}, options, "a.safetensors");
  } catch (const InputError& error) {
    expect_tensors(network, before);
    return error.what();
  }
  return "accepted";
}

const InitialWeightsOptions kNewHead = weights_options(InitialHead::replace);
const InitialWeightsOptions kWholeFile = weights_options(InitialHead::keep);
const InitialWeightsOptions kAdapted = weights_options(InitialHead::replace, InitialInput::adapt);

TEST(InitialWeightsTest, OptionsReadBackAsWritten) {
  InitialWeightsOptions options;
  EXPECT_EQ(write_fields(options).dump(),
            R"({"weights":"none","key":"none","head":"replace","input":"keep","rename":[],"reinitialised":[]})");
  const std::string yaml =
      "{weights: runs/a, key: teacher.model, head: keep, input: adapt, rename: [linear=fc, body=], reinitialised: \"*.se\"}";
  read_fields(options, parse_yaml(yaml, "a.yaml"), "train.init");
  EXPECT_EQ(options.weights, "runs/a");
  EXPECT_EQ(options.key, "teacher.model");
  EXPECT_EQ(options.head, InitialHead::keep);
  EXPECT_EQ(options.input, InitialInput::adapt);
  EXPECT_THAT(options.rename, testing::ElementsAre("linear=fc", "body="));
  EXPECT_EQ(
      write_fields(options).dump(),
      R"({"weights":"runs/a","key":"teacher.model","head":"keep","input":"adapt","rename":["linear=fc","body="],"reinitialised":["*.se"]})");
}

TEST(InitialWeightsTest, RenamesBringForeignNamesToTheNetwork) {
  NamedTensors external;
  for (const auto& [name, tensor] : file_weights()) {
    const bool is_head = name.starts_with("fc.");
    external[is_head ? "module.linear" + name.substr(2) : "module.body." + name] = tensor;
  }
  const WeightsFile file = without_wrapper_prefix("a.pth", external);
  std::vector<Rename> renames;
  for (const char* text : {"module.linear=fc", "body="}) renames.push_back(parse_rename(text, "train.init.rename"));
  BegunNet network;
  load_initial_weights(network, name_for(network, file, renames), kWholeFile, "a.pth");
  expect_tensors(network, file_weights());
  EXPECT_THAT(weights_refusal(network, name_for(network, file).tensors, kWholeFile), HasSubstr("missing"));
}

TEST(InitialWeightsTest, OptionsWithoutWeightsAreRefused) {
  for (const auto& [name, change] : std::vector<std::pair<std::string, std::function<void(InitialWeightsOptions&)>>>{
           {"key", [](auto& options) { options.key = "teacher"; }},
           {"head", [](auto& options) { options.head = InitialHead::keep; }},
           {"input", [](auto& options) { options.input = InitialInput::adapt; }},
           {"rename", [](auto& options) { options.rename = {"a=b"}; }},
           {"reinitialised", [](auto& options) { options.reinitialised = {"fc"}; }}}) {
    InitialWeightsOptions options;
    EXPECT_NO_THROW(options.validate());
    change(options);
    EXPECT_THAT([&] { options.validate(); },
                testing::ThrowsMessage<InputError>("train.init: expected weights, because " + name +
                                                   " is set, got none; set train.init.weights"));
    options.weights = "a.pth";
    EXPECT_NO_THROW(options.validate());
  }
}

TEST(InitialWeightsTest, AdviceIsOnTheLayersThatTheFileShouldHave) {
  NamedTensors weights;
  add_with_prefix(weights, file_weights(3, 7), "backbone.");
  weights.erase("backbone.fc.weight");
  weights.erase("backbone.fc.bias");
  BegunNet network;
  const NamedForNetwork named = name_for(network, without_wrapper_prefix("a.pth", weights));
  EXPECT_THAT([&] { load_initial_weights(network, named, kNewHead, "a.pth"); },
              testing::ThrowsMessage<InputError>(
                  EndsWith("; add the rename backbone= (0 instead of 7 tensors missing and 0 instead of 7 unexpected)")));
}

TEST(InitialWeightsTest, AKeptHeadComesFromTheFile) {
  BegunNet network;
  load_initial_weights(network, {file_weights()}, kWholeFile, "test");
  expect_tensors(network, file_weights());
}

TEST(InitialWeightsTest, AReplacedHeadStaysAsItWas) {
  NamedTensors without_head = file_weights();
  without_head.erase("fc.weight");
  without_head.erase("fc.bias");
  NamedTensors unknown = without_head;
  unknown["fc.scale"] = torch::ones({1});
  for (const NamedTensors& weights : {file_weights(3, 2), file_weights(3, 7), without_head, unknown}) {
    BegunNet network;
    const auto weight = network.fc->weight.detach().clone();
    const auto bias = network.fc->bias.detach().clone();
    load_initial_weights(network, {weights}, kNewHead, "test");
    expect_tensors(network, without_head);  // fc0, whose name begins with the head's, too
    expect_tensors(network, {{"fc.weight", weight}, {"fc.bias", bias}});
  }
}

TEST(InitialWeightsTest, AKeptHeadOfAnotherShapeIsRefusedWithAdvice) {
  BegunNet network;
  EXPECT_EQ(weights_refusal(network, file_weights(3, 7), kWholeFile),
            "a.safetensors: expected fc.bias [2] and fc.weight [2, 4], got fc.bias [7] and fc.weight [7, 4]; "
            "set head: replace to start with a new head");
  NamedTensors without_head = file_weights();
  without_head.erase("fc.weight");
  without_head.erase("fc.bias");
  EXPECT_EQ(
      weights_refusal(network, without_head, kWholeFile),
      "a.safetensors: expected fc.bias [2] and fc.weight [2, 4], got none; set head: replace to start with a new head");
}

TEST(InitialWeightsTest, OtherInputChannelsAreRefusedWithAdvice) {
  BegunNet network;
  EXPECT_EQ(weights_refusal(network, file_weights(1), kNewHead),
            "a.safetensors: expected conv.weight [4, 3, 3, 3], got conv.weight [4, 1, 3, 3]; "
            "set input: adapt to convert it");
}

TEST(InitialWeightsTest, ReinitialisedLayersStayAsTheyWere) {
  BegunNet network;
  NamedTensors weights = file_weights();
  NamedTensors expected = weights;
  for (const char* name : {"bn.weight", "bn.bias", "bn.running_mean", "bn.running_var", "bn.num_batches_tracked"}) {
    expected[name] = copy_state(network).at(name);
  }
  weights.erase("bn.weight");                       // missing in the file,
  weights["bn.running_mean"] = torch::zeros({17});  // or of another shape
  auto options = weights_options(InitialHead::keep);
  options.reinitialised = {"b*"};
  load_initial_weights(network, {weights}, options, "a.safetensors");
  expect_tensors(network, expected);
}

TEST(InitialWeightsTest, ANetworkThatHasGrownIsRefusedWithAdvice) {
  BegunNet network;
  NamedTensors weights = file_weights();
  weights.erase("fc0.weight");
  const auto refusal = [&] { return weights_refusal(network, weights, weights_options(InitialHead::keep)); };
  EXPECT_EQ(refusal(),
            "a.safetensors: expected every layer of the network, got no fc0.weight; the file is of this network without "
            "these layers: reinitialised: [\"fc0\"] begins with new ones");
  weights.erase("bn.weight");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("got 2 missing (bn.weight, fc0.weight)"), Not(HasSubstr("reinitialised"))))
      << "a part of a norm is no new layer";
  weights = file_weights();
  weights.erase("fc0.weight");
  weights["bn.bias"] = torch::zeros({5});
  EXPECT_THAT(refusal(), Not(HasSubstr("reinitialised"))) << "the other layers must have the file's shapes";
}

TEST(InitialWeightsTest, NewLayersAreNamedByWhatTheyHaveInCommon) {
  const std::vector<std::string> plain = {"conv1.weight", "layer1.0.conv1.weight", "layer1.1.conv1.weight", "fc.weight"};
  EXPECT_EQ(pattern_of_new_layers({"layer1.0.se.fc1.weight", "layer1.1.se.fc1.weight", "layer1.1.se.fc2.bias"}, plain),
            "*.se");
  EXPECT_EQ(pattern_of_new_layers({"pool.query", "pool.key.weight"}, plain), "pool");
  EXPECT_EQ(pattern_of_new_layers({"layer1.2.conv1.weight", "layer2.0.conv1.weight"}, plain), "")
      << "blocks like the others";
  EXPECT_EQ(pattern_of_new_layers({"layer1.0.se.fc1.weight", "pool.query"}, plain), "") << "nothing in common";
  EXPECT_EQ(pattern_of_new_layers({"scale"}, plain), "") << "a parameter outside of any layer";
  EXPECT_EQ(pattern_of_new_layers({}, plain), "");
}

TEST(InitialWeightsTest, AReinitialisedPatternThatMatchesNothingIsRefused) {
  BegunNet network;
  auto options = weights_options(InitialHead::keep);
  options.reinitialised = {"cnv"};
  EXPECT_THAT(weights_refusal(network, file_weights(), options), HasSubstr("did you mean 'conv'?"));
}

TEST(InitialWeightsTest, AnotherArchitectureIsNamedFirst) {
  BegunNet network;
  NamedTensors weights = file_weights(1, 7);  // head and input differ too
  weights.erase("bn.weight");
  weights["norm.weight"] = torch::ones({4});
  weights["fc0.weight"] = torch::ones({4, 5});
  for (const auto& options : {kNewHead, kWholeFile, kAdapted}) {
    EXPECT_EQ(weights_refusal(network, weights, options),
              "a.safetensors: expected the weights of this 9-tensor network, got 1 missing (bn.weight), 1 unexpected "
              "(norm.weight) and 1 with a shape mismatch (fc0.weight [4, 4], got [4, 5]); "
              "the file belongs to another architecture, or its keys need renames; see the full report on its keys");
  }
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{4, 3, 5, 5}, {8, 3, 3, 3}, {4, 0, 5, 5}, {4, 27}}) {
    NamedTensors other_kernel = file_weights();
    other_kernel["conv.weight"] = torch::ones(shape);
    for (const auto& options : {kNewHead, kAdapted}) {
      EXPECT_THAT(weights_refusal(network, other_kernel, options),
                  AllOf(HasSubstr("1 with a shape mismatch (conv.weight [4, 3, 3, 3], got "),
                        HasSubstr("; the file belongs to another architecture, or ")));
    }
  }
  NamedTensors whole_numbers = file_weights(1);
  whole_numbers["conv.weight"] = torch::ones({4, 1, 3, 3}, torch::kInt64);
  EXPECT_THAT(weights_refusal(network, whole_numbers, kAdapted), HasSubstr("got conv.weight [4, 1, 3, 3]"));
}

TEST(InitialWeightsTest, OtherTypesAreConverted) {
  for (const auto from : {torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
    NamedTensors weights = file_weights();
    for (auto& [name, tensor] : weights) {
      if (tensor.is_floating_point()) tensor = tensor.to(from);
    }
    for (const auto to : {torch::kFloat32, torch::kFloat64}) {
      BegunNet network;
      network.to(to);
      load_initial_weights(network, {weights}, kWholeFile, "test");
      for (const auto& [name, tensor] : state_dict(network)) {
        EXPECT_TRUE(torch::equal(tensor, file_weights().at(name).to(tensor.dtype()))) << name;
      }
      EXPECT_EQ(network.conv->weight.scalar_type(), to);
    }
  }
}

TEST(InitialWeightsTest, LoadingIsInPlace) {
  BegunNet network;
  std::vector<void*> before, after;
  for (const auto& [name, tensor] : state_dict(network)) before.push_back(tensor.data_ptr());
  load_initial_weights(network, {file_weights(1)}, kAdapted, "test");
  for (const auto& [name, tensor] : state_dict(network)) after.push_back(tensor.data_ptr());
  EXPECT_EQ(after, before);
  EXPECT_TRUE(network.conv->weight.requires_grad());
}

TEST(InitialWeightsTest, ValuesThatAreNotFiniteAreRefusedByName) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), kInfinity, -kInfinity, 1e300}) {  // the last: as float
    for (const char* name : {"fc0.weight", "bn.running_var", "conv.weight"}) {
      BegunNet network;
      NamedTensors weights = file_weights();
      weights[name] = weights[name].to(torch::kFloat64);
      weights[name].view({-1})[3] = value;
      EXPECT_EQ(weights_refusal(network, weights, kNewHead), std::string("a.safetensors: ") + name +
                                                                 ": expected finite values, got NaN or infinity; "
                                                                 "start from other weights");
    }
  }
  BegunNet network;
  NamedTensors weights = file_weights();
  weights["fc.bias"][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(weights_refusal(network, weights, kNewHead), "accepted") << "a head that is not used may hold anything";
  EXPECT_THAT(weights_refusal(network, weights, kWholeFile), StartsWith("a.safetensors: fc.bias: "));
}

TEST(InitialWeightsTest, ImagesOfAnotherNumberOfChannelsAreAdaptedTo) {
  for (const std::int64_t channels : {1, 2, 3, 5}) {
    BegunNet network(channels);
    NamedTensors expected = file_weights(3);
    load_initial_weights(network, {expected}, kAdapted, "test");
    expected["conv.weight"] = adapt_input_channels(expected["conv.weight"], channels).to(torch::kFloat32);
    if (channels == 3) expected["conv.weight"] = file_weights(3)["conv.weight"];
    expected.erase("fc.weight");
    expected.erase("fc.bias");
    expect_tensors(network, expected);
  }
}

TEST(InitialWeightsTest, AdaptingNeedsAPlainInputConvolution) {
  BegunNet grouped(4, 2, 2);
  EXPECT_EQ(weights_refusal(grouped, file_weights(3), kAdapted),
            "a.safetensors: expected a network that reads images with a convolution of one group, for input: adapt, got 2 "
            "groups; set input: keep");
  for (const char* input : {"", "fc0", "stem"}) {
    BegunNet without;
    without.input = input;
    EXPECT_THAT(weights_refusal(without, file_weights(3), kAdapted), HasSubstr("for input: adapt, got one without; "));
  }
}

torch::Tensor kernel_of(const std::vector<double>& channels) {
  return torch::tensor(channels, torch::kFloat64).view({1, -1, 1, 1});
}

TEST(AdaptInputChannelsTest, OneChannelIsTheSum) {
  EXPECT_TRUE(torch::equal(adapt_input_channels(kernel_of({1, 10, 100}), 1), kernel_of({111})));
  EXPECT_TRUE(torch::equal(adapt_input_channels(kernel_of({1, 10}), 1), kernel_of({11})));
}

// The rule of timm's adapt_input_conv (timm/models/_manipulate.py) for a weight of 3 channels, worked out by hand.
TEST(AdaptInputChannelsTest, OtherwiseChannelsAreRepeatedAndScaled) {
  EXPECT_TRUE(torch::equal(adapt_input_channels(kernel_of({2, 20, 200}), 2), kernel_of({3, 30})));
  EXPECT_TRUE(torch::equal(adapt_input_channels(kernel_of({2, 20, 200}), 4), kernel_of({1.5, 15, 150, 1.5})));
  EXPECT_TRUE(torch::equal(adapt_input_channels(kernel_of({2, 20, 200}), 6), kernel_of({1, 10, 100, 1, 10, 100})));
  EXPECT_TRUE(torch::equal(adapt_input_channels(kernel_of({3, 5}), 4), kernel_of({1.5, 2.5, 1.5, 2.5})));
  EXPECT_TRUE(torch::allclose(adapt_input_channels(kernel_of({6}), 3), kernel_of({2, 2, 2})));  // 1 / 3 is rounded
}

TEST(AdaptInputChannelsTest, EveryKernelIsAdaptedByItself) {
  const auto weight = torch::arange(2 * 3 * 2 * 4, torch::kFloat64).view({2, 3, 2, 4});
  const auto adapted = adapt_input_channels(weight, 4);
  ASSERT_EQ(adapted.sizes(), (std::vector<std::int64_t>{2, 4, 2, 4}));
  for (std::int64_t channel = 0; channel < 4; ++channel) {
    EXPECT_TRUE(torch::equal(adapted.select(1, channel), weight.select(1, channel % 3) * 0.75));
  }
}

TEST(AdaptInputChannelsTest, AGreyImageGivesTheSameResponse) {
  const auto grey = torch::cos(torch::arange(20, torch::kFloat64)).view({1, 1, 4, 5});
  for (const auto& [from, to] : {std::pair{3, 1}, {1, 3}, {1, 2}, {2, 4}, {3, 6}, {4, 1}}) {
    const auto weight = torch::sin(torch::arange(2 * from * 9, torch::kFloat64)).view({2, from, 3, 3});
    const auto before = torch::conv2d(grey.expand({1, from, 4, 5}), weight);
    const auto after = torch::conv2d(grey.expand({1, to, 4, 5}), adapt_input_channels(weight, to));
    EXPECT_TRUE(torch::allclose(after, before, 1e-12, 1e-12)) << from << " to " << to;
  }
}

}  // namespace
}  // namespace fovea
