#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/data/augmentations/cutmix.h>
#include <fovea/data/augmentations/mixup.h>
#include <fovea/data/augmentations/random_resized_crop.h>
#include <fovea/data/internal/mix.h>
#include <fovea/data/loader.h>
#include <fovea/data/relabelled_dataset.h>

#include "augmentation_cases.h"
#include "memory_limit.h"
#include "wait_for.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::StartsWith;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// Images whose pixels follow from their index, which is also their label.
class CountingDataset : public Dataset {
 public:
  explicit CountingDataset(std::int64_t size) : size_(size) {}

  std::int64_t size() const override { return size_; }
  std::int64_t label(std::int64_t index) const override { return index; }
  const std::vector<std::string>& class_names() const override { return names_; }
  int channels() const override { return 1; }
  int height() const override { return 4; }
  int width() const override { return 6; }

  Sample sample(std::int64_t index) const override {
    ++samples_read_;
    Sample sample{Image(4, image_width(index), 1), index};
    auto& pixels = sample.image.pixels;
    for (std::size_t i = 0; i < pixels.size(); ++i)
      pixels[i] = static_cast<std::uint8_t>(17 * index + static_cast<int>(i) + 1);
    return sample;
  }

  std::int64_t samples_read() const { return samples_read_; }

 protected:
  virtual int image_width(std::int64_t) const { return 6; }

 private:
  std::int64_t size_;
  std::vector<std::string> names_{"number"};
  mutable std::atomic<std::int64_t> samples_read_ = 0;
};

/// Wider and wider images.
class GrowingDataset final : public CountingDataset {
 public:
  using CountingDataset::CountingDataset;

 protected:
  int image_width(std::int64_t index) const override { return 3 + static_cast<int>(index); }
};

/// Cannot read one of its images.
class DamagedDataset final : public CountingDataset {
 public:
  DamagedDataset(std::int64_t size, std::int64_t damaged) : CountingDataset(size), damaged_(damaged) {}

  Sample sample(std::int64_t index) const override {
    if (index == damaged_) throw InputError("image " + std::to_string(index), "a readable image", "a damaged one");
    return CountingDataset::sample(index);
  }

 private:
  std::int64_t damaged_;
};

/// Leaves out images that cannot be read, and images too narrow for what preprocessing crops.
class PatchyDataset final : public CountingDataset {
 public:
  PatchyDataset(std::int64_t size, std::set<std::int64_t> unreadable, std::set<std::int64_t> narrow = {})
      : CountingDataset(size), unreadable_(std::move(unreadable)), narrow_(std::move(narrow)) {}

  Sample sample(std::int64_t index) const override {
    if (unreadable_.contains(index)) throw InputError(name(index), "a readable image", "a damaged one");
    return CountingDataset::sample(index);
  }
  std::string name(std::int64_t index) const override { return "photo " + std::to_string(index); }
  std::optional<std::string> path(std::int64_t index) const override { return std::to_string(index) + ".png"; }
  bool skips_unreadable() const override { return true; }

 protected:
  int image_width(std::int64_t index) const override { return narrow_.contains(index) ? 2 : 6; }

 private:
  std::set<std::int64_t> unreadable_;
  std::set<std::int64_t> narrow_;
};

/// Class 0 has one image, class 1 two, and class 2 all others.
class UnevenDataset : public CountingDataset {
 public:
  using CountingDataset::CountingDataset;

  std::int64_t label(std::int64_t index) const override { return index == 0 ? 0 : index < 3 ? 1 : 2; }
  const std::vector<std::string>& class_names() const override { return names_; }
  Sample sample(std::int64_t index) const override {
    Sample sample = CountingDataset::sample(index);
    sample.label = label(index);
    return sample;
  }

 private:
  std::vector<std::string> names_{"one", "two", "many"};
};

/// Of class 2 nothing but image 20 can be read.
class UnevenPatchyDataset final : public UnevenDataset {
 public:
  using UnevenDataset::UnevenDataset;

  Sample sample(std::int64_t index) const override {
    if (index > 2 && index != 20) throw InputError(name(index), "a readable image", "a damaged one");
    return UnevenDataset::sample(index);
  }
  bool skips_unreadable() const override { return true; }
};

constexpr std::uint64_t kLoaderSeed = 11;

