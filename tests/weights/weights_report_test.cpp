#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/weights/weights_report.h>

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// A linear layer and the counter of a norm.
NamedTensors own_tensors() {
  return {{"fc.weight", torch::zeros({2, 3})},
          {"fc.bias", torch::zeros({2})},
          {"bn.num_batches_tracked", torch::zeros({}, torch::kInt64)}};
}

TEST(CompareWeightsTest, EqualNamesShapesAndKindsFit) {
  const WeightsReport report = compare_weights(own_tensors(), own_tensors());
  EXPECT_TRUE(report.fits());
  EXPECT_EQ(report.summary(), "");
  EXPECT_TRUE(compare_weights({}, {}).fits());
}

TEST(CompareWeightsTest, EveryRealTypeFitsARealOne) {
  for (const auto type : {torch::kFloat16, torch::kBFloat16, torch::kFloat64}) {
    NamedTensors given = own_tensors();
    given["fc.weight"] = given["fc.weight"].to(type);
    EXPECT_TRUE(compare_weights(own_tensors(), given).fits()) << type;
  }
}

TEST(CompareWeightsTest, MissingTensorsAreListed) {
  const WeightsReport report = compare_weights(own_tensors(), {{"fc.weight", torch::zeros({2, 3})}});
  EXPECT_THAT(report.missing, ElementsAre("bn.num_batches_tracked", "fc.bias"));
  EXPECT_THAT(report.unexpected, IsEmpty());
  EXPECT_FALSE(report.fits());
  EXPECT_EQ(report.summary(), "2 missing (bn.num_batches_tracked, fc.bias)");
}

TEST(CompareWeightsTest, UnexpectedTensorsAreListedWithTheNearestMissingOne) {
  NamedTensors given = own_tensors();
  given["fc.wieght"] = given["fc.weight"];
  given.erase("fc.weight");
  given["fc.baas"] = torch::zeros({2});  // nearest to fc.bias, which is not missing
  given["transformer.scale"] = torch::zeros({1});
  const WeightsReport report = compare_weights(own_tensors(), given);
  ASSERT_EQ(report.unexpected.size(), 3U);
  EXPECT_EQ(report.unexpected[0].name, "fc.baas");
  EXPECT_EQ(report.unexpected[0].nearest, "");
  EXPECT_EQ(report.unexpected[1].name, "fc.wieght");
  EXPECT_EQ(report.unexpected[1].nearest, "fc.weight");
  EXPECT_EQ(report.unexpected[2].nearest, "");
  EXPECT_EQ(report.summary(),
            "1 missing (fc.weight) and 3 unexpected (fc.baas, fc.wieght, near fc.weight, transformer.scale)");
}

TEST(CompareWeightsTest, UnexpectedOnesAloneDoNotFit) {
  NamedTensors given = own_tensors();
  given["extra"] = torch::zeros({1});
  EXPECT_FALSE(compare_weights(own_tensors(), given).fits());
}

TEST(CompareWeightsTest, OtherShapesAreListedWithBoth) {
  NamedTensors given = own_tensors();
  given["fc.weight"] = torch::zeros({3, 2}, torch::kInt64);  // the shape counts before the type
  given["fc.bias"] = torch::zeros({1});                      // would broadcast
  const WeightsReport report = compare_weights(own_tensors(), given);
  ASSERT_EQ(report.shape_mismatch.size(), 2U);
  EXPECT_EQ(report.shape_mismatch[1].name, "fc.weight");
  EXPECT_EQ(report.shape_mismatch[1].expected, "[2, 3]");
  EXPECT_EQ(report.shape_mismatch[1].got, "[3, 2]");
  EXPECT_THAT(report.dtype_mismatch, IsEmpty());
  EXPECT_FALSE(report.fits());
  EXPECT_EQ(report.summary(), "2 with a shape mismatch (fc.bias [2], got [1], fc.weight [2, 3], got [3, 2])");
}

