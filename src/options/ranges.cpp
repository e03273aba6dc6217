#include <cmath>
#include <string>

#include <fovea/base/number_text.h>
#include <fovea/options/ranges.h>

namespace fovea {

std::string describe(IntegerRange range) {
  const bool below = range.minimum != IntegerRange{}.minimum;
  const bool above = range.maximum != IntegerRange{}.maximum;
  if (below && above) return "an integer from " + std::to_string(range.minimum) + " to " + std::to_string(range.maximum);
  if (below) return "an integer >= " + std::to_string(range.minimum);
  if (above) return "an integer <= " + std::to_string(range.maximum);
  return "an integer";
}

std::string describe(RealRange range) {
  const bool below = range.minimum != RealRange{}.minimum;
  const bool above = range.maximum != RealRange{}.maximum;
  if (below && above) {
    return std::string("a number in ") + (range.minimum_open ? "(" : "[") + number_text(range.minimum) + ", " +
           number_text(range.maximum) + (range.maximum_open ? ")" : "]");
  }
  if (below) return std::string("a number ") + (range.minimum_open ? "> " : ">= ") + number_text(range.minimum);
  if (above) return std::string("a number ") + (range.maximum_open ? "< " : "<= ") + number_text(range.maximum);
  return "a number";
}

bool contains(IntegerRange range, std::int64_t value) {
  return value >= range.minimum && value <= range.maximum;
}

bool contains(RealRange range, double value) {
  if (!std::isfinite(value)) return false;
  const bool low = range.minimum_open ? value > range.minimum : value >= range.minimum;
  const bool high = range.maximum_open ? value < range.maximum : value <= range.maximum;
  return low && high;
}

std::string describe_list(const std::string& item, IntegerRange count) {
  if (count.minimum == count.maximum) return "a list of " + std::to_string(count.minimum) + ", each " + item;
  return "a list of " + std::to_string(count.minimum) + " to " + std::to_string(count.maximum) + ", each " + item;
}

}  // namespace fovea
