#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/spatial/internal/odd_kernel.h>

namespace fovea {

/// Depthwise convolution along a strip [N, C, H, 1], which keeps its length. @param where names the option kernel_size in a
/// message.
inline torch::nn::Conv2d column_convolution(std::int64_t channels, std::int64_t kernel_size, bool bias,
                                            const std::string& where) {
  const std::int64_t padding = padding_of_odd_kernel(kernel_size, where);
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(channels, channels, {kernel_size, 1}).padding({padding, 0}).groups(channels).bias(bias));
}

/// The same along [N, C, 1, W].
inline torch::nn::Conv2d row_convolution(std::int64_t channels, std::int64_t kernel_size, bool bias,
                                         const std::string& where) {
  const std::int64_t padding = padding_of_odd_kernel(kernel_size, where);
  return torch::nn::Conv2d(
      torch::nn::Conv2dOptions(channels, channels, {1, kernel_size}).padding({0, padding}).groups(channels).bias(bias));
}

}  // namespace fovea
