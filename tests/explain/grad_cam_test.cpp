#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/thread_team.h>
#include <fovea/base/torch_compat.h>
#include <fovea/explain/grad_cam.h>
#include <fovea/weights/safetensors.h>

#include "tiny_classifiers.h"

namespace fovea {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pointwise;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

bool every_layer(const std::string&) {
  return true;
}

LayerFilter only(const std::string& name) {
  return [name](const std::string& layer) { return layer == name; };
}

std::vector<std::string> layers_of(const Explanation& explanation) {
  std::vector<std::string> layers;
  for (const LayerMap& map : explanation.maps) layers.push_back(map.layer);
  return layers;
}

/// [2, 3], row by row.
void expect_values(const LayerMap& map, const std::vector<double>& expected) {
  ASSERT_EQ(map.values.sizes(), torch::IntArrayRef({2, 3}));
  EXPECT_EQ(map.values.scalar_type(), torch::kFloat32);
  EXPECT_FALSE(map.values.requires_grad());
  const auto values = map.values.to(torch::kFloat64).contiguous();
  EXPECT_THAT(std::vector<double>(values.data_ptr<double>(), values.data_ptr<double>() + 6),
              Pointwise(DoubleNear(1e-5), expected))  // float32 of numbers up to 10
      << map.layer;
}

TEST(GradCamTest, WeighsChannelsByTheirMeanGradient) {
  const auto activations = torch::tensor({{{1.0F, 2.0F}, {3.0F, 4.0F}}, {{5.0F, 6.0F}, {7.0F, 8.0F}}}).unsqueeze(0);
  const auto gradients = torch::tensor({{{0.0F, 2.0F}, {1.0F, 1.0F}}, {{-2.0F, 0.0F}, {0.0F, 0.0F}}}).unsqueeze(0);
  // Weights 1 and -1/2.
  const auto expected = torch::tensor({{-1.5F, -1.0F}, {-0.5F, 0.0F}}).unsqueeze(0);
  EXPECT_TRUE(torch::equal(grad_cam(activations, gradients), expected));

  const auto batch = grad_cam(torch::cat({activations, 10 * activations}), torch::cat({gradients, -gradients}));
  EXPECT_TRUE(torch::equal(batch, torch::cat({expected, -10 * expected})));
}

TEST(GradCamTest, ExplainsEachLayerOfASmallNetwork) {
  TinyClassifier classifier;
  // first = (a, 2 b) = (1 2 3 | 4 5 6, 2 2 -2 | 4 -4 -8); second = (3 4 1 | 8 1 0, 0 0 2 | 0 4 8); scores 17, 14, -11.
  const Explanation best = explain_by_grad_cam(classifier, tiny_image(), every_layer, {});
  EXPECT_EQ(best.predicted, 0);
  EXPECT_THAT(best.explained, ElementsAre(0));
  const double sum = 1 + std::exp(-3.0) + std::exp(-28.0);
  EXPECT_THAT(best.probabilities,
              Pointwise(DoubleNear(1e-6), std::vector<double>{1 / sum, std::exp(-3.0) / sum, std::exp(-28.0) / sum}));
  ASSERT_THAT(layers_of(best), ElementsAre("first", "second"));
  // The score of class 0 is the sum of second0: gradient 1 in each cell, and for both of first's channels 1 in the five
  // positions where second0 is positive.
  expect_values(best.maps[1], {3, 4, 1, 8, 1, 0});
  expect_values(best.maps[0], {5 * 3 / 6.0, 5 * 4 / 6.0, 5 / 6.0, 5 * 8 / 6.0, 5 / 6.0, 0});
}

TEST(GradCamTest, ExplainsTheClassThatIsAskedFor) {
  TinyClassifier classifier;
  const Explanation second = explain_by_grad_cam(classifier, tiny_image(), every_layer, {1});
  EXPECT_EQ(second.predicted, 0);
  EXPECT_THAT(second.explained, ElementsAre(1));
  // The sum of second1, positive in three of six positions, where it is -first1.
  expect_values(second.maps.at(1), {0, 0, 2, 0, 4, 8});
  expect_values(second.maps.at(0), {0, 0, 1, 0, 2, 4});

  const Explanation third = explain_by_grad_cam(classifier, tiny_image(), every_layer, {2});
  EXPECT_THAT(third.explained, ElementsAre(2));
  EXPECT_EQ(third.probabilities, second.probabilities);
  // second0 - 2 second1, and first's weights 5/6 and 5/6 + 2 * 3/6; what is negative is cut off.
  expect_values(third.maps.at(1), {3, 4, 0, 8, 0, 0});
  expect_values(third.maps.at(0), {27 / 6.0, 32 / 6.0, 0, 64 / 6.0, 0, 0});
}

TEST(GradCamTest, ExplainsSeveralClassesInOneForwardPass) {
  TinyClassifier classifier;
  const Explanation both = explain_by_grad_cam(classifier, tiny_image(), every_layer, {2, 1});
  EXPECT_EQ(classifier.passes, 1);
  EXPECT_THAT(both.explained, ElementsAre(2, 1));
  ASSERT_THAT(layers_of(both), ElementsAre("first", "first", "second", "second"));
  EXPECT_EQ(both.maps[0].label, 2);
  EXPECT_EQ(both.maps[1].label, 1);
  expect_values(both.maps[0], {27 / 6.0, 32 / 6.0, 0, 64 / 6.0, 0, 0});
  expect_values(both.maps[1], {0, 0, 1, 0, 2, 4});
  expect_values(both.maps[2], {3, 4, 0, 8, 0, 0});
  expect_values(both.maps[3], {0, 0, 2, 0, 4, 8});
}

/// A stage `stage`, and `inner` in it.
struct StagedClassifier final : Classifier {
  StagedClassifier() : Classifier("StagedClassifier") {
    inner = register_module("inner", convolution1x1(torch::tensor({{1.0F, 0.0F}, {0.0F, 2.0F}})));
    stage = register_module("stage", convolution1x1(torch::tensor({{1.0F, 1.0F}, {0.0F, -1.0F}})));
  }
  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    const auto features = context.hook_layer(*inner, inner(batch.input()));
    return {context.hook(*stage, {MapKind::features}, stage(features)).mean({2, 3})};
  }
  torch::nn::Conv2d inner{nullptr}, stage{nullptr};
};

