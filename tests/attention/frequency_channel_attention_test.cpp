#include <cmath>
#include <numbers>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/attention/channel/frequency_channel_attention.h>
#include <fovea/attention/channel/internal/cosine_basis.h>
#include <fovea/base/error.h>

#include "gate_run.h"

namespace fovea {
namespace {

TEST(CosineBasisTest, IsOrthonormal) {
  for (const auto& [height, width] : {std::tuple{7, 7}, {14, 21}, {8, 12}}) {
    const auto cosines = top_cosines(kTopCosines, height, width).flatten(1);
    EXPECT_TRUE(torch::allclose(torch::mm(cosines, cosines.t()), torch::eye(kTopCosines, torch::kFloat64), 1e-12, 1e-12))
        << height << " x " << width;
  }
}

TEST(CosineBasisTest, FrequenciesGrowWithTheSides) {
  const auto cosines = top_cosines(3, 7, 14);
  EXPECT_TRUE(nearly_equal(cosines[0], std::vector<double>(7 * 14, 1 / std::sqrt(7.0 * 14))));
  for (std::int64_t row = 0; row < 7; ++row) {
    for (std::int64_t column = 0; column < 14; ++column) {
      // The second best goes through one half period along 7 columns, two along 14; the third through six along the rows.
      EXPECT_NEAR(cosines[1][row][column].item<double>(), std::cos(std::numbers::pi * 2 * (column + 0.5) / 14) / 7, 1e-12);
      EXPECT_NEAR(cosines[2][row][column].item<double>(), std::cos(std::numbers::pi * 6 * (row + 0.5) / 7) / 7, 1e-12);
    }
  }
}

TEST(CosineBasisTest, ShortSidesKeepEveryFrequencyBelowTheirOwn) {
  const auto third = top_cosines(3, 2, 7)[2];  // 6 of 7 half periods: 1 of 2
  EXPECT_TRUE(nearly_equal(third.select(1, 0), {1 / std::sqrt(14.0), -1 / std::sqrt(14.0)}));
}

TEST(FrequencyChannelAttentionTest, EachShareOfTheChannelsHasItsFrequency) {
  FrequencyChannelAttentionOptions options;
  options.frequencies = 2;
  options.reduction_ratio = 1;
  options.height = 1;
  options.width = 7;
  FrequencyChannelAttentionImpl gate(2, options);
  set_parameter(gate, "fc.0.weight", {1, 0, 0, 1});
  set_parameter(gate, "fc.2.weight", {1, 0, 0, 1});
  const std::vector<double> ramp{6, 5, 4, 3, 2, 1, 0};
  const auto scores = torch::logit(run_gate(gate, channels_of({ramp, ramp})).maps[0].values);
  const auto expected = torch::mv(top_cosines(2, 1, 7).flatten(1), torch::tensor(ramp, torch::kFloat64));
  EXPECT_NEAR(expected[0].item<double>(), 21 / std::sqrt(7.0), 1e-12);
  EXPECT_TRUE(torch::allclose(scores.flatten(), expected, 1e-6, 1e-6));  // the buffer is float32
}

TEST(FrequencyChannelAttentionTest, SharesAreEqual) {
  EXPECT_THAT([] { FrequencyChannelAttentionImpl(24, {}); },
              testing::ThrowsMessage<InputError>(
                  testing::HasSubstr("fca: frequencies: expected a divisor of the 24 channels, got 16")));
}

}  // namespace
}  // namespace fovea
