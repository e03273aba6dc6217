#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/datasets/registry.h>
#include <fovea/datasets/translated_digits.h>

#include "byte_builders.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSubsetOf;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

/// Two training images of value 10 and three test images of value 100, all of 4 x 3 pixels, in MNIST's files.
class TranslatedDigits : public testing::Test {
 protected:
  TranslatedDigits() {
    folder_.write("train-images-idx3-ubyte", idx_bytes(kIdxImages, {2, 4, 3}, ByteVector(24, 10)));
    folder_.write("train-labels-idx1-ubyte", idx_bytes(kIdxLabels, {2}, {3, 7}));
    folder_.write("t10k-images-idx3-ubyte", idx_bytes(kIdxImages, {3, 4, 3}, ByteVector(36, 100)));
    folder_.write("t10k-labels-idx1-ubyte", idx_bytes(kIdxLabels, {3}, {0, 1, 2}));
  }

  /// @param more keys beside the source, e.g. "canvas: 9".
  std::shared_ptr<const Dataset> open(const std::string& name, Split split, const std::string& more) const {
    const DatasetRow& row = find_dataset(name, "test");
    const auto options = read(name, "source: {root: " + folder_.path() + "}\n" + more);
    return row.open(*options, split);
  }

  static std::unique_ptr<Options> read(const std::string& name, const std::string& yaml) {
    auto options = find_dataset(name, "test").make_options();
    read_fields(*options, parse_yaml(yaml, "a.yaml"), "data");
    return options;
  }

  static std::set<int> values_in(const Dataset& dataset) {
    std::set<int> values;
    for (std::int64_t i = 0; i < dataset.size(); ++i) {
      for (const std::uint8_t value : dataset.sample(i).image.pixels) values.insert(value);
    }
    return values;
  }

  TemporaryDirectory folder_;
};

TEST_F(TranslatedDigits, HaveTheLabelsOfTheirSourceAndNothingBeside) {
  const auto train = open("translated_digits", Split::train, "canvas: [7, 11]");
  EXPECT_EQ(train->size(), 2);
  EXPECT_EQ(train->height(), 7);
  EXPECT_EQ(train->width(), 11);
  EXPECT_EQ(train->label(1), 7);
  EXPECT_EQ(train->sample(0).label, 3);
  EXPECT_EQ(train->class_names().size(), 10U);
  EXPECT_EQ(values_in(*train), (std::set<int>{0, 10}));
  EXPECT_EQ(open("translated_digits", Split::validation, ""), nullptr) << "it is split off the training set";
}

TEST_F(TranslatedDigits, AreOnSquaresOf60PixelsUnlessTheConfigurationSaysOtherwise) {
  const auto test = open("translated_digits", Split::test, "");
  EXPECT_EQ(test->height(), 60);
  EXPECT_EQ(test->width(), 60);
}

TEST_F(TranslatedDigits, ClutterComesOutOfTheSameSplit) {
  const std::string more = "canvas: [6, 5]\nclutter: 3\nclutter_size: [2, 1]";
  EXPECT_THAT(values_in(*open("cluttered_digits", Split::train, more)), IsSubsetOf({0, 10, 20, 30, 40}));
  const std::set<int> test = values_in(*open("cluttered_digits", Split::test, more));
  EXPECT_THAT(test, IsSubsetOf({0, 100, 200, 255}));
  EXPECT_GE(test.size(), 3U) << "pieces that the digit covers";
}

TEST_F(TranslatedDigits, TheTestSeedAloneChoosesTheTestImages) {
  const auto pixels = [&](Split split, const std::string& more) {
    return open("cluttered_digits", split, "clutter_size: 3\n" + more)->sample(0).image.pixels;
  };
  EXPECT_EQ(pixels(Split::test, ""), pixels(Split::test, "test_seed: 0"));
  EXPECT_NE(pixels(Split::test, ""), pixels(Split::test, "test_seed: 1"));
  EXPECT_NE(pixels(Split::train, ""), pixels(Split::train, "test_seed: 1"));

  const auto place = [&](Split split) { return open("translated_digits", split, "")->sample(0).box.value().left; };
  EXPECT_NE(place(Split::train), place(Split::test)) << "splits do not share their draws";
}

TEST_F(TranslatedDigits, TakeTheOptionsOfTheirSource) {
  const auto options = read("cluttered_digits", "source: {name: cifar100, labels: coarse, root: x}");
  EXPECT_EQ(write_fields(*options)["source"], Json::parse(R"({"name": "cifar100", "root": "x", "labels": "coarse"})"));
  EXPECT_EQ(write_fields(*read("translated_digits", "source: fashion_mnist"))["source"]["name"], "fashion_mnist");
  EXPECT_EQ(write_fields(*read("translated_digits", ""))["source"],
            Json::parse(R"({"name": "mnist", "root": "data/mnist"})"));

  const Json resolved = write_fields(*options);
  EXPECT_EQ(write_fields(*read("cluttered_digits", resolved.dump())), resolved);
}

