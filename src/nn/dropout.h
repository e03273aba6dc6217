#pragma once

#include <torch/torch.h>

#include <fovea/base/random.h>

namespace fovea {

/// Dropout mask: independent values, 0 with `probability` and 1 / (1 - probability) otherwise, so their mean is 1. Drawn in
/// row-major order. @param options type and device of the result. @param probability in [0, 1).
torch::Tensor dropout_mask(torch::IntArrayRef shape, double probability, RandomStream stream,
                           const torch::TensorOptions& options);

/// Features times a dropout mask, for training. "Improving neural networks by preventing co-adaptation of
/// feature detectors", arXiv:1207.0580, and "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", JMLR 15,
/// 2014. Differs from the papers: features are scaled by 1 / (1 - probability) in training instead of weights by 1 -
/// probability in evaluation.
/// @param features of any shape. @param probability of a feature to be dropped, in [0, 1); with 0 the features are returned
/// unchanged.
torch::Tensor apply_dropout(const torch::Tensor& features, double probability, const RandomStream& stream);

}  // namespace fovea
