// `fovea eval`, `predict` and `list` from outside.

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/config/config_node.h>

#include "program.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::HasSubstr;

/// One trained model for all tests.
class ModelProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    write_tiny_mnist(folder_->path("data"));
    folder_->write("tiny.yaml", tiny_config(folder_->path("data")));
    ASSERT_EQ(run({"train", "tiny.yaml", "--out", "run", "--quiet"}).code, 0);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }

  static Finished run(const std::vector<std::string>& arguments) { return run_fovea(folder_->path(), arguments); }
  static Json json(std::vector<std::string> arguments) {
    arguments.emplace_back("--json");
    const Finished finished = run(arguments);
    EXPECT_EQ(finished.code, 0) << finished.error;
    return finished.code == 0 ? Json::parse(finished.out) : Json();
  }

  static TemporaryDirectory* folder_;
};

TemporaryDirectory* ModelProgram::folder_ = nullptr;

TEST_F(ModelProgram, EvalScoresASplitWithTheKeysOfTheContract) {
  const Json scores = json({"eval", "run"});
  EXPECT_EQ(scores["split"], "test");
  EXPECT_EQ(scores["images"], 240);
  const Json summary = Json::parse(file_text(folder_->path("run/summary.json")));
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
  EXPECT_TRUE(std::filesystem::exists(folder_->path("run/confusion_test.csv")));
  EXPECT_EQ(json({"eval", "run", "--split", "val"})["images"], 48);
  EXPECT_EQ(json({"eval", "run", "--split", "train"})["images"], 192);
  EXPECT_FALSE(scores.contains("glimpses"));
}

TEST_F(ModelProgram, EveryNotationOfAModelScoresTheSame) {
  const Json expected = json({"eval", "run"})["loss"];
  const std::string data_root = "data.root=" + folder_->path("data");
  EXPECT_EQ(json({"eval", "run/model.safetensors"})["loss"], expected);
  EXPECT_EQ(json({"eval", "tiny.yaml", "--weights", "run/model.safetensors"})["loss"], expected);
  EXPECT_EQ(json({"eval", "resnet8", "--weights", "run/model.safetensors", "--set", "data.name=mnist", "--set", data_root,
                  "--set", "model.width=4", "--set", "model.attention=cbam"})["loss"],
            expected);
  std::filesystem::copy(folder_->path("run/model.safetensors"), folder_->path("alone.safetensors"));
  EXPECT_EQ(json({"eval", "alone.safetensors", "--set", "data.name=mnist", "--set", data_root})["loss"], expected);
  EXPECT_THAT(run({"eval", "alone.safetensors"}).error, HasSubstr("data.name"));
}

