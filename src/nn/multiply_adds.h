#pragma once

#include <cstdint>
#include <functional>

#include <fovea/nn/classifier.h>

namespace fovea {

/// Multiply-adds of the convolutions, linear layers and matrix products that `compute` runs on this thread. Other operators
/// count as 0.
std::int64_t count_multiply_adds(const std::function<void()>& compute);

/// Multiply-adds of a classifier for one image (all glimpses included), in evaluation mode. The network's mode is restored.
std::int64_t count_multiply_adds(Classifier& classifier, const InputSpec& input);

/// Number of parameters: elements of all parameter tensors.
std::int64_t count_parameters(const torch::nn::Module& module);

}  // namespace fovea
