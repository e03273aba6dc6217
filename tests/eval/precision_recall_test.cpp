#include <vector>

#include <gtest/gtest.h>

#include <fovea/eval/precision_recall.h>

namespace fovea {
namespace {

// Four images of class 0, of which three are found; two of class 1, of which one is; class 2 has none and is predicted once,
// class 3 has one and is never predicted, and class 4 does not occur.
const ConfusionMatrix& five_classes() {
  static const ConfusionMatrix confusion(
      {{3, 1, 0, 0, 0}, {0, 1, 1, 0, 0}, {0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {0, 0, 0, 0, 0}});
  return confusion;
}

TEST(PrecisionRecallTest, FollowsFromTheCounts) {
  const std::vector<PrecisionRecall> scores = precision_recall(five_classes());
  ASSERT_EQ(scores.size(), 5U);
  EXPECT_EQ(scores[0].precision, 3.0 / 4);
  EXPECT_EQ(scores[0].recall, 3.0 / 4);
  EXPECT_EQ(scores[0].f1, 6.0 / 8);
  EXPECT_EQ(scores[1].precision, 1.0 / 2);
  EXPECT_EQ(scores[1].recall, 1.0 / 2);
  EXPECT_EQ(scores[1].f1, 2.0 / 4);
}

TEST(PrecisionRecallTest, WhatIsDividedByNothingIsNone) {
  const std::vector<PrecisionRecall> scores = precision_recall(five_classes());
  EXPECT_EQ(scores[2].precision, 0.0);
  EXPECT_FALSE(scores[2].recall) << "it has no images";
  EXPECT_EQ(scores[2].f1, 0.0);
  EXPECT_FALSE(scores[3].precision) << "it was never predicted";
  EXPECT_EQ(scores[3].recall, 0.0);
  EXPECT_EQ(scores[3].f1, 0.0);
  EXPECT_FALSE(scores[4].precision || scores[4].recall || scores[4].f1);
}

// sklearn.metrics.precision_recall_fscore_support(truth, predicted, average="macro", zero_division=0) gives the same.
TEST(MacroAverageTest, CoversTheClassesThatOccurAndCountsWhatIsNoneAsZero) {
  const MacroAverage average = macro_average(precision_recall(five_classes()));
  EXPECT_DOUBLE_EQ(average.precision, (3.0 / 4 + 1.0 / 2) / 4);
  EXPECT_DOUBLE_EQ(average.recall, (3.0 / 4 + 1.0 / 2) / 4);
  EXPECT_DOUBLE_EQ(average.f1, (6.0 / 8 + 2.0 / 4) / 4);
}

TEST(MacroAverageTest, IsTheMeanOfTheClassesF1) {
  // Class 0: precision 1, recall 1/2, F1 2/3; class 1: precision 1/2, recall 1, F1 2/3. The F1 of the means would be 3/4.
  EXPECT_DOUBLE_EQ(macro_average(precision_recall(ConfusionMatrix({{1, 1}, {0, 1}}))).f1, 2.0 / 3);
}

TEST(MacroAverageTest, IsZeroWithoutImages) {
  EXPECT_EQ(macro_average(precision_recall(ConfusionMatrix(2))).f1, 0.0);
}

}  // namespace
}  // namespace fovea
