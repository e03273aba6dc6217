#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/double_attention.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

TEST(DoubleAttentionTest, AStrideAveragesWhatThePositionsGet) {
  DoubleAttentionOptions options;
  options.feature_channels = 1;
  options.descriptors = 2;
  DoubleAttentionImpl mixer({.kind = InsertionKind::conv, .in = {1, 1, 3}, .out_channels = 1, .stride = 2, .path = "a2"},
                            options);
  for (const char* name : {"convA.bias", "conv_reconstruct.bias"}) set_parameter(mixer, name, {0});
  for (const char* name : {"convB.bias", "convV.bias"}) set_parameter(mixer, name, {0, 0});
  for (const char* name : {"convA.weight", "conv_reconstruct.weight"}) set_parameter(mixer, name, {1});
  const double much = 1000;
  set_parameter(mixer, "convB.weight",
                {-much, much});                     // the first descriptor is the smallest position, the second the largest
  set_parameter(mixer, "convV.weight", {0, much});  // positive positions take the second, zero takes half of both
  const auto run = run_mixer(mixer, channels_of({{0, 2, 4}}));
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {1, 0, 0, 0, 0, 1}));
  EXPECT_TRUE(nearly_equal(run.maps[1].values, {0.5, 0.5, 0, 1, 0, 1}));
  EXPECT_TRUE(nearly_equal(run.output, {(2 + 4) / 2.0, 4}));
}

TEST(DoubleAttentionTest, IsBuiltFromPlainNumbersToo) {
  const DoubleAttentionOptions options{.feature_channels = 3};
  expect_twins([&] { return std::make_shared<DoubleAttentionImpl>(8, 6, options); },
               [&] {
                 const InsertionPoint point{.kind = InsertionKind::conv, .in = {8, 2, 3}, .out_channels = 6};
                 return std::make_shared<DoubleAttentionImpl>(point, options);
               });
  EXPECT_THROW(DoubleAttentionImpl(8, 6, {.descriptors = -1}), InputError);
  EXPECT_THROW(DoubleAttentionImpl(0, 6), InputError);
  EXPECT_THROW(DoubleAttentionImpl(8, 0), InputError);
}

}  // namespace
}  // namespace fovea
