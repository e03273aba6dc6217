#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/nn/batch.h>

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

/// 8-bit images [count, channels, height, width] with the values 0, 1, 2, ...
torch::Tensor counting_images(std::int64_t count, std::int64_t channels, std::int64_t height, std::int64_t width) {
  return torch::arange(count * channels * height * width, torch::kInt64)
      .remainder(256)
      .to(torch::kUInt8)
      .view({count, channels, height, width});
}

Batch batch_of_five() {
  Batch batch;
  batch.images = counting_images(5, 3, 2, 4);
  batch.labels = torch::arange(5, torch::kInt64);
  batch.normalization = std::make_shared<Normalization>(Normalization{{0.5, 0.4, 0.3}, {0.1, 0.2, 0.3}});
  return batch;
}

Batch batch_of_sizes() {
  Batch batch;
  batch.singles = {counting_images(1, 3, 4, 5)[0], counting_images(1, 3, 2, 2)[0], counting_images(1, 3, 1, 7)[0]};
  batch.labels = torch::tensor({7, 8, 9}, torch::kInt64);
  batch.normalization = std::make_shared<Normalization>(Normalization{{0.0, 0.0, 0.0}, {1.0, 1.0, 1.0}});
  return batch;
}

TEST(BatchTest, BytesWithoutANormalizationAreRefused) {
  Batch batch = batch_of_five();
  batch.normalization = nullptr;
  EXPECT_THAT([&] { batch.input(); },
              ThrowsMessage<ShapeError>(testing::HasSubstr("expected normalised float images, or a batch with a "
                                                           "normalization, got Byte images without one")));
  EXPECT_THROW(Batch().input(), ShapeError);
}

TEST(NormalizationTest, EqualsTheFormulaByHand) {
  const Normalization normalization{{0.5, 0.0}, {0.25, 2.0}};
  const auto images = torch::tensor({0, 51, 255, 0, 51, 255}, torch::kUInt8).view({1, 2, 1, 3});
  const auto expected = torch::tensor({-2.0, -1.2, 2.0, 0.0, 0.1, 0.5}).view({1, 2, 1, 3});
  const auto normalised = normalization(images);
  EXPECT_EQ(normalised.scalar_type(), torch::kFloat32);
  ASSERT_EQ(normalised.sizes(), expected.sizes());
  // A few float32 operations on values up to 4: each rounds by at most 4 * 2^-24 = 2.4e-7.
  EXPECT_LE((normalised - expected).abs().max().item<double>(), 1e-6);
}

TEST(NormalizationTest, AcceptsASingleImage) {
  const Normalization normalization{{0.1, 0.2, 0.3}, {0.5, 0.6, 0.7}};
  const auto images = counting_images(2, 3, 4, 5);
  EXPECT_TRUE(torch::equal(normalization(images[1]), normalization(images)[1]));
}

TEST(NormalizationTest, LeavesThePixelsAlone) {
  const auto images = counting_images(1, 1, 2, 3);
  const auto before = images.clone();
  const Normalization normalization{{0.5}, {0.5}};
  normalization(images);
  EXPECT_TRUE(torch::equal(images, before));
  const auto floats = torch::full({1, 1, 1, 2}, 255.0);  // a tensor that needs no conversion must not be changed in place
  normalization(floats);
  EXPECT_TRUE(torch::equal(floats, torch::full({1, 1, 1, 2}, 255.0)));
}

TEST(NormalizationTest, RefusesOtherChannels) {
  const Normalization rgb{{0.5, 0.5, 0.5}, {1.0, 1.0, 1.0}};
  EXPECT_THAT([&] { rgb(counting_images(2, 1, 4, 5)); },
              ThrowsMessage<ShapeError>(StrEq("network input: expected images of 3 channels, got [2, 1, 4, 5]")));
  EXPECT_THAT([&] { rgb(counting_images(1, 4, 3, 3)[0]); },
              ThrowsMessage<ShapeError>(StrEq("network input: expected images of 3 channels, got [4, 3, 3]")));
  EXPECT_THAT(
      [&] {
        rgb(torch::zeros({3, 3}, torch::kUInt8));
      },
      ThrowsMessage<ShapeError>(StrEq("network input: expected images of 3 channels, got [3, 3]")));
}

TEST(BatchTest, CountsItsImages) {
  EXPECT_EQ(batch_of_five().size(), 5);
  EXPECT_EQ(batch_of_sizes().size(), 3);
  EXPECT_EQ(Batch{}.size(), 0);
}

TEST(BatchTest, NormalisesItsInput) {
  const Batch batch = batch_of_five();
  EXPECT_TRUE(torch::equal(batch.input(), (*batch.normalization)(batch.images)));
}

TEST(BatchTest, TakesFloatImagesAsNormalised) {
  Batch batch;
  batch.images = torch::randn({2, 3, 4, 4});
  EXPECT_TRUE(torch::equal(batch.input(), batch.images));
}

