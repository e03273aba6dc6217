#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/train/objective.h>

namespace fovea {
namespace {

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

}  // namespace
}  // namespace fovea
