#include "program_fixture.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include <gmock/gmock.h>

#include <fovea/image/decode.h>

#include "file_text.h"

namespace fovea {

std::unique_ptr<TemporaryDirectory> ProgramTest::folder_;

std::string ProgramTest::text(const std::string& name) {
  return file_text(path(name));
}

bool ProgramTest::exists(const std::string& name) {
  return std::filesystem::exists(path(name));
}

Image ProgramTest::picture(const std::string& name) {
  return decode_image_file(path(name));
}

void ProgramTest::write_tiny_experiment(const std::string& more) {
  write_tiny_mnist(path("data"));
  write("tiny.yaml", tiny_config(path("data"), more));
}

Finished ProgramTest::run(const std::vector<std::string>& arguments, const Limits& limits) {
  return run_fovea(path(), arguments, limits);
}

Json ProgramTest::json(std::vector<std::string> arguments) {
  arguments.emplace_back("--json");
  const Finished finished = run(arguments);
  EXPECT_EQ(finished.code, 0) << finished.error;
  return finished.code == 0 ? Json::parse(finished.out) : Json();
}

std::string ProgramTest::refusal(const std::vector<std::string>& arguments) {
  const Finished finished = run(arguments);
  EXPECT_EQ(finished.code, 2) << finished.error;
  if (arguments.front() != "convert") {  // which also prints its report
    EXPECT_EQ(finished.out, "");
  }
  std::string error = finished.error;
  if (error.starts_with("data: ")) error.erase(0, error.find('\n') + 1);  // commands begin with the data
  EXPECT_THAT(error, testing::StartsWith("fovea: error: "));
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 1) << error;
  return error;
}

Json ProgramTest::overlay_json(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"overlay", "run"});
  return json(std::move(arguments));
}

std::string ProgramTest::overlay_error(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"overlay", "run"});
  return refusal(arguments);
}

}  // namespace fovea
