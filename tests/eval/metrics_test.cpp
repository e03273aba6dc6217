#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/eval/metrics.h>

#include "memory_limit.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;
using Counts = std::vector<std::vector<std::int64_t>>;

// Sums of a few logarithms in float64: rounding stays far below this.
constexpr double kMetricsRounding = 1e-12;

/// Logits whose softmax are the given rows.
torch::Tensor logits_of(const std::vector<std::vector<double>>& probabilities) {
  const auto classes = static_cast<std::int64_t>(probabilities.at(0).size());
  auto logits = torch::empty({static_cast<std::int64_t>(probabilities.size()), classes}, torch::kFloat64);
  for (std::size_t n = 0; n < probabilities.size(); ++n) {
    logits[static_cast<std::int64_t>(n)] = torch::tensor(probabilities[n], torch::kFloat64).log();
  }
  return logits;
}

torch::Tensor labels_of(const std::vector<std::int64_t>& labels) {
  return torch::tensor(labels, torch::kInt64);
}

ClassificationMetrics measured(std::int64_t num_classes, const torch::Tensor& logits, const torch::Tensor& labels) {
  ClassificationMetrics metrics(num_classes);
  metrics.add(logits, labels);
  return metrics;
}

//   probabilities      label  predicted  right  bin of the highest (x 15)
//   0.70 0.20 0.10       0        0       yes   10.50 -> 10
//   0.10 0.81 0.09       2        1       no    12.15 -> 12
//   0.05 0.05 0.90       2        2       yes   13.50 -> 13
//   0.72 0.18 0.10       1        0       no    10.80 -> 10
ClassificationMetrics worked_example() {
  return measured(3, logits_of({{0.70, 0.20, 0.10}, {0.10, 0.81, 0.09}, {0.05, 0.05, 0.90}, {0.72, 0.18, 0.10}}),
                  labels_of({0, 2, 2, 1}));
}

TEST(ClassificationMetricsTest, WorkedExampleByHand) {
  const ClassificationMetrics metrics = worked_example();
  EXPECT_EQ(metrics.images(), 4);
  EXPECT_EQ(metrics.top1(), 2.0 / 4);
  EXPECT_NEAR(metrics.top1_interval().low, 0.1500, 5e-5);  // (2 + 1.92073 -+ 1.95996 sqrt(1 + 0.96036)) / 7.84146
  EXPECT_NEAR(metrics.top1_interval().high, 0.8500, 5e-5);
  EXPECT_EQ(metrics.top5(), 1.0);  // 3 classes: the true one is always among the first five
  EXPECT_NEAR(metrics.loss(), -(std::log(0.70) + std::log(0.09) + std::log(0.90) + std::log(0.18)) / 4, kMetricsRounding);
  EXPECT_EQ(metrics.confusion().rows(), (Counts{{1, 0, 0}, {1, 0, 0}, {0, 1, 1}}));
}

TEST(ClassificationMetricsTest, CalibrationErrorByHand) {
  // Bin 10 holds two images, one right, probabilities 0.70 + 0.72: |1 - 1.42|; bin 12: |0 - 0.81|; bin 13: |1 - 0.90|.
  EXPECT_NEAR(worked_example().expected_calibration_error(), (0.42 + 0.81 + 0.10) / 4, kMetricsRounding);
}

TEST(ClassificationMetricsTest, CertaintyFallsIntoTheLastBin) {
  const auto certain = torch::tensor({{1000.0, 0.0}, {1000.0, 0.0}}, torch::kFloat64);  // probability 1, exactly
  EXPECT_EQ(measured(2, certain, labels_of({0, 0})).expected_calibration_error(), 0.0);
  EXPECT_EQ(measured(2, certain, labels_of({1, 1})).expected_calibration_error(), 1.0);
  EXPECT_EQ(measured(2, certain, labels_of({1, 0})).expected_calibration_error(), 0.5);
  EXPECT_EQ(measured(2, certain, labels_of({1, 0})).loss(), 500.0);
}

