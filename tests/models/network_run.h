#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/models/model_field.h>
#include <fovea/nn/initialise.h>
#include <fovea/weights/state_dict.h>

namespace fovea {

inline constexpr InputSpec kCifarInput{3, 32, 32, 10};

/// The section `model` of a configuration.
inline ModelField model_of(const std::string& yaml) {
  ModelField model;
  model.read(parse_yaml(yaml, "a.yaml"), "model");
  return model;
}

inline std::shared_ptr<Classifier> built(const std::string& yaml, const InputSpec& input = kCifarInput) {
  return build_classifier(model_of(yaml), input);
}

/// Gives every tensor, also the statistics of norms, a value of its own, so that none can be mistaken for another.
inline void give_life(Classifier& network, std::uint64_t seed) {
  initialise(network, seed);
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : state_dict(network)) {
    if (!tensor.is_floating_point()) continue;
    auto noise = torch::empty_like(tensor);
    const bool is_matrix = tensor.dim() > 1;  // whose values have to keep their mean, or all channels would see the same
    fill_uniform(noise, RandomStream(seed, Purpose::test).child(name), is_matrix ? -0.02 : 0.01, is_matrix ? 0.02 : 0.05);
    torch::Tensor shared = tensor;
    shared.add_(noise);
  }
}

inline torch::Tensor normal_images(std::int64_t count, const InputSpec& input, torch::ScalarType type = torch::kFloat32) {
  auto images = torch::empty({count, input.channels, input.height, input.width}, type);
  fill_normal(images, RandomStream(5, Purpose::test), 1.0);
  return images;
}

inline torch::Tensor logits_for(Classifier& network, const torch::Tensor& images, ForwardContext& context) {
  Batch batch;
  batch.images = images;
  return network.forward(batch, context).logits;
}

inline torch::Tensor logits_for(Classifier& network, const torch::Tensor& images, ForwardHooks* hooks = nullptr) {
  ForwardContext context;
  context.hooks = hooks;
  return logits_for(network, images, context);
}

/// Keeps the features that a network offers.
struct FeatureHooks final : ForwardHooks {
  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override {
    if (about.kind == MapKind::features) {
      modules.push_back(&module);
      shapes.push_back(tensor.sizes().vec());
      features.push_back(tensor);
      if (shapes.size() == replace_number) return torch::zeros_like(tensor);
    }
    return tensor;
  }
  std::vector<const torch::nn::Module*> modules;
  std::vector<std::vector<std::int64_t>> shapes;
  std::vector<torch::Tensor> features;
  std::size_t replace_number = 0;
};

}  // namespace fovea
