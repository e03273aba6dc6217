#pragma once

#include <vector>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>

namespace fovea {

/// The least that chooses: one of the four pixels of an image, by scores that are the same for every image. The logits are
/// the pixel and 0.
class ToyChooser final : public Classifier {
 public:
  ToyChooser() : Classifier("ToyChooser") {
    scores = register_parameter("scores", torch::tensor({0.2, -0.4, 0.1, 0.5}, torch::kFloat64));
  }

  ModelOutput classify(const Batch& batch, ForwardContext& context) override {
    const auto pixels = batch.input().to(torch::kFloat64).flatten(1);  // [N, 4]
    const std::int64_t images = pixels.size(0);
    policies.push_back(context.policy);
    sizes.push_back(images);
    const auto policy = scores.expand({images, 1, 4});
    auto element = torch::full({images, 1, 1}, scores.argmax().item<std::int64_t>(), torch::kInt64);
    if (context.policy == PolicyMode::random) element = draw_elements(torch::zeros_like(policy), 1, context.random);
    if (context.policy == PolicyMode::sample) element = draw_elements(policy, 1, context.random);
    HardChoices made{
        .module = this, .probabilities = policy.detach().softmax(2), .chosen = element, .grid = {2, 2}, .log_probs = {}};
    if (context.policy == PolicyMode::sample) made.log_probs = draw_log_probs(policy, element).sum(1);
    if (chooses) context.choices.push_back(made);
    const auto pixel = pixels.gather(1, element.squeeze(2));
    return {torch::cat({pixel, torch::zeros_like(pixel)}, 1)};
  }

  torch::Tensor scores;
  bool chooses = true;
  std::vector<PolicyMode> policies;  ///< of every pass
  std::vector<std::int64_t> sizes;   ///< images of every pass
};

}  // namespace fovea