TEST(BatchTest, RefusesInputOfDifferentSizes) {
  EXPECT_THAT([] { batch_of_sizes().input(); },
              ThrowsMessage<ShapeError>(StrEq("network input: expected images of one size, got [3, 4, 5] beside others; set "
                                              "preprocess.resize and preprocess.crop")));
}

TEST(BatchTest, WithoutImagesThereIsNothingToNormalise) {
  EXPECT_THAT([] { Batch{}.expect_normalization(); },
              ThrowsMessage<ShapeError>(StrEq("network input: expected images, got none")));
  EXPECT_THAT([] { Batch{}.input(); }, ThrowsMessage<ShapeError>(StrEq("network input: expected images, got none")));
}

TEST(BatchTest, RefusesANormalizationWithoutAStandardDeviationForEachChannel) {
  Batch batch;
  batch.images = torch::zeros({1, 3, 2, 2}, torch::kUInt8);
  batch.normalization = std::make_shared<Normalization>(Normalization{{0.5, 0.5, 0.5}, {0.5}});
  const auto refused = ThrowsMessage<ShapeError>(
      testing::HasSubstr("normalization: expected a mean and a standard deviation for each channel, got 3 and 1"));
  EXPECT_THAT([&] { batch.expect_normalization(); }, refused);  // a retina reads each channel's
  EXPECT_THAT([&] { batch.input(); }, refused);
  EXPECT_THAT([&] { (*batch.normalization)(batch.images); }, refused);
}

TEST(BatchTest, SlicesShareMemory) {
  const Batch batch = batch_of_five();
  const Batch part = batch.slice(1, 4);
  EXPECT_EQ(part.size(), 3);
  EXPECT_TRUE(torch::equal(part.images, batch.images.narrow(0, 1, 3)));
  EXPECT_TRUE(torch::equal(part.labels, torch::tensor({1, 2, 3}, torch::kInt64)));
  EXPECT_EQ(part.images.data_ptr(), batch.images[1].data_ptr());
  EXPECT_EQ(part.normalization, batch.normalization);
}

TEST(BatchTest, SlicesImagesOfDifferentSizes) {
  const Batch batch = batch_of_sizes();
  const Batch part = batch.slice(1, 3);
  EXPECT_EQ(part.size(), 2);
  ASSERT_EQ(part.singles.size(), 2U);
  EXPECT_EQ(part.singles[0].data_ptr(), batch.singles[1].data_ptr());
  EXPECT_EQ(part.singles[1].data_ptr(), batch.singles[2].data_ptr());
  EXPECT_TRUE(torch::equal(part.labels, torch::tensor({8, 9}, torch::kInt64)));
}

TEST(BatchTest, SlicesAndMovesWhatWasMixed) {
  Batch batch = batch_of_five();
  batch.other_labels = torch::tensor({4, 3, 2, 1, 0}, torch::kInt64);
  batch.lambda = torch::tensor({0.5F, 0.6F, 0.7F, 0.8F, 1.0F});
  const Batch part = batch.slice(1, 3);
  EXPECT_TRUE(torch::equal(part.other_labels, torch::tensor({3, 2}, torch::kInt64)));
  EXPECT_TRUE(torch::equal(part.lambda, torch::tensor({0.6F, 0.7F})));
  EXPECT_FALSE(batch_of_five().slice(1, 3).other_labels.defined());

  const torch::Device device(torch::kMeta);
  const Batch moved = batch.to(device);
  EXPECT_EQ(moved.other_labels.device(), device);
  EXPECT_EQ(moved.lambda.device(), device);
  EXPECT_TRUE(batch.lambda.is_cpu());
  EXPECT_FALSE(batch_of_five().to(device).lambda.defined());
}

TEST(BatchTest, SlicesAndMovesThePositions) {
  Batch batch = batch_of_five();
  batch.positions = {10, 11, 13, 14, 15};
  EXPECT_EQ(batch.slice(1, 3).positions, (std::vector<std::int64_t>{11, 13}));
  EXPECT_EQ(batch.to(torch::kMeta).positions, batch.positions);
  EXPECT_TRUE(batch_of_five().slice(1, 3).positions.empty());
}

TEST(BatchTest, SlicesWithoutLabels) {
  Batch batch = batch_of_five();
  batch.labels = torch::Tensor();
  const Batch part = batch.slice(0, 2);
  EXPECT_EQ(part.size(), 2);
  EXPECT_FALSE(part.labels.defined());
}

TEST(BatchTest, MovesEveryTensor) {
  // The meta device needs no accelerator; a tensor left behind would still say "cpu".
  const torch::Device device(torch::kMeta);
  const Batch moved = batch_of_five().to(device);
  EXPECT_EQ(moved.images.device(), device);
  EXPECT_EQ(moved.labels.device(), device);
  EXPECT_NE(moved.normalization, nullptr);
  const Batch singles = batch_of_sizes().to(device);
  EXPECT_EQ(singles.size(), 3);
  for (const torch::Tensor& single : singles.singles) EXPECT_EQ(single.device(), device);
  EXPECT_EQ(Batch{}.to(device).size(), 0);
}

}  // namespace
}  // namespace fovea
