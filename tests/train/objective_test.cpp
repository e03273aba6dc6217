#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/train/objective.h>

#include "gradient_check.h"

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

double loss_of(double smoothing, const ForwardContext& context = {}) {
  // Two classes with logits log 3 and 0: probabilities 3/4 and 1/4.
  const ModelOutput output{torch::tensor({{std::log(3.0), 0.0}}, torch::kFloat64)};
  Batch batch;
  batch.labels = torch::tensor({0}, torch::kInt64);
  return ClassificationObjective(smoothing).loss(output, batch, context).item<double>();
}

TEST(ObjectiveTest, IsCrossEntropy) {
  EXPECT_NEAR(loss_of(0), -std::log(0.75), 1e-12);
}

TEST(ObjectiveTest, LabelSmoothingSpreadsTheTarget) {
  // Target (0.9, 0.1) with smoothing 0.2 over two classes.
  EXPECT_NEAR(loss_of(0.2), -0.9 * std::log(0.75) - 0.1 * std::log(0.25), 1e-12);
}

TEST(ObjectiveTest, AddsTheTermsOfTheContext) {
  ForwardContext context;
  context.losses.emplace_back("extra", torch::tensor(2.0, torch::kFloat64));
  EXPECT_NEAR(loss_of(0, context), 2 - std::log(0.75), 1e-12);
}

TEST(ObjectiveTest, WeighsTheLabelsOfMixedImages) {
  const ModelOutput output{torch::tensor({{std::log(3.0), 0.0}, {std::log(3.0), 0.0}}, torch::kFloat64)};
  Batch batch;
  batch.labels = torch::tensor({0, 1}, torch::kInt64);
  batch.other_labels = torch::tensor({1, 1}, torch::kInt64);
  batch.own_share = torch::tensor({0.75, 1.0}, torch::kFloat64);
  const double mixed = -0.75 * std::log(0.75) - 0.25 * std::log(0.25);
  EXPECT_NEAR(ClassificationObjective(0).loss(output, batch, {}).item<double>(), (mixed - std::log(0.25)) / 2, 1e-12);
}

/// Images of two classes, each with probabilities 3/4 and 1/4.
double weighted_loss_of(double smoothing, const std::vector<std::int64_t>& labels, std::vector<double> class_weights) {
  const auto images = static_cast<std::int64_t>(labels.size());
  const ModelOutput output{torch::tensor({{std::log(3.0), 0.0}}, torch::kFloat64).repeat({images, 1})};
  Batch batch;
  batch.labels = torch::tensor(labels, torch::kInt64);
  return ClassificationObjective(smoothing, std::move(class_weights)).loss(output, batch, {}).item<double>();
}

/// Float64 logits of five classes.
torch::Tensor weighted_logits(std::int64_t images) {
  return torch::sin(torch::arange(images * 5, torch::kFloat64) * 1.7).view({images, 5}) * 3;
}

/// Labels 0, 1, 2, ...; mixed with 2, 3, 4, ... when `mixed`.
Batch weighted_batch(std::int64_t images, bool mixed) {
  Batch batch;
  batch.images = torch::zeros({images, 1, 1, 1}, torch::kUInt8);
  batch.labels = torch::arange(images, torch::kInt64) % 5;
  if (mixed) {
    batch.other_labels = (batch.labels + 2) % 5;
    batch.own_share = 0.5 + 0.5 * torch::arange(images, torch::kFloat64) / images;
  }
  return batch;
}

const std::vector<double> kFiveWeights = {0.5, 2, 1, 0, 3};

TEST(ObjectiveTest, WeighsEachImageByItsClass) {
  EXPECT_NEAR(weighted_loss_of(0, {1}, {0.5, 2}), -2 * std::log(0.25), 1e-12);
  // The mean is over two images, not over the weights' sum of 2.5.
  EXPECT_NEAR(weighted_loss_of(0, {0, 1}, {0.5, 2}), (-0.5 * std::log(0.75) - 2 * std::log(0.25)) / 2, 1e-12);
  EXPECT_EQ(weighted_loss_of(0, {0, 0}, {0, 2}), 0);
}

TEST(ObjectiveTest, WeighsSmoothedTargetsByTheLabel) {
  const double smoothed = -0.1 * std::log(0.75) - 0.9 * std::log(0.25);  // smoothing 0.2 over two classes, label 1
  EXPECT_NEAR(weighted_loss_of(0.2, {1}, {0.5, 2}), 2 * smoothed, 1e-12);
}

