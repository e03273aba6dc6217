#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/config/config_node.h>

#include "program.h"
#include "temporary_directory.h"

namespace fovea {

/// A small glimpse network, trained once for all tests as `run`: for 8 x 8 digits of `data` on a canvas of 12 x 20, as
/// `glimpses.yaml` describes it.
class GlimpseProgram : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    write_tiny_mnist(folder_->path("data"));
    const std::string root = "root: '" + folder_->path("data") + "'";
    folder_->write("glimpses.yaml",
                   "data: {name: translated_digits, source: {name: mnist, " + root +
                       "}, canvas: [12, 20], validation: none}\n"
                       "preprocess: {resize: 0, crop: 0}\n"
                       "model: {name: ram, glimpses: 4, patch: 3, scales: 2, width: 16, encoder_features: 8}\n"
                       "train: {epochs: 1, batch_size: 64, policy: {warmup_epochs: 0}}\n");
    ASSERT_EQ(run({"train", "glimpses.yaml", "--out", "run", "--quiet"}).code, 0);
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

  static inline TemporaryDirectory* folder_ = nullptr;
};

}  // namespace fovea
