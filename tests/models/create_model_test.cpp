#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/attention/spatial/cbam.h>
#include <fovea/base/error.h>
#include <fovea/models/create_model.h>
#include <fovea/models/mobilenet/mobilenet_v3.h>
#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/models/residual/resnet.h>
#include <fovea/nn/multiply_adds.h>

#include "network_run.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

/// True when create_model() gave the network of the configuration.
void expect_same_as_yaml(Classifier& created, const std::string& yaml, const InputSpec& input,
                         std::uint64_t seed = kDefaultSeed) {
  const auto read = built(yaml, input);
  initialise(*read, seed);
  const NamedTensors expected = state_dict(*read), got = state_dict(created);
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    ASSERT_TRUE(got.contains(name)) << name;
    EXPECT_TRUE(torch::equal(got.at(name), tensor)) << name;
  }
  created.eval();
  read->eval();
  const auto images = normal_images(2, input);
  EXPECT_TRUE(torch::equal(created.forward(images), logits_for(*read, images)));
}

TEST(CreateModelTest, TheDefaultsAreThoseOfTheRow) {
  expect_same_as_yaml(*create_model("resnet8"), "resnet8", {3, 32, 32, 10});
  expect_same_as_yaml(*create_model("mobilenetv3_small_050"), "mobilenetv3_small_050", {3, 224, 224, 1000});
  expect_same_as_yaml(*create_model("ram"), "ram", {3, 32, 32, 10});
}

TEST(CreateModelTest, SeedClassesAndImagesCanBeChosen) {
  const auto network = create_model("resnet8", {.num_classes = 3, .in_channels = 1, .height = 20, .width = 28, .seed = 7});
  EXPECT_TRUE(network->is_training());
  expect_same_as_yaml(*network, "resnet8", {1, 20, 28, 3}, 7);
}

TEST(CreateModelTest, AttentionGoesInByName) {
  expect_same_as_yaml(*create_model("resnet8", {.num_classes = 3, .attention = {"cbam"}}),
                      "{name: resnet8, attention: cbam}", {3, 32, 32, 3});
  expect_same_as_yaml(*create_model("resnet8", {.attention = {"simam", "eca"}}),
                      "{name: resnet8, attention: [{name: simam}, {name: eca}]}", kCifarInput);
}

TEST(CreateModelTest, AttentionTakesOptionsAndInsertionPoints) {
  const std::string yaml = "{name: resnet8, attention: {name: se, stages: [2, 3], reduction_ratio: 4, bias: false}}";
  expect_same_as_yaml(
      *create_model(
          "resnet8",
          {.attention = {{"se", SqueezeExcitationOptions{.reduction_ratio = 4, .bias = false}, {.stages = {2, 3}}}}}),
      yaml, kCifarInput);
  expect_same_as_yaml(
      *create_model("resnet8", {.attention = {{"se", {{"reduction_ratio", 4}, {"bias", false}}, {.stages = {2, 3}}}}}), yaml,
      kCifarInput);
  expect_same_as_yaml(*create_model("resnet8", {.attention = {{"se", {}, {.at = InsertionKind::stage}},
                                                              {"spatial_transformer", {}, {.at = InsertionKind::input}}}}),
                      "{name: resnet8, attention: [{name: se, at: stage}, {name: spatial_transformer, at: input}]}",
                      kCifarInput);
  expect_same_as_yaml(*create_model("resnet8", {.attention = {{"se", {}, {.init = GateStart::identity}}}}),
                      "{name: resnet8, attention: {name: se, init: identity}}", kCifarInput);
}

TEST(CreateModelTest, TheNetworksOwnAttentionStaysUnlessAnotherIsAskedFor) {
  const InputSpec input{3, 64, 64, 4};
  const auto created = [](std::vector<AttentionChoice> attention) {
    return create_model("seresnet18", {.num_classes = 4, .attention = std::move(attention), .height = 64, .width = 64});
  };
  expect_same_as_yaml(*created({}), "seresnet18", input);
  expect_same_as_yaml(*created({"none"}), "{name: seresnet18, attention: none}", input);
  expect_same_as_yaml(*created({"eca"}), "{name: seresnet18, attention: eca}", input);
}

TEST(CreateModelTest, NetworksTakeOptionsByNameOrAsAStruct) {
  const std::string yaml = "{name: cifar_resnet, depth: 14, width: 8, shortcut: conv}";
  expect_same_as_yaml(*create_model("cifar_resnet", {.options = {{"depth", 14}, {"width", 8}, {"shortcut", "conv"}}}), yaml,
                      kCifarInput);
  expect_same_as_yaml(
      *create_model("cifar_resnet", {.options = CifarResnetOptions{.depth = 14, .width = 8, .shortcut = Shortcut::conv}}),
      yaml, kCifarInput);
  expect_same_as_yaml(*create_model("resnet18", {.num_classes = 2,
                                                 .options = {{"layers", {1, 1, 1, 1}}, {"channels", {4, 8, 12, 16}}},
                                                 .height = 64,
                                                 .width = 48}),
                      "{name: resnet18, layers: [1, 1, 1, 1], channels: [4, 8, 12, 16]}", {3, 64, 48, 2});
}

