// `fovea list` and `--version` from outside.

#include <cstddef>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_text.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;

using ListProgram = ProgramTest;

TEST_F(ListProgram, ListShowsRegistriesAndFiltersByTrait) {
  const Json blocks = json({"list", "blocks"});
  ASSERT_GE(blocks.size(), 3U);
  for (const Json& row : blocks) {
    for (const char* key : {"name", "title", "arxiv", "kind", "traits", "options"}) EXPECT_TRUE(row.contains(key)) << key;
  }
  const Json spatial = json({"list", "blocks", "--axis", "spatial"});
  ASSERT_FALSE(spatial.empty());
  for (const Json& row : spatial) EXPECT_THAT(row["traits"]["axis"], testing::Contains("spatial"));
  EXPECT_LT(spatial.size(), blocks.size());
  EXPECT_EQ(json({"list", "datasets"}).size(), 8U);
  EXPECT_FALSE(json({"list", "models"}).empty());
  EXPECT_THAT(run({"list", "blocks"}).out, HasSubstr("arXiv:1807.06521"));
}

TEST_F(ListProgram, ListMeasuresBlocksAtTheGivenWidth) {
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
    EXPECT_EQ(row["macs"].is_null(), row.contains("mismatch")) << row["name"];
  }
  EXPECT_THAT(run({"list", "models", "--markdown"}).error, HasSubstr("expected blocks, got 'models'"));
  EXPECT_THAT(run({"list", "blocks", "--axis", "branch"}).out, HasSubstr("init: standard, or identity"));
}

TEST_F(ListProgram, TheReadmeHasTheTableOfBlocks) {
  const std::string readme = file_text(FOVEA_SOURCE_DIR "/src/attention/README.md");
  const std::string begin = "<!-- blocks: begin -->\n\n", end = "\n<!-- blocks: end -->";
  const std::size_t from = readme.find(begin), to = readme.find(end);
  ASSERT_NE(from, std::string::npos);
  ASSERT_NE(to, std::string::npos);
  ASSERT_LE(from + begin.size(), to);
  const std::string table = readme.substr(from + begin.size(), to - from - begin.size());
  EXPECT_EQ(table, run({"list", "blocks", "--markdown"}).out) << "run tools/update_readme.sh";
}

TEST_F(ListProgram, BlocksOfHugeFeaturesAreRefusedAtOnce) {
  EXPECT_THAT(
      run({"list", "blocks", "--width", "4096", "--size", "64"}).error,
      HasSubstr("features: expected 1 to 4096 channels and at most 1048576 values, got 4096 x 64 x 64; choose fewer"));
  EXPECT_EQ(run({"list", "blocks", "--width", "16384"}).code, 2);
}

TEST_F(ListProgram, VersionNamesTheOpenMpBlas) {
  EXPECT_THAT(run({"--version"}).out, HasSubstr("openblas-openmp"));
  EXPECT_TRUE(json({"--version"}).contains("libtorch"));
}

}  // namespace
}  // namespace fovea
