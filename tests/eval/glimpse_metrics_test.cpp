#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/eval/glimpse_metrics.h>
#include <fovea/glimpse/retina_shape.h>

namespace fovea {
namespace {

using testing::AllOf;
using testing::DoubleEq;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pointwise;

constexpr double kRounding = 1e-12;  // sums of a few dozen numbers of about 1, in float64

/// Trajectory of a retina over images of one size: windows as they are, logits and patches 0.
GlimpseTrajectory trajectory_at(const torch::Tensor& locations, const RetinaShape& retina, std::int64_t height,
                                std::int64_t width, std::int64_t channels = 1) {
  const std::int64_t images = locations.size(0);
  const std::int64_t glimpses = locations.size(1);
  GlimpseTrajectory trajectory;
  trajectory.locations = locations;
  trajectory.logits = torch::zeros({images, glimpses, 3}, locations.options());
  trajectory.windows = retina_windows(retina, locations, torch::full({images}, height), torch::full({images}, width));
  trajectory.patches = torch::zeros({images, glimpses, retina.scales, channels, retina.patch, retina.patch});
  return trajectory;
}

Batch images_of(std::int64_t images, std::int64_t height, std::int64_t width, std::int64_t channels = 1) {
  Batch batch;
  batch.images = torch::zeros({images, channels, height, width}, torch::kUInt8);
  batch.labels = torch::zeros({images}, torch::kInt64);
  return batch;
}

torch::Tensor random_locations(std::int64_t images, std::int64_t glimpses, std::uint64_t key, double range = 1) {
  RandomStream random(key, Purpose::test);
  const auto locations = torch::empty({images, glimpses, 2}, torch::kFloat64);
  double* value = locations.data_ptr<double>();
  for (std::int64_t i = 0; i < locations.numel(); ++i) value[i] = random.uniform(-range, range);
  return locations;
}

/// Pixels in any of the windows of each image, counted one by one. @return their fraction of all pixels.
double counted_touched_fraction(const torch::Tensor& locations, const RetinaShape& retina, std::int64_t height,
                                std::int64_t width) {
  auto touched = torch::zeros({locations.size(0), height, width}, torch::kBool);
  for (std::int64_t n = 0; n < locations.size(0); ++n) {
    for (std::int64_t t = 0; t < locations.size(1); ++t) {
      for (std::int64_t s = 0; s < retina.scales; ++s) {
        const std::int64_t side = retina.side(s);
        const std::int64_t left = window_start(locations[n][t][0].item<double>(), width, side);
        const std::int64_t top = window_start(locations[n][t][1].item<double>(), height, side);
        for (std::int64_t y = std::max<std::int64_t>(top, 0); y < std::min(top + side, height); ++y) {
          for (std::int64_t x = std::max<std::int64_t>(left, 0); x < std::min(left + side, width); ++x) {
            touched[n][y][x] = true;
          }
        }
      }
    }
  }
  return touched.to(torch::kFloat64).mean().item<double>();
}

TEST(GlimpseMetricsTest, TouchedPixelsEqualCountingThem) {
  struct Case {
    std::int64_t images, height, width, glimpses;
    RetinaShape retina;
    double range;  // locations beyond 1: windows outside the image
  };
  for (const Case& c : {Case{3, 20, 20, 2, {4, 1}, 1}, Case{4, 13, 29, 3, {3, 2}, 0.8}, Case{3, 31, 12, 4, {2, 3}, 1},
                        Case{5, 9, 14, 3, {5, 2}, 2.5}, Case{2, 16, 16, 2, {12, 3}, 1}}) {
    SCOPED_TRACE(std::to_string(c.height) + " x " + std::to_string(c.width));
    const auto locations = random_locations(c.images, c.glimpses, static_cast<std::uint64_t>(c.height), c.range);
    GlimpseMetrics metrics;
    metrics.add(trajectory_at(locations, c.retina, c.height, c.width), images_of(c.images, c.height, c.width));
    const double counted = counted_touched_fraction(locations, c.retina, c.height, c.width);
    EXPECT_GT(counted, 0.0);
    EXPECT_NEAR(metrics.pixels_touched_fraction(), counted, kRounding);
  }
}

TEST(GlimpseMetricsTest, ReadIsSensorValuesPerPixel) {
  GlimpseMetrics metrics;
  // 6 glimpses of 3 scales of 12 x 12 in 60 x 60 pixels; three channels change nothing.
  metrics.add(trajectory_at(torch::zeros({2, 6, 2}, torch::kFloat64), {12, 3}, 60, 60, 3), images_of(2, 60, 60, 3));
  EXPECT_DOUBLE_EQ(metrics.pixels_read_fraction(), 6 * 3 * 144 / 3600.0);
  EXPECT_NEAR(metrics.pixels_touched_fraction(), 48 * 48 / 3600.0, kRounding);  // six times the same: the widest window
}

TEST(GlimpseMetricsTest, AnImageOfAnySizeCostsTheSame) {
  // 4096 x 4096 pixels of which nothing is stored: a bitmap of them would be 16 MiB for each of 1000 images.
  Batch batch;
  batch.images = torch::zeros({1, 1, 1, 1}, torch::kUInt8).expand({1000, 1, 4096, 4096});
  batch.labels = torch::zeros({1000}, torch::kInt64);
  GlimpseMetrics metrics;
  metrics.add(trajectory_at(torch::zeros({1000, 1, 2}), {12, 2}, 4096, 4096), batch);
  EXPECT_DOUBLE_EQ(metrics.pixels_touched_fraction(), 24.0 * 24 / (4096.0 * 4096));
  EXPECT_DOUBLE_EQ(metrics.pixels_read_fraction(), 2 * 144 / (4096.0 * 4096));
}

TEST(GlimpseMetricsTest, ImagesOfSeveralSizesCountOneEach) {
  Batch batch;
  batch.singles = {torch::zeros({1, 10, 20}, torch::kUInt8), torch::zeros({1, 40, 8}, torch::kUInt8)};
  batch.labels = torch::zeros({2}, torch::kInt64);
  const RetinaShape retina{4, 1};
  auto trajectory = trajectory_at(torch::zeros({2, 1, 2}), retina, 1, 1);
  trajectory.windows = retina_windows(retina, trajectory.locations, torch::tensor({10, 40}), torch::tensor({20, 8}));
  GlimpseMetrics metrics;
  metrics.add(trajectory, batch);
  const double fraction = (16 / 200.0 + 16 / 320.0) / 2;
  EXPECT_DOUBLE_EQ(metrics.pixels_read_fraction(), fraction);
  EXPECT_NEAR(metrics.pixels_touched_fraction(), fraction, 1e-7);  // windows in float32
}

TEST(GlimpseMetricsTest, SpreadByHand) {
  // Step 1 is given: at the same place. Step 2: x of -0.3, 0.1, 0.5 has deviation sqrt(0.32 / 3), y is the same everywhere.
  // Step 3: x of 0, 0, 0.6 has sqrt(0.24 / 3), y of 0.2, -0.2, 0 has sqrt(0.08 / 3).
  const auto locations = torch::tensor({0.0, 0.0, -0.3, 0.7, 0.0, 0.2,  //
                                        0.0, 0.0, 0.1, 0.7, 0.0, -0.2,  //
                                        0.0, 0.0, 0.5, 0.7, 0.6, 0.0},
                                       torch::kFloat64)
                             .view({3, 3, 2});
  GlimpseMetrics metrics;
  metrics.add(trajectory_at(locations, {2, 1}, 8, 8), images_of(3, 8, 8));
  EXPECT_THAT(metrics.location_spread(),
              ElementsAre(0.0, DoubleNear(std::sqrt(0.32 / 3) / 2, kRounding),
                          DoubleNear((std::sqrt(0.24 / 3) + std::sqrt(0.08 / 3)) / 2, kRounding)));
  EXPECT_FALSE(metrics.collapsed());
}

TEST(GlimpseMetricsTest, CollapsedWhenNoChoiceDependsOnTheImage) {
  const auto collapsed = [](const torch::Tensor& locations) {
    GlimpseMetrics metrics;
    metrics.add(trajectory_at(locations, {2, 1}, 8, 8), images_of(locations.size(0), 8, 8));
    return metrics.collapsed();
  };
  const auto path = random_locations(1, 4, 7);
  EXPECT_TRUE(collapsed(path.expand({50, 4, 2})));
  EXPECT_TRUE(collapsed(path + random_locations(50, 4, 8, 0.03)));   // spread 0.03 / sqrt(3) = 0.017
  EXPECT_FALSE(collapsed(path + random_locations(50, 4, 8, 0.05)));  // 0.029
  auto one_choice = path.repeat({50, 1, 1});
  one_choice.select(1, 2).copy_(random_locations(50, 1, 9).squeeze(1));
  EXPECT_FALSE(collapsed(one_choice));
  auto first_only = path.repeat({50, 1, 1});  // the first is given, not chosen
  first_only.select(1, 0).copy_(random_locations(50, 1, 9).squeeze(1));
  EXPECT_TRUE(collapsed(first_only));
  EXPECT_FALSE(collapsed(path)) << "one image has no spread";
  EXPECT_FALSE(collapsed(torch::zeros({50, 1, 2}))) << "one glimpse is no choice";
}

TEST(GlimpseMetricsTest, AccuracyAfterEachStep) {
  auto trajectory = trajectory_at(torch::zeros({4, 3, 2}), {2, 1}, 8, 8);
  Batch batch = images_of(4, 8, 8);
  batch.labels = torch::tensor({0, 1, 2, 1});
  // Predicted after each step, by image.
  const std::vector<std::vector<std::int64_t>> predicted{{1, 0, 0}, {2, 2, 1}, {2, 0, 2}, {0, 0, 1}};
  for (std::int64_t n = 0; n < 4; ++n) {
    for (std::int64_t t = 0; t < 3; ++t) {
      trajectory.logits[n][t][predicted[static_cast<std::size_t>(n)][static_cast<std::size_t>(t)]] = 0.5;
    }
  }
  GlimpseMetrics metrics;
  metrics.add(trajectory, batch);
  EXPECT_THAT(metrics.top1_per_step(), ElementsAre(0.25, 0.25, 1.0));
  EXPECT_EQ(metrics.glimpses(), 3);
  EXPECT_EQ(metrics.images(), 4);
}

TEST(GlimpseMetricsTest, BoxesCountWhereTheyAreKnown) {
  Batch boxed = images_of(2, 8, 8);
  boxed.boxes = torch::tensor({-0.5F, -0.5F, 0.5F, 0.5F}).expand({2, 4});
  const auto locations = torch::tensor({0.9, 0.9, 0.0, 0.0, 0.9, 0.0, 0.8, 0.0}, torch::kFloat64).view({2, 2, 2});
  GlimpseMetrics metrics;
  metrics.add(trajectory_at(locations, {2, 1}, 8, 8), boxed);
  metrics.add(trajectory_at(locations, {2, 1}, 8, 8), images_of(2, 8, 8));
  EXPECT_EQ(metrics.images(), 4);
  EXPECT_EQ(metrics.box_hits().images(), 2);
  EXPECT_EQ(metrics.box_hits().glimpses().value(), 0.25);
  EXPECT_EQ(metrics.box_hits().first_step(), 2.0);
}

TEST(GlimpseMetricsTest, AddingPartsEqualsAddingAll) {
  const auto locations = random_locations(40, 3, 11);
  auto trajectory = trajectory_at(locations, {3, 2}, 11, 17);
  trajectory.logits = torch::cos(torch::arange(40 * 3 * 3, torch::kFloat64)).view({40, 3, 3});
  Batch batch = images_of(40, 11, 17);
  batch.labels = torch::arange(40).remainder(3);
  GlimpseMetrics all, parts;
  all.add(trajectory, batch);
  for (const auto& [begin, end] : {std::pair{0, 6}, {6, 6}, {6, 7}, {7, 40}}) {
    GlimpseTrajectory part;
    part.locations = trajectory.locations.slice(0, begin, end);
    part.logits = trajectory.logits.slice(0, begin, end);
    part.windows = trajectory.windows.slice(0, begin, end);
    part.patches = trajectory.patches.slice(0, begin, end);
    GlimpseMetrics metrics;
    metrics.add(part, batch.slice(begin, end));
    parts.add(metrics);
  }
  EXPECT_EQ(parts.images(), 40);
  EXPECT_THAT(parts.top1_per_step(), Pointwise(DoubleEq(), all.top1_per_step()));
  EXPECT_THAT(parts.location_spread(), Pointwise(DoubleNear(kRounding), all.location_spread()));
  EXPECT_NEAR(parts.pixels_read_fraction(), all.pixels_read_fraction(), kRounding);
  EXPECT_NEAR(parts.pixels_touched_fraction(), all.pixels_touched_fraction(), kRounding);
  EXPECT_GT(all.top1_per_step()[0], 0.0);
  EXPECT_LT(all.top1_per_step()[0], 1.0);
}

TEST(GlimpseMetricsTest, WithoutImagesEverythingIsEmpty) {
  const GlimpseMetrics metrics;
  EXPECT_EQ(metrics.images(), 0);
  EXPECT_EQ(metrics.glimpses(), 0);
  EXPECT_TRUE(metrics.top1_per_step().empty());
  EXPECT_TRUE(metrics.location_spread().empty());
  EXPECT_FALSE(metrics.collapsed());
  EXPECT_EQ(metrics.pixels_read_fraction(), 0.0);
  EXPECT_EQ(metrics.pixels_touched_fraction(), 0.0);
}

TEST(GlimpseMetricsTest, WhatDoesNotFitIsRefused) {
  GlimpseMetrics metrics;
  const auto refusal = [&](const GlimpseTrajectory& trajectory, const Batch& batch) -> std::string {
    try {
      metrics.add(trajectory, batch);
    } catch (const ShapeError& error) {
      return error.what();
    }
    return "no ShapeError";
  };
  const RetinaShape retina{2, 1};
  EXPECT_THAT(refusal(trajectory_at(torch::zeros({6, 4, 2}), retina, 8, 8), images_of(3, 8, 8)),
              AllOf(HasSubstr("locations [3, T, 2]"), HasSubstr("got [6, 4, 2], [6, 4, 3], [6, 4, 1, 4]"),
                    HasSubstr("one rollout")));
  auto training = trajectory_at(torch::zeros({3, 4, 2}), retina, 8, 8);
  training.windows = torch::Tensor();
  training.patches = torch::Tensor();
  EXPECT_THAT(refusal(training, images_of(3, 8, 8)), AllOf(HasSubstr("none, none"), HasSubstr("evaluation mode")));
  EXPECT_EQ(metrics.images(), 0);
  metrics.add(trajectory_at(torch::zeros({3, 4, 2}), retina, 8, 8), images_of(3, 8, 8));
  EXPECT_THAT(refusal(trajectory_at(torch::zeros({3, 5, 2}), retina, 8, 8), images_of(3, 8, 8)),
              AllOf(HasSubstr("[N, 4]"), HasSubstr("[N, 5]")));
  EXPECT_EQ(metrics.images(), 3);
}

}  // namespace
}  // namespace fovea
