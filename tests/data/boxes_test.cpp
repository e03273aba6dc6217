// Boxes of labelled objects, from the data set to the batch; and samples that are made anew for every use.

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/data/loader.h>
#include <fovea/data/relabelled_dataset.h>

#include "augmentation_cases.h"
#include "made_samples.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;

/// 6 x 8 images. That of index i has a white pixel at row 2, column i, and a box around it; a training sample has one draw
/// of its stream in every pixel instead.
class MarkedDataset final : public MadeSamples {
 public:
  /// @param unknown index of a sample without a box; -1 = none.
  explicit MarkedDataset(std::int64_t unknown = -1)
      : MadeSamples(6, Image(6, 8, 1), {"a", "b", "c", "d", "e", "f"}, [unknown](std::int64_t index) {
          Sample sample{Image(6, 8, 1), index};
          sample.image.at(2, static_cast<int>(index), 0) = 255;
          const auto left = static_cast<double>(index);
          if (index != unknown) sample.box = Box{left, 2, left + 1, 3};
          return sample;
        }) {}
  Sample training_sample(std::int64_t index, const RandomStream& stream) const override {
    Sample drawn = sample(index);
    drawn.image.pixels.assign(48, static_cast<std::uint8_t>(RandomStream(stream)() % 256));
    return drawn;
  }
};

Preprocess marked_preprocess(std::vector<std::int64_t> resize, std::vector<std::int64_t> crop) {
  PreprocessOptions options;
  options.resize = std::move(resize);
  options.crop = std::move(crop);
  return Preprocess(options);
}

std::vector<double> edges_of(const Box& box) {
  return {box.left, box.top, box.right, box.bottom};
}

TEST(PreparedBoxTest, FollowsResizeAndCrop) {
  const Box box{1, 2, 5, 4};  // in an image of 6 x 8 pixels
  const auto prepared = [&](std::vector<std::int64_t> resize, std::vector<std::int64_t> crop) {
    return edges_of(marked_preprocess(std::move(resize), std::move(crop)).prepared_box(box, 6, 8));
  };
  EXPECT_THAT(prepared({0}, {0}), ElementsAre(1, 2, 5, 4));
  EXPECT_THAT(prepared({12}, {0}), ElementsAre(2, 4, 10, 8));
  EXPECT_THAT(prepared({3, 16}, {0}), ElementsAre(2, 1, 10, 2));  // rows halved, columns doubled
  EXPECT_THAT(prepared({0}, {4, 6}), ElementsAre(0, 1, 4, 3));    // one pixel less on every side
  EXPECT_THAT(prepared({12}, {6, 12}), ElementsAre(0, 1, 8, 5));  // of 12 x 16: from (3, 2) on
  EXPECT_THAT(prepared({0}, {2, 4}), ElementsAre(0, 0, 3, 2));    // columns 2 to 6, rows 2 to 4: the left is cut off
  EXPECT_THAT(prepared({0}, {6, 2}), ElementsAre(0, 2, 2, 4));    // columns 3 to 5: both sides are
}

TEST(PreparedBoxTest, ABoxThatTheCropMissesHasNoArea) {
  const Preprocess preprocess = marked_preprocess({0}, {2, 2});
  EXPECT_THAT(edges_of(preprocess.prepared_box({0, 0, 1, 6}, 6, 8)), ElementsAre(0, 0, 0, 2));
  EXPECT_THAT(edges_of(preprocess.prepared_box({7, 5, 8, 6}, 6, 8)), ElementsAre(2, 2, 2, 2));
}

TEST(PreprocessTest, MovesAnImageThatIsToStayAsItIs) {
  Image image(6, 8, 1);
  image.at(2, 3, 0) = 9;
  const Image copy = image;
  const std::uint8_t* pixels = image.pixels.data();
  const Image kept = marked_preprocess({6, 8}, {6, 8})(std::move(image));
  EXPECT_EQ(kept.pixels.data(), pixels);
  EXPECT_EQ(kept.pixels, copy.pixels);

  for (const Preprocess& changes : {marked_preprocess({0}, {4}), marked_preprocess({7, 8}, {6, 8})}) {
    const Image changed = changes(Image(copy));
    EXPECT_EQ(changed.pixels, changes(copy).pixels);
    EXPECT_EQ(changed.height * changed.width, static_cast<int>(changed.pixels.size()));
  }
}

Loader marked_loader(std::shared_ptr<const Dataset> dataset, const Preprocess& preprocess, LoaderOptions options) {
  return {std::move(dataset), {0, 1, 2, 3, 4, 5}, std::make_shared<Preprocess>(preprocess), std::move(options)};
}

LoaderOptions in_batches_of(std::int64_t size, bool training) {
  LoaderOptions options;
  options.batch_size = size;
  options.training = training;
  options.seed = 5;
  return options;
}

TEST(LoaderBoxesTest, LieBetweenTheOuterPixelEdges) {
  const Loader loader =
      marked_loader(std::make_shared<MarkedDataset>(), marked_preprocess({0}, {0}), in_batches_of(4, false));
  const Indices order = loader.indices();
  const torch::Tensor first = loader.batch(order, 0, 0).boxes;
  ASSERT_EQ(first.sizes(), torch::IntArrayRef({4, 4}));
  EXPECT_EQ(first.scalar_type(), torch::kFloat32);
  EXPECT_TRUE(torch::allclose(first[0], torch::tensor({-1.0F, -1 / 3.0F, -0.75F, 0.0F}))) << first;
  EXPECT_TRUE(torch::allclose(first[3], torch::tensor({-0.25F, -1 / 3.0F, 0.0F, 0.0F}))) << first;
  const torch::Tensor last = loader.batch(order, 0, 1).boxes;
  EXPECT_TRUE(torch::allclose(last[1], torch::tensor({0.25F, -1 / 3.0F, 0.5F, 0.0F}))) << last;
}

