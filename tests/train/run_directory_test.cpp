#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/base/random.h>
#include <fovea/train/event_file.h>
#include <fovea/train/run_directory.h>

#include "file_text.h"
#include "fuzz.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::string line_of(std::int64_t epoch) {
  EpochRecord record;
  record.epoch = epoch;
  return to_json(record).dump() + "\n";
}

TEST(RunDirectoryTest, NamesTheFilesThatARunWouldReplace) {
  const TemporaryDirectory folder;
  const RunDirectory run(folder.path("run") + "//");
  EXPECT_EQ(run.path(), folder.path("run"));
  EXPECT_THAT(run.existing_files(), IsEmpty());
  folder.write("run/notes.txt", "x");
  folder.write("run/confusion_validation.csv", "x");
  folder.write("run/model.safetensors", "x");
  EXPECT_THAT(run.existing_files(), ElementsAre("model.safetensors", "confusion_validation.csv"));
  EXPECT_FALSE(run.has_checkpoint());
}

TEST(RunDirectoryTest, CountsEpochsWithoutAValidLine) {
  const TemporaryDirectory folder;
  const RunDirectory run(folder.path());
  const auto missing_in = [&](const std::string& metrics) {
    folder.write("metrics.jsonl", metrics);
    return run.truncate_metrics(3);
  };
  const std::string all = line_of(1) + line_of(2) + line_of(3);
  EXPECT_EQ(missing_in(all), 0);
  EXPECT_EQ(missing_in(all + line_of(4)), 0);  // a kill after the last checkpoint
  EXPECT_EQ(file_text(run.metrics()), all);
  EXPECT_EQ(missing_in(all.substr(0, all.size() - 5)), 1);
  EXPECT_EQ(file_text(run.metrics()), line_of(1) + line_of(2));
  EXPECT_EQ(missing_in(line_of(1) + "{\"epoch\": x}\n" + line_of(3)), 1);
  EXPECT_EQ(file_text(run.metrics()), line_of(1) + line_of(3));
  EXPECT_EQ(missing_in(""), 3);
}

TEST(RunDirectoryTest, MutatedMetricsAreReadOrRefused) {
  const TemporaryDirectory folder;
  const RunDirectory run(folder.path());
  const std::string valid = line_of(1) + line_of(2) + line_of(3);
  const FuzzLimits limits;
  const int iterations = fuzz_iterations(1000);
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(1, Purpose::test, {static_cast<std::uint64_t>(i)});
    folder.write("metrics.jsonl", mutated_text(valid, kJsonTokens, random));
    try {
      run.read_metrics();
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), StartsWith(run.metrics() + ": line "));
    }
    const std::int64_t missing = run.truncate_metrics(3);
    EXPECT_EQ(std::ssize(run.read_metrics()), 3 - missing) << "mutation " << i;
  }
}

TEST(RunDirectoryTest, MutatedEventsAreTruncated) {
  const TemporaryDirectory folder;
  const EventFile events(folder.path("events"));
  for (std::int64_t step = 1; step <= 3; ++step) events.append(step, {{"loss/train", 0.5}, {"top1/train", 0.25}});
  const std::string valid = file_text(folder.path("events"));
  const FuzzLimits limits;
  const int iterations = fuzz_iterations(1000);
  for (int i = 0; i < iterations; ++i) {
    RandomStream random(1, Purpose::test, {static_cast<std::uint64_t>(i)});
    folder.write("events", mutated_text(valid, {std::string(8, '\xff'), std::string(4, '\0')}, random));
    const std::int64_t last = events.truncate(3);
    EXPECT_TRUE(last >= 0 && last <= 3) << "mutation " << i;
  }
}

}  // namespace
}  // namespace fovea
