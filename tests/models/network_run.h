#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/initialise.h>
#include <fovea/weights/state_dict.h>

#include "built_network.h"

namespace fovea {

inline constexpr InputSpec kCifarInput{3, 32, 32, 10};

inline std::shared_ptr<Classifier> built(const std::string& yaml) {
  return built(yaml, kCifarInput);
}

inline std::set<std::string> parameter_names(const torch::nn::Module& module) {
  const auto names = module.named_parameters().keys();
  return {names.begin(), names.end()};
}

/// Words of a text, between spaces and ends of lines.
inline std::set<std::string> words_in(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
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

/// Keeps the features that a network offers.
struct FeatureHooks final : ForwardHooks {
  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override {
    if (about.kind == MapKind::features || (any_depth && about.kind == MapKind::layer)) {
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
  bool any_depth = false;  ///< also those of blocks and layers within stages
};

}  // namespace fovea