LoaderOptions training_options(int workers) {
  LoaderOptions options;
  options.batch_size = 4;
  options.workers = workers;
  options.training = true;
  options.seed = kLoaderSeed;
  options.augment = augment_from("{pad_crop: 1, flip: 0.5}");
  return options;
}

LoaderOptions evaluation_options(std::int64_t batch_size, int workers = 2) {
  LoaderOptions options;
  options.batch_size = batch_size;
  options.workers = workers;
  return options;
}

LoaderOptions balanced_options(int workers) {
  LoaderOptions options = training_options(workers);
  options.sampling = Sampling::balanced;
  return options;
}

Loader loader_of(std::shared_ptr<const Dataset> dataset, LoaderOptions options) {
  Indices indices = first_indices(dataset->size(), 0);
  return {std::move(dataset), std::move(indices), std::make_shared<Preprocess>(PreprocessOptions{}), std::move(options)};
}

TEST(LoaderTest, OptionsOutOfRangeAreRefused) {
  const auto refuses = [](void (*change)(LoaderOptions&), const char* message) {
    LoaderOptions options = training_options(1);
    change(options);
    EXPECT_THAT([&] { loader_of(std::make_shared<CountingDataset>(8), options); },
                ThrowsMessage<InputError>(StrEq(message)));
  };
  refuses([](LoaderOptions& options) { options.batch_size = 0; },
          "LoaderOptions: batch_size: expected an integer >= 1, got 0");
  refuses([](LoaderOptions& options) { options.workers = 0; }, "LoaderOptions: workers: expected an integer >= 1, got 0");
  refuses([](LoaderOptions& options) { options.prefetch = -1; },
          "LoaderOptions: prefetch: expected an integer >= 0, got -1");
  refuses(
      [](LoaderOptions& options) {
        augmentation<RandomResizedCrop>(options.augment, "random_resized_crop").range.area = {0.5};
      },
      "LoaderOptions: augment: random_resized_crop: area: expected a list of 2, each a number in (0, 1], got 1 values");
  refuses(
      [](LoaderOptions& options) {
        augmentation<Mixup>(options.augment, "mixup").probability = 0.75;
        augmentation<CutMix>(options.augment, "cutmix").probability = 0.5;
      },
      "LoaderOptions: augment: expected probabilities of mixup and cutmix that sum to at most 1, got 0.75 and 0.5; mixup "
      "and "
      "cutmix exclude each other");
}

TEST(LoaderTest, AWorkerThatCannotStartIsASystemError) {
  const Loader loader = loader_of(std::make_shared<CountingDataset>(8), evaluation_options(4, 1000));
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "a sanitizer maps memory of its own";
  const MemoryLimit limit(64 << 20);
  EXPECT_THAT([&] { loader.epoch(0); }, ThrowsMessage<SystemError>(StartsWith("data: cannot start 1000 workers: ")));
}

std::vector<Batch> all_batches(BatchStream stream) {
  std::vector<Batch> batches;
  while (std::optional<Batch> batch = stream.next()) batches.push_back(*std::move(batch));
  return batches;
}

std::vector<std::int64_t> labels_of(const std::vector<Batch>& batches) {
  std::vector<std::int64_t> labels;
  for (const Batch& batch : batches) {
    for (std::int64_t i = 0; i < batch.size(); ++i) labels.push_back(batch.labels[i].item<std::int64_t>());
  }
  return labels;
}

/// Every image's pixels, in order.
std::vector<std::vector<std::uint8_t>> pixels_in(const std::vector<Batch>& batches) {
  std::vector<std::vector<std::uint8_t>> pixels;
  for (const Batch& batch : batches) {
    for (std::int64_t i = 0; i < batch.size(); ++i) {
      const auto image = batch.images[i].contiguous();
      pixels.emplace_back(image.data_ptr<std::uint8_t>(), image.data_ptr<std::uint8_t>() + image.numel());
    }
  }
  return pixels;
}

void expect_same_batches(const std::vector<Batch>& left, const std::vector<Batch>& right) {
  ASSERT_EQ(left.size(), right.size());
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_TRUE(torch::equal(left[i].images, right[i].images)) << "images of batch " << i;
    EXPECT_TRUE(torch::equal(left[i].labels, right[i].labels)) << "labels of batch " << i;
  }
}

