#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/explain/own_attention.h>

#include "tiny_classifiers.h"

namespace fovea {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

const torch::nn::Module kAnyNetwork("network");

AttentionMap attention_map(MapKind kind, const torch::Tensor& values) {
  AttentionMap map;
  map.layer = "layer";
  map.kind = kind;
  map.values = values;
  return map;
}

/// Numbers that tell every entry of a tensor of this shape apart.
torch::Tensor numbers(torch::IntArrayRef shape) {
  return torch::arange(torch::empty(shape).numel(), torch::kFloat32).view(shape);
}

TEST(VisibleValuesTest, SpatialAndChannelMapsAreTakenAsTheyAre) {
  const auto spatial = numbers({2, 3, 4});
  const auto channels = numbers({2, 5});
  for (std::int64_t sample = 0; sample < 2; ++sample) {
    EXPECT_TRUE(torch::equal(visible_values(attention_map(MapKind::spatial, spatial), sample).value(), spatial[sample]));
    EXPECT_TRUE(torch::equal(visible_values(attention_map(MapKind::channel, channels), sample).value(), channels[sample]));
  }
}

TEST(VisibleValuesTest, DenseMapsAreAveragedOverChannels) {
  const auto values = torch::tensor({0.0F, 1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 10.0F, 11.0F, 12.0F, 13.0F, 14.0F, 15.0F});
  const auto map = attention_map(MapKind::dense, values.view({1, 2, 2, 3}));
  EXPECT_TRUE(torch::equal(visible_values(map, 0).value(), torch::tensor({{5.0F, 6.0F, 7.0F}, {8.0F, 9.0F, 10.0F}})));
}

TEST(VisibleValuesTest, PairwiseMapsShowWhatEachCellReceives) {
  // 1 head, 2 queries, 1 prefix token and 2 x 2 positions as keys.
  auto map = attention_map(MapKind::pairwise, torch::tensor({{0.9F, 0.1F, 0.0F, 0.0F, 0.0F},  // attends to the prefix
                                                             {0.0F, 0.3F, 0.6F, 0.0F, 0.1F}})
                                                  .view({1, 1, 2, 5}));
  map.key_grid = {2, 2};
  map.prefix_tokens = 1;
  const auto received = visible_values(map, 0).value();
  ASSERT_EQ(received.sizes(), torch::IntArrayRef({2, 2}));
  EXPECT_TRUE(torch::allclose(received, torch::tensor({{0.2F, 0.3F}, {0.0F, 0.05F}})));

  map.values = numbers({2, 3, 4, 6});  // heads are averaged too; no prefix; H != W
  map.key_grid = {2, 3};
  map.prefix_tokens = 0;
  // Key k of a sample: its entries are 24 h + 6 q + k, 72 on from sample to sample; the means of 24 h and 6 q are 24 and 9.
  const auto expected = torch::tensor({{33.0F, 34.0F, 35.0F}, {36.0F, 37.0F, 38.0F}});
  EXPECT_TRUE(torch::equal(visible_values(map, 0).value(), expected));
  EXPECT_TRUE(torch::equal(visible_values(map, 1).value(), expected + 72));
}

TEST(VisibleValuesTest, WhoAsksCountsWhereTheAnswerIsRead) {
  // 2 heads; a class token and 1 x 2 positions, all of which are queries and keys.
  auto map = attention_map(MapKind::pairwise, torch::tensor({{0.2F, 0.6F, 0.2F},
                                                             {0.0F, 1.0F, 0.0F},
                                                             {0.5F, 0.1F, 0.4F},  //
                                                             {0.4F, 0.2F, 0.4F},
                                                             {0.0F, 1.0F, 0.0F},
                                                             {0.0F, 1.0F, 0.0F}})
                                                  .view({1, 2, 3, 3}));
  map.query_grid = {1, 2};
  map.key_grid = {1, 2};
  map.prefix_tokens = 1;
  EXPECT_TRUE(torch::allclose(visible_values(map, 0).value(), torch::tensor({{0.4F, 0.3F}})));
  map.prefix_is_read = false;
  EXPECT_TRUE(torch::allclose(visible_values(map, 0).value(), torch::tensor({{0.775F, 0.1F}})));
}

TEST(VisibleValuesTest, WhatHasNoPlaceShowsNothing) {
  EXPECT_FALSE(visible_values(attention_map(MapKind::branch, numbers({1, 2, 5})), 0).has_value());
  EXPECT_FALSE(visible_values(attention_map(MapKind::windows, numbers({1, 2, 1, 4})), 0).has_value());
  EXPECT_FALSE(visible_values(attention_map(MapKind::pairwise, numbers({1, 2, 3, 4})), 0).has_value());  // keys on no grid
}

TEST(VisibleValuesTest, AreFloat32OnTheCpu) {
  const auto map = attention_map(MapKind::spatial, torch::rand({1, 2, 3}, torch::kFloat64));
  EXPECT_EQ(visible_values(map, 0)->scalar_type(), torch::kFloat32);
}

TEST(ExplanationOfTest, IsTheSoftmaxOfTheScores) {
  const Explanation explanation = explanation_of(kAnyNetwork, torch::tensor({{0.0F, 2.0F, 1.0F}}), {});
  const double sum = 1 + std::exp(2.0) + std::exp(1.0);
  EXPECT_THAT(explanation.probabilities,
              Pointwise(DoubleNear(1e-12), std::vector<double>{1 / sum, std::exp(2.0) / sum, std::exp(1.0) / sum}));
  EXPECT_EQ(explanation.predicted, 1);
  EXPECT_THAT(explanation.explained, ElementsAre(1));
  EXPECT_THAT(explanation_of(kAnyNetwork, torch::tensor({{0.0F, 2.0F, 1.0F}}), {2}).explained, ElementsAre(2));
  EXPECT_THAT(explanation_of(kAnyNetwork, torch::tensor({{5.0F}}), {}).probabilities, ElementsAre(1.0));  // a single class
  EXPECT_THAT(explanation_of(kAnyNetwork, torch::tensor({{1e4F, -1e4F}}), {}).probabilities, ElementsAre(1.0, 0.0));
}

TEST(ExplanationOfTest, RefusesWhatIsNoClassOrNoNumber) {
  const auto scores = torch::tensor({{0.0F, 2.0F}});
  EXPECT_THAT([&] { explanation_of(kAnyNetwork, scores, {2}); },
              ThrowsMessage<InputError>(StrEq("class: expected a class below 2, got 2")));
  EXPECT_THROW(explanation_of(kAnyNetwork, scores, {-1}), InputError);
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    EXPECT_THROW(explanation_of(kAnyNetwork, torch::tensor({{0.0F, wrong}}), {}), NumericError) << wrong;
  }
}

