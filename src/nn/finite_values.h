#pragma once

#include <string>

#include <torch/torch.h>

namespace fovea {

/// @param logits [N, K]. @throws NumericError unless the highest score of every image is finite, with the name of the first
/// parameter or buffer of the network that is not, if there is one.
void expect_class_scores(const torch::Tensor& logits, const torch::nn::Module& network);

/// True when no value is NaN or infinite, also after conversion to float32.
bool is_finite(const torch::Tensor& tensor);

/// Name of the first parameter or buffer with NaN or infinity; empty when all are finite.
std::string first_not_finite(const torch::nn::Module& network);

}  // namespace fovea