TEST(GradCamTest, LayersWithinAStageAreShownWhenTheyAreAskedFor) {
  StagedClassifier classifier;
  EXPECT_THAT(layers_of(explain_by_grad_cam(classifier, tiny_image(), every_layer, {0})), ElementsAre("stage"));
  const LayerFilter any(every_layer, LayerFilter::Depth::any);
  const Explanation deep = explain_by_grad_cam(classifier, tiny_image(), any, {0});
  ASSERT_THAT(layers_of(deep), ElementsAre("inner", "stage"));
  // The score of class 0 is the mean of both of inner's channels, (1 2 3 | 4 5 6) and (2 2 -2 | 4 -4 -8): weights 1/6.
  expect_values(deep.maps[0], {3 / 6.0, 4 / 6.0, 1 / 6.0, 8 / 6.0, 1 / 6.0, 0});
}

TEST(GradCamTest, SaysThatItsValuesAreNoAttention) {
  TinyClassifier classifier;
  EXPECT_EQ(explain_by_grad_cam(classifier, tiny_image(), every_layer, {}).maps.at(0).meaning, Meaning::none);
}

TEST(GradCamTest, ALayerAmongOthersIsAsItIsAlone) {
  TinyClassifier classifier;
  const Explanation all = explain_by_grad_cam(classifier, tiny_image(), every_layer, {2});
  EXPECT_EQ(classifier.passes, 1);
  for (const LayerMap& map : all.maps) {
    const Explanation alone = explain_by_grad_cam(classifier, tiny_image(), only(map.layer), {2});
    ASSERT_THAT(layers_of(alone), ElementsAre(map.layer));
    EXPECT_TRUE(torch::equal(alone.maps[0].values, map.values)) << map.layer;
  }
  const Explanation none = explain_by_grad_cam(classifier, tiny_image(), only("third"), {2});
  EXPECT_THAT(none.maps, IsEmpty());
  EXPECT_EQ(none.probabilities, all.probabilities);
}

