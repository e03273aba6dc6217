#pragma once

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

}  // namespace fovea
