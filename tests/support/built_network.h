#pragma once

#include <memory>
#include <string>

#include <torch/torch.h>

#include <fovea/models/model_field.h>

namespace fovea {

/// The section `model` of a configuration.
inline ModelField model_of(const std::string& yaml) {
  ModelField model;
  model.read(parse_yaml(yaml, "a.yaml"), "model");
  return model;
}

/// A network of that section, whose weights the caller sets.
inline std::shared_ptr<Classifier> built(const std::string& yaml, const InputSpec& input) {
  return build_without_weights(model_of(yaml), input);
}

inline torch::Tensor logits_for(Classifier& network, const torch::Tensor& images, ForwardContext& context) {
  Batch batch;
  batch.images = images;
  return network.classify(batch, context).logits;
}

inline torch::Tensor logits_for(Classifier& network, const torch::Tensor& images, ForwardHooks* hooks = nullptr) {
  ForwardContext context;
  context.hooks = hooks;
  return logits_for(network, images, context);
}

}  // namespace fovea
