#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/state_dict.h>
#include <fovea/train/optimizer.h>

namespace fovea {
namespace {

/// One weight (2-D, so it decays) and one bias (1-D, so it does not), both starting at 1.
struct TwoParameters : torch::nn::Module {
  torch::Tensor weight = register_parameter("weight", torch::ones({1, 1}, torch::kFloat64));
  torch::Tensor bias = register_parameter("bias", torch::ones({1}, torch::kFloat64));

  void set_gradients(double value) {
    weight.mutable_grad() = torch::full_like(weight, value);
    bias.mutable_grad() = torch::full_like(bias, value);
  }
};

NamedOptions<OptimizerOptions> read_optimizer(const std::string& yaml) {
  auto field = optimizer_field();
  field.read(parse_yaml(yaml, "test"), "train.optimizer");
  return field;
}

TEST(OptimizerTest, SgdWithNesterovByHand) {
  TwoParameters network;
  const auto field = read_optimizer("{name: sgd, learning_rate: 0.1, momentum: 0.5, weight_decay: 0.2}");
  Optimizer optimizer(*field, network);
  network.set_gradients(1);
  optimizer.step(1);
  // Weight: d = 1 + 0.2 * 1 = 1.2, buffer 1.2, step 0.1 * (1.2 + 0.5 * 1.2). Bias without decay: 0.1 * (1 + 0.5).
  EXPECT_NEAR(network.weight.item<double>(), 1 - 0.18, 1e-12);
  EXPECT_NEAR(network.bias.item<double>(), 1 - 0.15, 1e-12);
  network.set_gradients(1);
  optimizer.step(0.5);
  // Bias: buffer 0.5 * 1 + 1 = 1.5, step 0.05 * (1 + 0.5 * 1.5).
  EXPECT_NEAR(network.bias.item<double>(), 0.85 - 0.0875, 1e-12);
}

TEST(OptimizerTest, AdamwDecaysApartFromTheGradient) {
  TwoParameters network;
  const auto field = read_optimizer("{name: adamw, learning_rate: 0.1, weight_decay: 0.5, epsilon: 1e-12}");
  Optimizer optimizer(*field, network);
  network.set_gradients(3);
  optimizer.step(1);
  // The first Adam step is the learning rate times the gradient's sign; decay multiplies by 1 - 0.1 * 0.5 before.
  EXPECT_NEAR(network.weight.item<double>(), 0.95 - 0.1, 1e-9);
  EXPECT_NEAR(network.bias.item<double>(), 1 - 0.1, 1e-9);
}

TEST(OptimizerTest, DecayOfNormsAndBiasesIsAnOption) {
  TwoParameters network;
  const auto field = read_optimizer(
      "{name: sgd, learning_rate: 1, momentum: 0, nesterov: false, weight_decay: 0.1, "
      "decay_norms_and_biases: true}");
  Optimizer optimizer(*field, network);
  network.set_gradients(0);
  optimizer.step(1);
  EXPECT_NEAR(network.bias.item<double>(), 0.9, 1e-12);
}

TEST(OptimizerTest, NesterovWithoutMomentumIsRefused) {
  TwoParameters network;
  const auto field = read_optimizer("{name: sgd, momentum: 0}");
  EXPECT_THROW(Optimizer(*field, network), InputError);
}

TEST(OptimizerTest, MomentumIsUnknownToAdamw) {
  EXPECT_THROW(read_optimizer("{name: adamw, momentum: 0.9}"), InputError);
}

TEST(OptimizerTest, GoesOnFromASavedStateAsIfNeverStopped) {
  for (const char* yaml : {"sgd", "adamw"}) {
    const auto field = read_optimizer(yaml);
    TwoParameters straight;
    Optimizer optimizer(*field, straight);
    straight.set_gradients(1);
    optimizer.step(1);
    NamedTensors saved;
    for (const auto& [name, tensor] : optimizer.state()) saved.emplace(name, tensor.clone());
    TwoParameters resumed;
    load_state_dict(resumed, copy_state(straight), "test");
    Optimizer other(*field, resumed);
    other.load_state(saved, "test");
    for (const double gradient : {0.3, -2.0}) {
      straight.set_gradients(gradient);
      optimizer.step(1);
      resumed.set_gradients(gradient);
      other.step(1);
    }
    EXPECT_TRUE(torch::equal(straight.weight, resumed.weight)) << yaml;
    EXPECT_TRUE(torch::equal(straight.bias, resumed.bias)) << yaml;
  }
}

TEST(OptimizerTest, RefusesAForeignState) {
  TwoParameters network;
  const auto field = read_optimizer("sgd");
  Optimizer optimizer(*field, network);
  EXPECT_THROW(optimizer.load_state({{"weight.momentum", torch::ones({2, 2})}}, "file"), InputError);
  EXPECT_THROW(optimizer.load_state({{"other.momentum", torch::ones({1})}}, "file"), InputError);
}

}  // namespace
}  // namespace fovea
