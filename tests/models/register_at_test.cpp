#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/models/internal/register_at.h>

namespace fovea {
namespace {

using testing::ElementsAre;

TEST(RegisterAtTest, LevelsBetweenAreMadeOnce) {
  torch::nn::Module root;
  const auto first = register_at(root, "features.0.0", torch::nn::Linear(2, 3));
  register_at(root, "features.0.1", torch::nn::Linear(3, 4));
  register_at(root, "fc", torch::nn::Linear(4, 5));
  EXPECT_THAT(root.named_parameters().keys(), ElementsAre("features.0.0.weight", "features.0.0.bias", "features.0.1.weight",
                                                          "features.0.1.bias", "fc.weight", "fc.bias"));
  EXPECT_EQ(&module_at(root, "features.0.0"), first.get());
  EXPECT_EQ(&module_at(root, ""), &root);
}

TEST(RegisterAtTest, LevelsPassTrainingOn) {
  torch::nn::Module root;
  const auto norm = register_at(root, "a.b.c", torch::nn::BatchNorm2d(2));
  root.eval();
  EXPECT_FALSE(norm->is_training());
}

}  // namespace
}  // namespace fovea
