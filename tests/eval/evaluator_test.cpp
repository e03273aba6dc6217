#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/eval/evaluator.h>

#include "made_samples.h"

namespace fovea {
namespace {

constexpr std::int64_t kScoredClasses = 3;

/// Images of 2 x 3 grey pixels that follow from their number; labels 0, 1, 2, 0, ...
std::shared_ptr<const Dataset> numbered_images(std::int64_t size) {
  const Image like(2, 3, 1);
  const auto made = [like](std::int64_t index) {
    Sample sample{like, index % kScoredClasses};
    auto& pixels = sample.image.pixels;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<std::uint8_t>((37 * index + 101 * static_cast<std::int64_t>(i) + index * index) % 256);
    }
    return sample;
  };
  return std::make_shared<MadeSamples>(size, like, std::vector<std::string>{"a", "b", "c"}, made);
}

/// A linear function of the pixels, in float64: its value does not depend on which thread computes it.
struct ScoredNet final : Classifier {
  ScoredNet() : Classifier("ScoredNet") {
    weight = torch::cos(torch::arange(6 * kScoredClasses, torch::kFloat64)).view({6, kScoredClasses});
    register_parameter("weight", weight);
  }
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    if (on_forward) on_forward(batch);
    ++forwards;
    trained_modes += is_training();
    gradient_modes += torch::GradMode::is_enabled();
    return {batch.input().flatten(1).to(torch::kFloat64).matmul(weight)};
  }
  torch::Tensor weight;
  std::function<void(const Batch&)> on_forward;
  std::atomic<int> forwards = 0, trained_modes = 0, gradient_modes = 0;
};

Loader numbered_loader(std::int64_t images, std::int64_t batch_size) {
  const auto dataset = numbered_images(images);
  LoaderOptions options;
  options.batch_size = batch_size;
  return {dataset, first_indices(images, 0), std::make_shared<Preprocess>(PreprocessOptions()), options};
}

void expect_equal_metrics(const ClassificationMetrics& left, const ClassificationMetrics& right) {
  EXPECT_EQ(left.images(), right.images());
  EXPECT_EQ(left.top1(), right.top1());
  EXPECT_EQ(left.top5(), right.top5());
  EXPECT_EQ(left.loss(), right.loss());
  EXPECT_EQ(left.expected_calibration_error(), right.expected_calibration_error());
  EXPECT_EQ(left.confusion(), right.confusion());
}

TEST(EvaluateTest, EqualsADirectLoopForAnyNumberOfThreads) {
  const Loader loader = numbered_loader(37, 5);  // 8 batches, the last of 2 images
  ScoredNet net;
  ClassificationMetrics direct(kScoredClasses);
  BatchStream stream = loader.epoch(0);
  while (const auto batch = stream.next()) {
    ClassificationMetrics part(kScoredClasses);
    const torch::NoGradGuard no_grad;
    part.add(batch->input().flatten(1).to(torch::kFloat64).matmul(net.weight), batch->labels);
    direct.add(part);
  }
  ASSERT_EQ(direct.images(), 37);
  ASSERT_GT(direct.top1(), 0.0);  // else a result of zeros would agree
  ASSERT_LT(direct.top1(), 1.0);
  for (const int threads : {1, 2, 3, 16}) {
    SCOPED_TRACE(threads);
    EvaluationOptions options;
    options.threads = threads;
    expect_equal_metrics(evaluate(net, loader, kScoredClasses, options), direct);  // exactly: the sums have one order
  }
}

TEST(EvaluateTest, ThreadsShareTheWork) {
  ScoredNet net;
  std::mutex mutex;
  std::set<std::thread::id> threads;
  net.on_forward = [&](const Batch&) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  };
  EvaluationOptions options;
  options.threads = 3;
  evaluate(net, numbered_loader(30, 5), kScoredClasses, options);
  EXPECT_EQ(net.forwards, 6);  // every batch once
  EXPECT_LE(threads.size(), 3);
  EXPECT_FALSE(threads.contains(std::this_thread::get_id()));
}

TEST(EvaluateTest, RunsInEvaluationModeWithoutGradientsAndRestoresTheMode) {
  const Loader loader = numbered_loader(12, 5);
  EvaluationOptions options;
  options.threads = 2;
  for (const bool training : {true, false}) {
    ScoredNet net;
    net.train(training);
    evaluate(net, loader, kScoredClasses, options);
    EXPECT_EQ(net.forwards, 3);
    EXPECT_EQ(net.trained_modes, 0);
    EXPECT_EQ(net.gradient_modes, 0);
    EXPECT_EQ(net.is_training(), training);
  }
  EXPECT_TRUE(torch::GradMode::is_enabled());
}

TEST(EvaluateTest, AFailingNetworkLeavesTheModeAndThrows) {
  ScoredNet net;
  net.on_forward = [](const Batch& batch) {
    if (batch.size() == 2) throw std::logic_error("the last batch");
  };
  EXPECT_THROW(evaluate(net, numbered_loader(12, 5), kScoredClasses, {}), std::logic_error);
  EXPECT_TRUE(net.is_training());
}

TEST(EvaluateTest, StopsBetweenBatchesWhenAsked) {
  for (const int threads : {1, 3}) {
    ScoredNet net;
    EvaluationOptions options;
    options.threads = threads;
    int asked = 0;
    options.stop_requested = [&] { return ++asked == 2; };
    EXPECT_THROW(evaluate(net, numbered_loader(37, 5), kScoredClasses, options), Interrupted);
    EXPECT_LT(net.forwards, 8) << "all 8 batches were scored";
    EXPECT_TRUE(net.is_training());
  }
}

