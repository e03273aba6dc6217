#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/eval/evaluator.h>
#include <fovea/eval/glimpse_evaluator.h>
#include <fovea/glimpse/retina_shape.h>

#include "made_samples.h"

namespace fovea {
namespace {

constexpr std::int64_t kGlimpsedClasses = 3;
constexpr std::int64_t kGlimpsedSteps = 3;
constexpr RetinaShape kGlimpsedRetina{2, 2};

/// Images of 4 x 6 grey pixels, all of the value of their number; labels 0, 1, 2, 0, ...
std::shared_ptr<const Dataset> valued_images(std::int64_t size, const std::optional<Box>& box) {
  const Image like(4, 6, 1);
  const auto made = [like, box](std::int64_t index) {
    Sample sample{like, index % kGlimpsedClasses, box};
    sample.image.pixels.assign(sample.image.pixels.size(), static_cast<std::uint8_t>(index));
    return sample;
  };
  return std::make_shared<MadeSamples>(size, like, std::vector<std::string>{"a", "b", "c"}, made);
}

/// Place of the object in image `value`: x in {-0.8, -0.4, 0, 0.4, 0.8}, neighbours apart.
double place_of(std::int64_t value) {
  return static_cast<double>(value * 3 % 5) * 0.4 - 0.8;
}

/// Knows an image's label from its value, but says so only when it looks near its location. Looks at the centre first, then
/// at the location.
struct PlaceNet final : Classifier {
  PlaceNet() : Classifier("PlaceNet") {}

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    if (on_forward) on_forward(batch, context);
    trained_modes += is_training();
    gradient_modes += torch::GradMode::is_enabled();
    const std::int64_t images = batch.size();
    const auto values = batch.images.select(1, 0).select(1, 0).select(1, 0).to(torch::kInt64);
    GlimpseTrajectory trajectory;
    trajectory.locations = torch::zeros({images, kGlimpsedSteps, 2}, torch::kFloat64);
    trajectory.logits = torch::zeros({images, kGlimpsedSteps, kGlimpsedClasses}, torch::kFloat64);
    RandomStream& random = context.random;
    for (std::int64_t n = 0; n < images; ++n) {
      const auto value = values[n].item<std::int64_t>();
      for (std::int64_t t = 0; t < kGlimpsedSteps; ++t) {
        double x = t == 0 ? 0.0 : place_of(value);
        if (context.policy == PolicyMode::random) x = random.uniform(-0.8, 0.8);
        if (context.policy == PolicyMode::centre) x = 0;
        if (context.policy == PolicyMode::replay) x = context.replay[n][t][0].item<double>();
        trajectory.locations[n][t][0] = x;
        const bool sees = std::abs(x - place_of(value)) < 0.2;
        trajectory.logits[n][t][(value + !sees) % kGlimpsedClasses] = 1;
      }
    }
    trajectory.windows =
        retina_windows(kGlimpsedRetina, trajectory.locations, torch::full({images}, 4), torch::full({images}, 6));
    trajectory.patches = torch::zeros({images, kGlimpsedSteps, 2, 1, 2, 2});
    return {trajectory.logits.select(1, kGlimpsedSteps - 1), trajectory};
  }

  std::function<void(const Batch&, const ForwardContext&)> on_forward;
  std::atomic<int> trained_modes = 0, gradient_modes = 0;
};

/// A network without glimpses.
struct GlancingNet final : Classifier {
  GlancingNet() : Classifier("GlancingNet") {}
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    return {torch::zeros({batch.size(), kGlimpsedClasses})};
  }
};

Loader valued_loader(std::int64_t images, std::int64_t batch_size, std::optional<Box> box = std::nullopt) {
  LoaderOptions options;
  options.batch_size = batch_size;
  return {valued_images(images, box), first_indices(images, 0), std::make_shared<Preprocess>(PreprocessOptions()), options};
}

EvaluationOptions on_threads(int threads) {
  EvaluationOptions options;
  options.threads = threads;
  return options;
}

void expect_equal_fractions(const Fraction& left, const Fraction& right) {
  EXPECT_EQ(left.count, right.count);
  EXPECT_EQ(left.total, right.total);
}

