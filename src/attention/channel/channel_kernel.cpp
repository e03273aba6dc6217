#include <algorithm>
#include <cmath>

#include <fovea/attention/channel/channel_kernel.h>
#include <fovea/base/error.h>

namespace fovea {
namespace {

constexpr std::int64_t kWidestChannelKernel = 1023;

std::int64_t adaptive_kernel_size(std::int64_t channels, double gamma, double beta, const std::string& mechanism) {
  const double exact = std::abs(std::log2(static_cast<double>(channels)) + beta) / gamma;
  if (!(exact <= static_cast<double>(kWidestChannelKernel))) {
    throw InputError(mechanism + ": gamma",
                     "a kernel of at most " + std::to_string(kWidestChannelKernel) + " channels from gamma and beta",
                     std::to_string(exact));
  }
  const auto size = static_cast<std::int64_t>(exact);
  return std::max<std::int64_t>(size % 2 == 1 ? size : size + 1, 3);
}

}  // namespace

void ChannelKernelOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("kernel_size", kernel_size, {0, kWidestChannelKernel},
                 "odd number of neighbouring channels; 0 takes it from gamma and beta");
  fields.real("gamma", gamma, {.minimum = 0.05}, "kernel size = odd(|log2(channels) + beta| / gamma), at least 3");
  fields.real("beta", beta, RealRange{-64, 64}, "see gamma");
}

std::int64_t channel_kernel_size(std::int64_t channels, const ChannelKernelOptions& options, const std::string& mechanism) {
  if (options.kernel_size == 0) return adaptive_kernel_size(channels, options.gamma, options.beta, mechanism);
  const std::string where = mechanism + ": kernel_size";
  const ChannelKernelOptions defaults;
  if (options.gamma != defaults.gamma || options.beta != defaults.beta) {
    throw InputError(where, "no gamma and no beta beside it", "both", "set one of them");
  }
  if (options.kernel_size % 2 == 0) throw InputError(where, "an odd number or 0", std::to_string(options.kernel_size));
  return options.kernel_size;
}

}  // namespace fovea
