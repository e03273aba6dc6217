#include <cmath>

#include <fovea/eval/interval.h>

namespace fovea {

Interval wilson_interval(const Fraction& fraction) {
  constexpr double kZ = 1.959963984540054;  // 97.5 % of a normal distribution are below
  if (fraction.total == 0) return {0, 1};
  const auto count = static_cast<double>(fraction.count);
  const auto total = static_cast<double>(fraction.total);
  const double centre = count + kZ * kZ / 2;
  const double margin = kZ * std::sqrt(count * (total - count) / total + kZ * kZ / 4);
  const double scale = total + kZ * kZ;
  return {fraction.count == 0 ? 0 : (centre - margin) / scale,  // exactly, where rounding leaves 1e-17
          fraction.count == fraction.total ? 1 : (centre + margin) / scale};
}

}  // namespace fovea
