#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/glimpse/retina_shape.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// A glimpse network that looks where it is told and thinks what it is told: locations [T, 2] and scores [T, K] of each
/// step. It sees what a retina sees there.
class ScriptedGlimpses final : public Classifier {
 public:
  ScriptedGlimpses(torch::Tensor locations, torch::Tensor scores, const RetinaShape& retina = {})
      : Classifier("ScriptedGlimpses"), locations_(std::move(locations)), scores_(std::move(scores)), retina_(retina) {
    features_ = register_module("features", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 1, 1)));
    eval();
  }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    const torch::Tensor input = batch.input();
    const std::int64_t images = input.size(0);
    const auto size = [&](std::int64_t axis) { return torch::full({images}, input.size(axis), torch::kFloat32); };
    GlimpseTrajectory trajectory;
    trajectory.locations = locations_.unsqueeze(0).expand({images, -1, -1});
    trajectory.logits = scores_.unsqueeze(0).expand({images, -1, -1});
    if (!is_training()) {
      trajectory.windows = retina_windows(retina_, trajectory.locations, size(2), size(3));
      trajectory.patches = patches_of(input);
    }
    // Features of a glimpse encoder are no map of the image.
    const auto features = context.hook(*features_, {MapKind::features}, features_(torch::ones({images, 1, 3, 3})));
    context.hook(*features_, {MapKind::spatial, Meaning::gate}, torch::ones({images, 1, 3, 3}));
    return {trajectory.logits.select(1, -1) + 0 * features.mean(), trajectory};
  }

  bool takes_glimpses() const override { return true; }

 private:
  /// [N, T, S, C, G, G]
  torch::Tensor patches_of(const torch::Tensor& input) const {
    const std::int64_t margin = retina_.side(retina_.scales - 1);
    const auto padded = torch::constant_pad_nd(input, {margin, margin, margin, margin}, 0);
    std::vector<torch::Tensor> steps;
    for (std::int64_t step = 0; step < locations_.size(0); ++step) {
      std::vector<torch::Tensor> scales;
      for (std::int64_t scale = 0; scale < retina_.scales; ++scale) {
        const std::int64_t side = retina_.side(scale);
        const auto start = [&](std::int64_t axis) {
          const auto location = locations_[step][1 - axis].item<double>();
          return margin + window_start(location, input.size(2 + axis), side);
        };
        const auto window = padded.narrow(2, start(0), side).narrow(3, start(1), side);
        scales.push_back(torch::avg_pool2d(window, retina_.cell(scale)));
      }
      steps.push_back(torch::stack(scales, 1));
    }
    return torch::stack(steps, 1);
  }

  torch::Tensor locations_, scores_;
  RetinaShape retina_;
  torch::nn::Conv2d features_{nullptr};
};

}  // namespace fovea