TEST(GradCamTest, NeedsNoGradientsOfParametersNorOfTheCaller) {
  TinyClassifier usual;
  const Explanation expected = explain_by_grad_cam(usual, tiny_image(), every_layer, {2});
  for (const torch::Tensor& parameter : usual.parameters()) EXPECT_FALSE(parameter.grad().defined());

  TinyClassifier frozen;
  for (torch::Tensor& parameter : frozen.parameters()) parameter.set_requires_grad(false);
  const torch::NoGradGuard no_grad;
  for (TinyClassifier* classifier : {&usual, &frozen}) {
    const Explanation explanation = explain_by_grad_cam(*classifier, tiny_image(), every_layer, {2});
    ASSERT_EQ(explanation.maps.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) EXPECT_TRUE(torch::equal(explanation.maps[i].values, expected.maps[i].values));
  }
  for (const torch::Tensor& parameter : usual.parameters()) EXPECT_TRUE(parameter.requires_grad());
  EXPECT_FALSE(torch::GradMode::is_enabled());
}

TEST(GradCamTest, ThreadsDoNotDisturbEachOther) {
  TinyClassifier classifier;
  const auto image = [](std::int64_t number) {
    Batch batch = tiny_image();
    batch.images = batch.images * static_cast<double>(number + 1) + 0.1 * static_cast<double>(number);
    return batch;
  };
  constexpr std::int64_t kImages = 32;
  std::vector<Explanation> alone;
  for (std::int64_t i = 0; i < kImages; ++i) {
    alone.push_back(explain_by_grad_cam(classifier, image(i), every_layer, {i % 3}));
  }
  std::vector<Explanation> together(kImages);
  ThreadTeam team(4, compat::use_one_operator_thread);
  team.run(kImages, [&](std::int64_t i) {
    together[static_cast<std::size_t>(i)] = explain_by_grad_cam(classifier, image(i), every_layer, {i % 3});
  });
  for (std::size_t i = 0; i < kImages; ++i) {
    EXPECT_EQ(together[i].probabilities, alone[i].probabilities);
    ASSERT_EQ(together[i].maps.size(), 2U);
    for (std::size_t m = 0; m < 2; ++m) EXPECT_TRUE(torch::equal(together[i].maps[m].values, alone[i].maps[m].values));
  }
}

TEST(GradCamTest, CarriesTheFrameOfAWarp) {
  TinyClassifier classifier;
  EXPECT_FALSE(explain_by_grad_cam(classifier, tiny_image(), every_layer, {0}).maps.at(0).theta.defined());
  classifier.theta = torch::tensor({0.5F, 0.0F, 0.25F, 0.0F, 1.0F, -0.5F}).view({1, 2, 3}).requires_grad_();  // learnt
  const LayerMap map = explain_by_grad_cam(classifier, tiny_image(), every_layer, {0}).maps.at(1);
  ASSERT_EQ(map.theta.sizes(), torch::IntArrayRef({2, 3}));
  EXPECT_FALSE(map.theta.requires_grad());  // it would keep the whole graph in memory
  EXPECT_TRUE(torch::equal(map.theta.to(torch::kFloat32), classifier.theta[0].detach()));
}

/// Hooks see `used`, and `aside`, on which the score does not depend; with `cut` it depends on neither.
struct ForkedClassifier final : Classifier {
  ForkedClassifier() : Classifier("ForkedClassifier") {
    used = register_module("used", convolution1x1(torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}})));
    aside = register_module("aside", convolution1x1(torch::tensor({{1.0F, 1.0F}, {1.0F, -1.0F}})));
  }
  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    const auto features = context.hook(*used, {MapKind::features}, used(batch.input()));
    context.hook(*aside, {MapKind::features}, aside(features));
    const auto scores = features.mean({2, 3});
    return {cut ? scores.detach() : scores};
  }
  torch::nn::Conv2d used{nullptr}, aside{nullptr};
  bool cut = false;
};

