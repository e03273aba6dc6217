#pragma once

#include <cstdint>

#include <fovea/nn/classifier.h>

namespace fovea {

/// Multiply-adds of convolutions, linear layers and matrix products for one image (all glimpses included), counted by
/// watching the operators of a forward pass in evaluation mode. The network's mode is as before afterwards.
std::int64_t count_multiply_adds(Classifier& classifier, const InputSpec& input);

/// Elements of all parameters.
std::int64_t count_parameters(const torch::nn::Module& module);

}  // namespace fovea
