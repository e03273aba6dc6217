#include <algorithm>
#include <cmath>

#include <fovea/attention/channel/internal/channel_kernel.h>
#include <fovea/attention/internal/odd_kernel.h>
#include <fovea/base/error.h>

namespace fovea {

std::int64_t adaptive_channel_kernel_size(std::int64_t channels, double gamma, double beta, const std::string& mechanism) {
  const double exact = std::abs(std::log2(static_cast<double>(channels)) + beta) / gamma;
  if (!(exact <= static_cast<double>(kWidestChannelKernel))) {
    throw InputError(mechanism + ": gamma",
                     "a kernel of at most " + std::to_string(kWidestChannelKernel) + " channels from gamma and beta",
                     std::to_string(exact));
  }
  const auto size = static_cast<std::int64_t>(exact);
  return std::max<std::int64_t>(size % 2 == 1 ? size : size + 1, 3);
}

std::int64_t expect_channel_kernel_size(std::int64_t kernel_size, bool adapts, const std::string& mechanism) {
  const std::string where = mechanism + ": kernel_size";
  if (adapts) throw InputError(where, "no gamma and no beta beside it", "both", "set one of them");
  return expect_odd(kernel_size, where, "an odd number or 0");
}

}  // namespace fovea
