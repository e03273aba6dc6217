#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/config/config_node.h>
#include <fovea/train/optimizer.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

/// One weight (2-D, so it decays) and one bias (1-D, so it does not), both starting at 1.
struct TwoParameters : torch::nn::Module {
  torch::Tensor weight = register_parameter("weight", torch::ones({1, 1}, torch::kFloat64));
  torch::Tensor bias = register_parameter("bias", torch::ones({1}, torch::kFloat64));

  std::vector<TrainedParameter> trained(double bias_rate = 1) { return {{"weight", weight, 1}, {"bias", bias, bias_rate}}; }

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
  Optimizer optimizer(*field, network.trained());
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
  Optimizer optimizer(*field, network.trained());
  network.set_gradients(3);
  optimizer.step(1);
  // The first Adam step is the learning rate times the gradient's sign; decay multiplies by 1 - 0.1 * 0.5 before.
  EXPECT_NEAR(network.weight.item<double>(), 0.95 - 0.1, 1e-9);
  EXPECT_NEAR(network.bias.item<double>(), 1 - 0.1, 1e-9);
}

TEST(OptimizerTest, RmspropByHand) {
  TwoParameters network;
  const auto field = read_optimizer("{name: rmsprop, learning_rate: 0.1, alpha: 0.75, weight_decay: 0.5, epsilon: 1e-12}");
  Optimizer optimizer(*field, network.trained());
  network.set_gradients(3);
  optimizer.step(1);
  // The mean square of gradients g is 0.25 g^2, its root g / 2: the first step is twice the learning rate.
  EXPECT_NEAR(network.weight.item<double>(), 1 - 0.2, 1e-9);
  EXPECT_NEAR(network.bias.item<double>(), 1 - 0.2, 1e-9);
  network.set_gradients(1);
  optimizer.step(1);
  // Bias: mean square 0.75 * 2.25 + 0.25 * 1 = 1.9375. Weight: its gradient is 1 + 0.5 * 0.8 = 1.4, after one of 3.5:
  // 0.75 * 0.25 * 12.25 + 0.25 * 1.96 = 2.786875.
  EXPECT_NEAR(network.bias.item<double>(), 0.8 - 0.1 / std::sqrt(1.9375), 1e-9);
  EXPECT_NEAR(network.weight.item<double>(), 0.8 - 0.1 * 1.4 / std::sqrt(2.786875), 1e-9);
}

TEST(OptimizerTest, CenteredRmspropDividesByTheStandardDeviation) {
  TwoParameters network;
  const auto field = read_optimizer("{name: rmsprop, learning_rate: 0.1, alpha: 0.5, centered: true, epsilon: 1e-12}");
  Optimizer optimizer(*field, network.trained());
  network.set_gradients(2);
  optimizer.step(1);
  EXPECT_NEAR(network.bias.item<double>(), 1 - 0.1 * 2 / std::sqrt(0.5 * 4 - 1), 1e-9);  // mean square 2, mean 1
}

TEST(OptimizerTest, AParameterHasARateOfItsOwn) {
  for (const char* yaml : {"{name: sgd, learning_rate: 0.1}", "{name: adamw, learning_rate: 0.1, epsilon: 1e-12}"}) {
    TwoParameters network;
    const auto field = read_optimizer(yaml);
    Optimizer plain(*field, network.trained());
    network.set_gradients(1);
    plain.step(1);
    const double step = 1 - network.bias.item<double>();
    TwoParameters slower;
    Optimizer optimizer(*field, slower.trained(/*bias_rate=*/0.25));
    slower.set_gradients(1);
    optimizer.step(1);
    EXPECT_NEAR(1 - slower.bias.item<double>(), 0.25 * step, 1e-12) << yaml;
    EXPECT_EQ(slower.weight.item<double>(), network.weight.item<double>()) << yaml;
  }
}

TEST(OptimizerTest, AParameterWithoutGradientStaysAndIsNotSaved) {
  TwoParameters network;
  const auto field = read_optimizer("sgd");
  Optimizer optimizer(*field, network.trained());
  network.bias.mutable_grad() = torch::ones_like(network.bias);
  optimizer.step(1);
  EXPECT_EQ(network.weight.item<double>(), 1);
  EXPECT_NE(network.bias.item<double>(), 1);
  const NamedTensors state = optimizer.state();
  EXPECT_EQ(state.size(), 1U);
  EXPECT_TRUE(state.contains("bias.momentum"));
  TwoParameters other;
  Optimizer resumed(*field, other.trained());
  resumed.load_state(state, "test");
  EXPECT_EQ(resumed.state().size(), 1U);
}

TEST(OptimizerTest, DecayOfNormsAndBiasesIsAnOption) {
  TwoParameters network;
  const auto field = read_optimizer(
      "{name: sgd, learning_rate: 1, momentum: 0, nesterov: false, weight_decay: 0.1, "
      "decay_norms_and_biases: true}");
  Optimizer optimizer(*field, network.trained());
  network.set_gradients(0);
  optimizer.step(1);
  EXPECT_NEAR(network.bias.item<double>(), 0.9, 1e-12);
}

TEST(OptimizerTest, NesterovWithoutMomentumIsRefused) {
  TwoParameters network;
  const auto field = read_optimizer("{name: sgd, momentum: 0}");
  EXPECT_THROW(Optimizer(*field, network.trained()), InputError);
}

TEST(OptimizerTest, MomentumIsUnknownToAdamw) {
  EXPECT_THROW(read_optimizer("{name: adamw, momentum: 0.9}"), InputError);
}

TEST(OptimizerTest, GoesOnFromASavedStateAsIfNeverStopped) {
  for (const char* yaml : {"sgd", "adamw", "rmsprop", "{name: rmsprop, momentum: 0.5, centered: true}"}) {
    const auto field = read_optimizer(yaml);
    TwoParameters straight;
    Optimizer optimizer(*field, straight.trained());
    straight.set_gradients(1);
    optimizer.step(1);
    NamedTensors saved;
    for (const auto& [name, tensor] : optimizer.state()) saved.emplace(name, tensor.clone());
    TwoParameters resumed;
    load_state_dict(resumed, copy_state(straight), "test");
    Optimizer other(*field, resumed.trained());
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
  Optimizer optimizer(*field, network.trained());
  EXPECT_THROW(optimizer.load_state({{"weight.momentum", torch::ones({2, 2})}}, "file"), InputError);
  EXPECT_THROW(optimizer.load_state({{"other.momentum", torch::ones({1})}}, "file"), InputError);
}

}  // namespace
}  // namespace fovea
