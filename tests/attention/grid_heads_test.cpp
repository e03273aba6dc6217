#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/bottleneck_attention.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

TEST(GridHeadsTest, WidthsAreRoundedAsInTimm) {
  BottleneckAttentionOptions options{.heads = 4};
  EXPECT_EQ(grid_heads(32, options, "x").query, 8);
  EXPECT_EQ(grid_heads(20, options, "x").query, 6);  // 24 / 4: 20 to the nearest multiple of 8
  options.query_ratio = 0.35;
  EXPECT_EQ(grid_heads(32, options, "x").query, 4);  // 11.2 would be 8, which is less than 0.9 of it: 16 / 4
  EXPECT_EQ(grid_heads(32, options, "x").value, 8);
}

TEST(GridHeadsTest, SaysWhatDoesNotFit) {
  const auto message = [](std::int64_t channels, const BottleneckAttentionOptions& options) -> std::string {
    try {
      grid_heads(channels, options, "halo");
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  };
  using testing::HasSubstr;
  EXPECT_THAT(message(32, {.heads = 5}), HasSubstr("halo: heads: expected a divisor of the 32 channels, got 5"));
  EXPECT_THAT(message(32, {.heads = 32, .query_ratio = 0.25}),
              HasSubstr("halo: heads: expected at most 8, the channels of the queries, got 32"));
  EXPECT_THAT(message(32, {.heads = 4, .head_channels = 16, .query_ratio = 2}),
              HasSubstr("halo: query_ratio: expected head_channels 0 beside it, got 16"));
}

TEST(GridHeadsTest, ThinningAveragesWhatIsThereAtTheEdge) {
  const auto features = torch::arange(1, 7, torch::kFloat64).view({1, 1, 2, 3});
  EXPECT_TRUE(nearly_equal(average_strided(features, 2), {(1 + 2 + 4 + 5) / 4.0, (3 + 6) / 2.0}));
  EXPECT_TRUE(torch::equal(average_strided(features, 1), features));
}

TEST(GridHeadsTest, OptionsOfAMechanismAreCheckedBeforeTheyDivide) {
  EXPECT_THROW(BottleneckAttentionImpl({8, 2, 3}, 8, {.heads = 0}), InputError);
  EXPECT_THROW(BottleneckAttentionImpl({8, 2, 3}, 8, {.query_ratio = 0}), InputError);
  EXPECT_THROW(BottleneckAttentionImpl({8, 0, 3}, 8), InputError);
  EXPECT_THROW(BottleneckAttentionImpl({8, 2, 3}, 0), InputError);
}

TEST(BottleneckAttentionTest, IsBuiltFromPlainNumbersToo) {
  const BottleneckAttentionOptions options{.heads = 2, .qkv_bias = true};
  expect_twins(
      [&] {
        return std::make_shared<BottleneckAttentionImpl>(FeatureShape{8, 2, 3}, 6, options);
      },
      [&] {
        const InsertionPoint point{.kind = InsertionKind::conv, .in = {8, 2, 3}, .out_channels = 6};
        return std::make_shared<BottleneckAttentionImpl>(point, options);
      });
}

}  // namespace
}  // namespace fovea
