#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/train/class_loss.h>

#include "gradient_check.h"

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// The mean over the images, with the terms of the context.
torch::Tensor loss_with_terms(const ClassLoss& loss, const torch::Tensor& logits, const Batch& batch,
                              const ForwardContext& context) {
  const Targets targets(batch);
  return loss.with_terms_of(context, targets, loss.mean(logits, targets));
}

double loss_of(double smoothing, const ForwardContext& context = {}) {
  // Two classes with logits log 3 and 0: probabilities 3/4 and 1/4.
  const auto logits = torch::tensor({{std::log(3.0), 0.0}}, torch::kFloat64);
  Batch batch;
  batch.labels = torch::tensor({0}, torch::kInt64);
  return loss_with_terms(ClassLoss(smoothing), logits, batch, context).item<double>();
}

TEST(ClassLossTest, IsCrossEntropy) {
  EXPECT_NEAR(loss_of(0), -std::log(0.75), 1e-12);
}

TEST(ClassLossTest, LabelSmoothingSpreadsTheTarget) {
  // Target (0.9, 0.1) with smoothing 0.2 over two classes.
  EXPECT_NEAR(loss_of(0.2), -0.9 * std::log(0.75) - 0.1 * std::log(0.25), 1e-12);
}

TEST(ClassLossTest, AddsTheTermsOfTheContext) {
  ForwardContext context;
  context.losses.emplace_back("extra", torch::tensor(2.0, torch::kFloat64));
  EXPECT_NEAR(loss_of(0, context), 2 - std::log(0.75), 1e-12);
}

TEST(ClassLossTest, WeighsTheLabelsOfMixedImages) {
  const auto logits = torch::tensor({{std::log(3.0), 0.0}, {std::log(3.0), 0.0}}, torch::kFloat64);
  Batch batch;
  batch.labels = torch::tensor({0, 1}, torch::kInt64);
  batch.other_labels = torch::tensor({1, 1}, torch::kInt64);
  batch.lambda = torch::tensor({0.75, 1.0}, torch::kFloat64);
  const double mixed = -0.75 * std::log(0.75) - 0.25 * std::log(0.25);
  EXPECT_NEAR(ClassLoss(0).mean(logits, Targets(batch)).item<double>(), (mixed - std::log(0.25)) / 2, 1e-12);
}

/// Images of two classes, each with probabilities 3/4 and 1/4.
double weighted_loss_of(double smoothing, const std::vector<std::int64_t>& labels, std::vector<double> class_weights) {
  const auto images = static_cast<std::int64_t>(labels.size());
  const auto logits = torch::tensor({{std::log(3.0), 0.0}}, torch::kFloat64).repeat({images, 1});
  Batch batch;
  batch.labels = torch::tensor(labels, torch::kInt64);
  return ClassLoss(smoothing, std::move(class_weights)).mean(logits, Targets(batch)).item<double>();
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
    batch.lambda = 0.5 + 0.5 * torch::arange(images, torch::kFloat64) / images;
  }
  return batch;
}

const std::vector<double> kFiveWeights = {0.5, 2, 1, 0, 3};

TEST(ClassLossTest, WeighsEachImageByItsClass) {
  EXPECT_NEAR(weighted_loss_of(0, {1}, {0.5, 2}), -2 * std::log(0.25), 1e-12);
  // The mean is over two images, not over the weights' sum of 2.5.
  EXPECT_NEAR(weighted_loss_of(0, {0, 1}, {0.5, 2}), (-0.5 * std::log(0.75) - 2 * std::log(0.25)) / 2, 1e-12);
  EXPECT_EQ(weighted_loss_of(0, {0, 0}, {0, 2}), 0);
}

TEST(ClassLossTest, WeighsSmoothedTargetsByTheLabel) {
  const double smoothed = -0.1 * std::log(0.75) - 0.9 * std::log(0.25);  // smoothing 0.2 over two classes, label 1
  EXPECT_NEAR(weighted_loss_of(0.2, {1}, {0.5, 2}), 2 * smoothed, 1e-12);
}

TEST(ClassLossTest, WeighsBothLabelsOfAMixedImage) {
  const auto logits = torch::tensor({{std::log(3.0), 0.0}, {std::log(3.0), 0.0}}, torch::kFloat64);
  Batch batch;
  batch.labels = torch::tensor({0, 1}, torch::kInt64);
  batch.other_labels = torch::tensor({1, 1}, torch::kInt64);
  batch.lambda = torch::tensor({0.75, 1.0}, torch::kFloat64);
  const double mixed = -0.75 * 0.5 * std::log(0.75) - 0.25 * 2 * std::log(0.25);
  EXPECT_NEAR(ClassLoss(0, {0.5, 2}).mean(logits, Targets(batch)).item<double>(), (mixed - 2 * std::log(0.25)) / 2, 1e-12);
}

TEST(ClassLossTest, DoesNotWeighTheTermsOfTheContext) {
  const auto logits = torch::tensor({{std::log(3.0), 0.0}}, torch::kFloat64);
  Batch batch;
  batch.labels = torch::tensor({0}, torch::kInt64);
  ForwardContext context;
  context.losses.emplace_back("extra", torch::tensor(2.0, torch::kFloat64));
  EXPECT_NEAR(loss_with_terms(ClassLoss(0, {3, 1}), logits, batch, context).item<double>(), 2 - 3 * std::log(0.75), 1e-12);
}