TEST(CompareWeightsTest, WholeNumbersAreNoWeights) {
  NamedTensors given = own_tensors();
  given["fc.weight"] = torch::zeros({2, 3}, torch::kInt64);
  given["fc.bias"] = torch::zeros({2}, torch::kBool);
  const WeightsReport report = compare_weights(own_tensors(), given);
  ASSERT_EQ(report.dtype_mismatch.size(), 2U);
  EXPECT_EQ(report.dtype_mismatch[1].name, "fc.weight");
  EXPECT_EQ(report.dtype_mismatch[1].expected, "Float");
  EXPECT_EQ(report.dtype_mismatch[1].got, "Long");
  EXPECT_FALSE(report.fits());
  EXPECT_EQ(report.summary(), "2 with a dtype mismatch (fc.bias Float, got Bool, fc.weight Float, got Long)");
}

TEST(CompareWeightsTest, RealNumbersAreNoIndices) {
  const WeightsReport report =
      compare_weights({{"index", torch::zeros({4}, torch::kInt64)}}, {{"index", torch::zeros({4})}});
  EXPECT_EQ(report.summary(), "1 with a dtype mismatch (index Long, got Float)");
}

TEST(CompareWeightsTest, CountersMayHaveAnyType) {
  NamedTensors given = own_tensors();
  given["bn.num_batches_tracked"] = torch::tensor(7.0F);
  EXPECT_TRUE(compare_weights(own_tensors(), given).fits());
}

TEST(CompareWeightsTest, SuggestionsForSixteenThousandNamesEnd) {
  NamedTensors own, given;
  const auto value = torch::zeros({1});
  for (int i = 0; i < 16'000; ++i) {
    own["backbone.stages.layer" + std::to_string(i) + ".attention.weight"] = value;
    given["backbone.stages.block" + std::to_string(i) + ".attention.weight"] = value;
  }
  const WeightsReport report = compare_weights(own, given);
  EXPECT_EQ(report.unexpected.size(), 16'000U);
  EXPECT_NE(report.unexpected[0].nearest, "");
  EXPECT_EQ(report.unexpected[127].nearest, "") << "suggestions end where they would take long";
}

TEST(WeightsReportTest, ASummaryQuotesThreeOfEachKindInOneLine) {
  WeightsReport report;
  report.missing = {"a", "b", "c", "d"};
  report.unexpected = {{"e", ""}, {"f", "a"}, {"g", ""}};
  report.shape_mismatch = {{"h", "[1]", "[2]"}};
  report.dtype_mismatch = {{"i", "Float", "Long"}};
  report.not_finite = {"j"};
  EXPECT_EQ(
      report.summary(),
      "4 missing (a, b, c, ...), 3 unexpected (e, f, near a, g), 1 with a shape mismatch (h [1], got [2]) and 1 with a "
      "dtype mismatch (i Float, got Long)");
}

TEST(WeightsReportTest, ValuesThatAreNotFiniteStillFit) {
  WeightsReport report;
  report.not_finite = {"fc.weight"};
  EXPECT_TRUE(report.fits());
}

TEST(NotFiniteTest, NamesTheTensorsWithNanOrInfinity) {
  EXPECT_THAT(not_finite_names(own_tensors()), IsEmpty());
  EXPECT_THAT(not_finite_names({{"a", torch::tensor({1.0F, kNan})},
                                {"b", torch::tensor({1.0F, 2.0F})},
                                {"c", torch::tensor({kInfinity})},
                                {"d", torch::tensor({-kInfinity}).to(torch::kFloat16)},
                                {"e", torch::tensor(kNan).to(torch::kBFloat16)},
                                {"empty", torch::zeros({0})},
                                {"whole", torch::tensor({std::numeric_limits<std::int64_t>::max()})}}),
              ElementsAre("a", "c", "d", "e"));
}

TEST(NotFiniteTest, OneValueAnywhereIsEnough) {
  for (std::int64_t place = 0; place < 100; ++place) {
    for (const double value : {static_cast<double>(kNan), kInfinity, -kInfinity}) {
      auto values = torch::ones({4, 25});
      values.view({-1})[place] = value;
      EXPECT_EQ(not_finite_names({{"a", values}}).size(), 1U) << value << " at " << place;
    }
  }
}

TEST(NotFiniteTest, WhatFloat32CannotHoldIsNotFinite) {
  EXPECT_THAT(not_finite_names({{"huge", torch::tensor({1e300}, torch::kFloat64)},
                                {"large", torch::tensor({3e38}, torch::kFloat64)},
                                {"tiny", torch::tensor({1e-300}, torch::kFloat64)}}),
              ElementsAre("huge"));
}

}  // namespace
}  // namespace fovea
