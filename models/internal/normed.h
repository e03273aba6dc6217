#pragma once

#include <torch/torch.h>

#include <fovea/attention/positions.h>

namespace fovea {

/// norm(values). @throws ShapeError naming `owner`, where LibTorch would throw its own error: in training, with a single
/// value per channel.
inline torch::Tensor normed(const torch::nn::Module& owner, torch::nn::BatchNorm2d norm, const torch::Tensor& values) {
  expect_norm_fits(owner, *norm, values);
  return norm(values);
}

}  // namespace fovea
