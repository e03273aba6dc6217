// Every file in configs/ is a complete experiment, and a resolved configuration reads back as itself.

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/config/fields.h>
#include <fovea/run/experiment.h>
#include <fovea/run/experiment_config.h>

namespace fovea {
namespace {

TEST(ConfigFiles, AllLoadAndReadBackAsWritten) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(FOVEA_SOURCE_DIR "/configs")) {
    ASSERT_EQ(entry.path().extension(), ".yaml");
    const auto config = read_experiment_config(read_yaml_file(entry.path().string()));
    const Json resolved = write_fields(*config);
    const auto again = read_experiment_config(parse_yaml(to_yaml(resolved), "resolved"));
    EXPECT_EQ(write_fields(*again), resolved) << entry.path();
    EXPECT_NO_THROW(build_classifier(config->model, {std::ssize(config->preprocess.mean), 32, 32, 10})) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 17);
}

TEST(ConfigFiles, ADataSetMadeOfAnotherIsNormalisedByItsOptionsAndNotKnownByItsFolder) {
  const auto config_of = [](const std::string& source) {
    const std::string text = "data: {name: cluttered_digits, source: " + source + "}\nmodel: resnet20";
    return read_experiment_config(parse_yaml(text, "test.yaml"));
  };
  const auto colour = config_of("{name: cifar10, root: here}");
  EXPECT_EQ(colour->preprocess.mean, std::vector<double>(3, 0.0));
  EXPECT_EQ(colour->preprocess.standard_deviation, std::vector<double>(3, 1.0));
  EXPECT_EQ(config_of("mnist")->preprocess.mean, std::vector<double>(1, 0.0));

  const Json defining = result_defining(*colour);
  EXPECT_EQ(result_defining(*config_of("{name: cifar10, root: there}")), defining);
  EXPECT_NE(result_defining(*config_of("{name: cifar100, root: here}")), defining);
}

TEST(ConfigFiles, RowsOfTheResultsTableLoad) {
  std::ifstream table(FOVEA_SOURCE_DIR "/tools/bench/results.tsv");
  int rows = 0;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    std::vector<std::string> fields;
    std::istringstream text(line);
    for (std::string field; std::getline(text, field, '\t');) fields.push_back(field);
    ASSERT_EQ(fields.size(), 7U) << line;
    std::vector<std::string> settings;
    std::istringstream words(fields[5] == "-" ? "" : fields[5]);
    for (std::string setting; words >> setting;) {
      settings.push_back(std::regex_replace(setting, std::regex("\\{runs\\}"), "runs"));
    }
    EXPECT_NO_THROW(read_experiment(FOVEA_SOURCE_DIR "/" + fields[4], settings)) << line;
    ++rows;
  }
  EXPECT_GE(rows, 8);
}

}  // namespace
}  // namespace fovea
