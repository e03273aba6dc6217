// tools/bench/results.sh: trains missing runs and writes the README's table.

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_text.h"
#include "program_fixture.h"

namespace fovea {
namespace {

using testing::HasSubstr;

TEST(ResultsTable, GivesMeanRangeAndWhetherADifferenceIsNoise) {
  const TemporaryDirectory folder;
  const auto run = [](const std::string& top1, const std::string& seconds) {
    return R"({"test": {"top1": )" + top1 + R"(}, "seconds": )" + seconds + R"(, "parameters": 1234567, "macs": 9250000})";
  };
  const auto row = [](const std::string& id, const std::string& group, const std::string& runs) {
    return R"({"id": ")" + id + R"(", "group": ")" + group + R"(", "network": "Net", "attention": "A", "command": "train )" +
           id + R"(", "runs": [)" + runs + "]}";
  };
  const std::string rows = folder.write(
      "rows.json", R"({"rows": [)" + row("plain", "Digits", run("0.9250", "600") + "," + run("0.9254", "720")) + "," +
                       row("near", "Digits", run("0.9248", "89")) + "," +  // below by as much as two seeds differ
                       row("far", "Digits", run("0.9257", "100")) + "," + row("later", "Digits", "") + "," +
                       row("alone", "Letters", run("0.5", "100")) + "," + row("single", "Letters", run("0.49999", "1")) +
                       "]}");
  const std::string command = "jq --raw-output --from-file '" FOVEA_SOURCE_DIR "/tools/bench/results.jq' '" + rows + "' >'" +
                              folder.path("table") + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string table = file_text(folder.path("table"));
  EXPECT_THAT(table, testing::StartsWith("| data | network |"));
  EXPECT_THAT(table, HasSubstr("| Digits | Net | A | **0.9252** (0.9250 to 0.9254, 2 seeds) |  | 1 234 567 | 9.3 million | "
                               "11 min | `train plain` |"));
  EXPECT_THAT(table, HasSubstr("| **0.9248** | -0.0004, within seed noise | 1 234 567 | 9.3 million | 89 s |"));
  EXPECT_THAT(table, HasSubstr("| **0.9257** | +0.0005 |"));
  EXPECT_THAT(table, HasSubstr("| not trained yet |  |  |  |  | `train later` |"));
  EXPECT_THAT(table, HasSubstr("| **0.5000** | +0.0000, seed noise unknown |"));
}

class ResultsScript : public FreshProgramTest {
 protected:
  ResultsScript() {
    write_tiny_experiment();
    write("README.md", kReadme);
    write("rows.tsv", "# a comment\nplain\tDigits\tNet\tCBAM\t" + path("tiny.yaml") +
                          "\ttrain.epochs=1\t1 2\ntuned\tDigits\tNet\tCBAM\t" + path("tiny.yaml") +
                          "\ttrain.epochs=1 train.init.weights={runs}/plain-1\t3");  // and no newline
  }

  /// Runs the script as a user does, with relative paths. @return true on success.
  static bool run_script(const std::string& arguments) {
    const std::string command = "cd '" + path() +
                                "' && FOVEA_PROGRAM='" FOVEA_PROGRAM "' " FOVEA_SOURCE_DIR
                                "/tools/bench/results.sh --rows rows.tsv --runs runs --readme README.md " +
                                arguments + " >/dev/null 2>error";
    return std::system(command.c_str()) == 0;
  }
  static std::string readme() { return text("README.md"); }
  static std::string error() { return text("error"); }
  static auto written(const std::string& file) { return std::filesystem::last_write_time(path(file)); }

  static constexpr const char* kReadme = "before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n";
};

TEST_F(ResultsScript, TrainsWhatIsMissingAndNothingTwice) {
  ASSERT_TRUE(run_script("plain")) << error();
  EXPECT_THAT(readme(), testing::AllOf(testing::StartsWith("before\n<!-- results: begin -->\n\n| data |"),
                                       HasSubstr("2 seeds"), HasSubstr("not trained yet"), testing::Not(HasSubstr("old")),
                                       testing::EndsWith("|\n\n<!-- results: end -->\nafter\n")));
  const auto first = written("runs/plain-1/model.safetensors");
  ASSERT_TRUE(run_script("")) << error();
  EXPECT_EQ(written("runs/plain-1/model.safetensors"), first);
  EXPECT_THAT(readme(), testing::Not(HasSubstr("not trained yet")));
  EXPECT_THAT(text("runs/tuned-3/config.yaml"), HasSubstr(path("runs/plain-1")));
  const std::string table = readme();
  ASSERT_TRUE(run_script("--table")) << error();
  EXPECT_EQ(readme(), table);

  // A row that says something else now is not what was trained.
  write("tiny.yaml", tiny_config(path("data"), "seed: 5\npreprocess: {mean: [0.3]}\n"));
  EXPECT_FALSE(run_script("--table"));
  EXPECT_THAT(error(), HasSubstr("plain-1 was trained with another configuration"));
  EXPECT_EQ(readme(), table);
}

TEST_F(ResultsScript, RefusesWhatItCannotUse) {
  EXPECT_FALSE(run_script("nobody"));
  EXPECT_THAT(error(), HasSubstr("unknown row nobody; there are: plain tuned"));
  for (const char* text : {"nothing\n", "<!-- results: begin -->\n<!-- results: begin -->\nprecious\n",
                           "<!-- results: end -->\n<!-- results: begin -->\n"}) {
    write("README.md", text);
    EXPECT_FALSE(run_script("--table"));
    EXPECT_EQ(readme(), text);
    EXPECT_THAT(error(), HasSubstr("expected the mark <!-- results: begin -->"));
  }
  write("README.md", kReadme);
  write("rows.tsv", "plain\tDigits\tNet\n");
  EXPECT_FALSE(run_script("--table"));
  EXPECT_THAT(error(), HasSubstr("row plain: expected 7 fields"));
}

}  // namespace
}  // namespace fovea
