#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/finite_values.h>

namespace fovea {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr double kScoreNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kScoreInfinity = std::numeric_limits<double>::infinity();

TEST(FiniteValuesTest, TheHighestOfEveryImageIsFinite) {
  const torch::nn::Linear network(2, 2);
  EXPECT_NO_THROW(expect_class_scores(torch::tensor({{1.0, 2.0}, {-kScoreInfinity, 0.0}}), *network));  // probability 0
  for (const double bad : {kScoreNan, kScoreInfinity}) {
    for (const int image : {0, 1}) {
      torch::Tensor scores = torch::zeros({2, 3});
      scores[image][1] = bad;
      EXPECT_THAT([&] { expect_class_scores(scores, *network); },
                  ThrowsMessage<NumericError>("class scores: expected finite numbers, got NaN or infinity; the network's "
                                              "tensors are finite, so its activations overflow"));
    }
  }
  EXPECT_THROW(expect_class_scores(torch::full({1, 2}, -kScoreInfinity), *network), NumericError);
}

TEST(FiniteValuesTest, TheTensorThatSpoilsThemIsNamed) {
  torch::nn::Sequential network(torch::nn::Linear(2, 2), torch::nn::BatchNorm1d(2));
  const torch::NoGradGuard no_grad;
  EXPECT_EQ(first_not_finite(*network), "");
  network->named_buffers()["1.running_var"][1] = kScoreInfinity;
  EXPECT_EQ(first_not_finite(*network), "1.running_var");
  EXPECT_THAT(
      [&] {
        expect_class_scores(torch::full({1, 2}, kScoreNan), *network);
      },
      ThrowsMessage<NumericError>(HasSubstr("; the network's tensor '1.running_var' is not finite")));
  network->named_parameters()["0.bias"][0] = kScoreNan;
  EXPECT_EQ(first_not_finite(*network), "0.bias");
}

}  // namespace
}  // namespace fovea
