#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

#include <fovea/base/error.h>
#include <fovea/base/number_text.h>
#include <fovea/draw/ticks.h>

namespace fovea {
namespace {

constexpr double kRoundingSlack = 1e-9;  // of a step: 0.3 is a multiple of 0.1

void expect_range(const ValueRange& range) {
  if (range.low <= range.high && std::isfinite(range.high - range.low)) return;
  throw InputError("axis", "a finite range from low to high", number_text(range.low) + " to " + number_text(range.high));
}

double first_multiple(const ValueRange& range, double step) {
  return std::ceil(range.low / step - kRoundingSlack);
}

double last_multiple(const ValueRange& range, double step) {
  return std::floor(range.high / step + kRoundingSlack);
}

/// The smallest round step of which the range holds at most `most` multiples.
double round_step(const ValueRange& range, int most, double smallest_step) {
  const double largest = std::max(std::abs(range.low), std::abs(range.high));
  const double point = largest > 0 ? largest : 1.0;
  const double span = range.low < range.high ? range.high - range.low : point;
  const double resolution = std::max({smallest_step, 1e-12 * largest, 1e-300});  // multiples of the step stay exact
  double power = std::pow(10.0, std::floor(std::log10(std::max(span / most, resolution))));
  while (true) {
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double step = digit * power;
      if (step >= resolution && last_multiple(range, step) - first_multiple(range, step) < most) return step;
    }
    power *= 10;
  }
}

Ticks multiples(double first, double last, double step) {
  Ticks ticks;
  ticks.step = step;
  const auto count = static_cast<std::size_t>(std::max(0.0, last - first + 1));
  ticks.values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    ticks.values.push_back((first + static_cast<double>(i)) * step + 0.0);  // no -0
  }
  return ticks;
}

/// The decimal place of a number's first digit: 0 for 1..9.99, -1 for 0.1..0.99.
int decimal_place(double magnitude) {
  return static_cast<int>(std::floor(std::log10(magnitude) + kRoundingSlack));
}

std::string formatted(double value, std::chars_format format, int digits) {
  std::array<char, 400> text;  // the largest double has 309 figures
  const auto result = std::to_chars(text.data(), text.data() + text.size(), value, format, digits);
  return {text.data(), result.ptr};
}

/// "3e-07" -> "3e-7", "2e+06" -> "2e6".
std::string with_short_exponent(std::string text) {
  const std::size_t sign = text.find('e') + 1;
  const bool negative = text[sign] == '-';
  const std::size_t digits = std::min(text.find_first_not_of('0', sign + 1), text.size() - 1);
  return text.substr(0, sign) + (negative ? "-" : "") + text.substr(digits);
}

/// "-0.00" -> "0.00".
std::string without_minus_zero(const std::string& text) {
  const bool is_negative_zero = text.find_first_not_of("-0.") == std::string::npos && text.front() == '-';
  return is_negative_zero ? text.substr(1) : text;
}

}  // namespace

Ticks round_ticks(const ValueRange& range, int most, double smallest_step) {
  expect_range(range);
  const double step = round_step(range, most, smallest_step);
  return multiples(first_multiple(range, step), last_multiple(range, step), step);
}

Ticks enclosing_ticks(const ValueRange& range, int most) {
  expect_range(range);
  ValueRange apart = range;
  if (range.low == range.high) {
    const double margin = range.low == 0 ? 0.5 : std::abs(range.low) / 10;
    apart = {range.low - margin, range.high + margin};
  }
  const double step = round_step(apart, most, 0);
  return multiples(std::floor(apart.low / step + kRoundingSlack), std::ceil(apart.high / step - kRoundingSlack), step);
}

std::string number_text(double value, double step) {
  if (!std::isfinite(value)) return formatted(value, std::chars_format::general, 6);
  if (std::abs(value) < step * kRoundingSlack) value = 0;
  constexpr int kMostDecimals = 4;
  constexpr double kLargestFixed = 1e6;
  const int decimals = std::max(0, -decimal_place(step));
  if (value == 0 && decimals > kMostDecimals) return "0";
  if (decimals > kMostDecimals || std::abs(value) >= kLargestFixed) {
    const int digits = std::clamp(decimal_place(std::abs(value)) - decimal_place(step), 0, 6);
    return with_short_exponent(formatted(value, std::chars_format::scientific, digits));
  }
  return without_minus_zero(formatted(value, std::chars_format::fixed, decimals));
}

std::string short_number_text(double value, const ValueRange& range) {
  const double span = range.high - range.low;
  const double size = span > 0 ? span : value != 0 ? std::abs(value) : 1;
  constexpr int kMostDecimals = 8;
  constexpr double kLargestFixed = 1e6;
  const int decimals = std::max(0, 2 - decimal_place(size));
  const double largest = std::max(std::abs(range.low), std::abs(range.high));
  if (decimals > kMostDecimals || largest >= kLargestFixed) {
    return with_short_exponent(formatted(value + 0.0, std::chars_format::scientific, 2));
  }
  return without_minus_zero(formatted(value, std::chars_format::fixed, decimals));
}

}  // namespace fovea
