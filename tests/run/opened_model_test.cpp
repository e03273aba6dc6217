// Models that load_model() and convert_weights() take.

#include <filesystem>
#include <limits>
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

TEST_F(OpenedModel, APredictionOfNumbersOnly) {
  const Model model = load_model(path("run"));
  const Image photo(16, 16, 3);
  EXPECT_NO_THROW(model.predict(photo));
  const torch::NoGradGuard no_grad;
  model.network().named_parameters()["fc.bias"][1] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THAT([&] { model.predict(photo); }, ThrowsMessage<NumericError>(HasSubstr("'fc.bias' is not finite")));
}

TEST_F(OpenedModel, ClassNamesAreTextInUtf8) {
  EXPECT_THAT(read_class_names(write("names.txt",
                                     "\xEF\xBB\xBF"
                                     "caf\xC3\xA9\r\n\ntea\n")),
              testing::ElementsAre("caf\xC3\xA9", "tea"));
  EXPECT_THAT(
      [] { read_class_names(write("latin1.txt", "tea\ncaf\xE9\n")); },
      ThrowsMessage<InputError>(path("latin1.txt") + ":2: expected a name in UTF-8, got other bytes; save the file as "
                                                     "UTF-8"));
  EXPECT_THAT(
      [] {
        load_model("resnet8", {.weights = path("run"), .classes = {"tea", "caf\xE9"}});
      },
      ThrowsMessage<InputError>("classes: expected names in UTF-8, got other bytes in name 1"));
}

TEST_F(OpenedModel, ATrainedModelAsTheNetworkOfAConversion) {
  EXPECT_THAT([] { convert_weights(path("run"), {.model = path("run")}); },
              ThrowsMessage<InputError>(HasSubstr("a configuration or a model name")));
}

}  // namespace
}  // namespace fovea
