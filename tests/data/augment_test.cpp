#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/data/augment.h>

#include "augmentation_cases.h"

namespace fovea {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Everything that augmentations do to one sample.
struct Outcome {
  std::vector<int> window;
  std::vector<std::uint8_t> applied, mixed;
  double lambda;

  auto operator<=>(const Outcome&) const = default;
};

Outcome outcome_of(const AugmentOptions& options, const Image& image, std::uint64_t index) {
  Outcome outcome;
  const auto window = options.window(image.height, image.width, sample_stream(index));
  if (window) outcome.window = {window->top, window->left, window->height, window->width};
  outcome.applied = applied(options, image, index).pixels;
  const Image partner = noise_image(image.height, image.width, image.channels, 17);
  const MixedPicture mixed = mixed_with(options, image, partner, index);
  outcome.mixed = mixed.image.pixels;
  outcome.lambda = mixed.lambda;
  return outcome;
}

/// Of the samples 0 to 19.
std::vector<Outcome> outcomes_of(const AugmentOptions& options, const Image& image) {
  std::vector<Outcome> outcomes;
  for (std::uint64_t index = 0; index < 20; ++index) outcomes.push_back(outcome_of(options, image, index));
  return outcomes;
}

std::string first_option(const AugmentationRow& row) {
  return describe_fields(*row.make()).front().name;
}

/// Two values of every option there is, both different from 0, far enough apart to tell.
const std::map<std::string, std::pair<Json, Json>>& option_values() {
  static const std::map<std::string, std::pair<Json, Json>> values{
      {"probability", {0.2, 0.9}},
      {"pixels", {1, 3}},
      {"operations", {1, 3}},
      {"magnitude", {3, 25}},
      {"area", {Json::array({0.1, 0.2}), Json::array({0.6, 0.7})}},
      {"aspect", {Json::array({0.5, 0.6}), Json::array({1.8, 2.0})}},
      {"brightness", {0.1, 0.8}},
      {"contrast", {0.1, 0.8}},
      {"saturation", {0.1, 0.8}},
      {"hue", {0.02, 0.4}},
      {"fill", {"mean", "noise"}},
      {"alpha", {0.1, 10.0}},
  };
  return values;
}

/// A row with every option at its first or second value.
Json all_options(const AugmentationRow& row, bool second) {
  Json map;
  for (const FieldDescription& option : describe_fields(*row.make())) {
    const auto& values = option_values().at(option.name);
    map[option.name] = second ? values.second : values.first;
  }
  return {{row.name, map}};
}

/// Properties of every augmentation, checked for each row of the registry: a new one joins by its row alone.
class AugmentationConformance : public testing::TestWithParam<std::size_t> {
 protected:
  const AugmentationRow& row() const { return augmentation_registry()[GetParam()]; }
  /// The row alone, changing images about every second time.
  AugmentOptions switched_on() const {
    return augment_from("{" + row().name + ": " + (first_option(row()) == "probability" ? "0.5" : "1") + "}");
  }
};

TEST_P(AugmentationConformance, RowIsComplete) {
  EXPECT_FALSE(row().title.empty());
  EXPECT_THAT(row().arxiv, testing::MatchesRegex("[0-9]{4}\\.[0-9]{4,5}"));
  EXPECT_FALSE(row().help.empty());
  for (const AugmentationRow& other : augmentation_registry()) EXPECT_EQ(other.name == row().name, &other == &row());
}

TEST_P(AugmentationConformance, IsOffAtItsDefaults) {
  EXPECT_FALSE(row().make()->active());
  EXPECT_EQ(describe_fields(*row().make()).front().value.get<double>(), 0);
}

TEST_P(AugmentationConformance, ZeroAsFirstOptionIsOffWhateverTheOthersAre) {
  AugmentOptions options = augment_from(all_options(row(), true).dump());
  EXPECT_TRUE(options.parts()[GetParam()].augmentation->active());
  read_fields(options, parse_yaml("{" + row().name + ": 0}", "a.yaml"), "data.augment");
  EXPECT_FALSE(options.parts()[GetParam()].augmentation->active());
  const Image image = noise_image(6, 9, 3, 1);
  for (const Outcome& outcome : outcomes_of(options, image)) {
    EXPECT_TRUE(outcome == (Outcome{{}, image.pixels, image.pixels, 1.0}));
  }
}

TEST_P(AugmentationConformance, DependsOnTheKeyOnly) {
  const AugmentOptions options = switched_on();
  const Image image = noise_image(12, 17, 3, 2);
  const std::vector<Outcome> outcomes = outcomes_of(options, image);
  EXPECT_TRUE(outcomes_of(options, image) == outcomes);
  EXPECT_TRUE(outcomes_of(AugmentOptions(options), image) == outcomes);
  EXPECT_GT(std::set(outcomes.begin(), outcomes.end()).size(), 1U);
}

TEST_P(AugmentationConformance, KeepsSizesAndBounds) {
  for (const bool second : {false, true}) {
    const AugmentOptions options = augment_from(all_options(row(), second).dump());
    for (const auto& [height, width] : {std::pair{1, 1}, {1, 9}, {7, 1}, {2, 3}, {8, 5}, {31, 64}}) {
      for (const int channels : {1, 3}) {
        const Image image = noise_image(height, width, channels, 3);
        const Image partner = noise_image(height, width, channels, 4);
        for (std::uint64_t index = 0; index < 20; ++index) {
          if (const auto window = options.window(height, width, sample_stream(index))) {
            EXPECT_GE(std::min(window->top, window->left), 0);
            EXPECT_GE(std::min(window->height, window->width), 1);
            EXPECT_LE(window->top + window->height, height);
            EXPECT_LE(window->left + window->width, width);
          }
          const MixedPicture mixed = mixed_with(options, image, partner, index);
          EXPECT_GE(mixed.lambda, 0.5);
          EXPECT_LE(mixed.lambda, 1.0);
          for (const Image& result : {applied(options, image, index), mixed.image}) {
            EXPECT_EQ(result.height, height);
            EXPECT_EQ(result.width, width);
            EXPECT_EQ(result.channels, channels);
            EXPECT_EQ(result.pixels.size(), image.pixels.size());
          }
        }
      }
    }
  }
}

TEST_P(AugmentationConformance, EveryOptionChangesSomething) {
  const Image image = noise_image(16, 20, 3, 5);
  const std::string first = first_option(row());
  for (const FieldDescription& described : describe_fields(*row().make())) {
    const std::string& option = described.name;
    ASSERT_TRUE(option_values().contains(option)) << "give " << option << " two values";
    const auto outcomes = [&](const Json& value) {
      Json options{{first, first == "probability" ? 1 : 3}};
      options[option] = value;
      return outcomes_of(augment_from(Json{{row().name, options}}.dump()), image);
    };
    const auto& [one, another] = option_values().at(option);
    EXPECT_TRUE(outcomes(one) != outcomes(another)) << option;
  }
}

TEST_P(AugmentationConformance, IsWrittenAsItWasRead) {
  for (const bool second : {false, true}) {
    const Json given = all_options(row(), second);
    AugmentOptions options = augment_from(given.dump());
    const Json written = write_fields(options);
    EXPECT_EQ(written.at(row().name), given.at(row().name));
    AugmentOptions again = augment_from(to_yaml(written));
    EXPECT_EQ(write_fields(again).dump(), written.dump());
  }
}

TEST_P(AugmentationConformance, ANumberStandsForTheFirstOption) {
  AugmentOptions number = augment_from("{" + row().name + ": 1}");
  AugmentOptions map = augment_from("{" + row().name + ": {" + first_option(row()) + ": 1}}");
  EXPECT_EQ(write_fields(number).dump(), write_fields(map).dump());
  EXPECT_TRUE(number.parts()[GetParam()].augmentation->active());
}

INSTANTIATE_TEST_SUITE_P(Registry, AugmentationConformance, testing::Range(std::size_t{0}, augmentation_registry().size()),
                         [](const auto& row) { return augmentation_registry()[row.param].name; });

TEST(AugmentOptionsTest, AppliesInThisOrder) {
  std::vector<std::string> names;
  for (const AugmentationRow& row : augmentation_registry()) names.push_back(row.name);
  EXPECT_THAT(names, ElementsAre("random_resized_crop", "pad_crop", "flip", "vertical_flip", "rand_augment", "color_jitter",
                                 "erasing", "mixup", "cutmix"));
  // Were the rectangle there before the colours, it would not show the mean.
  const AugmentOptions options =
      augment_from("{color_jitter: 1, erasing: {probability: 1, area: [0.25, 0.25], aspect: [1, 1]}}");
  const Image image = plain_image(8, 8, 3, 30);
  for (std::uint64_t index = 0; index < 20; ++index) {
    EXPECT_EQ(std::ranges::count(applied(options, image, index).pixels, 128), 3 * 16);
  }
}

TEST(AugmentOptionsTest, SwitchingOneOnChangesNoOthersDraws) {
  const AugmentOptions one = augment_from("{flip: 0.5, random_resized_crop: 0.5, mixup: 0.5}");
  const AugmentOptions two =
      augment_from("{flip: 0.5, random_resized_crop: 0.5, mixup: 0.5, vertical_flip: 1, cutmix: 0.1}");
  const AugmentOptions mirror = augment_from("{vertical_flip: 1}");
  const Image image = noise_image(5, 6, 3, 6);
  const Image partner = noise_image(5, 6, 3, 7);
  int mixed = 0;
  for (std::uint64_t index = 0; index < 40; ++index) {
    EXPECT_EQ(applied(two, image, index).pixels, applied(mirror, applied(one, image, index), index).pixels);
    const auto alone = one.window(50, 60, sample_stream(index));
    const auto together = two.window(50, 60, sample_stream(index));
    ASSERT_EQ(alone.has_value(), together.has_value());
    if (alone) {
      EXPECT_EQ(alone->left, together->left);
    }
    const MixedPicture by_one = mixed_with(one, image, partner, index);
    if (by_one.lambda == 1) continue;
    ++mixed;
    EXPECT_EQ(mixed_with(two, image, partner, index).image.pixels, by_one.image.pixels);
  }
  EXPECT_GT(mixed, 5);
}

TEST(AugmentOptionsTest, CopiesAreIndependent) {
  AugmentOptions original = augment_from("{flip: 1, erasing: {probability: 0.5, fill: noise}}");
  const std::string before = write_fields(original).dump();
  AugmentOptions copy = original;
  AugmentOptions assigned;
  assigned = original;
  for (AugmentOptions* changed : {&copy, &assigned}) {
    EXPECT_EQ(write_fields(*changed).dump(), before);
    read_fields(*changed, parse_yaml("{flip: 0.25, erasing: {fill: mean}}", "b.yaml"), "data.augment");
    EXPECT_NE(write_fields(*changed).dump(), before);
  }
  EXPECT_EQ(write_fields(original).dump(), before);
}

TEST(AugmentOptionsTest, WritesEveryRowInFull) {
  AugmentOptions options = augment_from("{flip: 0.5}");
  const Json written = write_fields(options);
  EXPECT_EQ(written.size(), augmentation_registry().size());
  EXPECT_EQ(written.at("flip").dump(), R"({"probability":0.5})");
  EXPECT_EQ(written.at("erasing").dump(), R"({"probability":0.0,"area":[0.02,0.33],"aspect":[0.3,3.3],"fill":"mean"})");
}

TEST(AugmentOptionsTest, ASettingReachesAnOptionBehindANumber) {
  ConfigNode root = parse_yaml("erasing: 0.25", "a.yaml");
  apply_setting(root, "erasing.fill=noise");
  AugmentOptions options;
  read_fields(options, root, "data.augment");
  EXPECT_EQ(write_fields(options).at("erasing").dump(),
            R"({"probability":0.25,"area":[0.02,0.33],"aspect":[0.3,3.3],"fill":"noise"})");
  apply_setting(root, "erasing.probability=0.75");
  read_fields(options, root, "data.augment");
  EXPECT_EQ(write_fields(options).at("erasing").at("probability"), 0.75);
}

/// Message of reading `data.augment`, or "accepted".
std::string augment_complaint(const std::string& yaml) {
  try {
    augment_from(yaml);
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(AugmentOptionsTest, SaysWhatIsWrong) {
  EXPECT_EQ(augment_complaint("flop: 0.5"), "a.yaml:1: data.augment.flop: unknown key; did you mean 'flip'?");
  EXPECT_EQ(augment_complaint("flip: 1.5"),
            "a.yaml:1: data.augment.flip.probability: expected a number in [0, 1], got '1.5'");
  EXPECT_EQ(augment_complaint("flip: [1]"), "a.yaml:1: data.augment.flip: expected a map of keys and values, got a list");
  EXPECT_EQ(augment_complaint("pad_crop: -1"),
            "a.yaml:1: data.augment.pad_crop.pixels: expected an integer from 0 to 1024, got '-1'");
  EXPECT_EQ(augment_complaint("mixup: {alpah: 1}"),
            "a.yaml:1: data.augment.mixup.alpah: unknown key; did you mean 'alpha'?");
  EXPECT_EQ(augment_complaint("erasing: {fill: black}"),
            "a.yaml:1: data.augment.erasing.fill: expected one of mean and noise, got 'black'");
  EXPECT_EQ(augment_complaint("flip: 0.5\nerasing:\n  area: [0.5, 0.1]\n"),
            "a.yaml:2: data.augment.erasing.area: expected the smallest value, then the largest, got [0.5,0.1]");
  EXPECT_EQ(augment_complaint("random_resized_crop: {aspect: [2, 1]}"),
            "a.yaml:1: data.augment.random_resized_crop.aspect: expected the smallest value, then the largest, got "
            "[2.0,1.0]");
  EXPECT_EQ(augment_complaint("random_resized_crop: {area: [0, 1]}"),
            "a.yaml:1: data.augment.random_resized_crop.area: expected a list of 2, each a number in (0, 1], got '0'");
  EXPECT_EQ(augment_complaint("flip:"), "accepted");
  EXPECT_EQ(augment_complaint(""), "accepted");
}

TEST(AugmentOptionsTest, MixupAndCutmixExcludeEachOther) {
  EXPECT_EQ(augment_complaint("{mixup: 0.7, cutmix: 0.3}"), "accepted");
  EXPECT_EQ(augment_complaint("mixup: 0.75\ncutmix: 0.5"),
            "a.yaml:2: data.augment.cutmix: expected probabilities of mixup and cutmix that sum to at most 1, got 0.75 and "
            "0.5; mixup and cutmix exclude each other");
  AugmentOptions options = augment_from("{cutmix: 1}");
  EXPECT_THAT([&] { read_fields(options, parse_yaml("mixup: 0.5", "b.yaml"), "data.augment"); },
              ThrowsMessage<InputError>(HasSubstr("b.yaml:1: data.augment.mixup: expected probabilities of")));
}

TEST(MeanFillTest, IsTheNearestPixel) {
  const auto fill = [](const std::vector<double>& mean, ChannelOrder order = ChannelOrder::rgb) {
    return mean_pixel({mean, std::vector<double>(mean.size(), 1.0), order});
  };
  EXPECT_THAT(fill({0.0, 0.485, 0.406, 1.0}), ElementsAre(0, 124, 104, 255));  // 123.7 and 103.5
  EXPECT_THAT(fill({-0.5, 1.5}), ElementsAre(0, 255));
  EXPECT_THAT(fill({0, 0.2, 1}, ChannelOrder::bgr), ElementsAre(255, 51, 0));  // of an image, which is RGB
}

}  // namespace
}  // namespace fovea
