#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/report/confusion_picture.h>

#include "memory_limit.h"
#include "pixels.h"

namespace fovea {
namespace {

using Confusion = std::vector<std::vector<std::int64_t>>;

std::vector<std::string> class_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < count; ++k) names.push_back("class " + std::to_string(k));
  return names;
}

/// All images of each class were given the class `offset` further.
Confusion shifted(std::size_t count, std::size_t offset) {
  Confusion confusion(count, std::vector<std::int64_t>(count));
  for (std::size_t k = 0; k < count; ++k) confusion[k][(k + offset) % count] = 50;
  return confusion;
}

Image picture_of(const Confusion& confusion) {
  return confusion_picture(ConfusionMatrix(confusion), class_names(confusion.size()));
}

bool is_dark_blue(Rgb8 rgb) {
  return rgb.red < 40 && rgb.green < 70 && rgb.blue > 70 && rgb.blue < 110;
}

/// The cells, which are square together: found by the dark diagonal of a perfect matrix of the same size.
Region matrix_of(std::size_t count) {
  const Image perfect = picture_of(shifted(count, 0));
  const Region dark = bounds(perfect, whole(perfect), is_dark_blue);  // with the dark end of the legend on the right
  return {dark.top, dark.left, dark.bottom, dark.left + dark.height()};
}

/// The colour of a cell, in its corner, where no number is.
Rgb8 cell_color(const Image& picture, const Region& matrix, double count, double row, double column) {
  return pixel(picture, matrix.top + static_cast<int>(matrix.height() * (row + 0.15) / count),
               matrix.left + static_cast<int>(matrix.width() * (column + 0.15) / count));
}

TEST(ConfusionPictureTest, RowsAreTrueClassesAndColumnsPredictions) {
  const Region matrix = matrix_of(3);
  const Image picture = picture_of({{0, 7, 0}, {0, 9, 0}, {5, 0, 0}});
  EXPECT_TRUE(is_dark_blue(cell_color(picture, matrix, 3, 0, 1)));
  EXPECT_TRUE(is_dark_blue(cell_color(picture, matrix, 3, 1, 1)));
  EXPECT_TRUE(is_dark_blue(cell_color(picture, matrix, 3, 2, 0)));
  EXPECT_EQ(cell_color(picture, matrix, 3, 1, 0), rgb8(kWhite));
}

TEST(ConfusionPictureTest, ColoursAreSharesOfTheirRow) {
  const Region matrix = matrix_of(2);
  const Image few = picture_of({{3, 1}, {1, 1}});
  const Image many = picture_of({{3000, 1000}, {7, 7}});
  for (const double row : {0.0, 1.0}) {
    for (const double column : {0.0, 1.0}) {
      EXPECT_EQ(cell_color(few, matrix, 2, row, column), cell_color(many, matrix, 2, row, column));
    }
  }
  const auto darkness = [&](double row, double column) { return 255 - cell_color(few, matrix, 2, row, column).red; };
  EXPECT_GT(darkness(0, 0), darkness(1, 0) + 20);
  EXPECT_EQ(darkness(1, 0), darkness(1, 1));
  EXPECT_GT(darkness(1, 0), darkness(0, 1) + 20);
}

TEST(ConfusionPictureTest, SmallSharesAreSeen) {
  const Image picture = picture_of({{98, 2}, {0, 100}});
  const Region matrix = matrix_of(2);
  EXPECT_LT(cell_color(picture, matrix, 2, 0, 1).red, 240);
  EXPECT_EQ(cell_color(picture, matrix, 2, 1, 0), rgb8(kWhite));
}

TEST(ConfusionPictureTest, ClassesWithoutImagesAreGrey) {
  const Region matrix = matrix_of(3);
  const Image picture = picture_of({{5, 0, 0}, {0, 0, 0}, {0, 0, 5}});
  for (const double column : {0.0, 1.0, 2.0}) EXPECT_EQ(cell_color(picture, matrix, 3, 1, column), rgb8(kGrid));
  EXPECT_NO_THROW(picture_of({{0}}));
}

TEST(ConfusionPictureTest, WritesSharesIntoFewCellsOnly) {
  for (const std::size_t count : {10U, 20U, 21U}) {
    const Region matrix = matrix_of(count);
    const Image picture = picture_of(shifted(count, 0));
    const double side = static_cast<double>(matrix.width()) / static_cast<double>(count);
    const Region first{matrix.top + 2, matrix.left + 2, matrix.top + static_cast<int>(side) - 2,
                       matrix.left + static_cast<int>(side) - 2};
    const int white = count_pixels(picture, first, is_color(kWhite));
    if (count <= 20) {
      EXPECT_GT(white, 5) << count;
    } else {
      EXPECT_EQ(white, 0) << count;
    }
  }
}

