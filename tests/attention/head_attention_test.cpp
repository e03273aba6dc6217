#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/head_attention.h>
#include <fovea/nn/attention_map.h>

#include "pool_run.h"

namespace fovea {
namespace {

TEST(HeadAttentionTest, OneQueryOfOneHeadMakesAMap) {
  const torch::nn::Identity module;
  AttentionRecorder recorder(*module);
  ForwardContext context;
  context.hooks = &recorder;
  const auto query = drawn({2, 1, 1, 3}, 1), key = drawn({2, 1, 6, 3}, 2), value = drawn({2, 1, 6, 3}, 3);
  const auto gathered =
      scaled_dot_product_attention(*module, query, key, value, {.query_grid = {1, 1}, .key_grid = {2, 3}}, context);
  ASSERT_EQ(recorder.maps.size(), 1U);
  const AttentionMap& map = recorder.maps[0];
  EXPECT_EQ(map.kind, MapKind::spatial);
  EXPECT_EQ(map.values.sizes(), (std::vector<std::int64_t>{2, 2, 3}));
  EXPECT_TRUE(map.query_grid.empty());
  EXPECT_TRUE(map.key_grid.empty());
  EXPECT_TRUE(torch::allclose(gathered, torch::matmul(map.values.reshape({2, 1, 6}), value.squeeze(1))));
}

}  // namespace
}  // namespace fovea
