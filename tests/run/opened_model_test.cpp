// What load_model() and convert_weights() take as a model.

#include <filesystem>
#include <string>

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

}  // namespace
}  // namespace fovea