Batch four_channels() {
  torch::manual_seed(4);
  Batch batch;
  batch.images = torch::randn({1, 4, 5, 7});
  return batch;
}

TEST(OwnAttentionTest, ShowsTheGatesOfTheNetwork) {
  AttendingClassifier classifier;
  const Batch batch = four_channels();
  const Explanation explanation = explain_by_attention(classifier, batch, [](const std::string&) { return true; }, {1});
  EXPECT_THAT(explanation.explained, ElementsAre(1));

  AttentionRecorder recorder(classifier);
  ForwardContext context;
  context.hooks = &recorder;
  const auto logits = classifier.classify(batch, context).logits;
  EXPECT_EQ(explanation.probabilities, explanation_of(kAnyNetwork, logits, {}).probabilities);
  ASSERT_EQ(explanation.maps.size(), 2U);
  const LayerMap& channel = explanation.maps[0];
  const LayerMap& spatial = explanation.maps[1];
  EXPECT_EQ(channel.layer, "cbam.channel");
  EXPECT_FALSE(channel.is_spatial());
  EXPECT_TRUE(torch::equal(channel.values, recorder.maps.at(0).values[0]));
  EXPECT_EQ(spatial.layer, "cbam.spatial");
  EXPECT_TRUE(spatial.is_spatial());
  EXPECT_EQ(spatial.meaning, Meaning::gate);
  EXPECT_EQ(spatial.values.sizes(), torch::IntArrayRef({5, 7}));
  EXPECT_TRUE(torch::equal(spatial.values, recorder.maps.at(1).values[0]));
  EXPECT_FALSE(spatial.values.requires_grad());
  EXPECT_FALSE(spatial.theta.defined());
}

TEST(OwnAttentionTest, ShowsTheWantedLayersOnly) {
  AttendingClassifier classifier;
  const auto wanted = [](const std::string& layer) { return layer == "cbam.spatial"; };
  const Explanation explanation = explain_by_attention(classifier, four_channels(), wanted, {});
  ASSERT_EQ(explanation.maps.size(), 1U);
  EXPECT_EQ(explanation.maps[0].layer, "cbam.spatial");
}

TEST(OwnAttentionTest, CarriesTheFrameOfAWarp) {
  AttendingClassifier classifier;
  classifier.theta = torch::tensor({0.5F, 0.0F, 0.25F, 0.0F, 1.0F, -0.5F}).view({1, 2, 3});
  const Explanation explanation =
      explain_by_attention(classifier, four_channels(), [](const std::string&) { return true; }, {});
  ASSERT_EQ(explanation.maps.at(1).theta.sizes(), torch::IntArrayRef({2, 3}));
  EXPECT_TRUE(torch::equal(explanation.maps[1].theta.to(torch::kFloat32), classifier.theta[0]));
}

TEST(OwnAttentionTest, RefusesMoreThanOneImage) {
  AttendingClassifier classifier;
  Batch batch = four_channels();
  batch.images = torch::cat({batch.images, batch.images});
  EXPECT_THROW(explain_by_attention(classifier, batch, [](const std::string&) { return true; }, {}), InputError);
}

TEST(OwnAttentionTest, ANetworkWithoutAttentionHasNothingToShow) {
  TinyClassifier classifier;
  const Explanation explanation =
      explain_by_attention(classifier, tiny_image(), [](const std::string&) { return true; }, {});
  EXPECT_TRUE(explanation.maps.empty());
  EXPECT_EQ(explanation.predicted, 0);
}

}  // namespace
}  // namespace fovea
