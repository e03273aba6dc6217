#include <algorithm>
#include <cstddef>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/config/fields.h>
#include <fovea/datasets/cifar.h>

#include "byte_builders.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr std::size_t kPlane = 1024;

/// Labels, then planes of constant red, green and blue, but for the second pixel of the first row: there each is one more.
ByteVector cifar_record(const ByteVector& labels, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  ByteVector record = labels;
  for (const std::uint8_t value : {red, green, blue}) {
    record.insert(record.end(), kPlane, value);
    ++record[record.size() - kPlane + 1];
  }
  return record;
}

Cifar10Options cifar10_at(const TemporaryDirectory& folder) {
  Cifar10Options options;
  options.root = folder.path();
  return options;
}

Cifar100Options cifar100_at(const TemporaryDirectory& folder, Cifar100Labels labels) {
  Cifar100Options options;
  options.root = folder.path();
  options.labels = labels;
  return options;
}

TEST(Cifar10Test, ReadsPlanesIntoPixels) {
  const TemporaryDirectory folder;
  folder.write("test_batch.bin", cifar_record({9}, 10, 20, 30));
  const auto test = open_cifar10(cifar10_at(folder), Split::test);
  ASSERT_EQ(test->size(), 1);
  EXPECT_EQ(test->channels(), 3);
  EXPECT_EQ(test->height(), 32);
  EXPECT_EQ(test->width(), 32);
  const Sample sample = test->sample(0);
  EXPECT_EQ(sample.label, 9);
  for (int channel = 0; channel < 3; ++channel) {
    EXPECT_EQ(sample.image.at(0, 0, channel), 10 * (channel + 1));
    EXPECT_EQ(sample.image.at(0, 1, channel), 10 * (channel + 1) + 1);
    EXPECT_EQ(sample.image.at(31, 31, channel), 10 * (channel + 1));
  }
  EXPECT_EQ(test->class_names(), cifar10_class_names());
}

TEST(Cifar10Test, JoinsTheTrainingBatchesInOrder) {
  const TemporaryDirectory folder;
  for (std::uint8_t batch = 1; batch <= 5; ++batch) {
    folder.write("data_batch_" + std::to_string(batch) + ".bin", cifar_record({batch}, batch, 0, 0));
  }
  const auto train = open_cifar10(cifar10_at(folder), Split::train);
  ASSERT_EQ(train->size(), 5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(train->label(i), i + 1);
    EXPECT_EQ(train->sample(i).image.at(0, 0, 0), i + 1);
  }
}

TEST(Cifar10Test, TakesTheNamesOfTheMetaFile) {
  const TemporaryDirectory folder;
  folder.write("test_batch.bin", cifar_record({0}, 0, 0, 0));
  folder.write("batches.meta.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\r\nj\n\n");
  EXPECT_EQ(open_cifar10(cifar10_at(folder), Split::test)->class_names().at(8), "i");
  const std::string path = folder.write("batches.meta.txt", "a\nb\n");
  EXPECT_THAT([&] { open_cifar10(cifar10_at(folder), Split::test); },
              ThrowsMessage<InputError>(StartsWith(path + ": expected 10 class names, one per line, got 2")));
}

TEST(Cifar10Test, RefusesPartsOfRecords) {
  const TemporaryDirectory folder;
  ByteVector bytes = cifar_record({0}, 0, 0, 0);
  bytes.push_back(0);
  const std::string path = folder.write("test_batch.bin", bytes);
  EXPECT_THAT(
      [&] { open_cifar10(cifar10_at(folder), Split::test); },
      ThrowsMessage<InputError>(StartsWith(
          path + ": offset 3073: expected one or more whole records of 3073 bytes, got a file of 3074 bytes; the file is")));
  folder.write("test_batch.bin", "");
  EXPECT_THAT([&] { open_cifar10(cifar10_at(folder), Split::test); },
              ThrowsMessage<InputError>(HasSubstr("got a file of 0 bytes")));
}