TEST(ObjectiveTest, WeighsBothLabelsOfAMixedImage) {
  const ModelOutput output{torch::tensor({{std::log(3.0), 0.0}, {std::log(3.0), 0.0}}, torch::kFloat64)};
  Batch batch;
  batch.labels = torch::tensor({0, 1}, torch::kInt64);
  batch.other_labels = torch::tensor({1, 1}, torch::kInt64);
  batch.own_share = torch::tensor({0.75, 1.0}, torch::kFloat64);
  const double mixed = -0.75 * 0.5 * std::log(0.75) - 0.25 * 2 * std::log(0.25);
  EXPECT_NEAR(ClassificationObjective(0, {0.5, 2}).loss(output, batch, {}).item<double>(), (mixed - 2 * std::log(0.25)) / 2,
              1e-12);
}

TEST(ObjectiveTest, DoesNotWeighTheTermsOfTheContext) {
  const ModelOutput output{torch::tensor({{std::log(3.0), 0.0}}, torch::kFloat64)};
  Batch batch;
  batch.labels = torch::tensor({0}, torch::kInt64);
  ForwardContext context;
  context.losses.emplace_back("extra", torch::tensor(2.0, torch::kFloat64));
  EXPECT_NEAR(ClassificationObjective(0, {3, 1}).loss(output, batch, context).item<double>(), 2 - 3 * std::log(0.75), 1e-12);
}

TEST(ObjectiveTest, TrainsTheClassScoresOfBranchesLikeTheNetworksOwn) {
  const auto own = weighted_logits(6), branch = -0.5 * weighted_logits(6);
  for (const bool mixed : {false, true}) {
    const Batch batch = weighted_batch(6, mixed);
    const ClassificationObjective objective(0.1, kFiveWeights);
    ForwardContext context;
    context.branch_logits.emplace_back("layer3_gate", branch);
    const double sum = objective.loss({own}, batch, {}).item<double>() + objective.loss({branch}, batch, {}).item<double>();
    EXPECT_NEAR(objective.loss({own}, batch, context).item<double>(), sum, 1e-12);
  }
}

TEST(ObjectiveTest, WeightsOfOneChangeNothing) {
  for (const bool mixed : {false, true}) {
    const ModelOutput output{weighted_logits(7)};
    const Batch batch = weighted_batch(7, mixed);
    const double plain = ClassificationObjective(0.1).loss(output, batch, {}).item<double>();
    EXPECT_NEAR(ClassificationObjective(0.1, std::vector<double>(5, 1.0)).loss(output, batch, {}).item<double>(), plain,
                1e-12);
  }
}

TEST(ObjectiveTest, WithoutWeightsIsTorchsOwnMeanBitByBit) {
  // Many float32 losses: another order of summation would show.
  const ModelOutput output{weighted_logits(1001).to(torch::kFloat32)};
  const Batch batch = weighted_batch(1001, false);
  for (const double smoothing : {0.0, 0.1}) {
    const auto expected = torch::nn::functional::cross_entropy(
        output.logits, batch.labels, torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(smoothing));
    EXPECT_TRUE(torch::equal(ClassificationObjective(smoothing).loss(output, batch, {}), expected));
  }
}

TEST(ObjectiveTest, WeightsTakeTheTypeOfTheLogits) {
  const ModelOutput output{weighted_logits(3).to(torch::kFloat32)};
  EXPECT_EQ(ClassificationObjective(0, kFiveWeights).loss(output, weighted_batch(3, false), {}).dtype(), torch::kFloat32);
}

TEST(ObjectiveTest, GradientOfWeightedLossesMatches) {
  for (const bool mixed : {false, true}) {
    SCOPED_TRACE(mixed ? "mixed" : "not mixed");
    const auto logits = weighted_logits(6).requires_grad_();
    const Batch batch = weighted_batch(6, mixed);
    const ClassificationObjective objective(0.1, kFiveWeights);
    expect_gradients_match([&] { return objective.loss({logits}, batch, {}); }, {{"logits", logits}});
  }
}

TEST(ObjectiveTest, PartsOfAWeightedBatchAddUp) {
  const ClassificationObjective objective(0.1, kFiveWeights);
  for (const bool mixed : {false, true}) {
    const auto logits = weighted_logits(10);
    const Batch batch = weighted_batch(10, mixed);
    double sum = 0;
    for (const auto& [begin, end] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {3, 4}, {4, 10}}) {
      const double mean = objective.loss({logits.slice(0, begin, end)}, batch.slice(begin, end), {}).item<double>();
      sum += mean * static_cast<double>(end - begin);
    }
    EXPECT_NEAR(objective.loss({logits}, batch, {}).item<double>(), sum / 10, 1e-12);
  }
}

TEST(ObjectiveTest, RefusesWeightsOfOtherClasses) {
  EXPECT_THAT(
      [] {
        weighted_loss_of(0, {0, 1}, {1, 1, 1});
      },
      ThrowsMessage<ShapeError>(StrEq("ClassificationObjective: expected logits of 3 classes, one per weight, got 2")));
  EXPECT_THROW(weighted_loss_of(0, {0}, {1}), ShapeError);
}

}  // namespace
}  // namespace fovea