TEST(EvaluateTest, AStopDuringTheLastBatchLosesNothing) {
  for (const int threads : {1, 3}) {
    ScoredNet net;
    std::atomic<bool> stopped = false;
    net.on_forward = [&](const Batch& batch) {
      if (batch.size() == 2) stopped = true;
    };
    EvaluationOptions options;
    options.threads = threads;
    options.stop_requested = [&] { return stopped.load(); };
    EXPECT_EQ(evaluate(net, numbered_loader(12, 5), kScoredClasses, options).images(), 12);
  }
}

/// What a test keeps of a ScoredImage.
struct KeptImage {
  std::int64_t position, label, predicted;
  std::optional<std::string> path;
  std::vector<double> probabilities;

  friend bool operator==(const KeptImage&, const KeptImage&) = default;
};

/// Evaluates, and keeps every image. @param metrics set to the result.
std::vector<KeptImage> kept_images(const Loader& loader, int threads, ClassificationMetrics& metrics) {
  ScoredNet net;
  EvaluationOptions options;
  options.threads = threads;
  std::vector<KeptImage> kept;
  metrics = evaluate(net, loader, kScoredClasses, options, [&](const ScoredImage& image) {
    kept.push_back({image.position, image.label, image.predicted, image.path,
                    std::vector<double>(image.probabilities.begin(), image.probabilities.end())});
  });
  return kept;
}

TEST(EvaluateTest, PassesOnEveryImageInOrderForAnyNumberOfThreads) {
  const Loader loader = numbered_loader(37, 5);
  ClassificationMetrics metrics(kScoredClasses);
  const std::vector<KeptImage> images = kept_images(loader, 1, metrics);
  ASSERT_EQ(images.size(), 37U);
  ConfusionMatrix confusion(kScoredClasses);
  double loss = 0;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const KeptImage& image = images[i];
    EXPECT_EQ(image.position, static_cast<std::int64_t>(i));
    EXPECT_EQ(image.label, image.position % kScoredClasses);
    EXPECT_FALSE(image.path);
    const auto highest = std::max_element(image.probabilities.begin(), image.probabilities.end());
    EXPECT_EQ(image.predicted, highest - image.probabilities.begin());
    EXPECT_NEAR(std::accumulate(image.probabilities.begin(), image.probabilities.end(), 0.0), 1, 1e-12);  // in float64
    loss -= std::log(image.probabilities[static_cast<std::size_t>(image.label)]);
    confusion.add(image.label, image.predicted);
  }
  EXPECT_EQ(confusion, metrics.confusion());
  EXPECT_NEAR(loss / 37, metrics.loss(), 1e-12 * metrics.loss());
  for (const int threads : {2, 3, 16}) EXPECT_EQ(kept_images(loader, threads, metrics), images) << threads;
}

/// Photos, of which two cannot be read.
class DamagedImages final : public MadeSamples {
 public:
  DamagedImages()
      : MadeSamples(8, Image(2, 3, 1), {"a", "b", "c"}, [](std::int64_t index) {
          if (index == 2 || index == 5) throw InputError("photo", "a readable image", "a damaged one");
          return Sample{Image(2, 3, 1), index % kScoredClasses};
        }) {}
  bool skips_unreadable() const override { return true; }
  std::optional<std::string> path(std::int64_t index) const override { return std::to_string(index) + ".png"; }
};

TEST(EvaluateTest, PassesOnNoImageThatIsSkipped) {
  LoaderOptions options;
  options.batch_size = 2;
  const Indices chosen = {1, 2, 4, 5, 7};
  const Loader loader(std::make_shared<DamagedImages>(), chosen, std::make_shared<Preprocess>(PreprocessOptions()), options);
  ClassificationMetrics metrics(kScoredClasses);
  std::vector<std::int64_t> positions;
  std::vector<std::string> paths;
  for (const KeptImage& image : kept_images(loader, 2, metrics)) {
    positions.push_back(image.position);
    paths.push_back(image.path.value_or("none"));
  }
  EXPECT_THAT(positions, testing::ElementsAre(0, 2, 4));
  EXPECT_THAT(paths, testing::ElementsAre("1.png", "4.png", "7.png"));
}

TEST(EvaluateTest, AFailingReceiverEndsTheEvaluation) {
  ScoredNet net;
  EXPECT_THROW(evaluate(net, numbered_loader(37, 5), kScoredClasses, {},
                        [](const ScoredImage& image) {
                          if (image.position == 7) throw SystemError("the disk is full");
                        }),
               SystemError);
  EXPECT_EQ(net.forwards, 2);
  EXPECT_TRUE(net.is_training());
}

TEST(EvaluateTest, NoImagesGiveNoMetrics) {
  ScoredNet net;
  const ClassificationMetrics metrics = evaluate(net, numbered_loader(0, 5), kScoredClasses, {});
  EXPECT_EQ(metrics.images(), 0);
  EXPECT_EQ(net.forwards, 0);
}

TEST(SingleImageSecondsTest, TimesOneImageInEvaluationMode) {
  ScoredNet net;
  std::vector<std::int64_t> sizes;
  net.on_forward = [&](const Batch& batch) {
    sizes = batch.images.sizes().vec();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  };
  const double seconds = single_image_seconds(net, {1, 2, 3, kScoredClasses});
  EXPECT_GE(seconds, 0.002);  // a sleep is never shorter
  EXPECT_LT(seconds, 1.0);    // the median of many: a machine would have to stop half of them
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{1, 1, 2, 3}));
  EXPECT_EQ(net.trained_modes, 0);
  EXPECT_EQ(net.gradient_modes, 0);
  EXPECT_TRUE(net.is_training());
}

}  // namespace
}  // namespace fovea
