// The mode of a network, which evaluation sets for a while.

#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/evaluation_mode.h>

namespace fovea {
namespace {

/// Counts how often its mode is set.
struct Watched final : torch::nn::Module {
  void train(bool on) override {
    ++changes;
    torch::nn::Module::train(on);
  }
  int changes = 0;
};

TEST(EvaluationModeTest, OnlyReadsANetworkThatIsInEvaluationMode) {
  torch::nn::Sequential network(torch::nn::Linear(2, 2));
  const auto watched = network->register_module("watched", std::make_shared<Watched>());
  network->eval();
  const int before = watched->changes;
  { const EvaluationMode mode(*network); }
  EXPECT_EQ(watched->changes, before);
}

TEST(EvaluationModeTest, RestoresAMixedNetwork) {
  torch::nn::Sequential network(torch::nn::Linear(2, 2), torch::nn::Dropout());
  network->eval();
  network[1]->as<torch::nn::DropoutImpl>()->train();
  {
    const EvaluationMode mode(*network);
    EXPECT_FALSE(network[1]->is_training());
  }
  EXPECT_FALSE(network->is_training());
  EXPECT_FALSE(network[0]->is_training());
  EXPECT_TRUE(network[1]->is_training());
}

}  // namespace
}  // namespace fovea
