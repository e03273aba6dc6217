#pragma once

#include <algorithm>
#include <cstdint>

namespace fovea {

/// Width of a bottleneck: `given` unless 0, else channels / reduction_ratio, to the nearest multiple of `divisor` and at
/// least `divisor`. The rounding is timm's make_divisible with round_limit 0, so that its weights fit.
inline std::int64_t bottleneck_width(std::int64_t channels, std::int64_t given, double reduction_ratio,
                                     std::int64_t divisor) {
  if (given > 0) return given;
  const double exact = static_cast<double>(channels) * (1.0 / reduction_ratio);
  const auto nearest = static_cast<std::int64_t>(exact + static_cast<double>(divisor) / 2.0) / divisor * divisor;
  return std::max(divisor, nearest);
}

}  // namespace fovea
