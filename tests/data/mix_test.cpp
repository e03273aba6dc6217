#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/data/internal/mix.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

using ::testing::StrEq;
using ::testing::ThrowsMessage;

constexpr int kPairs = 4000;

std::vector<RandomStream> streams_of(std::size_t count, std::uint64_t epoch) {
  std::vector<RandomStream> streams;
  streams.reserve(count);
  for (std::uint64_t index = 0; index < count; ++index) {
    streams.emplace_back(0, Purpose::augment, std::initializer_list{epoch, index});
  }
  return streams;
}

/// Result of mix_batch, which a test expects to have a value.
MixedLabels mixed_labels(const AugmentOptions& options, std::vector<Image>& images, const std::vector<std::int64_t>& labels,
                         std::uint64_t epoch) {
  const auto mixed = mix_batch(options, images, labels, streams_of(images.size(), epoch));
  EXPECT_TRUE(mixed.has_value());
  return mixed.value_or(MixedLabels{labels, std::vector<double>(labels.size(), 1.0)});
}

TEST(MixupTest, BlendsPixelsByItsShare) {
  const AugmentOptions options = augment_from("{mixup: {probability: 1, alpha: 1}}");
  const Image image = noise_image(5, 4, 3, 1);
  const Image partner = noise_image(5, 4, 3, 2);
  for (std::uint64_t index = 0; index < 50; ++index) {
    const auto [mixed, share] = mixed_with(options, image, partner, index);
    for (std::size_t i = 0; i < mixed.pixels.size(); ++i) {
      ASSERT_EQ(mixed.pixels[i], std::lrint(share * image.pixels[i] + (1 - share) * partner.pixels[i]));
    }
  }
  const auto [black, share] = mixed_with(options, plain_image(1, 1, 1, 0), plain_image(1, 1, 1, 255), 3);
  EXPECT_EQ(black.pixels[0], std::lrint(255 * (1 - share)));
  EXPECT_LT(share, 1);
}

TEST(MixupTest, SharesAreTheLargerHalfOfABeta) {
  const Image image = plain_image(1, 1, 1, 0);
  // The mean of max(x, 1 - x) is 1/2 + E|x - 1/2|: 3/4 for the uniform Beta(1, 1), 1/2 + 1/pi for the arcsine
  // Beta(1/2, 1/2). Standard deviations are at most 1/4, that of two values at the ends of [1/2, 1].
  for (const auto& [alpha, mean] : {std::pair{"1", 0.75}, {"0.5", 0.5 + 1 / 3.14159265358979}}) {
    const AugmentOptions options = augment_from(std::string("{mixup: {probability: 1, alpha: ") + alpha + "}}");
    double sum = 0;
    for (std::uint64_t index = 0; index < kPairs; ++index) {
      const double share = mixed_with(options, image, image, index).lambda;
      ASSERT_GE(share, 0.5);
      ASSERT_LE(share, 1.0);
      sum += share;
    }
    EXPECT_NEAR(sum / kPairs, mean, 5 * 0.25 / std::sqrt(kPairs)) << alpha;
  }
  const AugmentOptions even = augment_from("{mixup: {probability: 1, alpha: 1000}}");
  EXPECT_NEAR(mixed_with(even, image, image, 0).lambda, 0.5, 0.06);  // 5 times sqrt(1 / (4 * 2001))
}

TEST(CutMixTest, PastesARectangleInPlace) {
  const AugmentOptions options = augment_from("{cutmix: 1}");
  const Image image = noise_image(12, 18, 3, 3);
  Image partner = image;
  for (auto& pixel : partner.pixels) pixel = static_cast<std::uint8_t>(pixel + 100);  // differs everywhere
  std::set<int> areas;
  for (std::uint64_t index = 0; index < 200; ++index) {
    const auto [mixed, share] = mixed_with(options, image, partner, index);
    int top = 12;
    int bottom = 0;
    int left = 18;
    int right = 0;
    int pasted = 0;
    for (int y = 0; y < 12; ++y) {
      for (int x = 0; x < 18; ++x) {
        const Image& source = mixed.at(y, x, 0) == image.at(y, x, 0) ? image : partner;
        for (int c = 0; c < 3; ++c) ASSERT_EQ(mixed.at(y, x, c), source.at(y, x, c));
        if (&source == &image) continue;
        ++pasted;
        top = std::min(top, y);
        bottom = std::max(bottom, y + 1);
        left = std::min(left, x);
        right = std::max(right, x + 1);
      }
    }
    EXPECT_EQ(pasted, std::max(0, bottom - top) * std::max(0, right - left));  // a rectangle without holes
    EXPECT_DOUBLE_EQ(share, 1 - pasted / (12.0 * 18.0));
    areas.insert(pasted);
  }
  EXPECT_GT(areas.size(), 20U);
  EXPECT_LE(*areas.rbegin(), 108);
}

TEST(CutMixTest, EveryPixelIsPastedNowAndThen) {
  const AugmentOptions options = augment_from("{cutmix: {probability: 1, alpha: 1000}}");  // half of the area each time
  const Image black = plain_image(10, 14, 1, 0);
  const Image white = plain_image(10, 14, 1, 255);
  std::vector<int> pasted(black.pixels.size());
  double smallest_share = 1;
  for (std::uint64_t index = 0; index < 500; ++index) {
    const auto [mixed, share] = mixed_with(options, black, white, index);
    for (std::size_t i = 0; i < pasted.size(); ++i) pasted[i] += mixed.pixels[i] == 255 ? 1 : 0;
    smallest_share = std::min(smallest_share, share);
  }
  // 6 x 8 pixels around a random centre: a corner is covered when the centre is one of 3 x 4 of 140, 43 times.
  EXPECT_THAT(pasted, testing::Each(testing::Gt(10)));
  EXPECT_DOUBLE_EQ(smallest_share, 1 - 48.0 / 140);  // uncut: 10 sqrt(1/2) = 7.07 and 14 sqrt(1/2) = 9.9, made even
}