TEST(LoaderTest, GivesTheSameBatchesForAnyNumberOfWorkers) {
  const auto dataset = std::make_shared<CountingDataset>(30);
  const Indices order = shuffled_indices(first_indices(30, 0), kLoaderSeed, 3);
  const Loader one = loader_of(dataset, training_options(1));
  std::vector<Batch> direct;
  for (std::int64_t number = 0; number < one.batches(); ++number) direct.push_back(one.batch(order, 3, number));
  for (const int workers : {1, 2, 5}) {
    SCOPED_TRACE(workers);
    const Loader loader = loader_of(dataset, training_options(workers));
    expect_same_batches(all_batches(loader.epoch(3)), direct);
  }
}

TEST(LoaderTest, PrefetchDoesNotChangeTheBatches) {
  const auto dataset = std::make_shared<CountingDataset>(30);
  const Loader usual = loader_of(dataset, training_options(3));
  LoaderOptions options = training_options(3);
  options.prefetch = 0;
  const Loader without = loader_of(dataset, options);
  expect_same_batches(all_batches(without.epoch(1)), all_batches(usual.epoch(1)));
}

TEST(LoaderTest, StartsInTheMiddleOfAnEpoch) {
  const Loader loader = loader_of(std::make_shared<CountingDataset>(30), training_options(2));
  const std::vector<Batch> whole = all_batches(loader.epoch(5));
  ASSERT_EQ(whole.size(), 8U);
  for (const std::int64_t first : {1, 3, 7}) {
    const std::vector<Batch> rest(whole.begin() + first, whole.end());
    expect_same_batches(all_batches(loader.epoch(5, first)), rest);
  }
  EXPECT_EQ(loader.epoch(5, 8).next(), std::nullopt);
}

TEST(LoaderTest, EveryEpochHasAnOrderAndChangesOfItsOwn) {
  const Loader loader = loader_of(std::make_shared<CountingDataset>(30), training_options(2));
  const std::vector<Batch> first = all_batches(loader.epoch(1));
  const std::vector<Batch> second = all_batches(loader.epoch(2));
  std::vector<std::int64_t> first_labels = labels_of(first);
  std::vector<std::int64_t> second_labels = labels_of(second);
  EXPECT_NE(first_labels, second_labels);

  // Over a few epochs an image is seen in several versions: 18 exist.
  const Loader one(std::make_shared<CountingDataset>(30), {7}, std::make_shared<Preprocess>(PreprocessOptions{}),
                   training_options(1));
  std::set<std::vector<std::uint8_t>> versions;
  for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
    const Batch batch = one.batch(Indices{7}, epoch, 0);
    const auto image = batch.images.contiguous();
    versions.emplace(image.data_ptr<std::uint8_t>(), image.data_ptr<std::uint8_t>() + image.numel());
  }
  EXPECT_GT(versions.size(), 3U);

  std::sort(first_labels.begin(), first_labels.end());
  std::sort(second_labels.begin(), second_labels.end());
  EXPECT_EQ(first_labels, second_labels);
  EXPECT_EQ(first_labels, first_indices(30, 0));  // every image once
}

TEST(LoaderTest, TheSeedChoosesOrderAndChanges) {
  const auto dataset = std::make_shared<CountingDataset>(30);
  LoaderOptions options = training_options(2);
  const Loader first = loader_of(dataset, options);
  options.seed = kLoaderSeed + 1;
  const Loader second = loader_of(dataset, options);
  EXPECT_NE(labels_of(all_batches(first.epoch(0))), labels_of(all_batches(second.epoch(0))));
}

TEST(LoaderTest, EvaluatesInOrderWithoutChanges) {
  const auto dataset = std::make_shared<CountingDataset>(10);
  LoaderOptions options = evaluation_options(3);
  options.augment = training_options(1).augment;  // read only when training
  const Loader loader = loader_of(dataset, options);
  const std::vector<Batch> batches = all_batches(loader.epoch(4));
  EXPECT_EQ(labels_of(batches), first_indices(10, 0));
  for (std::size_t number = 0; number < batches.size(); ++number) {
    for (std::int64_t i = 0; i < batches[number].size(); ++i) {
      const Sample sample = dataset->sample(batches[number].labels[i].item<std::int64_t>());
      EXPECT_TRUE(torch::equal(batches[number].images[i], to_tensor(sample.image)));
    }
  }
}