TEST(Cifar10Test, RefusesALabelOutOfRange) {
  const TemporaryDirectory folder;
  ByteVector bytes = cifar_record({9}, 0, 0, 0);
  const ByteVector second = cifar_record({10}, 0, 0, 0);
  bytes.insert(bytes.end(), second.begin(), second.end());
  const std::string path = folder.write("test_batch.bin", bytes);
  EXPECT_THAT([&] { open_cifar10(cifar10_at(folder), Split::test); },
              ThrowsMessage<InputError>(StartsWith(path + ": offset 3073: expected a label below 10, got 10")));
}

TEST(Cifar10Test, SaysHowToGetMissingFiles) {
  const TemporaryDirectory folder;
  Cifar10Options options;
  options.root = folder.path("none");
  EXPECT_THAT([&] { open_cifar10(options, Split::train); },
              ThrowsMessage<InputError>(
                  AllOf(StartsWith(options.root + ": expected the folder of the data set, got no such folder"),
                        HasSubstr("binary version"), HasSubstr("or set data.root (of a canvas: data.source.root)"))));
  EXPECT_THAT([&] { open_cifar10(cifar10_at(folder), Split::train); },
              ThrowsMessage<InputError>(
                  StartsWith(folder.path("data_batch_1.bin") + ": expected a readable file, got No such file")));
}

TEST(Cifar100Test, OffersFineAndCoarseLabels) {
  const TemporaryDirectory folder;
  folder.write("train.bin", cifar_record({19, 99}, 1, 2, 3));
  folder.write("test.bin", cifar_record({0, 7}, 1, 2, 3));
  const auto fine = open_cifar100(cifar100_at(folder, Cifar100Labels::fine), Split::train);
  EXPECT_EQ(fine->label(0), 99);
  EXPECT_EQ(fine->class_names().at(99), "worm");
  EXPECT_EQ(fine->sample(0).image.at(0, 0, 2), 3);
  const auto coarse = open_cifar100(cifar100_at(folder, Cifar100Labels::coarse), Split::train);
  EXPECT_EQ(coarse->label(0), 19);
  EXPECT_EQ(coarse->class_names().at(19), "vehicles_2");
  EXPECT_EQ(open_cifar100(cifar100_at(folder, Cifar100Labels::fine), Split::test)->label(0), 7);
}

TEST(Cifar100Test, ChecksBothLabels) {
  const TemporaryDirectory folder;
  const std::string path = folder.write("test.bin", cifar_record({20, 0}, 0, 0, 0));
  const Cifar100Options options = cifar100_at(folder, Cifar100Labels::fine);
  EXPECT_THAT([&] { open_cifar100(options, Split::test); },
              ThrowsMessage<InputError>(StartsWith(path + ": offset 0: expected a label below 20, got 20")));
  folder.write("test.bin", cifar_record({0, 100}, 0, 0, 0));
  EXPECT_THAT([&] { open_cifar100(options, Split::test); },
              ThrowsMessage<InputError>(StartsWith(path + ": offset 1: expected a label below 100, got 100")));
}

TEST(Cifar100Test, NamesAreCompleteAndInOrder) {
  for (const auto& [labels, count] : {std::pair(Cifar100Labels::fine, 100U), std::pair(Cifar100Labels::coarse, 20U)}) {
    const std::vector<std::string>& names = cifar100_class_names(labels);
    EXPECT_EQ(names.size(), count);
    EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), count);
  }
}

TEST(Cifar100Test, ReadsItsLabelsFromAConfiguration) {
  Cifar100Options options;
  read_fields(options, parse_yaml("labels: coarse", "test.yaml"), "data");
  EXPECT_EQ(options.labels, Cifar100Labels::coarse);
  EXPECT_THAT([&] { read_fields(options, parse_yaml("labels: medium", "test.yaml"), "data"); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("data.labels"), HasSubstr("fine"), HasSubstr("coarse"))));
}

}  // namespace
}  // namespace fovea
