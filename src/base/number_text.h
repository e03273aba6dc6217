#pragma once

#include <cstdint>
#include <string>

namespace fovea {

/// Digits in groups of three, "1 234 567".
std::string grouped_digits(std::int64_t number);

/// The shortest decimal that reads back as the same number: "0.1", "100000", "1e-300", "inf". Independent of the locale.
std::string number_text(double number);

/// The number with as many digits behind the point, rounded to the nearest: "0.9667" is 29/30 with four.
std::string fixed_text(double number, int decimals);

/// "87.5 %". @param fraction in [0, 1]. @param decimals digits behind the point.
std::string percent_text(double fraction, int decimals);

/// Hours, minutes and seconds, rounded up to a second: "1:05" or "2:03:20".
std::string duration_text(double seconds);

}  // namespace fovea