TEST(LoaderTest, TheLastBatchMayBeSmaller) {
  const auto sizes_of = [](std::int64_t images, std::int64_t batch_size) {
    const Loader loader = loader_of(std::make_shared<CountingDataset>(images), evaluation_options(batch_size));
    EXPECT_EQ(loader.images(), images);
    std::vector<std::int64_t> sizes;
    for (const Batch& batch : all_batches(loader.epoch(0))) sizes.push_back(batch.size());
    EXPECT_EQ(loader.batches(), std::ssize(sizes));
    return sizes;
  };
  EXPECT_THAT(sizes_of(10, 4), ElementsAre(4, 4, 2));
  EXPECT_THAT(sizes_of(8, 4), ElementsAre(4, 4));
  EXPECT_THAT(sizes_of(3, 4), ElementsAre(3));
  EXPECT_THAT(sizes_of(0, 4), ElementsAre());
}

TEST(LoaderTest, ReadsTheChosenImagesOnly) {
  const auto dataset = std::make_shared<CountingDataset>(20);
  const auto preprocess = std::make_shared<Preprocess>(PreprocessOptions{});
  const Loader loader(dataset, {2, 3, 5, 7, 11}, preprocess, evaluation_options(2));
  EXPECT_THAT(labels_of(all_batches(loader.epoch(0))), ElementsAre(2, 3, 5, 7, 11));
  EXPECT_EQ(dataset->samples_read(), 5);
}

TEST(LoaderTest, NamesTheFileAtAPosition) {
  const auto preprocess = std::make_shared<Preprocess>(PreprocessOptions{});
  const std::set<std::int64_t> unreadable = {3};
  const Loader photos(std::make_shared<PatchyDataset>(10, unreadable), {2, 3, 7}, preprocess, evaluation_options(2));
  EXPECT_EQ(photos.path(2), "7.png");
  EXPECT_EQ(photos.path(1), "3.png");
  const Loader others(std::make_shared<CountingDataset>(10), {2, 3, 7}, preprocess, evaluation_options(2));
  EXPECT_FALSE(others.path(0));
}

TEST(LoaderTest, PreparesAndNormalises) {
  PreprocessOptions options;
  options.resize = {8, 3};
  options.crop = {5, 2};
  options.mean = {0.5};
  options.standard_deviation = {0.25};
  const auto dataset = std::make_shared<CountingDataset>(2);
  const auto preprocess = std::make_shared<Preprocess>(options);
  const Loader loader(dataset, {0, 1}, preprocess, evaluation_options(2));
  const Batch batch = loader.epoch(0).next().value();
  EXPECT_EQ(batch.images.sizes(), torch::IntArrayRef({2, 1, 5, 2}));
  EXPECT_TRUE(torch::equal(batch.images[1], to_tensor((*preprocess)(dataset->sample(1).image))));
  EXPECT_TRUE(torch::equal(batch.input(), (*preprocess->normalization())(batch.images)));
}

TEST(LoaderTest, ImagesOfDifferentSizesComeAsSingles) {
  const Loader loader = loader_of(std::make_shared<GrowingDataset>(5), evaluation_options(2));
  const std::vector<Batch> batches = all_batches(loader.epoch(0));
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_FALSE(batches[0].images.defined());
  EXPECT_EQ(batches[0].size(), 2);
  EXPECT_EQ(batches[0].singles.at(1).sizes(), torch::IntArrayRef({1, 4, 4}));
  EXPECT_THAT([&] { batches[0].input(); },
              ThrowsMessage<ShapeError>(HasSubstr("images of one size, got [1, 4, 3] beside others")));
  EXPECT_EQ(batches[2].images.sizes(), torch::IntArrayRef({1, 1, 4, 7}));  // one image alone has one size
  EXPECT_EQ(labels_of(batches), first_indices(5, 0));
}

TEST(LoaderTest, AnUnreadableImageSurfacesAtItsBatch) {
  for (const int workers : {1, 3}) {
    const Loader loader = loader_of(std::make_shared<DamagedDataset>(10, 5), evaluation_options(2, workers));
    BatchStream stream = loader.epoch(0);
    EXPECT_THAT(labels_of({stream.next().value(), stream.next().value()}), ElementsAre(0, 1, 2, 3));
    EXPECT_THAT([&] { stream.next(); },
                ThrowsMessage<InputError>(StrEq("image 5: expected a readable image, got a damaged one")));
    EXPECT_THAT(labels_of({stream.next().value(), stream.next().value()}), ElementsAre(6, 7, 8, 9));
    EXPECT_EQ(stream.next(), std::nullopt);
  }
}