TEST(CreateModelTest, FieldsOfAStructThatAreNotSetKeepTheValuesOfTheName) {
  const auto network = create_model("resnet50", {.options = ResnetOptions{.stochastic_depth = 0.1}});
  EXPECT_EQ(count_parameters(*network), 25557032);  // torchvision's resnet50
  EXPECT_NO_THROW(create_model("resnet20", {.options = CifarResnetOptions{.dropout = 0.1}}));
}

TEST(CreateModelTest, AFieldThatIsPartOfTheNameCannotBeSetToAnotherValue) {
  EXPECT_NO_THROW(create_model("resnet8", {.options = CifarResnetOptions{.depth = 8}}));
  EXPECT_THAT([] { create_model("resnet20", {.options = CifarResnetOptions{.depth = 32}}); },
              ThrowsMessage<InputError>(HasSubstr("resnet20: depth: expected 20, which is part of the name, got 32")));
  EXPECT_THAT([] { create_model("mobilenet_v3_small", {.options = MobileNetV3Options{.size = MobileNetV3Size::large}}); },
              ThrowsMessage<InputError>(HasSubstr("mobilenet_v3_small: size: expected \"small\"")));
}

TEST(BuildForWeightsTest, ANetworkFarLargerThanItsFileGetsTheCallersAdvice) {
  EXPECT_THAT(
      [] {
        build_for_weights(model_of("resnet110"), kCifarInput, {.tensors = 100, .bytes = 1000}, "w.safetensors",
                          "choose another network");
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr("w.safetensors"), HasSubstr("; choose another network"))));
}

TEST(CreateModelTest, WhatDoesNotExistGetsTheNearestName) {
  EXPECT_THAT([] { create_model("resnet51"); }, ThrowsMessage<InputError>(HasSubstr("did you mean 'resnet5")));
  EXPECT_THAT([] { create_model("resnet8", {.attention = {"cbma"}}); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("create_model"), HasSubstr("did you mean 'cbam'?"))));
  EXPECT_THAT(
      [] {
        create_model("resnet8", {.options = {{"widht", 4}}});
      },
      ThrowsMessage<InputError>(AllOf(HasSubstr("widht"), HasSubstr("width"))));
  EXPECT_THAT(
      [] {
        create_model("resnet8", {.attention = {{"se", {{"reduction_ration", 4}}}}});
      },
      ThrowsMessage<InputError>(HasSubstr("reduction_ratio")));
}

TEST(CreateModelTest, WhatDoesNotFitIsNamed) {
  EXPECT_THAT([] { create_model("resnet8", {.num_classes = 0}); },
              ThrowsMessage<InputError>(HasSubstr("num_classes: expected an integer >= 1, got 0")));
  EXPECT_THAT([] { create_model("resnet8", {.in_channels = -1}); }, ThrowsMessage<InputError>(HasSubstr("channels")));
  EXPECT_THAT(
      [] {
        create_model("resnet8", {.attention = {{"se", SqueezeExcitationOptions{.reduction_ratio = -4}}}});
      },
      ThrowsMessage<InputError>(HasSubstr("reduction_ratio: expected a number >= 0.001")));
  EXPECT_THAT(
      [] {
        create_model("resnet8", {.attention = {{"se", CbamOptions{}}}});
      },
      ThrowsMessage<InputError>(HasSubstr("se: expected its own options")));
  EXPECT_THAT([] { create_model("resnet8", {.options = SqueezeExcitationOptions{}}); },
              ThrowsMessage<InputError>(HasSubstr("resnet8: expected its own options")));
  EXPECT_THAT(
      [] {
        create_model("resnet8", {.options = {{"attention", "cbam"}}});
      },
      ThrowsMessage<InputError>(HasSubstr("'attention', which is not an option")));
  EXPECT_THAT(
      [] {
        create_model("resnet8", {.attention = {{"se", {}, {.stages = {9}}}}});
      },
      ThrowsMessage<InputError>(HasSubstr("an insertion point for 'se' in resnet8")));
  EXPECT_THAT([] { create_model("ram", {.attention = {"se"}}); },
              ThrowsMessage<InputError>(HasSubstr("an insertion point for 'se' in ram")));
}

}  // namespace
}  // namespace fovea
