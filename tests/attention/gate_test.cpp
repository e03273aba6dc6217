#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/squeeze_excitation.h>
#include <fovea/attention/convolution_norm.h>
#include <fovea/attention/gate.h>
#include <fovea/nn/initialise.h>

#include "gradient_check.h"
#include "twin_check.h"

namespace fovea {
namespace {

/// Halves features; its own end of a block adds 100, to be told from the general one.
struct FusedGate final : Gate {
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return features * 0.5; }
  torch::Tensor join(const torch::Tensor& features, const torch::Tensor& residual, Activation activation,
                     ForwardContext& context) override {
    return Gate::join(features, residual, activation, context) + 100;
  }
};

const auto kBranch = torch::tensor({2.0, -8.0, 4.0, 6.0}, torch::kFloat64).view({2, 1, 1, 2});
const auto kResidual = torch::tensor({1.0, 3.0, -1.0, 5.0}, torch::kFloat64).view({2, 1, 1, 2});
const auto kKeepSecond = torch::tensor({0.0, 2.0}, torch::kFloat64).view({2, 1, 1, 1});

torch::Tensor joined(const ResidualJoin& end, Activation activation, const torch::Tensor& mask = {}) {
  ForwardContext context;
  return end.join(kBranch, kResidual, activation, context, mask).flatten();
}

TEST(GateTest, InitialisedAgainItIsTheIdentityAgain) {
  FusedGate gate;
  gate.start_as_identity();
  torch::Tensor gain = gate.named_parameters()["identity_gain"];
  {
    const torch::NoGradGuard no_grad;
    gain.fill_(0.5);
  }
  initialise(gate, 1);
  EXPECT_EQ(gain.item<float>(), 0.0F);
}

/// Gate that is the identity from its constructor on.
struct BornIdentityGate final : Gate {
  BornIdentityGate() { start_as_identity(); }
  torch::Tensor attend(const torch::Tensor& features, ForwardContext&) override { return features * 0.5; }
  std::shared_ptr<torch::nn::Module> rebuilt() const override { return std::make_shared<BornIdentityGate>(); }
};

/// A program's own module, which makes its gate the identity whenever it is built.
struct IdentityGateOwner final : torch::nn::Cloneable<IdentityGateOwner> {
  IdentityGateOwner() { IdentityGateOwner::reset(); }
  void reset() override {
    gate = register_module("gate", std::make_shared<SqueezeExcitationImpl>(4));
    gate->start_as_identity();
  }
  std::shared_ptr<SqueezeExcitationImpl> gate;
};

void set_identity_gain(Gate& gate, double gain) {
  const torch::NoGradGuard no_grad;
  gate.named_parameters()["identity_gain"].fill_(gain);
}

TEST(GateTest, ThatIsTheIdentityFromItsConstructorOnIsCloned) {
  BornIdentityGate gate;
  set_identity_gain(gate, 0.25);
  expect_clone(gate);
  IdentityGateOwner owner;
  set_identity_gain(*owner.gate, 0.25);
  expect_clone(owner);
}

TEST(GateTest, StartsAsTheIdentityOnce) {
  FusedGate gate;
  gate.start_as_identity();
  set_identity_gain(gate, 0.25);
  gate.start_as_identity();
  EXPECT_EQ(gate.named_parameters()["identity_gain"].item<float>(), 0.25F);
}

TEST(ResidualJoinTest, WithoutFactorsTheGateJoinsByItself) {
  const ResidualJoin end(std::make_shared<FusedGate>());
  EXPECT_TRUE(torch::equal(joined(end, Activation::none), torch::tensor({102.0, 99.0, 101.0, 108.0}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(joined(end, Activation::relu), torch::tensor({102.0, 100.0, 101.0, 108.0}, torch::kFloat64)));
}

TEST(ResidualJoinTest, FactorsScaleWhatTheGateLeaves) {
  const ResidualJoin end(std::make_shared<FusedGate>());
  const auto sum = torch::tensor({1.0, 3.0, 3.0, 11.0}, torch::kFloat64);  // the first image's branch is left out
  EXPECT_TRUE(torch::equal(joined(end, Activation::none, kKeepSecond), sum));
  const auto none_kept = torch::zeros({2, 1, 1, 1}, torch::kFloat64);
  EXPECT_TRUE(torch::equal(joined(end, Activation::relu, none_kept), torch::relu(kResidual.flatten())));
}

TEST(ResidualJoinTest, WithoutAGateTheBranchIsAddedAsItIs) {
  const ResidualJoin end;
  EXPECT_TRUE(torch::equal(joined(end, Activation::none), torch::tensor({3.0, -5.0, 3.0, 11.0}, torch::kFloat64)));
  EXPECT_TRUE(torch::equal(joined(end, Activation::relu), torch::tensor({3.0, 0.0, 3.0, 11.0}, torch::kFloat64)));
  EXPECT_TRUE(
      torch::equal(joined(end, Activation::none, kKeepSecond), torch::tensor({1.0, 3.0, 7.0, 17.0}, torch::kFloat64)));
}

TEST(ResidualJoinTest, GradientsWithFactorsMatchDifferences) {
  const ResidualJoin end(std::make_shared<FusedGate>());
  auto branch = torch::empty({2, 3, 2, 2}, torch::kFloat64);
  auto residual = torch::empty({2, 3, 2, 2}, torch::kFloat64);
  fill_normal(branch, RandomStream(1, Purpose::test), 1.0);
  fill_normal(residual, RandomStream(2, Purpose::test), 1.0);
  branch.requires_grad_();
  residual.requires_grad_();
  ForwardContext context;
  expect_gradients_match([&] { return end.join(branch, residual, Activation::relu, context, kKeepSecond); },
                         {{"branch", branch}, {"residual", residual}});
}

TEST(GateChainTest, IsClonedWithItsGates) {
  const auto first = std::make_shared<SqueezeExcitationImpl>(4), second = std::make_shared<SqueezeExcitationImpl>(4);
  second->start_as_identity();
  GateChainImpl chain({first, second});
  expect_clone(chain);
  const auto features = torch::ones({1, 4, 2, 2});
  EXPECT_TRUE(torch::equal(std::dynamic_pointer_cast<Gate>(chain.clone())->forward(features), chain.forward(features)));
}

TEST(ConvolutionNormTest, IsCloned) {
  const ConvolutionNormImpl layer(torch::nn::Conv2dOptions(2, 4, 3).stride(2).padding(1).groups(2), /*momentum=*/0.01);
  expect_clone(layer);
  EXPECT_EQ(std::dynamic_pointer_cast<ConvolutionNormImpl>(layer.clone())->forward(torch::ones({2, 2, 5, 4})).sizes(),
            (std::vector<std::int64_t>{2, 4, 3, 2}));
}

}  // namespace
}  // namespace fovea
