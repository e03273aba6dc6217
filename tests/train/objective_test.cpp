#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/train/objective.h>

namespace fovea {
namespace {

/// Draws its logits, and leaves a term and a branch's logits in the context.
struct DrawingNet final : Classifier {
  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    policy = context.policy;
    RandomStream& random = context.random;
    const auto draw = [&] { return random.normal(); };
    const std::int64_t images = batch.size();
    logits = torch::tensor({draw(), draw()}, torch::kFloat64).expand({images, 2});
    branch = torch::tensor({draw(), draw()}, torch::kFloat64).expand({images, 2});
    context.branch_logits.emplace_back("branch", branch);
    context.losses.emplace_back("extra", torch::tensor(2.0, torch::kFloat64));
    return {logits};
  }
  PolicyMode policy = PolicyMode::mean;
  torch::Tensor logits, branch;
};

TEST(ObjectiveTest, ClassificationCountsEverythingOfOnePassWithItsRandomStream) {
  DrawingNet network;
  Batch batch;
  batch.images = torch::zeros({3, 1, 1, 1}, torch::kUInt8);
  batch.labels = torch::tensor({0, 1, 1}, torch::kInt64);
  const ClassLoss class_loss(0.1);
  RandomStream random(1, Purpose::test);
  const Loss loss = ClassificationObjective(class_loss).loss(network, batch, {}, random);
  EXPECT_EQ(network.policy, PolicyMode::sample);
  EXPECT_EQ(network.logits[0][0].item<double>(), random.normal());
  EXPECT_TRUE(torch::equal(loss.logits, network.logits));
  const Targets targets(batch);
  const auto expected = class_loss.mean(network.logits, targets) + class_loss.mean(network.branch, targets) + 2;
  EXPECT_NEAR(loss.total.item<double>(), expected.item<double>(), 1e-12);
  EXPECT_TRUE(loss.parts.empty());
}

}  // namespace
}  // namespace fovea
