#pragma once

#include <cstdint>
#include <string>

#include <fovea/options/fields.h>

namespace fovea {

/// Largest kernel of a convolution along the channels.
inline constexpr std::int64_t kWidestChannelKernel = 1023;

/// Declares the fields of a convolution along the channels: kernel_size, gamma and beta.
template <typename MechanismOptions>
void visit_channel_kernel(FieldVisitor& fields, MechanismOptions& options) {
  fields.integer("kernel_size", options.kernel_size, {0, kWidestChannelKernel},
                 "odd number of neighbouring channels; 0 takes it from gamma and beta");
  fields.real("gamma", options.gamma, {.minimum = 0.05}, "kernel size = odd(|log2(channels) + beta| / gamma), at least 3");
  fields.real("beta", options.beta, RealRange{-64, 64}, "see gamma");
}

/// psi(C) of "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", arXiv:1910.03151, as its authors
/// compute it: |log2(C) + beta| / gamma truncated, plus one if that is even. Differs from the paper: at least 3,
/// as in timm. @param mechanism for messages, e.g. "eca". @throws InputError when it is more than kWidestChannelKernel.
std::int64_t adaptive_channel_kernel_size(std::int64_t channels, double gamma, double beta, const std::string& mechanism);

/// @return kernel_size. @param adapts true when gamma or beta is set beside it. @throws InputError if adapts, or when
/// kernel_size is even.
std::int64_t expect_channel_kernel_size(std::int64_t kernel_size, bool adapts, const std::string& mechanism);

/// kernel_size unless 0, else the adaptive_channel_kernel_size(). @throws InputError as they do.
template <typename MechanismOptions>
std::int64_t channel_kernel_size(std::int64_t channels, const MechanismOptions& options, const std::string& mechanism) {
  if (options.kernel_size == 0) return adaptive_channel_kernel_size(channels, options.gamma, options.beta, mechanism);
  const MechanismOptions defaults;
  const bool adapts = options.gamma != defaults.gamma || options.beta != defaults.beta;
  return expect_channel_kernel_size(options.kernel_size, adapts, mechanism);
}

}  // namespace fovea