void expect_equal_evaluations(const GlimpseEvaluation& left, const GlimpseEvaluation& right) {
  EXPECT_EQ(left.learned.images(), right.learned.images());
  EXPECT_EQ(left.learned.top1_per_step(), right.learned.top1_per_step());
  EXPECT_EQ(left.learned.location_spread(), right.learned.location_spread());
  EXPECT_EQ(left.learned.pixels_touched_fraction(), right.learned.pixels_touched_fraction());
  expect_equal_fractions(left.chosen, right.chosen);
  expect_equal_fractions(left.random, right.random);
  expect_equal_fractions(left.centre, right.centre);
  expect_equal_fractions(left.swapped, right.swapped);
}

TEST(EvaluateGlimpsesTest, EachControlLooksWhereItSays) {
  constexpr std::int64_t kImages = 37, kBatch = 10;  // the last batch has 7
  PlaceNet net;
  const GlimpseEvaluation scores = evaluate_glimpses(net, valued_loader(kImages, kBatch), {});
  std::int64_t in_the_centre = 0, with_an_equal = 0;
  for (std::int64_t n = 0; n < kImages; ++n) {
    const std::int64_t begin = n / kBatch * kBatch;
    const std::int64_t size = std::min(kBatch, kImages - begin);
    const std::int64_t other = begin + (n - begin + size - size / 2) % size;
    ASSERT_NE(other, n);
    in_the_centre += std::abs(place_of(n)) < 0.2;
    with_an_equal += std::abs(place_of(n) - place_of(other)) < 0.2;
  }
  const double fraction = static_cast<double>(in_the_centre) / kImages;
  EXPECT_THAT(scores.learned.top1_per_step(), testing::ElementsAre(fraction, 1.0, 1.0));
  expect_equal_fractions(scores.chosen, {kImages, kImages});
  expect_equal_fractions(scores.centre, {in_the_centre, kImages});
  expect_equal_fractions(scores.swapped, {with_an_equal, kImages});
  EXPECT_GT(in_the_centre, 0);
  EXPECT_LT(with_an_equal, kImages);
  // A random location is near in about a quarter of the cases (0.4 of 1.6, less at the ends): 37 draws of probability about
  // 0.22, deviation 2.5.
  EXPECT_EQ(scores.random.total, kImages);
  EXPECT_NEAR(static_cast<double>(scores.random.count), 8.1, 8);
  EXPECT_EQ(scores.learned.box_hits().images(), 0);
  EXPECT_FALSE(scores.learned.collapsed());
}

TEST(EvaluateGlimpsesTest, TheSwappedLocationsAreThoseOfAnotherImageOfTheBatch) {
  PlaceNet net;
  int replays = 0;
  net.on_forward = [&](const Batch& batch, const ForwardContext& context) {
    if (context.policy != PolicyMode::replay) return;
    ++replays;
    const auto begin = batch.images[0][0][0][0].item<std::int64_t>();
    ASSERT_EQ(context.replay.sizes(), torch::IntArrayRef({batch.size(), kGlimpsedSteps, 2}));
    for (std::int64_t n = 0; n < batch.size(); ++n) {
      const std::int64_t other = (n + batch.size() - batch.size() / 2) % batch.size();
      EXPECT_EQ(context.replay[n][0][0].item<double>(), 0.0);
      EXPECT_EQ(context.replay[n][1][0].item<double>(), place_of(begin + other));
    }
  };
  const auto swapped = evaluate_glimpses(net, valued_loader(13, 4), {}).swapped;  // batches of 4, 4, 4 and 1
  EXPECT_EQ(replays, 3);
  EXPECT_EQ(swapped.total, 12) << "the image alone in its batch has no other";
  EXPECT_EQ(evaluate_glimpses(net, valued_loader(3, 1), {}).swapped.value(), std::nullopt);
}

TEST(EvaluateGlimpsesTest, DoesNotDependOnTheNumberOfThreads) {
  const Loader loader = valued_loader(61, 5);
  PlaceNet net;
  const GlimpseEvaluation one = evaluate_glimpses(net, loader, on_threads(1));
  EXPECT_EQ(one.learned.images(), 61);
  for (const int threads : {2, 3, 16}) {
    SCOPED_TRACE(threads);
    expect_equal_evaluations(evaluate_glimpses(net, loader, on_threads(threads)), one);
  }
}