TEST(LoaderTest, AnUnreadableImageSurfacesInTrainingToo) {
  const Loader loader = loader_of(std::make_shared<DamagedDataset>(4, 2), training_options(1));
  EXPECT_THAT([&] { loader.epoch(0).next(); },
              ThrowsMessage<InputError>(StrEq("image 2: expected a readable image, got a damaged one")));
}

TEST(LoaderTest, NamesTheImageThatCannotBePrepared) {
  PreprocessOptions crop;
  crop.crop = {4, 6};
  const Loader loader(std::make_shared<GrowingDataset>(4), {3, 2}, std::make_shared<Preprocess>(crop),
                      evaluation_options(1));
  BatchStream stream = loader.epoch(0);
  EXPECT_THAT(labels_of({stream.next().value()}), ElementsAre(3));
  EXPECT_THAT([&] { stream.next(); }, ThrowsMessage<InputError>(StrEq(
                                          "image 2: preprocess.crop: expected an image of at least 4 x 6 pixels (height x "
                                          "width), got 4 x 5; set preprocess.resize")));
}

TEST(LoaderTest, EvaluationLeavesOutWhatCannotBeRead) {
  const std::set<std::int64_t> unreadable = {1, 4, 5};
  for (const int workers : {1, 3}) {
    const Loader loader = loader_of(std::make_shared<PatchyDataset>(10, unreadable), evaluation_options(2, workers));
    const std::vector<Batch> batches = all_batches(loader.epoch(0));
    std::vector<std::int64_t> sizes, positions;
    for (const Batch& batch : batches) {
      sizes.push_back(batch.size());
      positions.insert(positions.end(), batch.positions.begin(), batch.positions.end());
    }
    EXPECT_THAT(sizes, ElementsAre(1, 2, 0, 2, 2));
    EXPECT_THAT(positions, ElementsAre(0, 2, 3, 6, 7, 8, 9));
    EXPECT_EQ(loader.batches(), 5);
    EXPECT_THAT(labels_of(batches), ElementsAre(0, 2, 3, 6, 7, 8, 9));
    EXPECT_FALSE(batches[2].images.defined());
    EXPECT_FALSE(batches[2].labels.defined());
  }
}

TEST(LoaderTest, TrainingBatchesKeepTheirSize) {
  const std::set<std::int64_t> unreadable = {0, 3, 4, 9, 10, 11, 12, 20, 28, 29};
  const auto dataset = std::make_shared<PatchyDataset>(30, unreadable);
  const Indices order = shuffled_indices(first_indices(30, 0), kLoaderSeed, 6);
  std::vector<std::int64_t> expected;  // where one cannot be read, the next that can, round the end of the epoch
  for (std::size_t position = 0; position < order.size(); ++position) {
    std::size_t next = position;
    while (unreadable.contains(order[next])) next = (next + 1) % order.size();
    expected.push_back(order[next]);
  }
  for (const int workers : {1, 3}) {
    const Loader loader = loader_of(dataset, training_options(workers));
    const std::vector<Batch> batches = all_batches(loader.epoch(6));
    ASSERT_EQ(batches.size(), 8U);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(batches[i].size(), 4);
    EXPECT_EQ(batches[7].size(), 2);
    EXPECT_TRUE(batches[7].positions.empty());  // another image is where one could not be read
    EXPECT_EQ(labels_of(batches), expected);
  }
}

TEST(LoaderTest, TellsWhatIsLeftOutAndWhy) {
  PreprocessOptions crop;
  crop.crop = {4, 3};
  for (const bool training : {false, true}) {
    SCOPED_TRACE(training ? "training" : "evaluation");
    std::mutex mutex;
    std::map<std::string, std::string> reasons;
    LoaderOptions options = training ? training_options(3) : evaluation_options(4, 3);
    options.on_skipped = [&](const std::string& name, const std::string& why) {
      const std::lock_guard lock(mutex);
      reasons[name] = why;
    };
    const auto dataset = std::make_shared<PatchyDataset>(12, std::set<std::int64_t>{2, 7}, std::set<std::int64_t>{5});
    const Loader loader(dataset, first_indices(12, 0), std::make_shared<Preprocess>(crop), options);
    all_batches(loader.epoch(0));
    EXPECT_THAT(reasons,
                ElementsAre(Pair("photo 2", "photo 2: expected a readable image, got a damaged one"),
                            Pair("photo 5", StartsWith("photo 5: preprocess.crop: expected an image of at least 4 x 3")),
                            Pair("photo 7", "photo 7: expected a readable image, got a damaged one")));
  }
}

