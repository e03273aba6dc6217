#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <fovea/base/error.h>
#include <fovea/options/fields.h>

namespace fovea {

/// Declares the fields of a channel bottleneck's width, named as in timm: reduction_ratio, reduced_channels and divisor.
template <typename MechanismOptions>
void visit_bottleneck(FieldVisitor& fields, MechanismOptions& options) {
  fields.real("reduction_ratio", options.reduction_ratio, {.minimum = 0.001},
              "bottleneck width is channels / reduction_ratio");
  fields.integer("reduced_channels", options.reduced_channels, {0, 1 << 16},
                 "bottleneck width itself; 0 takes it from reduction_ratio");
  fields.integer("divisor", options.divisor, {1, 1024}, "the width from reduction_ratio is a multiple of this");
}

/// `width` rounded to the nearest multiple of `divisor`, at least `divisor` (or `minimum`), and up by one `divisor` more
/// where that is less than `round_limit` x width: timm's make_divisible, so that its weights fit. timm's callers use a limit
/// of 0 or kRoundLimit.
inline std::int64_t divisible_width(double width, std::int64_t divisor, double round_limit = 0.0, std::int64_t minimum = 0) {
  const auto nearest = static_cast<std::int64_t>(width + static_cast<double>(divisor) / 2.0) / divisor * divisor;
  const std::int64_t rounded = std::max(minimum > 0 ? minimum : divisor, nearest);
  return static_cast<double>(rounded) < round_limit * width ? rounded + divisor : rounded;
}

/// Default round_limit of timm's make_divisible.
inline constexpr double kRoundLimit = 0.9;

/// channels / reduction_ratio rounded down, at least `minimum`, as in most authors' code.
inline std::int64_t floored_width(std::int64_t channels, double reduction_ratio, std::int64_t minimum = 1) {
  return std::max(minimum, static_cast<std::int64_t>(static_cast<double>(channels) / reduction_ratio));
}

/// Width of a bottleneck: `reduced_channels` unless 0, else the divisible_width() of channels / reduction_ratio, times
/// `width_factor` where the options have one.
/// @param mechanism for messages. @throws InputError when reduced_channels and one of the others are both set.
template <typename MechanismOptions>
std::int64_t bottleneck_width(std::int64_t channels, const MechanismOptions& options, const std::string& mechanism,
                              double round_limit = 0.0) {
  const MechanismOptions defaults;
  double width = static_cast<double>(channels) * (1.0 / options.reduction_ratio);
  bool set = options.reduction_ratio != defaults.reduction_ratio || options.divisor != defaults.divisor;
  std::string others = "no reduction_ratio and no divisor";
  if constexpr (requires { options.width_factor; }) {
    others = "no reduction_ratio, no divisor and no width_factor";
    width *= options.width_factor;
    set = set || options.width_factor != defaults.width_factor;
  }
  if (options.reduced_channels == 0) return divisible_width(width, options.divisor, round_limit);
  if (set) throw InputError(mechanism + ": reduced_channels", others + " beside it", "both", "set one of them");
  return options.reduced_channels;
}

}  // namespace fovea
