#pragma once

#include <torch/torch.h>

#include <fovea/attention/positions.h>

namespace fovea {

/// norm(values), [N, C, H, W]. @throws ShapeError naming `owner`, in training with a single value per channel; LibTorch's
/// own error would not name the module.
inline torch::Tensor normed(const torch::nn::Module& owner, torch::nn::BatchNorm2d norm, const torch::Tensor& values) {
  expect_norm_fits(owner, *norm, values);
  return norm(values);
}

}  // namespace fovea
