#include <fovea/base/error.h>
#include <fovea/explain/glimpses.h>
#include <fovea/explain/own_attention.h>

namespace fovea {
namespace {

/// Inverts a normalisation. @param patches [T, S, C, G, G]. @return the same shape, in [0, 1], grey or RGB.
torch::Tensor pixels_of(const torch::Tensor& patches, const Normalization* normalization) {
  if (normalization == nullptr) return patches.clamp(0, 1);
  const auto per_channel = [](const std::vector<double>& values) {
    return torch::tensor(values, torch::kFloat32).view({1, 1, -1, 1, 1});
  };
  const torch::Tensor pixels =
      (patches * per_channel(normalization->standard_deviation) + per_channel(normalization->mean)).clamp(0, 1);
  return normalization->order == ChannelOrder::bgr ? pixels.flip(2) : pixels;
}

GlimpsePath path_of(const GlimpseTrajectory& trajectory, const Normalization* normalization) {
  if (!trajectory.windows.defined() || !trajectory.patches.defined()) {
    throw InputError("glimpses", "a network in evaluation mode", "one in training mode", "call eval() first");
  }
  const auto of_the_image = [](const torch::Tensor& values, torch::ScalarType type) {
    return values.detach()[0].to(torch::kCPU, type);
  };
  return {of_the_image(trajectory.locations, torch::kFloat64), of_the_image(trajectory.windows, torch::kFloat64),
          pixels_of(of_the_image(trajectory.patches, torch::kFloat32), normalization),
          torch::softmax(of_the_image(trajectory.logits, torch::kFloat64), 1)};
}

}  // namespace

Explanation explain_by_glimpses(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                const std::vector<std::int64_t>& targets) {
  expect_one_image(batch);
  const torch::NoGradGuard no_grad;
  ForwardContext context;
  const ModelOutput output = classifier.classify(batch, context);
  Explanation explanation = explanation_of(classifier, output.logits, targets);
  if (!output.trajectory || !wanted(kGlimpsesLayer)) return explanation;
  explanation.glimpses = path_of(*output.trajectory, batch.normalization.get());
  explanation.maps.push_back({kGlimpsesLayer, Meaning::none, explanation.glimpses->windows.to(torch::kFloat32)});
  return explanation;
}

}  // namespace fovea
