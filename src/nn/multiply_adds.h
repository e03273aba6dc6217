#pragma once

#include <cstdint>
#include <functional>

#include <fovea/nn/classifier.h>

namespace fovea {

/// Multiply-adds of convolutions, linear layers and matrix products in whatever `compute` does on this thread, counted by
/// watching the operators.
std::int64_t count_multiply_adds(const std::function<void()>& compute);

/// The same for one image of a classifier (all glimpses included), in evaluation mode. The network's mode is as before
/// afterwards.
std::int64_t count_multiply_adds(Classifier& classifier, const InputSpec& input);

/// Elements of all parameters.
std::int64_t count_parameters(const torch::nn::Module& module);

}  // namespace fovea