TEST(LoaderTest, TrainingEndsWhenNothingCanBeRead) {
  const Indices order = shuffled_indices(first_indices(100, 0), kLoaderSeed, 0);
  const auto batch_behind = [&](std::int64_t count) {  // unreadable images at the beginning of the epoch
    const auto dataset = std::make_shared<PatchyDataset>(100, std::set<std::int64_t>(order.begin(), order.begin() + count));
    return loader_of(dataset, training_options(1)).batch(order, 0, 0);
  };
  EXPECT_EQ(labels_of({batch_behind(63)}), std::vector<std::int64_t>(4, order[63]));
  EXPECT_THAT([&] { batch_behind(64); },
              ThrowsMessage<InputError>(HasSubstr("expected a readable image, got 64 unreadable ones in a row")));

  const auto nothing = std::make_shared<PatchyDataset>(3, std::set<std::int64_t>{0, 1, 2});
  EXPECT_THAT([&] { loader_of(nothing, training_options(1)).epoch(0).next(); },
              ThrowsMessage<InputError>(HasSubstr("got 3 unreadable ones in a row")));
  EXPECT_EQ(loader_of(nothing, evaluation_options(4)).epoch(0).next().value().size(), 0);
}

TEST(LoaderTest, CropsThePhotoBeforeItIsResized) {
  PreprocessOptions resize;
  resize.resize = {5, 7};
  const auto preprocess = std::make_shared<Preprocess>(resize);
  LoaderOptions options = training_options(2);
  options.augment = augment_from("{random_resized_crop: {probability: 1, area: [0.2, 0.5]}}");
  const auto dataset = std::make_shared<CountingDataset>(8);
  const Loader loader(dataset, first_indices(8, 0), preprocess, options);
  for (const Batch& batch : all_batches(loader.epoch(2))) {
    for (std::int64_t i = 0; i < batch.size(); ++i) {
      const auto index = batch.labels[i].item<std::int64_t>();
      const Image photo = dataset->sample(index).image;
      const RandomStream stream(kLoaderSeed, Purpose::augment, {2, static_cast<std::uint64_t>(index)});
      const auto window = options.augment.window(photo.height, photo.width, stream);
      ASSERT_TRUE(window.has_value());
      EXPECT_TRUE(torch::equal(batch.images[i], to_tensor((*preprocess)(photo, *window))));
      EXPECT_FALSE(torch::equal(batch.images[i], to_tensor((*preprocess)(photo))));
    }
  }
}

TEST(LoaderTest, MixesImagesAndTheirLabels) {
  const auto dataset = std::make_shared<CountingDataset>(8);
  const Indices order = shuffled_indices(first_indices(8, 0), kLoaderSeed, 1);
  for (const char* augment : {"{mixup: 1}", "{cutmix: 1}"}) {
    SCOPED_TRACE(augment);
    LoaderOptions options = training_options(1);
    options.augment = augment_from(augment);
    const Batch batch = loader_of(dataset, options).batch(order, 1, 1);

    std::vector<Image> images;
    std::vector<std::int64_t> labels;
    std::vector<RandomStream> streams;
    for (std::size_t position = 4; position < 8; ++position) {
      images.push_back(dataset->sample(order[position]).image);
      labels.push_back(order[position]);
      streams.emplace_back(kLoaderSeed, Purpose::augment,
                           std::initializer_list<std::uint64_t>{1, static_cast<std::uint64_t>(order[position])});
    }
    const auto mixed = mix_batch(options.augment, images, labels, streams);
    ASSERT_TRUE(mixed.has_value());
    EXPECT_TRUE(torch::equal(batch.labels, torch::tensor(labels, torch::kInt64)));
    ASSERT_TRUE(batch.other_labels.defined());
    EXPECT_TRUE(torch::equal(batch.other_labels, torch::tensor(mixed->other, torch::kInt64)));
    EXPECT_TRUE(torch::equal(batch.lambda, torch::tensor(mixed->lambda, torch::kFloat32)));
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_TRUE(torch::equal(batch.images[static_cast<std::int64_t>(i)], to_tensor(images[i])));
      EXPECT_NE(mixed->other[i], labels[i]);
      EXPECT_GE(mixed->lambda[i], 0.5);
    }
  }
}

