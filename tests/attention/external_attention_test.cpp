#include <cmath>
#include <memory>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/self/external_attention.h>
#include <fovea/base/error.h>

#include "gate_run.h"
#include "twin_check.h"

namespace fovea {
namespace {

ExternalAttentionImpl two_units() {
  ExternalAttentionOptions options;
  options.memory_units = 2;
  ExternalAttentionImpl mixer({.kind = InsertionKind::conv, .in = {1, 1, 2}, .out_channels = 1, .path = "external"},
                              options);
  set_parameter(mixer, "mk.weight", {1, -1});
  set_parameter(mixer, "mv.weight", {4, 8});
  return mixer;
}

TEST(ExternalAttentionTest, NormalisesOverPositionsThenOverUnits) {
  auto mixer = two_units();
  const auto run = run_mixer(mixer, channels_of({{0, std::log(4)}}));
  // Over positions: unit 1 has (1, 4) / 5, unit 2 (4, 1) / 5. Each position's sum is 1 already.
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {0.2, 0.8, 0.8, 0.2}));
  EXPECT_TRUE(nearly_equal(run.output, {0.2 * 4 + 0.8 * 8, 0.8 * 4 + 0.2 * 8}));
}

TEST(ExternalAttentionTest, DividesByTheSumOverUnits) {
  auto mixer = two_units();
  set_parameter(mixer, "mk.weight", {1, 1});
  const auto run = run_mixer(mixer, channels_of({{0, std::log(4)}}));
  EXPECT_TRUE(nearly_equal(run.maps[0].values, {0.5, 0.5, 0.5, 0.5}));  // (1, 1) / 5 and (4, 4) / 5, each over its sum
}

TEST(ExternalAttentionTest, StaysFiniteWhereEveryWeightIsTiny) {
  auto mixer = two_units();
  set_parameter(mixer, "mk.weight", {1, 1});
  const auto run = run_mixer(mixer, channels_of({{0, 5000}}));
  EXPECT_TRUE(nearly_equal(run.output, {6, 6}));
}

TEST(ExternalAttentionTest, IsBuiltFromPlainNumbersToo) {
  const ExternalAttentionOptions options{.memory_units = 5};
  expect_twins([&] { return std::make_shared<ExternalAttentionImpl>(8, 6, options); },
               [&] {
                 const InsertionPoint point{.kind = InsertionKind::conv, .in = {8, 2, 3}, .out_channels = 6};
                 return std::make_shared<ExternalAttentionImpl>(point, options);
               });
  EXPECT_THROW(ExternalAttentionImpl(8, 6, {.memory_units = 0}), InputError);
  EXPECT_THROW(ExternalAttentionImpl(0, 6), InputError);
}

}  // namespace
}  // namespace fovea
