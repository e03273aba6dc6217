#include <cmath>

#include <gtest/gtest.h>

#include <fovea/base/random.h>
#include <fovea/image/affine.h>

namespace fovea {
namespace {

void expect_point(const Point& point, double x, double y, double tolerance = 0) {
  EXPECT_NEAR(point.x, x, tolerance);
  EXPECT_NEAR(point.y, y, tolerance);
}

TEST(AffineTest, IsTheIdentityByDefault) {
  expect_point(Affine()(3, -5), 3, -5);
  EXPECT_EQ(Affine().determinant(), 1);
}

TEST(AffineTest, MapsAsItsFormulaSays) {
  const Affine map{1, 2, 3, 4, 5, 6};
  expect_point(map(10, 100), 10 + 200 + 3, 40 + 500 + 6);
  EXPECT_EQ(map.determinant(), 5 - 8);
}

TEST(AffineTest, ComposesInnerFirst) {
  const Affine twice_as_wide{2, 0, 0, 0, 1, 0};
  const Affine turned_and_moved{0, -1, 10, 1, 0, 20};  // (x, y) -> (10 - y, 20 + x)
  expect_point(compose(twice_as_wide, turned_and_moved)(3, 4), 2 * (10 - 4), 20 + 3);
  expect_point(compose(turned_and_moved, twice_as_wide)(3, 4), 10 - 4, 20 + 6);
}

TEST(AffineTest, InvertsAsComputedByHand) {
  const Affine inverse = Affine{2, 0, 6, 0, 4, -8}.inverse();
  expect_point(inverse(6, -8), 0, 0);
  expect_point(inverse(8, -4), 1, 1);
  const Affine quarter_turn = Affine{0, -1, 5, 1, 0, 7}.inverse();
  expect_point(quarter_turn(5, 8), 1, 0);
}

TEST(AffineTest, TheInverseUndoesAnyMap) {
  RandomStream random(1, Purpose::test);
  const auto draw = [&] { return random.uniform(-3, 3); };
  for (int round = 0; round < 200; ++round) {
    const Affine map{draw(), draw(), draw(), draw(), draw(), draw()};
    if (std::abs(map.determinant()) < 0.1) continue;
    const double x = draw();
    const double y = draw();
    constexpr double kTolerance = 1e-12;  // numbers up to 20, divided by 0.1 or more: 200 * 2^-53 a few times
    expect_point(compose(map.inverse(), map)(x, y), x, y, kTolerance);
    expect_point(compose(map, map.inverse())(x, y), x, y, kTolerance);
    const Point there = map(x, y);
    expect_point(map.inverse()(there.x, there.y), x, y, kTolerance);
  }
}

}  // namespace
}  // namespace fovea
