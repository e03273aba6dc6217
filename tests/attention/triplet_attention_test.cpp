#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/spatial/triplet_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "plain_norms.h"

namespace fovea {
namespace {

/// Two channels of 2 x 3 positions.
torch::Tensor triplet_features() {
  return torch::arange(12, torch::kFloat64).cos().view({1, 2, 2, 3});
}

TEST(TripletAttentionTest, EachPlanePoolsOneAxis) {
  TripletAttentionOptions options;
  options.kernel_size = 1;
  TripletAttentionImpl gate(2, options);
  make_norms_plain(gate);
  set_parameter(gate, "cw.conv.conv.weight", {1, 0});  // maximum alone
  set_parameter(gate, "hc.conv.conv.weight", {0, 1});  // mean alone
  set_parameter(gate, "hw.conv.conv.weight", {1, 0});
  const auto features = triplet_features();
  const auto run = run_gate(gate, features);
  ASSERT_EQ(run.maps.size(), 3U);
  const auto expect_scores = [&](std::size_t map, const torch::Tensor& scores) {
    EXPECT_TRUE(torch::allclose(torch::logit(run.maps[map].values), scores.expand_as(run.maps[map].values)))
        << run.maps[map].layer;
  };
  expect_scores(0, features.amax(2, /*keepdim=*/true));
  expect_scores(1, features.mean(3, /*keepdim=*/true));
  expect_scores(2, features.amax(1));
}

TEST(TripletAttentionTest, WithoutTheSpatialPlaneTwoGatesAreAveraged) {
  TripletAttentionOptions options;
  options.spatial = false;
  TripletAttentionImpl gate(2, options);
  initialise(gate, 1);
  EXPECT_EQ(gate.named_children().size(), 2U);
  const auto run = run_gate(gate, triplet_features());
  ASSERT_EQ(run.maps.size(), 2U);
  EXPECT_TRUE(torch::allclose(run.output, triplet_features() * (run.maps[0].values + run.maps[1].values) / 2));
}

TEST(TripletAttentionTest, EvenKernelsAreRefused) {
  TripletAttentionOptions options;
  options.kernel_size = 6;
  EXPECT_THAT([&] { TripletAttentionImpl(2, options); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("triplet: kernel_size")));
}

}  // namespace
}  // namespace fovea
