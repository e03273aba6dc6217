#pragma once

#include <cstdint>
#include <string>

#include <torch/torch.h>

#include <fovea/attention/internal/odd_kernel.h>

namespace fovea {

/// Depthwise convolution that keeps the size of a strip: [N, C, H, 1] with a kernel of `height` x 1, or [N, C, 1, W] with 1
/// x `width`. @param where names the option kernel_size in a message. @throws InputError unless both are odd.
inline torch::nn::Conv2d strip_convolution(std::int64_t channels, std::int64_t height, std::int64_t width, bool bias,
                                           const std::string& where) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(channels, channels, {height, width})
                               .padding({padding_of_odd_kernel(height, where), padding_of_odd_kernel(width, where)})
                               .groups(channels)
                               .bias(bias));
}

}  // namespace fovea