TEST(GradCamTest, LeavesOutLayersThatTheScoreDoesNotDependOn) {
  ForkedClassifier classifier;
  EXPECT_THAT(layers_of(explain_by_grad_cam(classifier, tiny_image(), every_layer, {})), ElementsAre("used"));
  EXPECT_THAT(layers_of(explain_by_grad_cam(classifier, tiny_image(), only("aside"), {})), IsEmpty());
  classifier.cut = true;
  EXPECT_THAT(layers_of(explain_by_grad_cam(classifier, tiny_image(), every_layer, {})), IsEmpty());
}

TEST(GradCamTest, RefusesAClassThatIsNone) {
  TinyClassifier classifier;
  for (const std::int64_t target : {-1, 3}) {
    EXPECT_THAT([&] { explain_by_grad_cam(classifier, tiny_image(), every_layer, {target}); },
                ThrowsMessage<InputError>(StrEq("class: expected a class below 3, got " + std::to_string(target))));
  }
}

TEST(GradCamTest, RefusesScoresThatAreNoNumbers) {
  TinyClassifier classifier;
  Batch batch = tiny_image();
  batch.images[0][0][0][0] = std::nan("");
  EXPECT_THAT([&] { explain_by_grad_cam(classifier, batch, every_layer, {}); },
              ThrowsMessage<NumericError>(HasSubstr("got NaN")));
}

TEST(GradCamTest, RefusesMoreThanOneImage) {
  TinyClassifier classifier;
  Batch batch = tiny_image();
  batch.images = torch::cat({batch.images, batch.images});
  EXPECT_THROW(explain_by_grad_cam(classifier, batch, every_layer, {}), InputError);
}

/// The maps and weights of other libraries, from the same activations and gradients.
void expect_as_in(const std::string& path) {
  SCOPED_TRACE(path);
  const SafetensorsFile file(path);
  const auto activations = file.tensor("activations");
  const auto gradients = file.tensor("gradients");
  const auto expect_close = [&](const torch::Tensor& got, const std::string& name) {
    const auto expected = file.tensor(name);
    ASSERT_EQ(got.sizes(), expected.sizes()) << name;
    // The file rounds float64 results to float32, and so do we.
    EXPECT_LE((got - expected).abs().max().item<double>(), 1e-5 * expected.abs().max().item<double>()) << name;
  };
  const auto map = grad_cam(activations, gradients);
  expect_close(map, "gradcam.pgc.raw");
  expect_close(torch::relu(map), "gradcam.tc.raw");
  // A channel's weight is what the map of that channel alone, with activation 1, shows.
  const auto one_at_a_time = torch::diag_embed(torch::ones({activations.size(1)})).unsqueeze(-1).unsqueeze(-1);
  const auto weights = grad_cam(one_at_a_time.expand({-1, -1, activations.size(2), activations.size(3)}), gradients);
  expect_close(weights.select(1, 0).select(1, 0).unsqueeze(0), "gradcam.pgc.weights");
}

TEST(GradCamTest, EqualsOtherLibraries) {
  expect_as_in(std::string(FOVEA_TEST_DATA) + "/golden_cam/layer3_64x96.safetensors");
}

/// FOVEA_GOLDEN names a folder of golden cases; more such files are in its folder cam.
TEST(GradCamTest, EqualsOtherLibrariesOnMoreLayers) {
  const char* golden = std::getenv("FOVEA_GOLDEN");
  if (golden == nullptr) GTEST_SKIP() << "FOVEA_GOLDEN is not set";
  const std::string folder = std::string(golden) + "/cam";
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".safetensors") continue;
    ++files;
    expect_as_in(entry.path().string());
  }
  EXPECT_GT(files, 0) << "no *.safetensors in " << folder;
}

}  // namespace
}  // namespace fovea
