#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/datasets/registry.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

TEST(DatasetRegistryTest, EveryRowIsComplete) {
  std::set<std::string> names;
  for (const DatasetRow& row : dataset_registry()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_FALSE(row.title.empty());
    EXPECT_NE(row.arxiv.empty(), row.reference.empty()) << row.name;
    EXPECT_FALSE(row.licence.empty());
    EXPECT_FALSE(row.size.empty());
    EXPECT_FALSE(row.obtain.empty());
    ASSERT_FALSE(row.mean.empty());
    ASSERT_EQ(row.mean.size(), row.standard_deviation.size());
    for (std::size_t channel = 0; channel < row.mean.size(); ++channel) {
      EXPECT_GT(row.mean[channel], 0.0);
      EXPECT_LT(row.mean[channel], 1.0);
      EXPECT_GT(row.standard_deviation[channel], 0.0);
      EXPECT_LE(row.standard_deviation[channel], 0.5);  // the largest of values in [0, 1]
    }
    EXPECT_EQ(&find_dataset(row.name, "test"), &row);
  }
}

TEST(DatasetRegistryTest, EveryRowRefusesAMissingFolder) {
  const TemporaryDirectory folder;
  for (const DatasetRow& row : dataset_registry()) {
    SCOPED_TRACE(row.name);
    const auto options = row.make_options();
    read_fields(*options, parse_yaml("root: " + folder.path("none"), "test.yaml"), "data");
    EXPECT_THAT([&] { row.open(*options, Split::train); },
                ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("none") + ": expected"), HasSubstr("data.root"))));
  }
}

TEST(DatasetRegistryTest, SaysWhichPackageHasFashionMnist) {
  const DatasetRow& row = find_dataset("fashion_mnist", "test");
  const auto options = row.make_options();
  read_fields(*options, parse_yaml("root: /nonexistent", "test.yaml"), "data");
  EXPECT_THAT([&] { row.open(*options, Split::train); },
              ThrowsMessage<InputError>(HasSubstr("apt install dataset-fashion-mnist")));
}

TEST(DatasetRegistryTest, AnUnknownNameGetsTheNearest) {
  EXPECT_THAT([] { find_dataset("cifar11", "a.yaml:2: data.name"); },
              ThrowsMessage<InputError>(AllOf(StartsWith("a.yaml:2: data.name: expected a data set (fashion_mnist, mnist"),
                                              HasSubstr("got 'cifar11'; did you mean 'cifar10'?"))));
  EXPECT_THAT([] { find_dataset("zzzzzzzzzzzzzzzzzzzz", "x"); },
              ThrowsMessage<InputError>(HasSubstr("see fovea list datasets")));
}

/// The constants of a row against the pixels of an installed data set.
void expect_statistics(const DatasetRow& row, const Dataset& train) {
  double sum = 0.0;
  double sum_of_squares = 0.0;
  double count = 0.0;
  for (std::int64_t i = 0; i < train.size(); ++i) {
    for (const std::uint8_t value : train.sample(i).image.pixels) {
      const double scaled = value / 255.0;
      sum += scaled;
      sum_of_squares += scaled * scaled;
      count += 1.0;
    }
  }
  const double mean = sum / count;
  constexpr double kHalfDigit = 0.5e-4;  // the constants have four digits
  EXPECT_NEAR(row.mean.at(0), mean, kHalfDigit);
  EXPECT_NEAR(row.standard_deviation.at(0), std::sqrt(sum_of_squares / count - mean * mean), kHalfDigit);
}

TEST(DatasetRegistryTest, FashionMnistIsWhatItsRowSays) {
  const DatasetRow& row = find_dataset("fashion_mnist", "test");
  if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "needs the package dataset-fashion-mnist";
  const auto train = row.open(*row.make_options(), Split::train);
  EXPECT_EQ(train->size(), 60000);
  EXPECT_EQ(train->class_names().size(), 10U);
  EXPECT_EQ(train->label(0), 9);  // an ankle boot
  expect_statistics(row, *train);
  EXPECT_EQ(row.open(*row.make_options(), Split::test)->size(), 10000);
}

TEST(DatasetRegistryTest, MnistIsWhatItsRowSays) {
  const char* data = std::getenv("FOVEA_DATA");
  if (data == nullptr || !std::filesystem::exists(std::filesystem::path(data) / "mnist")) {
    GTEST_SKIP() << "needs FOVEA_DATA, a folder that holds mnist";
  }
  const DatasetRow& row = find_dataset("mnist", "test");
  const auto options = row.make_options();
  read_fields(*options, parse_yaml("root: " + std::string(data) + "/mnist", "test.yaml"), "data");
  const auto train = row.open(*options, Split::train);
  EXPECT_EQ(train->size(), 60000);
  EXPECT_EQ(train->label(0), 5);
  expect_statistics(row, *train);
  EXPECT_EQ(row.open(*options, Split::test)->size(), 10000);
}

}  // namespace
}  // namespace fovea
