// tools/bench/results.sh: the README's table from the summaries of finished runs.

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"
#include "temporary_directory.h"

namespace fovea {
namespace {

using testing::HasSubstr;

class ResultsScript : public testing::Test {
 protected:
  ResultsScript() {
    folder_.write("README.md", "before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n");
    folder_.write("rows.tsv",
                  "# a comment\n"
                  "plain\tDigits\tNet\tnone\ta.yaml\t-\t1 2\n"
                  "near\tDigits\tNet\tSE\ta.yaml\tmodel.attention=se\t1\n"
                  "far\tDigits\tNet\tECA\ta.yaml\tmodel.attention=eca model.width=8\t1\n"
                  "later\tDigits\tNet\tCBAM\ta.yaml\tmodel.attention=cbam\t1 2\n"
                  "alone\tLetters\tNet\tnone\tb.yaml\t-\t1\n"
                  "single\tLetters\tNet\tSE\tb.yaml\tmodel.attention=se\t1\n");
  }

  void finish(const std::string& run, const std::string& top1, double seconds = 100) {
    folder_.write("runs/" + run + "/summary.json", "{\"test\": {\"top1\": " + top1 +
                                                       "}, \"seconds\": " + std::to_string(seconds) +
                                                       ", \"parameters\": 1234567, \"macs\": 9250000}");
  }
  /// @return the exit code.
  int write_table() const {
    const std::string command = FOVEA_SOURCE_DIR "/tools/bench/results.sh --table --rows '" + folder_.path("rows.tsv") +
                                "' --runs '" + folder_.path("runs") + "' --readme '" + folder_.path("README.md") + "' 2>'" +
                                folder_.path("error") + "'";
    return std::system(command.c_str());
  }
  std::string readme() const { return file_text(folder_.path("README.md")); }

  TemporaryDirectory folder_;
};

TEST_F(ResultsScript, WritesMeanRangeAndWhetherADifferenceIsNoise) {
  finish("plain-1", "0.9300", 600);
  finish("plain-2", "0.9320", 720);
  finish("near-1", "0.9330");  // 0.0020 above the mean of 0.9310: as much as two seeds differ
  finish("far-1", "0.9331");
  finish("alone-1", "0.5");
  finish("single-1", "0.49999");
  ASSERT_EQ(write_table(), 0) << file_text(folder_.path("error"));
  const std::string table = readme();
  EXPECT_THAT(table, testing::StartsWith("before\n<!-- results: begin -->\n\n| data |"));
  EXPECT_THAT(table, testing::EndsWith("|\n\n<!-- results: end -->\nafter\n"));
  EXPECT_THAT(table, testing::Not(HasSubstr("old")));
  EXPECT_THAT(table,
              HasSubstr("| Digits | Net | none | **0.9310** (0.9300 to 0.9320, 2 seeds) |  | 1 234 567 | 9.3 million | "
                        "11 min | `fovea train a.yaml --seed 1 or 2` |"));
  EXPECT_THAT(table, HasSubstr("| **0.9330** | +0.0020, within seed noise |"));
  EXPECT_THAT(table, HasSubstr("| **0.9331** | +0.0021 |"));
  EXPECT_THAT(
      table,
      HasSubstr("| CBAM | not trained yet |  |  |  |  | `fovea train a.yaml --set model.attention=cbam --seed 1 or 2`"));
  EXPECT_THAT(table, HasSubstr("`fovea train a.yaml --set model.attention=eca --set model.width=8 --seed 1`"));
  EXPECT_THAT(table, HasSubstr("| **0.5000** | +0.0000, seed noise unknown |"));
}

TEST_F(ResultsScript, IsRepeatable) {
  finish("plain-1", "0.9300");
  ASSERT_EQ(write_table(), 0);
  const std::string first = readme();
  ASSERT_EQ(write_table(), 0);
  EXPECT_EQ(readme(), first);
}

TEST_F(ResultsScript, RefusesAReadmeWithoutMarks) {
  folder_.write("README.md", "nothing\n");
  EXPECT_NE(write_table(), 0);
  EXPECT_EQ(readme(), "nothing\n");
  EXPECT_THAT(file_text(folder_.path("error")), HasSubstr("results: begin"));
}

TEST_F(ResultsScript, RefusesARowThatIsTooShort) {
  folder_.write("rows.tsv", "plain\tDigits\tNet\n");
  EXPECT_NE(write_table(), 0);
  EXPECT_THAT(file_text(folder_.path("error")), HasSubstr("row plain: expected 7 fields"));
}

}  // namespace
}  // namespace fovea
