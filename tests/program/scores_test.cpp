// Scores that a user can work with: tables of `eval --predictions` and `predict --csv`, intervals, and what was trained.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glimpse_program.h"
#include "photo_program.h"

namespace fovea {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

/// Cells of a table without quotes.
std::vector<std::vector<std::string>> plain_csv(const std::string& text) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    rows.emplace_back();
    std::istringstream cells(line);
    for (std::string cell; std::getline(cells, cell, ',');) rows.back().push_back(cell);
  }
  return rows;
}

std::vector<std::string> column_of(const std::vector<std::vector<std::string>>& rows, std::size_t column) {
  std::vector<std::string> cells;
  for (std::size_t i = 1; i < rows.size(); ++i) cells.push_back(rows[i].at(column));
  return cells;
}

std::int64_t correct_in(const std::vector<std::vector<std::string>>& rows) {
  std::int64_t correct = 0;
  for (const std::string& cell : column_of(rows, 3)) correct += cell == "1";
  return correct;
}

using PhotoScores = PhotoProgram;

TEST_F(PhotoScores, PredictionsNameTheMistakesByTheirFiles) {
  const Json scores = json({"eval", "run", "--predictions", "test.csv"});
  const auto rows = plain_csv(text("test.csv"));
  ASSERT_EQ(rows.size(), 17U);
  EXPECT_THAT(rows[0], ElementsAre("image", "true", "predicted", "correct", "probability_left", "probability_right"));
  EXPECT_EQ(rows[1][0], "test/left/0.ppm");
  EXPECT_EQ(rows[2][0], "test/right/0.ppm");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& row = rows[i];
    EXPECT_TRUE(exists("images/" + row[0]));
    EXPECT_THAT(row[0], HasSubstr("/" + row[1] + "/"));
    EXPECT_EQ(row[3], row[1] == row[2] ? "1" : "0");
    const double left = std::stod(row[4]), right = std::stod(row[5]);
    EXPECT_NEAR(left + right, 1, 1e-6);  // each is rounded to float32
    EXPECT_EQ(row[2], left >= right ? "left" : "right");
  }
  EXPECT_EQ(static_cast<double>(correct_in(rows)) / 16, scores["top1"]);
}

TEST_F(PhotoScores, PredictionsAreTheSameBytesOnAnyNumberOfThreads) {
  const Finished one = run({"eval", "run", "--split", "all", "--predictions", "one.csv", "--threads", "1"});
  ASSERT_EQ(one.code, 0) << one.error;
  for (const char* file : {"run/confusion_all.csv", "run/confusion_all.png", "run/calibration_all.png", "one.csv"}) {
    EXPECT_THAT(one.out, HasSubstr(std::string("  ") + file + "\n"));
  }
  ASSERT_EQ(run({"eval", "run", "--split", "all", "--predictions", "three.csv", "--threads", "3"}).code, 0);
  EXPECT_EQ(text("one.csv"), text("three.csv"));
  const auto images = column_of(plain_csv(text("one.csv")), 0);
  EXPECT_EQ(images.size(), 96U);
  EXPECT_THAT(images, testing::AllOf(testing::Contains("train/left/39.ppm"), testing::Contains("test/right/7.ppm")));
}

TEST_F(PhotoScores, SkippedImagesAreAbsentFromThePredictions) {
  write_squares("damaged/test", 3, 1000);
  write_squares("damaged/train", 1, 1);
  write("damaged/test/left/1.ppm", "no image");
  ASSERT_EQ(
      run({"eval", "run", "--set", "data.root=damaged", "--set", "data.on_error=skip", "--predictions", "rest.csv"}).code,
      0);
  EXPECT_THAT(column_of(plain_csv(text("rest.csv")), 0),
              ElementsAre("test/left/0.ppm", "test/right/0.ppm", "test/right/1.ppm", "test/left/2.ppm", "test/right/2.ppm"));
}

TEST_F(PhotoScores, PredictionsThatCannotBeWrittenAreRefused) {
  EXPECT_THAT(
      refusal({"eval", "run", "--predictions", "nowhere/test.csv"}),
      HasSubstr("--predictions: expected a file in a folder that exists, got nowhere/test.csv; create the folder first"));
  EXPECT_THAT(refusal({"eval", "run", "--predictions", "same.csv", "--confusion", "same.csv"}),
              HasSubstr("--predictions: expected another file than that of the confusion matrix, got same.csv"));
}

TEST_F(PhotoScores, ATableReplacesNoOtherFile) {
  const std::string model = model_bytes("run");
  for (const char* option : {"--predictions", "--confusion"}) {
    EXPECT_THAT(
        refusal({"eval", "run", option, "run/model.safetensors"}),
        HasSubstr(std::string(option) + ": expected a new file, or one that ends in .csv, got run/model.safetensors"));
  }
  EXPECT_EQ(model_bytes("run"), model);
  for (const char* file : {"run/confusion_test.csv", "run/../run/confusion_test.csv"}) {  // which eval writes itself
    EXPECT_THAT(refusal({"eval", "run", "--predictions", file}),
                HasSubstr("another file than that of the confusion matrix"));
  }
  EXPECT_THAT(refusal({"eval", "run", "--predictions", "./x.csv", "--confusion", "x.csv"}), HasSubstr("name two files"));
}

