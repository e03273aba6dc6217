#include <cmath>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/non_local.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

constexpr std::int64_t kNonLocalChannels = 12;
constexpr std::int64_t kNonLocalWidth = 3;

torch::Tensor non_local_map(NonLocalVariant variant, double query_factor) {
  NonLocalOptions options;
  options.variant = variant;
  options.reduced_channels = kNonLocalWidth;
  NonLocalImpl gate(kNonLocalChannels, options);
  initialise(gate, 1);
  gate.to(torch::kFloat64);
  const torch::NoGradGuard no_grad;
  gate.named_parameters()["t.weight"].mul_(query_factor);
  auto features = torch::empty({1, kNonLocalChannels, 2, 3}, torch::kFloat64);
  fill_normal(features, RandomStream(2, Purpose::test), 2.0);
  return run_gate(gate, features).maps.at(0).values;
}

TEST(NonLocalTest, VariantsDifferInTheScaleOfTheScores) {
  const auto timm = non_local_map(NonLocalVariant::timm, 1);
  EXPECT_FALSE(torch::allclose(timm, non_local_map(NonLocalVariant::paper, 1)));
  EXPECT_FALSE(torch::allclose(timm, non_local_map(NonLocalVariant::official, 1)));
  EXPECT_TRUE(torch::allclose(timm, non_local_map(NonLocalVariant::paper, 1 / std::sqrt(12.0)), 1e-12, 1e-14));
  EXPECT_TRUE(torch::allclose(timm, non_local_map(NonLocalVariant::official, std::sqrt(3.0 / 12.0)), 1e-12, 1e-14));
}

TEST(NonLocalTest, AFreshBlockChangesNothing) {
  NonLocalImpl gate(kNonLocalChannels, {});
  initialise(gate, 1);
  auto features = torch::empty({2, kNonLocalChannels, 2, 3}, torch::kFloat64);
  fill_normal(features, RandomStream(2, Purpose::test), 2.0);
  EXPECT_TRUE(torch::equal(run_gate(gate, features).output, features));
}

TEST(NonLocalTest, StartsAsTheIdentityAndIsCloned) {
  NonLocalImpl gate(kNonLocalChannels);
  const auto features = torch::ones({1, kNonLocalChannels, 2, 3}, torch::kFloat64);
  EXPECT_TRUE(torch::equal(run_gate(gate, features).output, features));
  expect_clone(gate);
  EXPECT_THROW(NonLocalImpl(8, {.divisor = 0}), InputError);
  EXPECT_THROW(NonLocalImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
