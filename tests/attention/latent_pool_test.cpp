#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/latent_pool.h>
#include <fovea/base/error.h>

#include "pool_run.h"

namespace fovea {
namespace {

torch::Tensor latent_result(LatentPoolType type, const torch::Tensor& features) {
  LatentPoolOptions options;
  options.heads = 2;
  options.latents = 3;
  options.pool_type = type;
  LatentPoolImpl pool(pool_site({4, 2, 3}), options);
  draw_parameters(pool);
  const auto result = run_pool(pool, {.features = features}).output;
  EXPECT_EQ(result.size(1), pool.out_features());
  return result;
}

TEST(LatentPoolTest, SeveralLatentsGiveTheFirstTheMeanOrAll) {
  const auto features = drawn({2, 4, 2, 3});
  const auto all = latent_result(LatentPoolType::concat, features).view({2, 3, 4});
  EXPECT_FALSE(torch::allclose(all.select(1, 0), all.select(1, 1)));
  EXPECT_TRUE(torch::allclose(latent_result(LatentPoolType::token, features), all.select(1, 0)));
  EXPECT_TRUE(torch::allclose(latent_result(LatentPoolType::mean, features), all.mean(1)));
}

TEST(LatentPoolTest, PositionsFollowTheGrid) {
  LatentPoolOptions options;
  options.heads = 2;
  options.positions = true;
  LatentPoolImpl pool(pool_site({4, 2, 3}), options);
  draw_parameters(pool);
  auto positions = pool.named_parameters()["pos_embed"];
  const auto features = drawn({2, 4, 2, 3});
  const auto result = run_pool(pool, {.features = features}).output;
  EXPECT_EQ(run_pool(pool, {.features = drawn({2, 4, 4, 5})}).output.sizes(), result.sizes());
  EXPECT_THROW(run_pool(pool, {.features = drawn({2, 7, 4})}), ShapeError);
  const auto moved = features + positions.detach().t().view({1, 4, 2, 3});
  torch::NoGradGuard no_grad;
  positions.zero_();
  EXPECT_TRUE(torch::allclose(run_pool(pool, {.features = moved}).output, result));
}

}  // namespace
}  // namespace fovea