TEST_F(ModelProgram, PredictRanksClasses) {
  const std::string images = FOVEA_TEST_DATA "/fashion_mnist";
  const Json predictions = json({"predict", "run", images, "--topk", "3"});
  ASSERT_EQ(predictions.size(), 4U);  // the images of the folder, and not its README
  for (const Json& prediction : predictions) {
    EXPECT_THAT(prediction["image"].get<std::string>(), testing::EndsWith(".png"));
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

TEST_F(ModelProgram, ListShowsRegistriesAndFiltersByTrait) {
  const Json blocks = json({"list", "blocks"});
  ASSERT_GE(blocks.size(), 3U);
  for (const Json& row : blocks) {
    for (const char* key : {"name", "title", "arxiv", "kind", "traits", "options"}) EXPECT_TRUE(row.contains(key)) << key;
  }
  const Json spatial = json({"list", "blocks", "--axis", "spatial"});
  ASSERT_FALSE(spatial.empty());
  for (const Json& row : spatial) EXPECT_THAT(row["traits"]["axis"], testing::Contains("spatial"));
  EXPECT_LT(spatial.size(), blocks.size());
  EXPECT_EQ(json({"list", "datasets"}).size(), 7U);
  EXPECT_FALSE(json({"list", "models"}).empty());
  EXPECT_THAT(run({"list", "blocks"}).out, HasSubstr("arXiv:1807.06521"));
}

TEST_F(ModelProgram, ListMeasuresBlocksAtTheGivenWidth) {
  const auto se_at = [&](const std::string& width) {
    for (const Json& row : json({"list", "blocks", "--width", width, "--size", "7"})) {
      if (row["name"] == "se") return row;
    }
    return Json();
  };
  const Json narrow = se_at("32"), wide = se_at("256");
  EXPECT_EQ(narrow["features"], Json::array({32, 7, 7}));
  EXPECT_EQ(narrow["parameters"], 32 * 8 + 8 + 8 * 32 + 32);
  EXPECT_EQ(narrow["macs"], 2 * 32 * 8);
  EXPECT_EQ(wide["parameters"], 256 * 16 + 16 + 16 * 256 + 256);
  EXPECT_THAT(run({"list", "blocks", "--width", "256"}).out, HasSubstr("8 464 parameters, 8 192 multiply-adds"));
  for (const Json& row : json({"list", "blocks", "--width", "7", "--size", "3"})) {  // whatever does not fit says so
    EXPECT_EQ(row["macs"].is_null(), row.contains("misfit")) << row["name"];
  }
  EXPECT_THAT(run({"list", "models", "--markdown"}).error, HasSubstr("expected blocks, got 'models'"));
  EXPECT_THAT(run({"list", "blocks", "--axis", "branch"}).out, HasSubstr("init: standard, or identity"));
}

TEST_F(ModelProgram, TheReadmeHasTheTableOfBlocks) {
  const std::string readme = file_text(FOVEA_SOURCE_DIR "/src/attention/README.md");
  const std::string begin = "<!-- blocks: begin -->\n\n", end = "\n<!-- blocks: end -->";
  const std::size_t from = readme.find(begin), to = readme.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  ASSERT_LE(from + begin.size(), to);
  const std::string table = readme.substr(from + begin.size(), to - from - begin.size());
  EXPECT_EQ(table, run({"list", "blocks", "--markdown"}).out) << "run tools/update_readme.sh";
}

TEST_F(ModelProgram, BenchMeasuresMechanisms) {
  const Json rows =
      json({"bench", "attention", "se", "cbam", "--width", "32", "--size", "7", "--batch", "4", "--seconds", "0"});
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["name"], "se");
  EXPECT_EQ(rows[0]["macs"], 2 * 32 * 8);
  EXPECT_NEAR(rows[0]["gain"].get<double>(), 0.5, 0.1);  // a sigmoid around 0
  EXPECT_LT(rows[1]["gain"], rows[0]["gain"]);           // two of them
  for (const Json& row : json({"bench", "attention", "se", "cbam", "gct", "--init", "identity", "--seconds", "0"})) {
    EXPECT_NEAR(row["gain"].get<double>(), 1, 1e-6) << row["name"];
  }
  for (const Json& row : rows) {
    for (const char* key : {"forward_ms", "training_ms"}) {
      EXPECT_GT(row[key]["median"].get<double>(), 0);
      EXPECT_LE(row[key]["p10"].get<double>(), row[key]["median"].get<double>());
      EXPECT_GE(row[key]["p90"].get<double>(), row[key]["median"].get<double>());
    }
  }
  EXPECT_THAT(run({"bench", "attention", "cbma"}).error, HasSubstr("did you mean 'cbam'?"));
}

TEST_F(ModelProgram, BenchMeasuresTheGlimpseNetwork) {
  const Json measured = json({"bench", "glimpse", "--size", "20", "--batch", "8", "--shards", "1", "--seconds", "0", "--set",
                              "model.width=8", "--set", "model.core=gru"});
  EXPECT_EQ(measured["network"]["core"], "gru");
  EXPECT_EQ(measured["network"]["width"], 8);
  EXPECT_GT(measured["macs"], 0);
  for (const char* what : {"training", "inference"}) {
    for (const char* kind : {"fused", "composed"}) {
      const Json& rate = measured[what][kind];
      EXPECT_GT(rate["p10"], 0) << what << ", " << kind;
      EXPECT_LE(rate["p10"], rate["median"]) << what << ", " << kind;
      EXPECT_LE(rate["median"], rate["p90"]) << what << ", " << kind;
    }
  }
  ASSERT_EQ(measured["sensor"]["sizes"].size(), 4U);
  EXPECT_EQ(measured["sensor"]["sizes"][3]["size"], 4096);
  std::vector<double> medians;
  for (const Json& row : measured["sensor"]["sizes"]) medians.push_back(row["glimpse_ms"]["median"]);
  const auto [fastest, slowest] = std::minmax_element(medians.begin(), medians.end());
  EXPECT_GT(*fastest, 0);
  EXPECT_NEAR(measured["sensor"]["growth"], *slowest / *fastest, 1e-9);
  EXPECT_EQ(measured["size"], 20);
  EXPECT_EQ(measured["batch"], 8);
  EXPECT_EQ(measured["shards"], 1);
  EXPECT_EQ(measured["threads"], 1);
  EXPECT_THAT(run({"bench", "glimpse", "--set", "model.widht=8"}).error, HasSubstr("did you mean 'width'?"));
  EXPECT_THAT(run({"bench", "glimpse", "--set", "model.name=resnet20"}).error, HasSubstr("expected ram"));
  EXPECT_THAT(run({"bench", "glimpse", "--set", "train.epochs=9"}).error,
              HasSubstr("--set train.epochs=9: expected a key of model"));
}

TEST_F(ModelProgram, BenchNamesTheThreadsThatHaveWork) {
  const auto threads = [&](const std::string& batch) {
    return json({"bench", "glimpse", "--size", "20", "--batch", batch, "--shards", "4", "--threads", "3", "--seconds", "0",
                 "--set", "model.width=8"})["threads"];
  };
  EXPECT_EQ(threads("64"), 2);  // a part has 32 images at least
  EXPECT_EQ(threads("128"), 3);
}

TEST_F(ModelProgram, VersionNamesTheOpenMpBlas) {
  EXPECT_THAT(run({"--version"}).out, HasSubstr("openblas-openmp"));
  EXPECT_TRUE(json({"--version"}).contains("libtorch"));
}

}  // namespace
}  // namespace fovea
