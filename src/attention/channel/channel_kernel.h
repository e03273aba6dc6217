#pragma once

#include <cstdint>
#include <string>

#include <fovea/options/fields.h>

namespace fovea {

/// How many neighbouring channels a convolution along the channels looks at.
struct ChannelKernelOptions {
  std::int64_t kernel_size = 0;  ///< odd; 0 takes it from gamma and beta
  double gamma = 2;              ///< kernel size = odd(|log2(channels) + beta| / gamma), at least 3
  double beta = 1;

  void visit_fields(FieldVisitor& fields);
};

/// kernel_size unless 0, else psi(C) of "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
/// arXiv:1910.03151, as its authors compute it: |log2(C) + beta| / gamma without its fraction, plus one if that is even.
/// Differs from the paper: at least 3, as in timm. @param mechanism for messages, e.g. "eca".
/// @throws InputError when kernel_size is even, or set beside gamma or beta, or when these make more than 1023.
std::int64_t channel_kernel_size(std::int64_t channels, const ChannelKernelOptions& options, const std::string& mechanism);

}  // namespace fovea