TEST(ClassificationMetricsTest, TopFiveEndsAtTheFifth) {
  // Class k has rank k among seven.
  const auto logits = torch::tensor({{7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0}});
  for (std::int64_t label = 0; label < 7; ++label) {
    const ClassificationMetrics metrics = measured(7, logits, labels_of({label}));
    EXPECT_EQ(metrics.top1(), label == 0 ? 1.0 : 0.0) << "label " << label;
    EXPECT_EQ(metrics.top5(), label < 5 ? 1.0 : 0.0) << "label " << label;
  }
}

TEST(ClassificationMetricsTest, TiesGoToTheLowerClass) {
  const auto tied = torch::zeros({1, 7});
  for (std::int64_t label = 0; label < 7; ++label) {
    const ClassificationMetrics metrics = measured(7, tied, labels_of({label}));
    EXPECT_EQ(metrics.top1(), label == 0 ? 1.0 : 0.0) << "label " << label;
    EXPECT_EQ(metrics.top5(), label < 5 ? 1.0 : 0.0) << "label " << label;
    EXPECT_EQ(metrics.confusion().images(label, 0), 1);
    EXPECT_NEAR(metrics.loss(), std::log(7.0), kMetricsRounding);
  }
  const auto second_tie = torch::tensor({{1.0, 3.0, 3.0}});
  EXPECT_EQ(measured(3, second_tie, labels_of({1})).top1(), 1.0);
  EXPECT_EQ(measured(3, second_tie, labels_of({2})).top1(), 0.0);
}

TEST(ClassificationMetricsTest, OneClassIsAlwaysRight) {
  const ClassificationMetrics metrics = measured(1, torch::tensor({{-3.0}, {4.0}}), labels_of({0, 0}));
  EXPECT_EQ(metrics.top1(), 1.0);
  EXPECT_EQ(metrics.top5(), 1.0);
  EXPECT_EQ(metrics.loss(), 0.0);
  EXPECT_EQ(metrics.expected_calibration_error(), 0.0);
}

TEST(ClassificationMetricsTest, LargeLogitsDoNotOverflow) {
  // log(exp(3e4) + exp(3e4)) - 3e4 = log 2, although exp(3e4) is infinite.
  EXPECT_NEAR(measured(2, torch::full({1, 2}, 3e4), labels_of({0})).loss(), std::log(2.0), kMetricsRounding);
}

TEST(ClassificationMetricsTest, WithoutImagesEverythingIsZero) {
  const ClassificationMetrics metrics(3);
  EXPECT_EQ(metrics.images(), 0);
  EXPECT_EQ(metrics.top1(), 0.0);
  EXPECT_EQ(metrics.top5(), 0.0);
  EXPECT_EQ(metrics.loss(), 0.0);
  EXPECT_EQ(metrics.expected_calibration_error(), 0.0);
  EXPECT_EQ(metrics.confusion().rows(), Counts(3, std::vector<std::int64_t>(3)));
}

TEST(ClassificationMetricsTest, TwentyThousandClassesTakeNoSquareOfMemory) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "memory cannot be limited under a sanitizer";
  const auto logits = torch::eye(10, 20000);
  const auto labels = torch::arange(10);
  const MemoryLimit limit(rlim_t{1} << 30);  // with the arenas of threads; a count for each pair takes 3.2 GB
  ClassificationMetrics total(20000);
  for (int part = 0; part < 4; ++part) total.add(measured(20000, logits, labels));
  EXPECT_EQ(total.images(), 40);
  EXPECT_EQ(total.top1(), 1.0);
  EXPECT_EQ(total.confusion().images(9, 9), 4);
  EXPECT_EQ(total.confusion().cells().size(), 10U);
}

