#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <fovea/base/error.h>

namespace fovea {

/// Width of a bottleneck: `reduced_channels` unless 0, else channels / reduction_ratio, to the nearest multiple of `divisor`
/// and at least `divisor`. The rounding is timm's make_divisible with round_limit 0, so that its weights fit.
/// @tparam BottleneckOptions has reduced_channels, reduction_ratio and divisor.
/// @throws InputError when reduced_channels and one of the other two are both set.
template <typename BottleneckOptions>
std::int64_t bottleneck_width(std::int64_t channels, const BottleneckOptions& options) {
  if (options.reduced_channels > 0) {
    const BottleneckOptions defaults;
    if (options.reduction_ratio != defaults.reduction_ratio || options.divisor != defaults.divisor) {
      throw InputError("reduced_channels", "no reduction_ratio and no divisor beside it", "both", "set one of them");
    }
    return options.reduced_channels;
  }
  const double exact = static_cast<double>(channels) * (1.0 / options.reduction_ratio);
  const auto divisor = options.divisor;
  const auto nearest = static_cast<std::int64_t>(exact + static_cast<double>(divisor) / 2.0) / divisor * divisor;
  return std::max(divisor, nearest);
}

}  // namespace fovea
