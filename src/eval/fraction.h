#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace fovea {

/// A fraction with its counts: `count` of `total`.
struct Fraction {
  std::int64_t count = 0;
  std::int64_t total = 0;

  void add(const Fraction& other) {
    count += other.count;
    total += other.total;
  }

  /// count / total, in [0, 1]; None when the total is 0.
  std::optional<double> value() const {
    if (total == 0) return std::nullopt;
    return static_cast<double>(count) / static_cast<double>(total);
  }
};

/// True when `one` is larger than `other` beyond the noise of two independent samples: the one-sided test of two proportions
/// at 95 %. For the same images, whose samples depend on each other, it is conservative. False when either total is 0.
inline bool exceeds_beyond_noise(const Fraction& one, const Fraction& other) {
  if (one.total == 0 || other.total == 0) return false;
  constexpr double kOneSided95 = 1.6448536269514722;  // quantile of the normal distribution
  const auto n = static_cast<double>(one.total);
  const auto m = static_cast<double>(other.total);
  const double pooled = static_cast<double>(one.count + other.count) / (n + m);
  const double deviation = std::sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  return *one.value() - *other.value() > kOneSided95 * deviation;
}

}  // namespace fovea