TEST(ClassLossTest, TrainsTheClassScoresOfBranchesLikeTheNetworksOwn) {
  const auto own = weighted_logits(6), branch = -0.5 * weighted_logits(6);
  for (const bool mixed : {false, true}) {
    const Batch batch = weighted_batch(6, mixed);
    const ClassLoss loss(0.1, kFiveWeights);
    ForwardContext context;
    context.branch_logits.emplace_back("layer3_gate", branch);
    const double sum = loss.mean(own, Targets(batch)).item<double>() + loss.mean(branch, Targets(batch)).item<double>();
    EXPECT_NEAR(loss_with_terms(loss, own, batch, context).item<double>(), sum, 1e-12);
  }
}

TEST(ClassLossTest, WeightsOfOneChangeNothing) {
  for (const bool mixed : {false, true}) {
    const auto logits = weighted_logits(7);
    const Batch batch = weighted_batch(7, mixed);
    const double plain = ClassLoss(0.1).mean(logits, Targets(batch)).item<double>();
    EXPECT_NEAR(ClassLoss(0.1, std::vector<double>(5, 1.0)).mean(logits, Targets(batch)).item<double>(), plain, 1e-12);
  }
}

TEST(ClassLossTest, WithoutWeightsIsTorchsOwnMeanBitByBit) {
  // Many float32 losses: another order of summation would show.
  const auto logits = weighted_logits(1001).to(torch::kFloat32);
  const Batch batch = weighted_batch(1001, false);
  for (const double smoothing : {0.0, 0.1}) {
    const auto expected = torch::nn::functional::cross_entropy(
        logits, batch.labels, torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(smoothing));
    EXPECT_TRUE(torch::equal(ClassLoss(smoothing).mean(logits, Targets(batch)), expected));
  }
}

TEST(ClassLossTest, WeightsTakeTheTypeOfTheLogits) {
  const auto logits = weighted_logits(3).to(torch::kFloat32);
  EXPECT_EQ(ClassLoss(0, kFiveWeights).mean(logits, Targets(weighted_batch(3, false))).dtype(), torch::kFloat32);
}

TEST(ClassLossTest, GradientOfWeightedLossesMatches) {
  for (const bool mixed : {false, true}) {
    SCOPED_TRACE(mixed ? "mixed" : "not mixed");
    const auto logits = weighted_logits(6).requires_grad_();
    const Batch batch = weighted_batch(6, mixed);
    const ClassLoss loss(0.1, kFiveWeights);
    expect_gradients_match([&] { return loss.mean(logits, Targets(batch)); }, {{"logits", logits}});
  }
}

TEST(ClassLossTest, PartsOfAWeightedBatchAddUp) {
  const ClassLoss loss(0.1, kFiveWeights);
  for (const bool mixed : {false, true}) {
    const auto logits = weighted_logits(10);
    const Batch batch = weighted_batch(10, mixed);
    double sum = 0;
    for (const auto& [begin, end] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {3, 4}, {4, 10}}) {
      const double mean = loss.mean(logits.slice(0, begin, end), Targets(batch.slice(begin, end))).item<double>();
      sum += mean * static_cast<double>(end - begin);
    }
    EXPECT_NEAR(loss.mean(logits, Targets(batch)).item<double>(), sum / 10, 1e-12);
  }
}

TEST(ClassLossTest, RefusesWeightsOfOtherClasses) {
  EXPECT_THAT(
      [] {
        weighted_loss_of(0, {0, 1}, {1, 1, 1});
      },
      ThrowsMessage<ShapeError>(StrEq("ClassLoss: expected logits of 3 classes, one per weight, got 2")));
  EXPECT_THROW(weighted_loss_of(0, {0}, {1}), ShapeError);
}

TEST(ClassLossTest, RowsAverageToTheMean) {
  for (const bool mixed : {false, true}) {
    const auto logits = weighted_logits(7);
    const Targets targets(weighted_batch(7, mixed));
    const ClassLoss loss(0.1, kFiveWeights);
    EXPECT_NEAR(loss.rows(logits, targets).mean().item<double>(), loss.mean(logits, targets).item<double>(), 1e-12);
  }
}

TEST(ClassLossTest, RepeatedTargetsStayTogether) {
  Batch batch;
  batch.labels = torch::tensor({3, 1}, torch::kInt64);
  const Targets plain = Targets(batch).repeated(3);
  EXPECT_TRUE(torch::equal(plain.labels, torch::tensor({3, 3, 3, 1, 1, 1}, torch::kInt64)));
  EXPECT_FALSE(plain.other_labels.defined());
  batch.other_labels = torch::tensor({0, 2}, torch::kInt64);
  batch.lambda = torch::tensor({0.5, 0.75});
  const Targets mixed = Targets(batch).repeated(2);
  EXPECT_TRUE(torch::equal(mixed.other_labels, torch::tensor({0, 0, 2, 2}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(mixed.lambda, torch::tensor({0.5, 0.5, 0.75, 0.75})));
}

}  // namespace
}  // namespace fovea
