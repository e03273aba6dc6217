#pragma once

#include <memory>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>
#include <fovea/nn/initialise.h>

namespace fovea {

/// The least that looks around in the toy task: one pixel a step, the first one in the middle. `see` and `classifier` learn
/// from the classes, `locate` from log-probabilities, `expect` from baselines.
class ToyGlimpses final : public Classifier {
 public:
  explicit ToyGlimpses(std::int64_t steps = 4) : Classifier("ToyGlimpses"), steps_(steps) {
    see = register_module("see", torch::nn::Linear(3, 16));
    classifier = register_module("classifier", torch::nn::Linear(16, 4));
    locate = register_module("locate", torch::nn::Linear(16, 2));
    expect = register_module("expect", torch::nn::Linear(16, 1));
  }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    const auto type = see->weight.scalar_type();
    const auto images = batch.input().to(type).repeat_interleave(context.rollouts, 0).flatten(1);  // [R, 64]
    const std::int64_t rows = images.size(0);
    const bool random = context.policy == PolicyMode::random;
    auto location = random ? draw(context, rows, type) : torch::zeros({rows, 2}, type);
    auto state = torch::zeros({rows, 16}, type);
    std::vector<torch::Tensor> locations, logits, means, baselines, log_probs;
    for (std::int64_t step = 0; step < steps_; ++step) {
      const auto pixel = ((location + 1) * 4).to(torch::kInt64).clamp(0, 7);  // x, y
      const auto seen = images.gather(1, pixel.select(1, 1).mul(8).add(pixel.select(1, 0)).unsqueeze(1));
      state = state + torch::tanh(see(torch::cat({seen, location}, 1)));
      locations.push_back(location);
      logits.push_back(classifier(state));
      if (step + 1 == steps_) break;
      const auto mean = 0.8 * torch::tanh(locate(state.detach()));
      means.push_back(mean);
      baselines.push_back(expect(state.detach()).squeeze(1));
      location = random ? draw(context, rows, type) : mean.detach();
      if (context.policy != PolicyMode::sample) continue;
      const auto sample = location + context.standard_deviation * draw(context, rows, type);
      log_probs.push_back((sample - mean).square().sum(1) / (-2 * context.standard_deviation * context.standard_deviation));
      location = sample.clamp(-0.8, 0.8);
    }
    GlimpseTrajectory trajectory;
    trajectory.locations = torch::stack(locations, 1);
    trajectory.logits = torch::stack(logits, 1);
    trajectory.means = in_order(means, {rows, 0, 2});
    trajectory.baselines = in_order(baselines, {rows, 0});
    if (context.policy == PolicyMode::sample) trajectory.log_probs = in_order(log_probs, {rows, 0});
    const auto probability = logits.back().softmax(1).unflatten(0, {-1, context.rollouts}).mean(1);
    return {probability.log(), trajectory};
  }

  torch::nn::Linear see{nullptr}, classifier{nullptr}, locate{nullptr}, expect{nullptr};

 private:
  /// Uniform in the policy's range; as noise, near enough to normal.
  static torch::Tensor draw(ForwardContext& context, std::int64_t rows, torch::ScalarType type) {
    const auto values = torch::empty({rows, 2}, type);
    fill_uniform(values, context.random.child(context.random()), -0.8, 0.8);
    return values;
  }

  static torch::Tensor in_order(const std::vector<torch::Tensor>& steps, std::vector<std::int64_t> without_any) {
    return steps.empty() ? torch::empty(without_any) : torch::stack(steps, 1);
  }

  std::int64_t steps_;
};

}  // namespace fovea
