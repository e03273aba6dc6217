// What load_model() and convert_weights() take as a model.

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fovea/base/error.h>
#include <fovea/fovea.h>

#include "photo_program.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class OpenedModel : public PhotoProgram {};

TEST_F(OpenedModel, SettingsThatATrainedModelDoesNotUse) {
  for (const char* setting : {"model.name=resnet110", "preprocess.crop=8", "train.epochs=1", "seed=3"}) {
    EXPECT_THAT([&] { load_model(path("run"), {.settings = {setting}}); },
                ThrowsMessage<InputError>(HasSubstr(std::string("setting ") + setting)));
    EXPECT_THAT([&] { load_model(path("run/model.safetensors"), {.settings = {setting}}); },
                ThrowsMessage<InputError>(HasSubstr("setting ")));
  }
  EXPECT_NO_THROW(load_model(path("run"), {.settings = {"data.workers=1"}}));
}

TEST_F(OpenedModel, ANetworksNameBesideAFolderOfThisName) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(path());
  std::filesystem::create_directory("resnet8");
  const std::vector<std::string> settings = {
      "model.width=4", "model.attention=[{name: cbam}, {name: se, at: stage, stages: [3]}]", "preprocess.resize=[16, 16]"};
  const Model named = load_model("resnet8", {.weights = "run", .settings = settings});
  std::filesystem::current_path(before);
  EXPECT_FALSE(named.is_trained());
}

TEST_F(OpenedModel, ATrainedModelAsTheNetworkOfAConversion) {
  EXPECT_THAT([] { convert_weights(path("run"), {.model = path("run")}); },
              ThrowsMessage<InputError>(HasSubstr("a configuration or a model name")));
}

}  // namespace
}  // namespace fovea
