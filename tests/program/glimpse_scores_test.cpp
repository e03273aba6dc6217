// Scores of a glimpse network in `fovea train` and `fovea eval`.

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glimpse_program.h"

namespace fovea {
namespace {

using testing::HasSubstr;

using GlimpseScoresProgram = GlimpseProgram;

void expect_fraction(const Json& number) {
  ASSERT_TRUE(number.is_number()) << number;
  EXPECT_GE(number, 0.0);
  EXPECT_LE(number, 1.0);
}

TEST_F(GlimpseScoresProgram, EvalHasTheKeysOfTheContract) {
  const Json scores = json({"eval", "run"});
  EXPECT_EQ(scores["glimpses"], 4);
  EXPECT_EQ(scores["pixels_read_fraction"], 4 * 2 * 9 / 240.0);
  expect_fraction(scores["pixels_touched_fraction"]);
  EXPECT_GT(scores["pixels_touched_fraction"], 36 / 240.0 - 1e-6);  // the first window, all inside; in float32
  for (const char* control : {"random", "centre", "swapped"}) expect_fraction(scores["controls"][control]);
  ASSERT_EQ(scores["top1_per_step"].size(), 4U);
  EXPECT_EQ(scores["top1_per_step"][3], scores["top1"]);
  ASSERT_EQ(scores["location_spread"].size(), 4U);
  EXPECT_EQ(scores["location_spread"][0], 0.0);  // the first is given
  EXPECT_GT(scores["location_spread"][1], 0.0);
  EXPECT_TRUE(scores["collapsed"].is_boolean());
  expect_fraction(scores["in_box_fraction"]);
  expect_fraction(scores["in_box_fraction_random"]);
  expect_fraction(scores["never_in_box_fraction"]);
  ASSERT_EQ(scores["in_box_fraction_per_step"].size(), 4U);
  EXPECT_GE(scores["first_hit_step"], 1.0);
}

TEST_F(GlimpseScoresProgram, TheTestSplitOfTrainingHasThemToo) {
  const Json summary = Json::parse(text("run/summary.json"));
  const Json scores = json({"eval", "run", "--threads", "1"});
  for (const auto& [key, value] : summary["test"].items()) EXPECT_EQ(scores[key], value) << key;
  EXPECT_TRUE(summary["test"].contains("controls"));
}

TEST_F(GlimpseScoresProgram, BoxScoresNeedTrueBoxes) {
  std::filesystem::copy(path("run/model.safetensors"), path("alone.safetensors"));
  const Json scores = json({"eval", "alone.safetensors", "--set", "data.name=mnist", "--set", "data.root=" + path("data")});
  EXPECT_TRUE(scores.contains("controls"));
  EXPECT_FALSE(scores.contains("in_box_fraction"));
}

TEST_F(GlimpseScoresProgram, ACollapsedNetworkIsReported) {
  const std::vector<std::string> command{"train", "glimpses.yaml", "--out", "stuck", "--quiet", "--set", "model.range=0.01"};
  EXPECT_THAT(run(command).error, HasSubstr("same locations of every image"));
  const Finished finished = run({"eval", "stuck", "--json"});
  EXPECT_THAT(finished.error, HasSubstr("same locations of every image"));
  EXPECT_EQ(Json::parse(finished.out)["collapsed"], true);
}

TEST_F(GlimpseScoresProgram, TextTellsTheSame) {
  const Finished finished = run({"eval", "run"});
  for (const char* words : {"glimpses       4 per image, which read 0.3000 x as many pixels as it has and touch 0.",
                            "controls       top-1", "in the box"}) {
    EXPECT_THAT(finished.out, HasSubstr(words));
  }
}

}  // namespace
}  // namespace fovea
