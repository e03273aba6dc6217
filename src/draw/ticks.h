#pragma once

#include <string>
#include <vector>

namespace fovea {

struct ValueRange {
  double low = 0;
  double high = 1;
};

/// Ticks of an axis.
struct Ticks {
  std::vector<double> values;  ///< ascending multiples of step
  double step = 1;             ///< 1, 2 or 5 times a power of ten
};

/// Round numbers inside a range, as many as possible up to `most`.
/// @param most at least 2. @param smallest_step e.g. 1 for counts. With equal ends, or where nothing round lies
/// inside, there may be one tick or none.
/// @throws InputError unless low <= high and their distance are finite.
Ticks round_ticks(const ValueRange& range, int most, double smallest_step = 0);

/// Round numbers that enclose a range: from the largest one <= low to the smallest one >= high, up to `most` of them inside.
/// Equal ends are moved apart first, so that there are always at least two. @throws InputError as round_ticks.
Ticks enclosing_ticks(const ValueRange& range, int most);

/// A number with the digits that distinguish it from its neighbours at a distance of `step`: number_text(0.5, 0.25) is
/// "0.50", number_text(3e-7, 1e-7) "3e-7"; otherwise "inf" or "nan". Independent of the locale. @param step > 0.
std::string number_text(double value, double step);

/// A number to three significant digits of the range it lies in, "0.50" and "1.00" in [0, 1]. Numbers of one range have the
/// same decimals, up to eight of them; only smaller ranges and numbers beyond a million are "5.00e-9".
std::string short_number_text(double value, const ValueRange& range);

}  // namespace fovea
