#pragma once

#include <cstdint>
#include <optional>

namespace fovea {

/// How many of how many.
struct Share {
  std::int64_t count = 0;
  std::int64_t of = 0;

  void add(const Share& other) {
    count += other.count;
    of += other.of;
  }

  /// In [0, 1]; nothing of none.
  std::optional<double> fraction() const {
    if (of == 0) return std::nullopt;
    return static_cast<double>(count) / static_cast<double>(of);
  }
};

}  // namespace fovea
