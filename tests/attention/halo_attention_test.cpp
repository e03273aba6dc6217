#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/halo_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/initialise.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

HaloAttentionOptions small_blocks(std::int64_t halo) {
  HaloAttentionOptions options;
  options.heads = 1;
  options.block_size = 2;
  options.halo_size = halo;
  return options;
}

InsertionPoint halo_point(std::int64_t channels, std::int64_t stride = 1) {
  return {.kind = InsertionKind::conv, .in = {channels, 2, 6}, .out_channels = channels, .stride = stride, .path = "halo"};
}

TEST(HaloAttentionTest, ABlockSeesItselfAndItsHalo) {
  HaloAttentionImpl mixer(halo_point(8), small_blocks(1));
  initialise(mixer, 1);
  auto features = torch::empty({1, 8, 2, 6}, torch::kFloat64);
  fill_normal(features, RandomStream(2, Purpose::test), 1.0);
  const auto before = run_mixer(mixer, features).output;
  const auto changed_by_column = [&](std::int64_t column) {
    auto changed = features.clone();
    changed.select(3, column).add_(1);
    const auto difference = (run_mixer(mixer, changed).output - before).abs().amax({0, 1, 2});  // of each column
    return difference > 1e-9;
  };
  const auto is = [](const std::vector<int>& want) { return torch::tensor(want).to(torch::kBool); };
  EXPECT_TRUE(torch::equal(changed_by_column(2), is({1, 1, 1, 1, 0, 0})));  // in its block and the left one's halo
  EXPECT_TRUE(torch::equal(changed_by_column(5), is({0, 0, 0, 0, 1, 1})));
}

TEST(HaloAttentionTest, MapsListQueriesInTheOrderOfTheImage) {
  auto options = small_blocks(0);
  options.qkv_bias = true;
  options.head_channels = 1;
  HaloAttentionImpl mixer(halo_point(1), options);
  for (const char* name : {"q.weight", "pos_embed.width_rel"}) {
    set_parameter(mixer, name, std::vector<double>(name[0] == 'q' ? 1 : 3, 0));
  }
  set_parameter(mixer, "q.bias", {1});
  set_parameter(mixer, "kv.weight", {0, 1});
  set_parameter(mixer, "kv.bias", {0, 0});
  set_parameter(mixer, "pos_embed.height_rel", {0, 0, 1000});  // who has a row below in its block looks there
  const auto features = channels_of({{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}).view({1, 1, 2, 6});
  const auto run = run_mixer(mixer, features);
  const AttentionMap& map = run.maps.at(0);
  EXPECT_EQ(map.query_grid, (std::vector<std::int64_t>{2, 6}));
  for (std::int64_t x = 0; x < 6; ++x) {
    EXPECT_TRUE(nearly_equal(map.values[0][0][x], {0, 0, 0.5, 0.5})) << "upper row, column " << x;
    EXPECT_TRUE(nearly_equal(map.values[0][0][6 + x], {0.25, 0.25, 0.25, 0.25})) << "lower row, column " << x;
  }
  EXPECT_TRUE(nearly_equal(run.output, {7.5, 7.5, 9.5, 9.5, 11.5, 11.5, 4.5, 4.5, 6.5, 6.5, 8.5, 8.5}));
  ForwardContext context;
  EXPECT_TRUE(torch::equal(mixer.forward(features, context), run.output));  // without hooks nothing is reordered
}

TEST(HaloAttentionTest, AStrideLeavesOutQueriesOrAverages) {
  auto averaging = small_blocks(1);
  averaging.average_down = true;
  HaloAttentionImpl average(halo_point(8, 2), averaging), leave_out(halo_point(8, 2), small_blocks(1)),
      whole(halo_point(8), small_blocks(1));
  for (HaloAttentionImpl* mixer : {&average, &leave_out, &whole}) initialise(*mixer, 1);
  auto features = torch::empty({2, 8, 2, 6}, torch::kFloat64);
  fill_normal(features, RandomStream(2, Purpose::test), 1.0);
  const auto run = run_mixer(leave_out, features);
  EXPECT_EQ(run.output.sizes(), (std::vector<std::int64_t>{2, 8, 1, 3}));
  EXPECT_EQ(run.maps.at(0).query_grid, (std::vector<std::int64_t>{1, 3}));
  const auto all = run_mixer(whole, features).output;
  EXPECT_TRUE(torch::allclose(run_mixer(average, features).output, torch::avg_pool2d(all, 2), 1e-12, 1e-12));
  EXPECT_TRUE(
      torch::allclose(run.output, all.slice(2, 0, 2, 2).slice(3, 0, 6, 2), 1e-12, 1e-12));  // the first of each block
}

TEST(HaloAttentionTest, IsBuiltFromPlainNumbersToo) {
  expect_twins([] { return std::make_shared<HaloAttentionImpl>(8, 8, small_blocks(1)); },
               [] { return std::make_shared<HaloAttentionImpl>(halo_point(8), small_blocks(1)); });
  EXPECT_THROW(HaloAttentionImpl(8, 8, {.block_size = 0}), InputError);
  EXPECT_THROW(HaloAttentionImpl(8, 8, {.heads = 0}), InputError);
  EXPECT_THROW(HaloAttentionImpl(0, 8), InputError);
  InsertionPoint still = halo_point(8);
  still.stride = 0;
  EXPECT_THROW(HaloAttentionImpl{still}, InputError);
}

}  // namespace
}  // namespace fovea