TEST(MixBatchTest, EachPictureMeetsAnother) {
  // Plain pictures of 0, 50, 100 ...: what was mixed in shows in the pixel.
  constexpr std::size_t kPictures = 5;
  const AugmentOptions options = augment_from("{mixup: {probability: 1, alpha: 1}}");
  std::set<std::pair<std::size_t, std::int64_t>> pairs;
  for (std::uint64_t epoch = 0; epoch < 100; ++epoch) {
    std::vector<Image> images;
    std::vector<std::int64_t> labels;
    for (std::size_t n = 0; n < kPictures; ++n) {
      images.push_back(plain_image(2, 3, 1, static_cast<int>(50 * n)));
      labels.push_back(static_cast<std::int64_t>(n));
    }
    const MixedLabels mixed = mixed_labels(options, images, labels, epoch);
    for (std::size_t n = 0; n < kPictures; ++n) {
      const double share = mixed.lambda[n];
      EXPECT_NE(mixed.other[n], labels[n]);
      // Were a partner's picture taken after its own mixing, the pixel would be another one.
      const double expected = share * 50 * static_cast<double>(n) + (1 - share) * 50 * static_cast<double>(mixed.other[n]);
      EXPECT_EQ(images[n].pixels[0], std::lrint(expected));
      pairs.emplace(n, mixed.other[n]);
    }
  }
  EXPECT_EQ(pairs.size(), kPictures * (kPictures - 1));
}

TEST(MixBatchTest, PicturesThatAreNotMixedKeepTheirLabels) {
  const AugmentOptions options = augment_from("{cutmix: 0.5}");
  std::vector<Image> images(40, plain_image(6, 6, 1, 7));
  for (std::size_t n = 0; n < images.size(); ++n) images[n] = plain_image(6, 6, 1, static_cast<int>(n));
  const std::vector<Image> before = images;
  std::vector<std::int64_t> labels(images.size());
  for (std::size_t n = 0; n < labels.size(); ++n) labels[n] = static_cast<std::int64_t>(1000 + n);
  const MixedLabels mixed = mixed_labels(options, images, labels, 1);
  int alone = 0;
  for (std::size_t n = 0; n < images.size(); ++n) {
    EXPECT_EQ(images[n].pixels == before[n].pixels, mixed.lambda[n] == 1) << n;
    if (mixed.other[n] != labels[n]) continue;
    EXPECT_EQ(mixed.lambda[n], 1);
    ++alone;
  }
  EXPECT_GT(alone, 5);
  EXPECT_LT(alone, 35);
}

TEST(MixBatchTest, AtMostOneHappensWithItsProbability) {
  const AugmentOptions options =
      augment_from("{mixup: {probability: 0.2, alpha: 1000}, cutmix: {probability: 0.5, alpha: 1000}}");
  const Image black = plain_image(10, 10, 1, 0);
  const Image white = plain_image(10, 10, 1, 255);
  int blended = 0;
  int pasted = 0;
  for (std::uint64_t index = 0; index < kPairs; ++index) {
    const Image mixed = mixed_with(options, black, white, index).image;
    const std::set<int> values(mixed.pixels.begin(), mixed.pixels.end());
    const bool is_blended = values.size() == 1 && !values.contains(0);
    const bool is_pasted = values == std::set{0, 255};
    blended += is_blended ? 1 : 0;
    pasted += is_pasted ? 1 : 0;
    EXPECT_TRUE(is_blended || is_pasted || values == std::set{0});
  }
  const auto bound = [](double probability) { return 5 * std::sqrt(probability * (1 - probability) / kPairs); };
  EXPECT_NEAR(blended / double{kPairs}, 0.2, bound(0.2));
  EXPECT_NEAR(pasted / double{kPairs}, 0.5, bound(0.5));
}

TEST(MixBatchTest, DoesNothingWithoutAPartnerOrAReason) {
  std::vector<Image> one{noise_image(3, 4, 3, 1)};
  EXPECT_FALSE(mix_batch(augment_from("{mixup: 1}"), one, {4}, streams_of(1, 0)).has_value());
  EXPECT_EQ(one[0].pixels, noise_image(3, 4, 3, 1).pixels);
  std::vector<Image> two(2, noise_image(3, 4, 3, 1));
  EXPECT_FALSE(mix_batch(augment_from("{flip: 1, mixup: 0}"), two, {4, 5}, streams_of(2, 0)).has_value());
  std::vector<Image> none;
  EXPECT_FALSE(mix_batch(augment_from("{mixup: 1}"), none, {}, {}).has_value());
}

TEST(MixBatchTest, RefusesPicturesOfDifferentSizes) {
  std::vector<Image> images{noise_image(3, 4, 3, 1), noise_image(4, 3, 3, 2)};
  EXPECT_THAT(
      [&] {
        mix_batch(augment_from("{cutmix: 1}"), images, {0, 1}, streams_of(2, 0));
      },
      ThrowsMessage<InputError>(
          StrEq("data.augment.cutmix: expected images of one size (height x width x channels), got 3 x 4 x 3 beside "
                "4 x 3 x 3; set preprocess.resize and preprocess.crop")));
}

}  // namespace
}  // namespace fovea
