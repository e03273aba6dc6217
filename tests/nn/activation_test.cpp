#include <algorithm>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/nn/activation.h>

namespace fovea {
namespace {

struct ActivationCase {
  const char* name;
  Activation activation;
  std::function<double(double)> formula;
};

double logistic(double x) {
  return 1 / (1 + std::exp(-x));
}

double clipped(double x, double low, double high) {
  return std::min(std::max(x, low), high);
}

const double kPi = std::acos(-1.0);

const ActivationCase kActivations[] = {
    {"none", Activation::none, [](double x) { return x; }},
    {"relu", Activation::relu, [](double x) { return std::max(x, 0.0); }},
    {"relu6", Activation::relu6, [](double x) { return clipped(x, 0, 6); }},
    {"leaky_relu", Activation::leaky_relu, [](double x) { return x > 0 ? x : 0.01 * x; }},
    {"elu", Activation::elu, [](double x) { return x > 0 ? x : std::exp(x) - 1; }},
    {"selu", Activation::selu,
     [](double x) { return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (std::exp(x) - 1)); }},
    {"silu", Activation::silu, [](double x) { return x * logistic(x); }},
    {"mish", Activation::mish, [](double x) { return x * std::tanh(std::log(1 + std::exp(x))); }},
    {"hard_mish", Activation::hard_mish, [](double x) { return 0.5 * x * clipped(x + 2, 0, 2); }},
    {"gelu", Activation::gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
    {"gelu_tanh", Activation::gelu_tanh,
     [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / kPi) * (x + 0.044715 * x * x * x))); }},
    {"quick_gelu", Activation::quick_gelu, [](double x) { return x * logistic(1.702 * x); }},
    {"hard_swish", Activation::hard_swish, [](double x) { return x * clipped(x + 3, 0, 6) / 6; }},
    {"hard_sigmoid", Activation::hard_sigmoid, [](double x) { return clipped(x + 3, 0, 6) / 6; }},
    {"softplus", Activation::softplus, [](double x) { return std::log(1 + std::exp(x)); }},
    {"tanh", Activation::tanh, [](double x) { return std::tanh(x); }},
    {"sigmoid", Activation::sigmoid, logistic},
};

TEST(ActivationTest, EveryOneIsItsFormula) {
  for (const ActivationCase& expected : kActivations) {
    for (const double x : {-7.0, -2.5, -1.0, -0.3, 0.0, 0.4, 1.0, 2.5, 7.0}) {
      const auto got = apply_activation(torch::full({1}, x, torch::kFloat64), expected.activation);
      EXPECT_NEAR(got.item<double>(), expected.formula(x), 1e-12) << expected.name << " of " << x;
    }
  }
}

TEST(ActivationTest, GatesLieBetweenZeroAndOne) {
  const auto scores = torch::tensor({-7.0, 0.0, 1.5, 7.0}, torch::kFloat64);
  EXPECT_TRUE(torch::allclose(gate_values(scores, GateFunction::hard_sigmoid),
                              torch::tensor({0.0, 0.5, 0.75, 1.0}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(gate_values(scores, GateFunction::sigmoid), torch::sigmoid(scores)));
}

}  // namespace
}  // namespace fovea
