// `fovea eval` and `predict` from outside.

#include <cstdint>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memory_limit.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

/// One trained model for all tests.
class ModelProgram : public ProgramTest {
 protected:
  static void SetUpTestSuite() {
    ProgramTest::SetUpTestSuite();
    write_tiny_experiment();
    ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  }
};

TEST_F(ModelProgram, EvalScoresASplitWithTheKeysOfTheContract) {
  const Json scores = json({"eval", "run"});
  EXPECT_EQ(scores["split"], "test");
  EXPECT_EQ(scores["images"], 240);
  const Json summary = Json::parse(text("run/summary.json"));
  EXPECT_EQ(scores["top1"], summary["test"]["top1"]);
  EXPECT_EQ(scores["loss"], summary["test"]["loss"]);
  for (const char* key : {"top5", "ece", "images_per_second", "latency_ms", "parameters", "macs"}) {
    EXPECT_TRUE(scores[key].is_number()) << key;
  }
  ASSERT_EQ(scores["per_class"].size(), 10U);
  std::int64_t images = 0;
  for (const Json& row : scores["per_class"]) images += row["images"].get<std::int64_t>();
  EXPECT_EQ(images, 240);
  EXPECT_EQ(scores["confusion"].size(), 10U);
  EXPECT_TRUE(exists("run/confusion_test.csv"));
  EXPECT_EQ(json({"eval", "run", "--split", "validation"})["images"], 48);
  EXPECT_EQ(json({"eval", "run", "--split", "train"})["images"], 192);
  EXPECT_FALSE(scores.contains("glimpses"));
}

TEST_F(ModelProgram, EveryNotationOfAModelScoresTheSame) {
  const Json expected = json({"eval", "run"})["loss"];
  const std::string data_root = "data.root=" + path("data");
  EXPECT_EQ(json({"eval", "run/model.safetensors"})["loss"], expected);
  EXPECT_EQ(json({"eval", "tiny.yaml", "--weights", "run/model.safetensors"})["loss"], expected);
  EXPECT_EQ(json({"eval", "resnet8", "--weights", "run/model.safetensors", "--set", "data.name=mnist", "--set", data_root,
                  "--set", "model.width=4", "--set", "model.attention=cbam"})["loss"],
            expected);
  std::filesystem::copy(path("run/model.safetensors"), path("alone.safetensors"));
  EXPECT_EQ(json({"eval", "alone.safetensors", "--set", "data.name=mnist", "--set", data_root})["loss"], expected);
  EXPECT_THAT(run({"eval", "alone.safetensors"}).error, HasSubstr("data.name"));
}

TEST_F(ModelProgram, WeightsOfARunOfAnotherNetworkNameTheirOwn) {
  const std::string image = FOVEA_TEST_DATA "/fashion_mnist/bag.png";
  for (const char* network : {"resnet8", "resnet110"}) {  // without the run's attention; far larger than the file
    EXPECT_THAT(refusal({"predict", network, "--weights", "run", image}),
                EndsWith("the file says that it is of resnet8 with attention cbam: choose the same network and options, "
                         "or open the file itself as the model\n"))
        << network;
  }
}

TEST_F(ModelProgram, PredictRanksClasses) {
  const std::string images = FOVEA_TEST_DATA "/fashion_mnist";
  const Json predictions = json({"predict", "run", images, "--topk", "3"});
  ASSERT_EQ(predictions.size(), 4U);  // the images of the folder, and not its README
  for (const Json& prediction : predictions) {
    EXPECT_THAT(prediction["image"].get<std::string>(), EndsWith(".png"));
    ASSERT_EQ(prediction["topk"].size(), 3U);
    EXPECT_GE(prediction["topk"][0]["probability"].get<double>(), prediction["topk"][1]["probability"].get<double>());
    EXPECT_TRUE(prediction["topk"][0]["name"].is_string());
    EXPECT_TRUE(prediction["topk"][0]["class"].is_number_integer());
  }
  const Json all = json({"predict", "run", images + "/bag.png", "--topk", "99"});
  double sum = 0;
  for (const Json& entry : all[0]["topk"]) sum += entry["probability"].get<double>();
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST_F(ModelProgram, TheMemoryOfPredictDoesNotGrowWithTheNumberOfPhotos) {
  if (!MemoryLimit::is_possible()) GTEST_SKIP() << "a sanitizer keeps freed memory";
  constexpr int kPhotos = 1500;
  std::filesystem::create_directory(path("many"));
  std::filesystem::copy_file(FOVEA_TEST_DATA "/fashion_mnist/bag.png", path("many/0.png"));
  for (int i = 1; i < kPhotos; ++i) {
    std::filesystem::create_hard_link(path("many/0.png"), path("many/" + std::to_string(i) + ".png"));
  }
  const Finished one = run({"predict", "run", "many/0.png", "--topk", "10", "--json"});
  const Finished many = run({"predict", "run", "many", "--topk", "10", "--json"});
  EXPECT_EQ(Json::parse(many.out).size(), kPhotos);
  EXPECT_LT(many.peak_kibibytes, one.peak_kibibytes + (32 << 10));  // a collected document was 150 KiB per photo
}

}  // namespace
}  // namespace fovea