TEST(EvaluateGlimpsesTest, EveryBatchDrawsItsOwnAndTheSameEveryTime) {
  PlaceNet net;
  std::vector<std::uint64_t> draws;
  net.on_forward = [&](const Batch&, const ForwardContext& context) {
    RandomStream random = context.random;
    if (context.policy == PolicyMode::random) draws.push_back(random());
  };
  evaluate_glimpses(net, valued_loader(30, 5), {});
  const auto first = draws;
  draws.clear();
  evaluate_glimpses(net, valued_loader(30, 5), {});
  EXPECT_EQ(draws, first);
  ASSERT_EQ(draws.size(), 6U);
  std::sort(draws.begin(), draws.end());
  EXPECT_EQ(std::unique(draws.begin(), draws.end()), draws.end());
}

TEST(EvaluateGlimpsesTest, TheHeadlineIsTheLastStepOfTheMeanAction) {
  const Loader loader = valued_loader(37, 10);
  PlaceNet net;
  net.on_forward = [](const Batch&, const ForwardContext& context) {
    EXPECT_EQ(context.policy, PolicyMode::mean);
    EXPECT_EQ(context.rollouts, 1);
  };
  const ClassificationMetrics headline = evaluate(net, loader, kGlimpsedClasses, {});
  net.on_forward = {};
  EXPECT_EQ(headline.top1(), evaluate_glimpses(net, loader, {}).learned.top1_per_step().back());
}

TEST(EvaluateGlimpsesTest, RunsInEvaluationModeWithoutGradientsAndRestoresTheMode) {
  PlaceNet net;
  evaluate_glimpses(net, valued_loader(12, 5), on_threads(2));
  EXPECT_EQ(net.trained_modes, 0);
  EXPECT_EQ(net.gradient_modes, 0);
  EXPECT_TRUE(net.is_training());
}

TEST(EvaluateGlimpsesTest, StopsBetweenBatchesWhenAsked) {
  PlaceNet net;
  EvaluationOptions options;
  options.stop_requested = [] { return true; };
  EXPECT_THROW(evaluate_glimpses(net, valued_loader(12, 5), options), Interrupted);
}

TEST(EvaluateGlimpsesTest, ANetworkWithoutGlimpsesIsRefused) {
  GlancingNet net;
  EXPECT_THROW(evaluate_glimpses(net, valued_loader(12, 5), {}), ShapeError);
}

TEST(EvaluateGlimpsesTest, BoxesAreThoseOfTheImages) {
  constexpr std::int64_t kImages = 40;
  const Box left_third{0, 0, 2, 4};  // x from -1 to -1/3
  PlaceNet net;
  const GlimpseEvaluation scores = evaluate_glimpses(net, valued_loader(kImages, 9, left_third), on_threads(2));
  std::int64_t there = 0;
  for (std::int64_t n = 0; n < kImages; ++n) there += place_of(n) < -1.0 / 3;
  ASSERT_GT(there, 0);
  const BoxHits& hits = scores.learned.box_hits();
  expect_equal_fractions(hits.glimpses(), {2 * there, 3 * kImages});  // steps 2 and 3: the first looks at the centre
  expect_equal_fractions(hits.never(), {kImages - there, kImages});
  EXPECT_EQ(hits.first_step(), 2.0);
}

TEST(EvaluateGlimpsesTest, ChanceFindsBoxesTheNetworkNeverLooksAt) {
  const Box between_places{4.3, 0, 5.3, 4};  // x from 0.43 to 0.77
  PlaceNet net;
  const GlimpseEvaluation scores = evaluate_glimpses(net, valued_loader(40, 9, between_places), {});
  expect_equal_fractions(scores.learned.box_hits().glimpses(), {0, 120});
  // Of 1.6, the box covers a third of a unit: 120 draws of probability 0.21, deviation 4.4.
  EXPECT_EQ(scores.random_hits.glimpses().total, 120);
  EXPECT_NEAR(static_cast<double>(scores.random_hits.glimpses().count), 25, 14);
}

}  // namespace
}  // namespace fovea
