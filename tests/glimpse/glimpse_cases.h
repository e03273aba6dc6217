#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/glimpse/glimpse_network.h>
#include <fovea/glimpse/retina.h>
#include <fovea/glimpse/rollout.h>
#include <fovea/nn/initialise.h>

namespace fovea::test {

/// 8-bit noise, [N, C, H, W], with a normalisation of its own for every channel.
inline Batch noise_batch(std::int64_t images, std::int64_t channels, std::int64_t height, std::int64_t width) {
  torch::manual_seed(11);
  Batch batch;
  batch.images = torch::randint(0, 256, {images, channels, height, width}, torch::kUInt8);
  Normalization normalization;
  for (std::int64_t c = 0; c < channels; ++c) {
    normalization.mean.push_back(0.1 + 0.2 * static_cast<double>(c));
    normalization.standard_deviation.push_back(0.5 - 0.1 * static_cast<double>(c));
  }
  batch.normalization = std::make_shared<const Normalization>(normalization);
  return batch;
}

/// The same images one by one.
inline Batch as_singles(const Batch& batch) {
  Batch singles = batch;
  for (std::int64_t n = 0; n < batch.images.size(0); ++n) singles.singles.push_back(batch.images[n]);
  singles.images = torch::Tensor();
  return singles;
}

/// [R, T, 2], also outside the image.
inline torch::Tensor some_locations(std::int64_t rows, std::int64_t glimpses) {
  torch::manual_seed(12);
  return torch::rand({rows, glimpses, 2}, torch::kFloat64) * 2.8 - 1.4;
}

/// A network's parts below one root, in float64.
struct SmallNetwork : torch::nn::Module {
  SmallNetwork(CoreKind core, std::int64_t values, std::int64_t policy_features, std::int64_t classes = 3) {
    constexpr std::int64_t kFeatures = 5, kWidth = 7;
    parts.encoder = register_module("encoder", std::make_shared<LinearGlimpseEncoderImpl>(values, kFeatures, kWidth));
    parts.core = register_module("core", std::make_shared<RecurrentCoreImpl>(core, kWidth, kWidth));
    parts.policy = register_module("policy", std::make_shared<LocationPolicyImpl>(kWidth, policy_features, 0.8));
    parts.baseline = register_module("baseline", torch::nn::Linear(kWidth, 1));
    parts.classifier = register_module("classifier", torch::nn::Linear(kWidth, classes));
    initialise(*this, 3);
    to(torch::kFloat64);
  }

  GlimpseNetwork parts;
};

}  // namespace fovea::test
