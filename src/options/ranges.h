#pragma once

#include <cstdint>
#include <limits>
#include <string>

namespace fovea {

/// Allowed values of an integer field, both ends included.
struct IntegerRange {
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
};

/// Allowed values of a real field; an open end is excluded. NaN and infinity are never allowed.
struct RealRange {
  double minimum = std::numeric_limits<double>::lowest();
  double maximum = std::numeric_limits<double>::max();
  bool minimum_open = false;
  bool maximum_open = false;
};

inline constexpr IntegerRange kPositiveInteger{1};
inline constexpr IntegerRange kNonNegativeInteger{0};
inline constexpr RealRange kPositive{.minimum = 0.0, .minimum_open = true};
inline constexpr RealRange kNonNegative{.minimum = 0.0};
/// Factors of float32 numbers: products of three stay within the range.
inline constexpr RealRange kPositiveFactor{.minimum = 0.0, .maximum = 1e12, .minimum_open = true};
inline constexpr RealRange kNonNegativeFactor{.minimum = 0.0, .maximum = 1e12};
inline constexpr RealRange kFraction{.minimum = 0.0, .maximum = 1.0};                                ///< [0, 1]
inline constexpr RealRange kFractionBelowOne{.minimum = 0.0, .maximum = 1.0, .maximum_open = true};  ///< [0, 1)
inline constexpr RealRange kNormEpsilon{.minimum = 1e-12, .maximum = 1.0};  ///< added to variances by a norm

/// Description for messages: "an integer from 1 to 64", "a number > 0".
std::string describe(IntegerRange range);
std::string describe(RealRange range);

bool contains(IntegerRange range, std::int64_t value);
bool contains(RealRange range, double value);

/// "a list of 1 to 3, each an integer >= 1". @param item description of one item.
std::string describe_list(const std::string& item, IntegerRange count);

}  // namespace fovea