TEST(ClassificationMetricsTest, AddingPartsEqualsAddingAll) {
  constexpr std::int64_t kImages = 50;
  auto logits = torch::empty({kImages, 6}, torch::kFloat64);
  auto labels = torch::empty({kImages}, torch::kInt64);
  RandomStream random(1, Purpose::test);
  for (std::int64_t n = 0; n < kImages; ++n) {
    labels[n] = static_cast<std::int64_t>(random.below(6));
    for (std::int64_t k = 0; k < 6; ++k) logits[n][k] = 2 * random.normal();
  }
  const ClassificationMetrics all = measured(6, logits, labels);
  ClassificationMetrics parts(6);
  for (const auto& [begin, end] : {std::pair{0, 7}, {7, 7}, {7, 8}, {8, 50}}) {  // sizes 7, 0, 1, 42: no mean of batch means
    parts.add(measured(6, logits.slice(0, begin, end), labels.slice(0, begin, end)));
  }
  EXPECT_EQ(parts.images(), kImages);
  EXPECT_EQ(parts.top1(), all.top1());
  EXPECT_EQ(parts.top5(), all.top5());
  EXPECT_EQ(parts.confusion(), all.confusion());
  EXPECT_NEAR(parts.loss(), all.loss(), kMetricsRounding);  // another order of the sum
  EXPECT_NEAR(parts.expected_calibration_error(), all.expected_calibration_error(), kMetricsRounding);
  EXPECT_GT(all.top1(), 0.0);
  EXPECT_LT(all.top1(), all.top5());
}

TEST(ClassificationMetricsTest, TypeAndLayoutDoNotMatter) {
  const auto logits = logits_of({{0.5, 0.25, 0.25}, {0.125, 0.5, 0.375}});
  const auto transposed = logits.t().contiguous().t();
  const double loss = measured(3, logits, labels_of({1, 1})).loss();
  EXPECT_EQ(measured(3, transposed, labels_of({1, 1})).loss(), loss);
  EXPECT_EQ(measured(3, logits, labels_of({1, 1}).to(torch::kInt32)).loss(), loss);
  // float32 logits carry about 7 digits.
  EXPECT_NEAR(measured(3, logits.to(torch::kFloat32).requires_grad_(), labels_of({1, 1})).loss(), loss, 1e-6);
}

TEST(ClassificationMetricsTest, ShapesThatDoNotFitAreRefusedWithBoth) {
  ClassificationMetrics metrics(4);
  const auto message = [&](const torch::Tensor& logits, const torch::Tensor& labels) -> std::string {
    try {
      metrics.add(logits, labels);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "no ShapeError";
  };
  const auto two = labels_of({0, 1});
  EXPECT_THAT(message(torch::ones({2, 3}), two),
              AllOf(HasSubstr("expected logits [N, 4] and labels [N]"), HasSubstr("got [2, 3] and [2]")));
  EXPECT_THAT(message(torch::ones({3, 4}), two), HasSubstr("got [3, 4] and [2]"));
  EXPECT_THAT(message(torch::ones({4}), two), HasSubstr("got [4] and [2]"));
  EXPECT_THAT(message(torch::ones({2, 4, 1}), two), HasSubstr("got [2, 4, 1] and [2]"));
  EXPECT_THAT(message(torch::ones({2, 4}), two.view({2, 1})), HasSubstr("got [2, 4] and [2, 1]"));
  EXPECT_EQ(metrics.images(), 0);
}

TEST(ConfusionCsvTest, RowsAreTrueClasses) {
  EXPECT_EQ(confusion_csv(worked_example(), {"cat", "dog", "owl"}),
            "true \\ predicted,cat,dog,owl\n"
            "cat,1,0,0\n"
            "dog,1,0,0\n"
            "owl,0,1,1\n");
}

TEST(ConfusionCsvTest, ManyClassesAreAListOfWhatOccurs) {
  const std::vector<std::string> names(1001, "a, b");
  ClassificationMetrics metrics(1001);
  metrics.add(torch::arange(1001).view({1, 1001}), labels_of({7}));
  EXPECT_EQ(confusion_csv(metrics, names), "true,predicted,images\n\"a, b\",\"a, b\",1\n");
}

TEST(ConfusionCsvTest, NamesAreQuotedWhereNeeded) {
  EXPECT_EQ(confusion_csv(worked_example(), {"cat, wild", "say \"miaow\"", "two\nlines"}),
            "true \\ predicted,\"cat, wild\",\"say \"\"miaow\"\"\",\"two\nlines\"\n"
            "\"cat, wild\",1,0,0\n"
            "\"say \"\"miaow\"\"\",1,0,0\n"
            "\"two\nlines\",0,1,1\n");
  EXPECT_THAT(confusion_csv(ClassificationMetrics(1), {"it's ; a plain\tname"}), HasSubstr("\nit's ; a plain\tname,0\n"));
}

}  // namespace
}  // namespace fovea
