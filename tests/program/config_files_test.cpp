// Every file in configs/ is a complete experiment, and a resolved configuration reads back as itself.

#include <filesystem>

#include <gtest/gtest.h>

#include "experiment_config.h"

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
    EXPECT_NO_THROW(build_classifier(config->model, {config->data.row->mean.size() == 1 ? 1 : 3, 32, 32, 10}))
        << entry.path();
    ++files;
  }
  EXPECT_GE(files, 4);
}

}  // namespace
}  // namespace fovea
