#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <fovea/attention/bottleneck_width.h>

namespace fovea {

/// Width of a bottleneck in timm: make_divisible of channels x branches x rd_ratio x factor.
struct PeerWidth {
  std::int64_t divisor;    ///< unless rd_divisor is given
  double round_limit = 0;  ///< see divisible_width()
  double factor = 1;
  std::int64_t branches = 1;
  std::int64_t minimum = 0;

  /// @param rd_divisor 0: the mechanism's.
  std::int64_t of(std::int64_t channels, double rd_ratio, std::int64_t rd_divisor = 0) const {
    const auto arriving = static_cast<double>(channels * branches);
    return divisible_width(arriving * rd_ratio * factor, rd_divisor > 0 ? rd_divisor : divisor, round_limit, minimum);
  }
};

/// Widths of timm's mechanisms with one branch, by fovea's names; other mechanisms have no rd_ratio.
inline const std::map<std::string, PeerWidth>& peer_widths() {
  static const std::map<std::string, PeerWidth> widths{
      {"se", {.divisor = 8}},
      {"ecam", {.divisor = 8, .round_limit = kRoundLimit}},
      {"ge", {.divisor = 1}},
      {"gc", {.divisor = 1}},
      {"gca", {.divisor = 1}},
      {"cbam", {.divisor = 1}},
      {"lcbam", {.divisor = 1}},
      {"coord", {.divisor = 8, .factor = 2.0 / 3}},
      {"scoord", {.divisor = 8, .factor = 2.0 / 3}},
      {"sk", {.divisor = 8, .round_limit = kRoundLimit}},
      {"nl", {.divisor = 8, .round_limit = kRoundLimit}},
      {"bat", {.divisor = 8, .round_limit = kRoundLimit}},
  };
  return widths;
}

}  // namespace fovea
