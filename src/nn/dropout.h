#pragma once

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// Independent random factors with mean 1: 0 with `probability`, otherwise 1 / (1 - probability). Drawn in row-major order.
/// @param options type and device of the result. @param probability in [0, 1).
torch::Tensor keep_factors(torch::IntArrayRef shape, double probability, RandomStream stream,
                           const torch::TensorOptions& options);

/// Drops single features and scales the others up, for training. "Improving neural networks by preventing co-adaptation of
/// feature detectors", arXiv:1207.0580, and "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15,
/// 2014. Differs from the papers: features are scaled by 1 / (1 - probability) in training instead of weights by 1 -
/// probability in evaluation.
/// @param features of any shape. @param probability of a feature to be dropped, in [0, 1); with 0 the features themselves
/// come back.
torch::Tensor dropout(const torch::Tensor& features, double probability, const RandomStream& stream);

}  // namespace fovea