TEST(LoaderTest, OtherLabelsAreThereOnlyWhenImagesAreMixed) {
  const auto expect_none = [](const Batch& batch) {
    EXPECT_FALSE(batch.other_labels.defined());
    EXPECT_FALSE(batch.lambda.defined());
  };
  const auto dataset = std::make_shared<CountingDataset>(4);
  expect_none(loader_of(dataset, training_options(1)).epoch(0).next().value());
  LoaderOptions mixing = training_options(1);
  mixing.augment = augment_from("{mixup: 1}");
  expect_none(loader_of(std::make_shared<CountingDataset>(1), mixing).epoch(0).next().value());  // with what?
  mixing.training = false;
  expect_none(loader_of(dataset, mixing).epoch(0).next().value());
}

TEST(LoaderTest, BalancesTheClassesOfAnEpoch) {
  const Loader loader = loader_of(std::make_shared<UnevenDataset>(32), balanced_options(2));
  for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
    const auto labels = labels_of(all_batches(loader.epoch(epoch)));
    ASSERT_EQ(std::ssize(labels), loader.images());
    for (std::int64_t label = 0; label < 3; ++label) {  // 32 = 3 * 10 + 2: one class goes without, another in each epoch
      EXPECT_EQ(std::count(labels.begin(), labels.end(), label), label == 2 - epoch ? 10 : 11)
          << "class " << label << ", epoch " << epoch;
    }
  }
}

TEST(LoaderTest, BalancesTheClassesItsImagesHave) {
  const auto dataset = std::make_shared<UnevenDataset>(32);
  const auto preprocess = std::make_shared<Preprocess>(PreprocessOptions{});
  const Loader loader(dataset, {1, 2, 20, 21, 22, 23}, preprocess, balanced_options(1));
  std::vector<std::int64_t> labels = labels_of(all_batches(loader.epoch(0)));
  std::sort(labels.begin(), labels.end());
  EXPECT_THAT(labels, ElementsAre(1, 1, 1, 2, 2, 2));
}

TEST(LoaderTest, StaysBalancedWhereImagesCannotBeRead) {
  const Loader loader = loader_of(std::make_shared<UnevenPatchyDataset>(33), balanced_options(2));
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    const EpochOrder order = loader.order(epoch);
    const bool any_left = std::any_of(order.begin(), order.end(), [](const ImageUse& use) { return use.index == 20; });
    if (!any_left) continue;  // 11 of 30 images of class 2 are drawn
    const auto labels = labels_of(all_batches(loader.epoch(epoch)));
    for (std::int64_t label = 0; label < 3; ++label) EXPECT_EQ(std::count(labels.begin(), labels.end(), label), 11);
    return;
  }
  FAIL() << "no epoch in 20 drew image 20";
}

TEST(LoaderTest, BalancesTheClassesOfARelabelledSet) {
  const auto dataset = relabelled_dataset(std::make_shared<UnevenDataset>(9), {"many", "none", "one", "two"});
  std::vector<std::int64_t> labels = labels_of(all_batches(loader_of(dataset, balanced_options(1)).epoch(0)));
  std::sort(labels.begin(), labels.end());
  EXPECT_THAT(labels, ElementsAre(0, 0, 0, 2, 2, 2, 3, 3, 3));
}

TEST(LoaderTest, EvaluationIsNotBalanced) {
  LoaderOptions options = evaluation_options(4);
  options.sampling = Sampling::balanced;
  EXPECT_THAT(labels_of(all_batches(loader_of(std::make_shared<UnevenDataset>(5), options).epoch(0))),
              ElementsAre(0, 1, 1, 2, 2));
}

TEST(LoaderTest, BalancedEpochsDependOnNothingButSeedAndEpoch) {
  const auto dataset = std::make_shared<UnevenDataset>(31);
  const std::vector<Batch> whole = all_batches(loader_of(dataset, balanced_options(1)).epoch(4));
  const Loader loader = loader_of(dataset, balanced_options(3));
  expect_same_batches(all_batches(loader.epoch(4)), whole);
  expect_same_batches(all_batches(loader.epoch(4, 3)), {whole.begin() + 3, whole.end()});
  LoaderOptions larger = balanced_options(2);
  larger.batch_size = 7;
  const std::vector<Batch> others = all_batches(loader_of(dataset, larger).epoch(4));
  EXPECT_EQ(labels_of(others), labels_of(whole));
  EXPECT_EQ(pixels_in(others), pixels_in(whole));
  EXPECT_NE(labels_of(all_batches(loader.epoch(5))), labels_of(whole));
  LoaderOptions another_seed = balanced_options(1);
  another_seed.seed = kLoaderSeed + 1;
  EXPECT_NE(labels_of(all_batches(loader_of(dataset, another_seed).epoch(4))), labels_of(whole));
}

