#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/run/prediction_csv.h>

#include "photo_program.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ScoredImagesCsvTest, HasAColumnForEachClass) {
  const std::vector<std::string> classes = {"cat, wild", "=SUM(A1)", "dog"};
  const std::vector<double> probabilities = {0.25, 0.1, 0.65};
  EXPECT_EQ(scored_images_header(classes),
            "image,true,predicted,correct,\"probability_cat, wild\",probability_=SUM(A1),probability_dog\n");
  EXPECT_EQ(
      csv_row(ScoredImage{.position = 7, .path = {}, .label = 1, .predicted = 2, .probabilities = probabilities}, classes),
      "7,=SUM(A1),dog,0,0.25,0.1,0.65\n");
  EXPECT_EQ(
      csv_row(
          ScoredImage{.position = 7, .path = "a, b/\"c\".png", .label = 2, .predicted = 2, .probabilities = probabilities},
          classes),
      "\"a, b/\"\"c\"\".png\",dog,dog,1,0.25,0.1,0.65\n");
}

TEST(ScoredImagesCsvTest, OfManyClassesHasTheMostProbable) {
  std::vector<std::string> classes;
  for (int i = 0; i < 101; ++i) classes.push_back("c" + std::to_string(i));
  std::vector<double> probabilities(101, 0.001);
  probabilities[100] = 0.5;
  probabilities[50] = 0.25;
  probabilities[3] = 0.25;
  EXPECT_EQ(scored_images_header(classes),
            "image,true,predicted,correct,class_1,probability_1,class_2,probability_2,class_3,probability_3,class_4,"
            "probability_4,class_5,probability_5\n");
  EXPECT_EQ(csv_row(ScoredImage{.position = 0, .path = {}, .label = 100, .predicted = 100, .probabilities = probabilities},
                    classes),
            "0,c100,c100,1,c100,0.5,c3,0.25,c50,0.25,c0,0.001,c1,0.001\n");
  classes.pop_back();
  EXPECT_THAT(scored_images_header(classes), HasSubstr(",probability_c0,probability_c1,"));
}

TEST(PredictionCsvTest, KeepsALineForEachImageWhateverItsName) {
  const Prediction prediction{{{1, "+1", 0.75}, {0, "-1", 0.2500000001}}};
  EXPECT_EQ(predictions_header(2), "image,class_1,probability_1,class_2,probability_2\n");
  EXPECT_EQ(csv_row(prediction, "photos/a.png"), "photos/a.png,+1,0.75,-1,0.25\n");
  EXPECT_EQ(csv_row(prediction, "\xff\n\x1b.png"), "\\xff\\n\\x1b.png,+1,0.75,-1,0.25\n");
}

class EvaluateInto : public PhotoProgram {};

TEST_F(EvaluateInto, AFileStaysWhenTheEvaluationIsStopped) {
  write("own/table.csv", "old");
  const Model model = load_model(path("run"), {.settings = {"data.root=" + path("images")}});
  EXPECT_THROW(
      evaluate_into(path("own/table.csv"), model, Split::test, {.threads = 1, .stop_requested = [] { return true; }}),
      Interrupted);
  EXPECT_EQ(text("own/table.csv"), "old");
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path("own"))) ++files;
  EXPECT_EQ(files, 1U) << "a temporary file is left";
}

TEST_F(EvaluateInto, TheCallersOwnCallbackIsCalledToo) {
  const Model model = load_model(path("run"), {.settings = {"data.root=" + path("images")}});
  std::vector<std::string> paths;
  const EvaluationReport report = evaluate_into(
      path("both.csv"), model, Split::test,
      {.threads = 2, .scored = [&](const ScoredImage& image) { paths.push_back(image.path.value_or("none")); }});
  EXPECT_EQ(report.metrics.images(), 16);
  ASSERT_EQ(paths.size(), 16U);
  EXPECT_EQ(paths[0], "test/left/0.ppm");
  EXPECT_EQ(paths[1], "test/right/0.ppm");
  EXPECT_THAT(text("both.csv"), StartsWith("image,true,predicted,correct,probability_left,probability_right\n"
                                           "test/left/0.ppm,left,"));
}

}  // namespace
}  // namespace fovea
