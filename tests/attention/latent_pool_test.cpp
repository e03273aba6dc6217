#include <cmath>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/context/feed_forward.h>
#include <fovea/attention/context/latent_pool.h>
#include <fovea/base/error.h>

#include "pool_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

torch::Tensor latent_result(LatentPoolType type, const torch::Tensor& features) {
  LatentPoolOptions options;
  options.heads = 2;
  options.latents = 3;
  options.pool_type = type;
  LatentPoolImpl pool(pool_point({4, 2, 3}), options);
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

TEST(LatentPoolTest, WeightsOfAPoolWithAnotherNumberOfOutputsFit) {
  LatentPoolOptions options{.heads = 2, .latents = 2, .pool_type = LatentPoolType::mean, .out_features = 6};
  options.mlp_ratio = 1.5;
  options.norm = true;
  LatentPoolImpl pool(4, options);
  const auto parameters = pool.named_parameters();
  EXPECT_EQ(parameters["proj.weight"].sizes(), (std::vector<std::int64_t>{6, 4}));
  EXPECT_EQ(parameters["norm.weight"].sizes(), (std::vector<std::int64_t>{6}));
  EXPECT_EQ(parameters["mlp.fc1.weight"].sizes(), (std::vector<std::int64_t>{9, 6}));
  EXPECT_EQ(parameters["mlp.fc2.weight"].sizes(), (std::vector<std::int64_t>{6, 9}));
  EXPECT_EQ(pool.out_features(), 6);
  draw_parameters(pool);
  EXPECT_EQ(run_pool(pool, {.features = drawn({2, 5, 4})}).output.sizes(), (std::vector<std::int64_t>{2, 6}));
}

TEST(LatentPoolTest, WithoutProjectionTheHeadsOutputIsTheResult) {
  const LatentPoolOptions options{.heads = 2, .projection = false};
  LatentPoolImpl pool(4, options);
  EXPECT_FALSE(pool.named_parameters().contains("proj.weight"));
  EXPECT_FALSE(pool.named_parameters().contains("mlp.fc1.weight"));
  draw_parameters(pool);
  EXPECT_EQ(run_pool(pool, {.features = drawn({2, 5, 4})}).output.sizes(), (std::vector<std::int64_t>{2, 4}));
  for (LatentPoolOptions idle : {LatentPoolOptions{.out_features = 6}, {.mlp_ratio = 2}, {.norm = true}}) {
    idle.projection = false;
    EXPECT_THAT([&] { LatentPoolImpl(8, idle); },
                testing::ThrowsMessage<InputError>(testing::HasSubstr("expected its default without projection")));
  }
}

TEST(LatentPoolTest, PositionsFollowTheGrid) {
  LatentPoolOptions options;
  options.heads = 2;
  options.positions = true;
  LatentPoolImpl pool(pool_point({4, 2, 3}), options);
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

TEST(LatentPoolTest, IsBuiltFromAPlainNumberToo) {
  expect_twins([] { return std::make_shared<LatentPoolImpl>(8); },
               [] {
                 return std::make_shared<LatentPoolImpl>(pool_point({8, 2, 3}));
               });
  const LatentPoolOptions options{.heads = 2, .latents = 3, .qk_norm = true, .norm = true, .positions = true};
  expect_twins(
      [&] {
        return std::make_shared<LatentPoolImpl>(FeatureShape{8, 2, 3}, options);
      },
      [&] {
        return std::make_shared<LatentPoolImpl>(pool_point({8, 2, 3}), options);
      });
  EXPECT_GT(LatentPoolImpl(8).named_parameters()["latent"].abs().min().item<double>(), 0);
  EXPECT_THROW(LatentPoolImpl(8, options), InputError);  // positions of what height and width?
  EXPECT_THROW(LatentPoolImpl(8, {.latents = 0}), InputError);
  EXPECT_THROW(LatentPoolImpl(8, {.mlp_ratio = 0}), InputError);
}

TEST(FeedForwardTest, IsClonedAndRefusesNoFeatures) {
  expect_clone(FeedForwardImpl(4, 6));
  EXPECT_THROW(FeedForwardImpl(4, 0), InputError);
}

TEST(LatentPoolTest, AnEpsilonOutOfItsRangeIsRefused) {
  for (const double epsilon : {0.0, -1.0, 2.0, std::nan("")}) {
    EXPECT_THAT(
        [&] {
          LatentPoolImpl(pool_point({8, 2, 3}), {}, epsilon);
        },
        testing::ThrowsMessage<InputError>(testing::HasSubstr("LatentPool: norm_epsilon: expected a number")));
  }
}

}  // namespace
}  // namespace fovea
