#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/models/transformer/internal/position_embedding.h>

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// One channel: two prefix tokens, 7 and 8, and the squares of 0 to 8 on a grid of 3 x 3.
torch::Tensor squares() {
  return torch::cat({torch::tensor({7.0F, 8.0F}), torch::arange(9.0F).square()}).view({1, 11, 1});
}

// Result of torch.nn.functional.interpolate(size=(2, 4), mode='bicubic', antialias=True, align_corners=False) of Python's
// PyTorch 1.13 makes of them.
const std::vector<float> kResampledSquares{7,        8,        1.9165F,  3.5167F,  6.9386F,
                                           10.0371F, 26.3313F, 32.9742F, 43.7412F, 51.8823F};

TEST(PositionEmbeddingTest, CellsAreResampledAndThePrefixStays) {
  const auto resampled = resample_position_embedding(squares(), 2, {3, 3}, {2, 4});
  EXPECT_TRUE(torch::allclose(resampled, torch::tensor(kResampledSquares).view({1, 10, 1}), 0, 1e-4));  // digits printed
}

TEST(PositionEmbeddingTest, TheSameGridComesBackAsItIs) {
  const auto positions = squares();
  EXPECT_TRUE(resample_position_embedding(positions, 2, {3, 3}, {3, 3}).is_same(positions));
}

TEST(PositionEmbeddingTest, IsComputedInFloat32ForAnyType) {
  const auto narrow = squares().to(torch::kBFloat16);
  const auto resampled = resample_position_embedding(narrow, 2, {3, 3}, {2, 4});
  EXPECT_EQ(resampled.scalar_type(), torch::kBFloat16);
  EXPECT_TRUE(torch::equal(resampled,
                           resample_position_embedding(narrow.to(torch::kFloat32), 2, {3, 3}, {2, 4}).to(torch::kBFloat16)));
}

TEST(PositionEmbeddingTest, ANumberOfCellsThatIsNotTheGridsIsRefused) {
  EXPECT_THAT(
      [] {
        resample_position_embedding(squares(), 1, {3, 3}, {2, 4});
      },
      ThrowsMessage<ShapeError>(HasSubstr("expected [1, 10, C], got [1, 11, 1]")));
}

torch::Tensor adapted(const torch::Tensor& given, std::int64_t prefix_tokens, const std::vector<std::int64_t>& to) {
  NamedTensors weights{{"pos_embed", given}};
  adapt_position_embedding(weights, "pos_embed", torch::zeros({1, prefix_tokens + to[0] * to[1], 1}), to);
  return weights.at("pos_embed");
}

TEST(PositionEmbeddingTest, ASquareNumberOfCellsWasASquare) {
  EXPECT_TRUE(torch::equal(adapted(squares(), 2, {2, 4}), resample_position_embedding(squares(), 2, {3, 3}, {2, 4})));
}

TEST(PositionEmbeddingTest, AnyOtherNumberHadTheNewGridsShape) {
  const auto wide = torch::arange(24.0F).square().view({1, 24, 1});
  EXPECT_TRUE(torch::equal(adapted(wide, 0, {2, 3}), resample_position_embedding(wide, 0, {4, 6}, {2, 3})));
}

TEST(PositionEmbeddingTest, WhatIsNoOtherGridIsLeftAsItIs) {
  const auto odd = torch::ones({1, 5, 1});             // neither a square nor 2 : 3
  const auto other_channels = torch::ones({1, 9, 2});  // another network's
  const auto same = torch::arange(36.0F).view({1, 36, 1});
  EXPECT_TRUE(adapted(odd, 0, {2, 3}).is_same(odd));
  EXPECT_TRUE(adapted(other_channels, 0, {2, 3}).is_same(other_channels));
  EXPECT_TRUE(adapted(same, 0, {4, 9}).is_same(same));
  EXPECT_TRUE(adapted(torch::ones({1, 1, 1}), 2, {2, 3}).sizes() == torch::IntArrayRef({1, 1, 1})) << "less than a prefix";
  EXPECT_TRUE(adapted(torch::ones({1, 2, 1}), 2, {2, 3}).sizes() == torch::IntArrayRef({1, 2, 1})) << "a prefix alone";
}

}  // namespace
}  // namespace fovea
