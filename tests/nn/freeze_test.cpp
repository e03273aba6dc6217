#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/evaluation_mode.h>
#include <fovea/nn/freeze.h>
#include <fovea/weights/state_dict.h>

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

/// Two linear layers, each with a norm behind it; the second norm has no parameters.
struct FreezableNet : torch::nn::Module {
  FreezableNet() {
    fc1 = register_module("fc1", torch::nn::Linear(3, 2));
    bn1 = register_module("bn1", torch::nn::BatchNorm1d(2));
    fc2 = register_module("fc2", torch::nn::Linear(2, 2));
    bn2 = register_module("bn2", torch::nn::BatchNorm1d(torch::nn::BatchNorm1dOptions(2).affine(false)));
  }
  torch::Tensor forward(const torch::Tensor& input) { return bn2(fc2(torch::relu(bn1(fc1(input))))); }
  torch::nn::Linear fc1{nullptr}, fc2{nullptr};
  torch::nn::BatchNorm1d bn1{nullptr}, bn2{nullptr};
};

torch::Tensor five_rows() {
  return torch::cos(torch::arange(15, torch::kFloat32)).view({5, 3});
}

void pass_with_gradients(FreezableNet& net) {
  (net.forward(five_rows()) * torch::arange(10, torch::kFloat32).view({5, 2})).sum().backward();
}

std::vector<std::string> names_with_gradient(const FreezableNet& net) {
  std::vector<std::string> names;
  for (const auto& item : net.named_parameters()) {
    if (item.value().grad().defined()) names.push_back(item.key());
  }
  return names;
}

/// Parameters and buffers that training would not change.
struct Frozen {
  std::vector<std::string> parameters;
  std::vector<std::string> buffers;
};

Frozen frozen_in(const FreezableNet& net) {
  Frozen frozen;
  for (const auto& item : net.named_parameters()) {
    if (!item.value().requires_grad()) frozen.parameters.push_back(item.key());
  }
  for (const auto& module : net.named_modules("", /*include_self=*/false)) {
    if (module.value()->is_training()) continue;
    for (const auto& item : module.value()->named_buffers()) frozen.buffers.push_back(module.key() + "." + item.key());
  }
  return frozen;
}

TEST(FreezeTest, FrozenParametersGetNoGradientsAndLoseOldOnes) {
  FreezableNet net;
  pass_with_gradients(net);
  ASSERT_EQ(names_with_gradient(net).size(), 6);
  freeze(net, {"fc1", "bn1.bias"}, "test");
  const Frozen frozen = frozen_in(net);
  EXPECT_THAT(frozen.parameters, ElementsAre("fc1.weight", "fc1.bias", "bn1.bias"));
  EXPECT_THAT(names_with_gradient(net), ElementsAre("bn1.weight", "fc2.weight", "fc2.bias"));
  pass_with_gradients(net);
  EXPECT_THAT(names_with_gradient(net), ElementsAre("bn1.weight", "fc2.weight", "fc2.bias"));
  EXPECT_FALSE(net.fc1->weight.requires_grad());
  EXPECT_TRUE(net.fc2->weight.requires_grad());
}

TEST(FreezeTest, NothingIsChosenByNoPattern) {
  FreezableNet net;
  freeze(net, {}, "test");
  const Frozen frozen = frozen_in(net);
  EXPECT_THAT(frozen.parameters, IsEmpty());
  EXPECT_THAT(frozen.buffers, IsEmpty());
  EXPECT_TRUE(net.bn2->is_training());
}

