#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fovea/config/config_node.h>
#include <fovea/image/image.h>

#include "program_process.h"
#include "temporary_directory.h"

namespace fovea {

/// The base of tests that run `fovea` as a user does, in a folder that the tests of a suite share.
class ProgramTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { folder_ = std::make_unique<TemporaryDirectory>(); }
  static void TearDownTestSuite() { folder_.reset(); }

  static std::string path() { return folder_->path(); }
  static std::string path(const std::string& name) { return folder_->path(name); }
  /// The same as TemporaryDirectory::write().
  template <typename Bytes>
  static std::string write(const std::string& name, const Bytes& bytes) {
    return folder_->write(name, bytes);
  }
  static std::string text(const std::string& name);
  static bool exists(const std::string& name);
  static std::string model_bytes(const std::string& run) { return text(run + "/model.safetensors"); }
  static Image picture(const std::string& name);

  /// The data set of write_tiny_mnist() in `data`, and tiny_config() of it in `tiny.yaml`. @param more lines of the latter.
  static void write_tiny_experiment(const std::string& more = "");

  static Finished run(const std::vector<std::string>& arguments, const Limits& limits = {});
  /// Expects success. @return what the command prints with --json.
  static Json json(std::vector<std::string> arguments);
  /// Expects exit code 2, no output and one line of error, which is returned.
  static std::string refusal(const std::vector<std::string>& arguments);

  /// json() and refusal() of `fovea overlay run`, with these arguments behind.
  static Json overlay_json(std::vector<std::string> arguments);
  static std::string overlay_error(std::vector<std::string> arguments);

 private:
  static std::unique_ptr<TemporaryDirectory> folder_;
};

/// The same, with a new folder for each test.
class FreshProgramTest : public ProgramTest {
 protected:
  FreshProgramTest() { SetUpTestSuite(); }
};

}  // namespace fovea