TEST_F(TranslatedDigits, PixelsStayAsTheyAreInEveryChannelOfTheSource) {
  for (const char* name : {"translated_digits", "cluttered_digits"}) {
    const DatasetRow& row = find_dataset(name, "test");
    const PixelStatistics grey = row.statistics(*read(name, "source: fashion_mnist"));
    EXPECT_THAT(grey.mean, ElementsAre(0));
    EXPECT_THAT(grey.standard_deviation, ElementsAre(1));
    const PixelStatistics colour = row.statistics(*read(name, "source: cifar10"));
    EXPECT_THAT(colour.mean, ElementsAre(0, 0, 0));
    EXPECT_THAT(colour.standard_deviation, ElementsAre(1, 1, 1));
  }
}

TEST_F(TranslatedDigits, RefuseASourceThatIsNone) {
  for (const char* source : {"image_folder", "translated_digits", "cluttered_digits", "mnits"}) {
    EXPECT_THAT([&] { read("cluttered_digits", std::string("canvas: 60\nsource: ") + source); },
                ThrowsMessage<InputError>(AllOf(StartsWith("a.yaml:2: data.source: expected one of mnist, fashion_mnist, "
                                                           "cifar10 and cifar100, got"),
                                                HasSubstr(source))));
  }
  EXPECT_THAT([&] { read("translated_digits", "source: {name: image_folder}"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:1: data.source.name: expected one of")));
  EXPECT_THAT([&] { read("translated_digits", "source:\n  name: mnist\n  labels: fine"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:3: data.source.labels: unknown key")));
}

TEST_F(TranslatedDigits, RefuseOptionsThatAreNone) {
  EXPECT_THAT([&] { read("translated_digits", "clutter: 4"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:1: data.clutter: unknown key")));
  EXPECT_THAT([&] { read("cluttered_digits", "clutter: -1"); },
              ThrowsMessage<InputError>(StartsWith("a.yaml:1: data.clutter: expected an integer from 0")));
  EXPECT_THAT([&] { read("cluttered_digits", "canvas: [60, 60, 1]"); },
              ThrowsMessage<InputError>(HasSubstr("data.canvas: expected a list of 1 to 2")));
}

TEST_F(TranslatedDigits, RefuseWhatDoesNotFit) {
  EXPECT_THAT([&] { open("translated_digits", Split::train, "canvas: 3"); },
              ThrowsMessage<InputError>(StartsWith("data.canvas: expected at least 4 x 3 pixels")));
  EXPECT_THAT([&] { open("cluttered_digits", Split::train, ""); },
              ThrowsMessage<InputError>(StartsWith("data.clutter_size: expected at most 4 x 3 pixels")));
}

TEST_F(TranslatedDigits, OfFashionMnistHaveExactBoxes) {
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "needs the package dataset-fashion-mnist";
  const DatasetRow& row = find_dataset("translated_digits", "test");
  const auto test = row.open(*read("translated_digits", "source: fashion_mnist\ncanvas: [40, 70]"), Split::test);
  for (std::int64_t i = 0; i < 1000; ++i) {
    const Sample sample = test->sample(i);
    const Box box = sample.box.value();
    int outside = 0;
    std::set<int> rows, columns;
    for (int y = 0; y < 40; ++y) {
      for (int x = 0; x < 70; ++x) {
        if (sample.image.at(y, x, 0) == 0) continue;
        if (y < box.top || y >= box.bottom || x < box.left || x >= box.right) ++outside;
        rows.insert(y);
        columns.insert(x);
      }
    }
    EXPECT_EQ(outside, 0);
    EXPECT_EQ(*rows.begin(), box.top);
    EXPECT_EQ(*rows.rbegin() + 1, box.bottom);
    EXPECT_EQ(*columns.begin(), box.left);
    EXPECT_EQ(*columns.rbegin() + 1, box.right);
  }
}

TEST(TranslatedDigitsOptionsTest, OutOfRangeAreRefusedFromCpp) {
  EXPECT_THAT([] { open_translated_digits({.canvas = {}}, Split::train); },
              ThrowsMessage<InputError>(HasSubstr("data: canvas: expected a list of 1 to 2, each an integer from 1 to")));
  EXPECT_THAT([] { open_cluttered_digits({.clutter = -1}, Split::train); },
              ThrowsMessage<InputError>(HasSubstr("data: clutter: expected an integer from 0 to 4096, got -1")));
}

}  // namespace
}  // namespace fovea
