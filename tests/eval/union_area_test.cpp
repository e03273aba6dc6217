#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/base/random.h>
#include <fovea/eval/internal/union_area.h>

namespace fovea {
namespace {

TEST(UnionAreaTest, ByHand) {
  EXPECT_EQ(union_area({}), 0.0);
  EXPECT_EQ(union_area({{1, 2, 4, 4}}), 6.0);
  EXPECT_EQ(union_area({{0, 0, 2, 2}, {1, 1, 3, 3}}), 7.0);                 // 4 + 4 - 1 in common
  EXPECT_EQ(union_area({{0, 0, 4, 4}, {1, 1, 2, 2}, {0, 0, 4, 4}}), 16.0);  // inside, and equal
  EXPECT_EQ(union_area({{0, 0, 1, 1}, {1, 0, 2, 1}, {5, 5, 6, 6}}), 3.0);   // side by side, and apart
  EXPECT_EQ(union_area({{3, 0, 3, 9}, {0, 4, 9, 4}}), 0.0);                 // lines
  EXPECT_EQ(union_area({{0.25, 0, 0.75, 0.5}, {0.5, 0.25, 1, 0.75}}), 0.4375);
}

TEST(UnionAreaTest, EqualsCountingThePixels) {
  constexpr int kSide = 20;
  RandomStream random(2, Purpose::test);
  const auto pixel = [&] { return static_cast<int>(random.below(kSide + 1)); };
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<Box> boxes;
    std::array<std::array<bool, kSide>, kSide> covered{};
    for (std::uint64_t count = random.below(12); count > 0; --count) {
      const auto [left, right] = std::minmax({pixel(), pixel()});
      const auto [top, bottom] = std::minmax({pixel(), pixel()});
      boxes.push_back(
          {static_cast<double>(left), static_cast<double>(top), static_cast<double>(right), static_cast<double>(bottom)});
      for (int y = top; y < bottom; ++y) {
        for (int x = left; x < right; ++x) covered[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] = true;
      }
    }
    double pixels = 0;
    for (const auto& row : covered) pixels += static_cast<double>(std::count(row.begin(), row.end(), true));
    ASSERT_EQ(union_area(boxes), pixels) << "trial " << trial;  // whole numbers: exactly
  }
}

}  // namespace
}  // namespace fovea
