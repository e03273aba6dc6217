#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/class_attention.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

TEST(ClassAttentionTest, ThePoolPutsItsTokenInFrontOfThePositions) {
  ClassAttentionOptions options;
  options.heads = 2;
  ClassAttentionPoolImpl pool(pool_point({4, 2, 3}), options);
  draw_parameters(pool);
  set_parameter(pool, "cls_token", {1, -2, 3, -4});
  const auto features = drawn({2, 4, 2, 3});
  const auto run = run_pool(pool, {.features = features});
  const auto token = torch::tensor({1.0, -2.0, 3.0, -4.0}, torch::kFloat64).expand({2, 1, 4});
  const auto attention = std::dynamic_pointer_cast<ClassAttentionImpl>(pool.named_children()["attn"]);
  ForwardContext context;
  const auto alone = attention->forward(torch::cat({token, features.flatten(2).transpose(1, 2)}, 1), {}, context);
  EXPECT_TRUE(torch::allclose(run.output, alone.squeeze(1)));
  EXPECT_EQ(run.maps.at(0).layer, "attn");
  EXPECT_EQ(run.maps.at(0).values.sizes(), (std::vector<std::int64_t>{2, 2, 1, 7}));
}

TEST(ClassAttentionTest, IsBuiltFromAPlainNumberToo) {
  const ClassAttentionOptions options{.heads = 2, .qkv_bias = true};
  expect_twins([&] { return std::make_shared<ClassAttentionPoolImpl>(4, options); },
               [&] {
                 return std::make_shared<ClassAttentionPoolImpl>(pool_point({4, 2, 3}), options);
               });
  expect_clone(ClassAttentionImpl(4, options));
  EXPECT_THROW(ClassAttentionImpl(4, {.heads = 0}), InputError);
  EXPECT_THROW(ClassAttentionPoolImpl(8, {.dropout = 1}), InputError);
  EXPECT_THROW(ClassAttentionPoolImpl(0), InputError);
}

}  // namespace
}  // namespace fovea