TEST(ConfusionPictureTest, NamesStandBesideAndBelow) {
  const Region matrix = matrix_of(4);
  const Image picture = picture_of(shifted(4, 0));
  const int cell = matrix.height() / 4;
  for (int k = 0; k < 4; ++k) {
    const int middle = matrix.top + k * cell + cell / 2;
    EXPECT_GT(count_pixels(picture, {middle - 8, matrix.left - 60, middle + 8, matrix.left - 4}, is_inked), 20) << k;
    const int column = matrix.left + k * cell + cell / 2;
    EXPECT_GT(count_pixels(picture, {matrix.bottom + 4, column - 40, matrix.bottom + 40, column + 10}, is_inked), 20) << k;
  }
  // "predicted class" at the bottom, "true class" at the left.
  EXPECT_GT(count_pixels(picture, {picture.height - 40, matrix.left, picture.height, matrix.right}, is_inked), 50);
  EXPECT_GT(count_pixels(picture, {matrix.top, 0, matrix.bottom, 34}, is_inked), 20);
}

TEST(ConfusionPictureTest, TheTitleSaysTop1) {
  const auto title = [](const Confusion& confusion) {
    const Image picture = picture_of(confusion);
    const auto rows = static_cast<std::ptrdiff_t>(picture.width) * 3 * 40;
    return std::vector<std::uint8_t>(picture.pixels.begin(), picture.pixels.begin() + rows);
  };
  const auto perfect = title({{50, 0}, {0, 50}});
  EXPECT_EQ(perfect, title({{60, 0}, {0, 40}}));
  EXPECT_NE(perfect, title({{49, 1}, {0, 50}}));
  EXPECT_NE(perfect, title({{51, 0}, {0, 50}}));
}

TEST(ConfusionPictureTest, AnyNumberOfClassesGivesABoundedPicture) {
  for (const std::size_t count : {1U, 2U, 5U, 19U, 20U, 21U, 43U, 80U, 81U, 100U, 333U, 999U, 1000U, 1400U}) {
    const Image picture = picture_of(shifted(count, 0));
    EXPECT_LT(picture.height, 1400) << count;
    EXPECT_LT(picture.width, 1400) << count;
    EXPECT_GT(count_pixels(picture, whole(picture), is_inked), 500) << count;
  }
}

TEST(ConfusionPictureTest, AThousandClassesKeepTheirDiagonal) {
  const Image picture = picture_of(shifted(1000, 0));
  const Image moved = picture_of(shifted(1000, 1));
  EXPECT_GE(count_pixels(picture, whole(picture), is_dark_blue), 1000);
  EXPECT_NE(picture.pixels, moved.pixels);
}

TEST(ConfusionPictureTest, TwentyThousandClassesTakeAPixelForSeveral) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "memory cannot be limited under a sanitizer";
  ConfusionMatrix confusion(20000);
  for (std::int64_t k = 0; k < 20000; ++k) confusion.add(k, k);
  const std::vector<std::string> names = class_names(20000);
  const MemoryLimit limit(rlim_t{256} << 20);  // a pixel for each cell takes 1.2 GB
  const Image picture = confusion_picture(confusion, names);
  EXPECT_LT(picture.width, 1400);
  EXPECT_GE(count_pixels(picture, whole(picture), is_dark_blue), 1000);
}

TEST(ConfusionPictureTest, NamesOfAnyKindAreDrawn) {
  const std::string endless(5000, 'w');
  const Image picture = confusion_picture(ConfusionMatrix(shifted(3, 0)), {endless, "\xFF\xED\xA0\x80 no text", ""});
  EXPECT_LT(picture.width, 700);
  EXPECT_LT(picture.height, 600);
  EXPECT_EQ(count_pixels(picture, {100, 0, picture.height, 10}, is_inked), 0);  // nothing runs over the edge
  EXPECT_EQ(count_pixels(picture, {picture.height - 10, 0, picture.height, picture.width}, is_inked), 0);
}

TEST(ConfusionPictureTest, DrawsTheSameAgain) {
  EXPECT_EQ(picture_of(shifted(12, 5)).pixels, picture_of(shifted(12, 5)).pixels);
}

TEST(ConfusionPictureTest, RefusesAnotherNumberOfNames) {
  EXPECT_THROW(confusion_picture(ConfusionMatrix(2), {"one"}), InputError);
}

}  // namespace
}  // namespace fovea