TEST(LoaderTest, AugmentsEveryUseOfAnImageAnew) {
  const auto dataset = std::make_shared<UnevenDataset>(30);
  const Loader balanced = loader_of(dataset, balanced_options(1));
  const Loader once = loader_of(dataset, training_options(1));
  const EpochOrder order = balanced.order(2);
  const auto pixels = pixels_in(all_batches(balanced.epoch(2)));
  ASSERT_EQ(pixels.size(), order.size());
  std::set<std::vector<std::uint8_t>> versions;  // of the image that is a class of its own: 10 uses, 18 versions exist
  for (std::size_t position = 0; position < order.size(); ++position) {
    const auto [index, repetition] = order[position];
    if (index == 0) versions.insert(pixels[position]);
    if (repetition == 0) {  // as where every image comes once
      EXPECT_EQ(pixels[position], pixels_in({once.batch(Indices{index}, 2, 0)}).front()) << "image " << index;
    }
  }
  EXPECT_GT(versions.size(), 4U);
}

TEST(LoaderTest, AugmentsAReplacementAnew) {
  const auto dataset = std::make_shared<PatchyDataset>(2, std::set<std::int64_t>{0});
  const Loader loader = loader_of(dataset, training_options(1));
  int different = 0;
  for (std::int64_t epoch = 0; epoch < 20; ++epoch) {
    const std::vector<Batch> batches = all_batches(loader.epoch(epoch));
    EXPECT_THAT(labels_of(batches), ElementsAre(1, 1));
    const auto pixels = pixels_in(batches);
    if (pixels[0] != pixels[1]) ++different;
  }
  EXPECT_GT(different, 10);  // 17 of 18 pairs of versions differ
}

TEST(LoaderTest, EndsMoreThanOnce) {
  const Loader loader = loader_of(std::make_shared<CountingDataset>(3), evaluation_options(2));
  BatchStream stream = loader.epoch(0);
  EXPECT_NE(stream.next(), std::nullopt);
  EXPECT_NE(stream.next(), std::nullopt);
  EXPECT_EQ(stream.next(), std::nullopt);
  EXPECT_EQ(stream.next(), std::nullopt);
}

TEST(LoaderTest, AStreamMayBeLeftAtAnyTime) {
  const Loader loader = loader_of(std::make_shared<CountingDataset>(100), training_options(3));
  for (int round = 0; round < 50; ++round) {
    BatchStream stream = loader.epoch(round);
    for (int i = 0; i < round % 5; ++i) EXPECT_NE(stream.next(), std::nullopt);
  }
}

TEST(LoaderTest, ReadsAheadAsFarAsPrefetchSays) {
  const auto dataset = std::make_shared<CountingDataset>(100);
  LoaderOptions options = evaluation_options(1, 3);
  options.prefetch = 4;
  const Loader loader = loader_of(dataset, options);
  {
    BatchStream stream = loader.epoch(0);
    stream.next();
    // One batch in use and one more than prefetch behind it: they can be made while the consumer waits for the first.
    ASSERT_TRUE(wait_for("six samples", [&] { return dataset->samples_read() >= 6; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // a worker that knew no limit would read on
  }
  EXPECT_EQ(dataset->samples_read(), 6);
}

TEST(LoaderTest, StreamsDoNotDisturbEachOther) {
  const Loader loader = loader_of(std::make_shared<CountingDataset>(20), training_options(2));
  const std::vector<Batch> first = all_batches(loader.epoch(1));
  const std::vector<Batch> second = all_batches(loader.epoch(2));
  BatchStream left = loader.epoch(1);
  BatchStream right = loader.epoch(2);
  std::vector<Batch> left_batches;
  std::vector<Batch> right_batches;
  for (std::size_t i = 0; i < first.size(); ++i) {
    left_batches.push_back(left.next().value());
    right_batches.push_back(right.next().value());
  }
  expect_same_batches(left_batches, first);
  expect_same_batches(right_batches, second);
}

}  // namespace
}  // namespace fovea
