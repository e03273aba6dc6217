// Overlays by a method of a program of its own.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <fovea/base/error.h>
#include <fovea/explain/method.h>
#include <fovea/explain/own_attention.h>
#include <fovea/fovea.h>

namespace fovea {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Two classes by the mean brightness; no layer that a method of fovea shows. Counts its forward passes.
class Brightness final : public Classifier {
 public:
  Brightness() : Classifier("Brightness") {}
  ModelOutput classify(const Batch& batch, ForwardContext&) override {
    ++passes;
    const torch::Tensor mean = batch.input().mean({1, 2, 3});
    return {torch::stack({mean, -mean}, 1)};
  }
  int passes = 0;
};

/// The image's first channel.
Explanation explain_by_stripes(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                               const std::vector<std::int64_t>& targets) {
  ForwardContext context;
  Explanation explanation = explanation_of(classifier, classifier.classify(batch, context).logits, targets);
  if (wanted("stripes")) explanation.maps.push_back({"stripes", Meaning::none, batch.input()[0][0].clone()});
  return explanation;
}

TEST(RegisteredMethod, IsTheAutomaticOneWhereNoOtherShowsTheNetwork) {
  ModelDescription description;
  description.model = parse_yaml("{name: brightness}", "test");
  description.input = {1, 8, 8, 2};
  description.classes = {"bright", "dark"};
  description.preprocess.resize = {8, 8};
  const auto network = std::make_shared<Brightness>();
  const Model model(network, description, torch::kCPU);
  const Image photo(20, 30, 1);
  EXPECT_THAT([&] { model.overlay(photo); }, ThrowsMessage<InputError>(HasSubstr("no method can show this network")));

  register_method({.name = "stripes",
                   .help = "shows the image",
                   .shows = [](const Classifier& classifier) { return classifier.name() == "Brightness"; },
                   .explain = explain_by_stripes});
  network->passes = 0;
  EXPECT_EQ(model.overlay(photo).method(), "stripes");
  EXPECT_EQ(network->passes, 2) << "to list its layers, and for the photo";
  const Model copy = model;
  copy.overlay(photo);
  EXPECT_EQ(network->passes, 3) << "the layers are known";
}

}  // namespace
}  // namespace fovea