TEST_F(PhotoScores, AConfusionMatrixThatCannotBeWrittenIsRefusedBeforeScoring) {
  EXPECT_EQ(refusal({"eval", "run", "--confusion", "nowhere/matrix.csv"}),
            "fovea: error: --confusion: expected a file in a folder that exists, got nowhere/matrix.csv; create the folder "
            "first\n");
}

TEST_F(PhotoScores, PredictPrintsATable) {
  const Finished finished = run({"predict", "run", "photo.ppm", "images/test", "--topk", "5", "--csv"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  const auto rows = plain_csv(finished.out);
  ASSERT_EQ(rows.size(), 18U);
  EXPECT_THAT(rows[0], ElementsAre("image", "class_1", "probability_1", "class_2", "probability_2"));  // there are two
  EXPECT_EQ(rows[1][0], "photo.ppm");
  EXPECT_EQ(rows[2][0], "images/test/left/0.ppm");
  const Json same = json({"predict", "run", "photo.ppm"})[0]["topk"];
  EXPECT_EQ(rows[1][1], same[0]["name"].get<std::string>());
  EXPECT_NEAR(std::stod(rows[1][2]), same[0]["probability"].get<double>(), 1e-7);  // float32
  EXPECT_GE(std::stod(rows[1][2]), std::stod(rows[1][4]));
}

TEST_F(PhotoScores, PredictNamesWhatItCannotReadBesideTheTable) {
  write("some photos/a, b.ppm", square_photo(20, 30, 1, 5));
  write("some photos/bad.jpg", "no image");
  const Finished finished = run({"predict", "run", "some photos", "--topk", "1", "--csv"});
  EXPECT_EQ(finished.code, 2);
  EXPECT_THAT(finished.out, MatchesRegex("image,class_1,probability_1\n\"some photos/a, b.ppm\",[a-z]+,[0-9.e-]+\n"));
  EXPECT_THAT(finished.error, HasSubstr("some photos/bad.jpg"));
}

TEST_F(PhotoScores, ATableAndADocumentExcludeEachOther) {
  EXPECT_THAT(refusal({"predict", "run", "photo.ppm", "--csv", "--json"}), HasSubstr("--csv: expected one form of output"));
}

TEST_F(PhotoScores, Top1HasItsIntervalAndClassesTheirRates) {
  const Json scores = json({"eval", "run"});
  ASSERT_EQ(scores["top1_interval"].size(), 2U);
  EXPECT_LE(scores["top1_interval"][0], scores["top1"]);
  EXPECT_GE(scores["top1_interval"][1], scores["top1"]);
  const std::string output = run({"eval", "run"}).out;
  EXPECT_THAT(output, HasSubstr("top-1          " + [&] {
                char text[64];
                std::snprintf(text, sizeof text, "%.4f (95 %% interval %.4f to %.4f)\n", scores["top1"].get<double>(),
                              scores["top1_interval"][0].get<double>(), scores["top1_interval"][1].get<double>());
                return std::string(text);
              }()));
  EXPECT_THAT(output, HasSubstr("\nclass                      images  precision   recall       F1\n"));
  EXPECT_THAT(output, HasSubstr("\nmacro average                  16 "));
}

TEST_F(PhotoScores, TheSummarySaysWhatWasTrained) {
  const Json summary = Json::parse(text("run/summary.json"));
  EXPECT_EQ(summary["name"], "photos");
  EXPECT_EQ(summary["seed"], 42);
  EXPECT_EQ(summary["model"], "resnet8");
  EXPECT_EQ(summary["attention"], Json({"cbam", "se"}));
  EXPECT_EQ(summary["images"], Json({{"train", 64}, {"validation", 16}, {"test", 16}}));
  EXPECT_EQ(summary["test"]["images"], 16);
  EXPECT_EQ(summary["test"]["top1_interval"], json({"eval", "run"})["top1_interval"]);
}

TEST_F(PhotoScores, TrainingEndsWithTheTop1AndItsInterval) {
  const Finished finished = run({"train", "photos.yaml", "--out", "again", "--quiet", "--seed", "7", "--set",
                                 "model.attention=none", "--set", "train.epochs=1"});
  ASSERT_EQ(finished.code, 0) << finished.error;
  EXPECT_THAT(finished.out, StartsWith("test top-1     0."));
  EXPECT_THAT(finished.out, HasSubstr(" (95 % interval 0."));
  EXPECT_THAT(finished.out, Not(HasSubstr("e-")));
  const Json summary = Json::parse(text("again/summary.json"));
  EXPECT_EQ(summary["seed"], 7);
  EXPECT_EQ(summary["attention"], Json::array());
}

using GlimpsePredictions = GlimpseProgram;

TEST_F(GlimpsePredictions, AreThoseOfTheLastGlimpse) {
  const Json scores = json({"eval", "run", "--predictions", "digits.csv"});
  const auto rows = plain_csv(text("digits.csv"));
  ASSERT_EQ(rows.size(), 241U);
  EXPECT_EQ(rows[1][0], "0");  // the images have no files: their numbers in the split
  EXPECT_EQ(rows[240][0], "239");
  EXPECT_EQ(rows[0].size(), 14U);
  EXPECT_DOUBLE_EQ(static_cast<double>(correct_in(rows)) / 240, scores["top1_per_step"].back().get<double>());
}

}  // namespace
}  // namespace fovea
