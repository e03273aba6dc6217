// Records of epochs as lines of metrics.jsonl.

#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/train/run_directory.h>

#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Pair;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;

TEST(EpochRecordTest, IsReadAsItWasWritten) {
  EpochRecord record{.epoch = 7,
                     .train_loss = 0.1,
                     .train_top1 = 1.0 / 3,
                     .val_loss = 2.5,
                     .val_top1 = std::nullopt,
                     .learning_rate = 1e-7,
                     .images_per_second = 1234.5,
                     .seconds = 60,
                     .parts = {{"policy_loss", std::nullopt}, {"policy_reward", 0.25}}};
  const EpochRecord read = read_epoch_record(Json::parse(to_json(record).dump()));
  EXPECT_EQ(to_json(read).dump(), to_json(record).dump());
  EXPECT_EQ(read.train_top1, record.train_top1);
  EXPECT_FALSE(read.val_top1);
  EXPECT_THAT(read.parts, UnorderedElementsAre(Pair("policy_loss", std::nullopt), Pair("policy_reward", 0.25)));
}

TEST(EpochRecordTest, NumbersThatALineLacksAreNotThere) {
  const EpochRecord read =
      read_epoch_record(Json::parse(R"({"epoch": 2, "train_loss": null, "val_loss": "none", "lost": true})"));
  EXPECT_TRUE(std::isnan(read.train_loss));
  EXPECT_TRUE(std::isnan(read.seconds));
  EXPECT_FALSE(read.val_loss);
  EXPECT_TRUE(read.parts.empty());
}

TEST(EpochRecordTest, ADamagedLineIsNamed) {
  for (const char* line : {"[1]", "{}", "half a li", R"({"epoch": "2"})", R"({"epoch": 1e300})", R"({"epoch": 0})"}) {
    const TemporaryDirectory folder;
    folder.write("metrics.jsonl", std::string("{\"epoch\": 1}\n") + line + "\n");
    EXPECT_THAT([&] { RunDirectory(folder.path()).read_metrics(); },
                ThrowsMessage<InputError>(AllOf(HasSubstr("metrics.jsonl: line 2: "), HasSubstr("the file is damaged"))))
        << line;
  }
}

}  // namespace
}  // namespace fovea