TEST(LoaderBoxesTest, SurroundWhatTheNetworkGets) {
  // Of 6 x 8 pixels, each 4 x 3 of the resized image, rows 1.5 to 4.5 and columns 2 to 6 are left.
  const Preprocess preprocess = marked_preprocess({24, 24}, {12, 12});
  const Loader loader = marked_loader(std::make_shared<MarkedDataset>(), preprocess, in_batches_of(6, false));
  const Batch batch = loader.batch(loader.indices(), 0, 0);
  for (const std::int64_t n : {3, 4}) {  // their light, which the filter spreads by a pixel, is all there
    const torch::Tensor light = batch.images[n][0].to(torch::kFloat64);  // [12, 12]
    const auto middle = (torch::arange(12, torch::kFloat64) + 0.5) / 6 - 1;
    const double x = ((light.sum(0) * middle).sum() / light.sum()).item<double>();
    const double y = ((light.sum(1) * middle).sum() / light.sum()).item<double>();
    const auto box = batch.boxes[n].to(torch::kFloat64);
    EXPECT_NEAR(x, (box[0] + box[2]).item<double>() / 2, 0.01) << n;  // pixels are rounded to 8 bits
    EXPECT_NEAR(y, (box[1] + box[3]).item<double>() / 2, 0.01) << n;
  }
  EXPECT_EQ(batch.boxes[0][2].item<float>(), -1) << "all of it lies left of the crop";
}

TEST(LoaderBoxesTest, AreOfAllImagesOrOfNone) {
  const Loader loader =
      marked_loader(std::make_shared<MarkedDataset>(/*unknown=*/1), marked_preprocess({0}, {0}), in_batches_of(3, false));
  EXPECT_FALSE(loader.batch(loader.indices(), 0, 0).boxes.defined());
  EXPECT_TRUE(loader.batch(loader.indices(), 0, 1).boxes.defined());
}

TEST(LoaderBoxesTest, AreNotThereInTraining) {
  const Loader loader =
      marked_loader(std::make_shared<MarkedDataset>(), marked_preprocess({0}, {0}), in_batches_of(3, true));
  EXPECT_FALSE(loader.batch(loader.indices(), 0, 0).boxes.defined());
}

TEST(LoaderTrainingSampleTest, IsMadeAnewInEveryEpochAndForEveryUse) {
  const auto dataset = std::make_shared<MarkedDataset>();
  const Loader loader = marked_loader(dataset, marked_preprocess({0}, {0}), in_batches_of(6, true));
  std::set<int> values;
  for (std::int64_t epoch = 0; epoch < 2; ++epoch) {
    const EpochOrder order{{0, 0}, {1, 0}, {2, 0}, {0, 1}, {0, 2}, {5, 0}};
    const torch::Tensor images = loader.batch(order, epoch, 0).images;
    for (std::int64_t n = 0; n < 6; ++n) values.insert(images[n][0][0][0].item<int>());
    EXPECT_TRUE(torch::equal(images, loader.batch(order, epoch, 0).images)) << "a function of seed, epoch, image and use";
  }
  EXPECT_GE(values.size(), 11U);  // of 12 draws out of 256; all different but for chance
}

TEST(LoaderTrainingSampleTest, LeavesTheDrawsOfAugmentationAlone) {
  // A pad and crop is the same for an image, however many draws making the image took.
  LoaderOptions options = in_batches_of(6, true);
  options.augment = augment_from("{pad_crop: 3}");
  const Loader loader = marked_loader(std::make_shared<MarkedDataset>(), marked_preprocess({0}, {0}), options);
  const auto shifted = loader.batch(loader.indices(), 0, 0).images;
  for (std::int64_t n = 0; n < 6; ++n) {
    Image image(6, 8, 1);
    image.pixels.assign(48, 1);
    options.augment.apply(image, RandomStream(5, Purpose::augment, {0, static_cast<std::uint64_t>(n)}), PixelValue{0});
    EXPECT_TRUE(torch::equal(shifted[n] > 0, to_tensor(image) > 0)) << n;
  }
}

TEST(LoaderTrainingSampleTest, EvaluationTakesTheFixedOne) {
  const auto dataset = std::make_shared<MarkedDataset>();
  const Loader loader = marked_loader(dataset, marked_preprocess({0}, {0}), in_batches_of(6, false));
  const Batch batch = loader.batch(loader.indices(), 3, 0);
  for (std::int64_t n = 0; n < 6; ++n) EXPECT_TRUE(torch::equal(batch.images[n], to_tensor(dataset->sample(n).image)));
}

TEST(RelabelledTrainingSampleTest, IsTheDatasetsOwnUnderItsNewLabel) {
  const auto dataset = std::make_shared<MarkedDataset>();
  const auto renamed = relabelled_dataset(dataset, {"f", "e", "d", "c", "b", "a"});
  const RandomStream stream(1, Purpose::test);
  const Sample sample = renamed->training_sample(2, stream);
  EXPECT_EQ(sample.label, 3);
  EXPECT_EQ(sample.image.pixels, dataset->training_sample(2, stream).image.pixels);
  EXPECT_NE(sample.image.pixels, renamed->sample(2).image.pixels);
  EXPECT_TRUE(renamed->sample(2).box.has_value());
}

}  // namespace
}  // namespace fovea