TEST(FreezeTest, ANormWithAllItsParametersFrozenUsesItsStatisticsAndKeepsThem) {
  FreezableNet net;
  {
    const torch::NoGradGuard no_grad;
    net.bn1->running_mean.copy_(torch::tensor({0.25F, -0.5F}));
    net.bn1->running_var.copy_(torch::tensor({4.0F, 0.25F}));
  }
  const NamedTensors before = copy_state(net);
  freeze(net, {"bn1"}, "test");
  const Frozen frozen = frozen_in(net);
  EXPECT_THAT(frozen.parameters, ElementsAre("bn1.weight", "bn1.bias"));
  EXPECT_THAT(frozen.buffers, ElementsAre("bn1.running_mean", "bn1.running_var", "bn1.num_batches_tracked"));
  EXPECT_FALSE(net.bn1->is_training());
  EXPECT_TRUE(net.bn2->is_training());
  EXPECT_TRUE(net.is_training());

  net.forward(five_rows());
  const NamedTensors after = copy_state(net);
  for (const std::string& name : frozen.buffers) EXPECT_TRUE(torch::equal(after.at(name), before.at(name))) << name;
  EXPECT_FALSE(torch::equal(after.at("bn2.running_mean"), before.at("bn2.running_mean")));

  const auto input = torch::tensor({{2.25F, 0.0F}});
  const auto expected = torch::tensor({{1.0F, 1.0F}});           // (2.25 - 0.25) / 2 and (0 + 0.5) / 0.5
  EXPECT_TRUE(torch::allclose(net.bn1(input), expected, 1e-4));  // the norm adds 1e-5 to the variances 4 and 0.25
}

TEST(FreezeTest, ANormWithATrainableParameterGoesOn) {
  FreezableNet net;
  freeze(net, {"bn1.weight"}, "test");
  const Frozen frozen = frozen_in(net);
  EXPECT_THAT(frozen.buffers, IsEmpty());
  EXPECT_TRUE(net.bn1->is_training());
}

TEST(FreezeTest, PatternsCompleteEachOther) {
  FreezableNet net;
  freeze(net, {"bn1.weight", "*.bias"}, "test");
  EXPECT_FALSE(net.bn1->is_training());
}

TEST(FreezeTest, ANormWithoutParametersIsFrozenByItsName) {
  FreezableNet net;
  freeze(net, {"bn2"}, "test");
  const Frozen frozen = frozen_in(net);
  EXPECT_THAT(frozen.parameters, IsEmpty());
  EXPECT_THAT(frozen.buffers, ElementsAre("bn2.running_mean", "bn2.running_var", "bn2.num_batches_tracked"));
  EXPECT_FALSE(net.bn2->is_training());
}

TEST(FreezeTest, EverythingCanBeFrozen) {
  FreezableNet net;
  freeze(net, {"*"}, "test");
  const Frozen frozen = frozen_in(net);
  EXPECT_EQ(frozen.parameters, net.named_parameters().keys());
  EXPECT_EQ(frozen.buffers, net.named_buffers().keys());
  EXPECT_FALSE(net.bn1->is_training() || net.bn2->is_training());
}

TEST(FreezeTest, TrainingModeUndoesItForNormsUntilItIsCalledAgain) {
  FreezableNet net;
  freeze(net, {"bn1"}, "test");
  {
    const EvaluationMode mode(net);
    EXPECT_FALSE(net.bn2->is_training());
  }
  EXPECT_FALSE(net.bn1->is_training()) << "an evaluation in between leaves it frozen";
  net.train();
  EXPECT_TRUE(net.bn1->is_training());
  EXPECT_FALSE(net.bn1->weight.requires_grad());
  freeze(net, {"bn1"}, "test");
  EXPECT_FALSE(net.bn1->is_training());
}

TEST(FreezeTest, APatternOfNothingIsRefusedAndFreezesNothing) {
  FreezableNet net;
  EXPECT_THAT(
      [&] {
        freeze(net, {"fc1", "fc3"}, "a.yaml:3: train.freeze");
      },
      ThrowsMessage<InputError>(HasSubstr("a.yaml:3: train.freeze: expected the name or pattern of a layer with "
                                          "parameters, got 'fc3'; did you mean 'fc")));
  EXPECT_TRUE(net.fc1->weight.requires_grad());
}

}  // namespace
}  // namespace fovea
