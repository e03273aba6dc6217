#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/datasets/array_dataset.h>
#include <fovea/datasets/registry.h>

#include "byte_builders.h"
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
    const PixelStatistics statistics = row.statistics(*row.make_options());
    ASSERT_FALSE(statistics.mean.empty());
    ASSERT_EQ(statistics.mean.size(), statistics.standard_deviation.size());
    if (row.varying_sizes || row.in_memory) {
      for (std::size_t channel = 0; channel < statistics.mean.size(); ++channel) {
        EXPECT_GT(statistics.mean[channel], 0.0);
        EXPECT_LT(statistics.mean[channel], 1.0);
        EXPECT_GT(statistics.standard_deviation[channel], 0.0);
        EXPECT_LE(statistics.standard_deviation[channel], 0.5);  // the largest of values in [0, 1]
      }
    }
    EXPECT_EQ(&find_dataset(row.name, "test"), &row);
  }
}

TEST(DatasetRegistryTest, EveryRowRefusesAMissingFolder) {
  const TemporaryDirectory folder;
  for (const DatasetRow& row : dataset_registry()) {
    SCOPED_TRACE(row.name);
    const auto options = row.make_options();
    const std::string root = "{root: " + folder.path("none") + "}";
    const bool has_source = !row.varying_sizes && !row.in_memory;
    read_fields(*options, parse_yaml(has_source ? "source: " + root : root, "test.yaml"), "data");
    EXPECT_THAT([&] { row.open(*options, Split::train); },
                ThrowsMessage<InputError>(AllOf(StartsWith(folder.path("none") + ": expected"), HasSubstr("set data.root"),
                                                HasSubstr(has_source ? "of a canvas: data.source.root" : ""))));
  }
}

TEST(DatasetRegistryTest, RowsInMemoryGiveArrays) {
  const TemporaryDirectory folder;
  folder.write("train-images-idx3-ubyte", idx_bytes(kIdxImages, {1, 2, 3}, ByteVector(6)));
  folder.write("train-labels-idx1-ubyte", idx_bytes(kIdxLabels, {1}, {0}));
  for (int part = 1; part <= 5; ++part) {
    folder.write("data_batch_" + std::to_string(part) + ".bin", ByteVector(1 + 3072));
  }
  folder.write("train.bin", ByteVector(2 + 3072));
  int rows = 0;
  for (const DatasetRow& row : dataset_registry()) {
    if (!row.in_memory) continue;
    const auto options = row.make_options();
    read_fields(*options, parse_yaml("root: " + folder.path(), "test.yaml"), "data");
    const auto dataset = std::dynamic_pointer_cast<const ArrayDataset>(row.open(*options, Split::train));
    ASSERT_NE(dataset, nullptr) << row.name;
    EXPECT_EQ(std::ssize(row.statistics(*options).mean), dataset->channels()) << row.name;
    ++rows;
  }
  EXPECT_EQ(rows, 4);
}

TEST(DatasetRegistryTest, SaysWhichPackageHasFashionMnist) {
  const DatasetRow& row = find_dataset("fashion_mnist", "test");
  const auto options = row.make_options();
  read_fields(*options, parse_yaml("root: /nonexistent", "test.yaml"), "data");
  EXPECT_THAT([&] { row.open(*options, Split::train); },
              ThrowsMessage<InputError>(HasSubstr("apt install dataset-fashion-mnist")));
}

TEST(DatasetRegistryTest, TheListingOfACanvasNamesItsSources) {
  const auto options = find_dataset("translated_digits", "test").make_options();
  const FieldDescription source = describe_fields(*options).front();
  EXPECT_EQ(source.name, "source");
  EXPECT_THAT(source.allowed, StartsWith("one of mnist, fashion_mnist, cifar10 and cifar100, or {name"));
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
  const PixelStatistics statistics = row.statistics(*row.make_options());
  EXPECT_NEAR(statistics.mean.at(0), mean, kHalfDigit);
  EXPECT_NEAR(statistics.standard_deviation.at(0), std::sqrt(sum_of_squares / count - mean * mean), kHalfDigit);
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
