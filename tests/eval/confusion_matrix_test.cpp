#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/eval/confusion_matrix.h>

namespace fovea {
namespace {

using Counts = std::vector<std::vector<std::int64_t>>;

TEST(ConfusionMatrixTest, CountsPairs) {
  ConfusionMatrix confusion(3);
  confusion.add(0, 2);
  confusion.add(0, 2, 4);
  confusion.add(2, 2);
  confusion.add(1, 0, 0);
  EXPECT_EQ(confusion.images(0, 2), 5);
  EXPECT_EQ(confusion.images(0, 1), 0);
  EXPECT_EQ(confusion.images(0), 5);
  EXPECT_EQ(confusion.images(1), 0);
  EXPECT_EQ(confusion.rows(), (Counts{{0, 0, 5}, {0, 0, 0}, {0, 0, 1}}));
  ASSERT_EQ(confusion.cells().size(), 2U);
  EXPECT_EQ(confusion.cells()[0].predicted, 2);
  EXPECT_EQ(confusion.cells()[1].truth, 2);
  EXPECT_EQ(confusion, ConfusionMatrix(confusion.rows()));
}

TEST(ConfusionMatrixTest, AddsTheCountsOfAnother) {
  ConfusionMatrix sum(Counts{{1, 2}, {0, 3}});
  sum.add(ConfusionMatrix(Counts{{4, 0}, {5, 0}}));
  EXPECT_EQ(sum.rows(), (Counts{{5, 2}, {5, 3}}));
}

TEST(ConfusionMatrixTest, RefusesWhatIsNone) {
  EXPECT_THROW(ConfusionMatrix(0), InputError);
  EXPECT_THROW(ConfusionMatrix(Counts{}), InputError);
  EXPECT_THROW(ConfusionMatrix(Counts{{1, 0}, {0}}), InputError);
  EXPECT_THROW(ConfusionMatrix(Counts{{1, 0}, {0, -1}}), InputError);
  ConfusionMatrix confusion(2);
  EXPECT_THROW(confusion.add(2, 0), InputError);
  EXPECT_THROW(confusion.add(0, -1), InputError);
  EXPECT_THROW(confusion.add(ConfusionMatrix(Counts{{0, 0, 0}, {0, 0, 0}, {0, 0, 1}})), InputError);
}

}  // namespace
}  // namespace fovea
