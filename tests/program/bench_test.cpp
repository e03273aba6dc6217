// `fovea bench` from outside.

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;

using BenchProgram = ProgramTest;

TEST_F(BenchProgram, BenchMeasuresMechanisms) {
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

TEST_F(BenchProgram, BenchMeasuresTheGlimpseNetwork) {
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
              HasSubstr("setting train.epochs=9: expected a key of model"));
}

TEST_F(BenchProgram, BenchNamesTheThreadsThatHaveWork) {
  const auto threads = [&](const std::string& batch) {
    return json({"bench", "glimpse", "--size", "20", "--batch", batch, "--shards", "4", "--threads", "3", "--seconds", "0",
                 "--set", "model.width=8"})["threads"];
  };
  EXPECT_EQ(threads("64"), 2);  // a part has 32 images at least
  EXPECT_EQ(threads("128"), 3);
}

}  // namespace
}  // namespace fovea
