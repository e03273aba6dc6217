// Arguments of the library that cannot be right: every one is a fovea::Error that says so.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/fovea.h>
#include <fovea/models/create_model.h>

#include "photo_program.h"

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

class BadInput : public PhotoProgram {
 protected:
  static Model model() { return load_model(path("run")); }
  static Image photo() { return read_image(path("photo.ppm")); }
};

template <typename Call>
void expect_refused(const Call& call, const std::string& part) {
  EXPECT_THAT(call, ThrowsMessage<InputError>(HasSubstr(part)));
}

TEST_F(BadInput, PathsThatTheSystemRefuses) {
  const std::string endless(300, 'a');
  for (const std::string& name : {endless, path(endless), endless + ".safetensors"}) {
    EXPECT_THROW(load_model(name), Error);
    EXPECT_THROW(load_model("resnet18", {.weights = name}), Error);
    EXPECT_THROW(convert_weights(name), Error);
    EXPECT_THROW(convert_weights(path("run"), {.out = path(name) + ".safetensors"}), Error);
    EXPECT_THROW(read_experiment(name), Error);
    EXPECT_THROW(train(read_experiment(path("photos.yaml")), {.out = path(name), .resume = true, .threads = 1}), Error);
  }
}

TEST_F(BadInput, OptionsOfAPrediction) {
  expect_refused([] { model().predict(photo(), {.top_k = -1}); }, "top_k: expected an integer >= 1, got -1");
  expect_refused([] { model().predict(photo(), {.top_k = 0}); }, "top_k");
}

TEST_F(BadInput, OptionsOfAnOverlay) {
  for (const double opacity : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    expect_refused([&] { model().overlay(photo(), {.opacity = opacity}); }, "opacity: expected a number in [0, 1]");
  }
  const Overlay overlay = model().overlay(photo(), {.method = "gradcam"});
  ASSERT_EQ(overlay.maps().size(), 1U);
  expect_refused([&] { overlay.on_photo(1); }, "a map's number below 1, got 1");
  expect_refused([&] { overlay.picture(1); }, "a map's number below 1, got 1");
}

TEST_F(BadInput, PhotosWithoutPixels) {
  Image few = photo();
  few.pixels.pop_back();
  Image strange(9, 9, 7);
  for (const Image& image : {Image(), Image(0, 5, 3), few, strange}) {
    expect_refused([&] { model().predict(image); }, "photo: expected");
    expect_refused([&] { model().overlay(image); }, "photo: expected");
  }
}

TEST_F(BadInput, ModelsOfPartsThatDoNotFit) {
  const ModelDescription description = model().description();
  const auto network = [&] { return create_model("resnet8", {.num_classes = 2, .height = 16, .width = 16}); };
  expect_refused([&] { Model(nullptr, description, torch::kCPU); }, "Model: expected a network");
  ModelDescription nameless = description;
  nameless.model = ConfigNode();
  expect_refused([&] { Model(network(), nameless, torch::kCPU); }, "model.name");
  ModelDescription few = description;
  few.classes.pop_back();
  expect_refused([&] { Model(network(), few, torch::kCPU); }, "expected 2 class names");
  const Model wide(create_model("resnet8", {.num_classes = 5, .height = 16, .width = 16}), description, torch::kCPU);
  expect_refused([&] { wide.predict(photo()); }, "a network of 2 classes");
  expect_refused([&] { wide.overlay(photo(), {.method = "gradcam"}); }, "a network of 2 classes");
}

TEST_F(BadInput, Devices) {
  for (const char* name : {"cuda:99999999999", "cuda:", "cuda:-1", "gpu", ""}) {
    EXPECT_THROW(parse_device(name), InputError) << name;
  }
}

}  // namespace
}  // namespace fovea
