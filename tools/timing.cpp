#include "timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace fovea {

Timing time_repeatedly(const std::function<void()>& compute, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUp = 3;
  constexpr std::size_t kLeast = 10;
  for (int i = 0; i < kWarmUp; ++i) compute();
  std::vector<double> milliseconds;
  const auto start = Clock::now();
  while (milliseconds.size() < kLeast || std::chrono::duration<double>(Clock::now() - start).count() < seconds) {
    const auto before = Clock::now();
    compute();
    milliseconds.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto quantile = [&](double fraction) {
    return milliseconds[static_cast<std::size_t>(std::lround(fraction * static_cast<double>(milliseconds.size() - 1)))];
  };
  return {quantile(0.5), quantile(0.1), quantile(0.9)};
}

Json to_json(const Timing& timing) {
  return {{"median", timing.median}, {"p10", timing.p10}, {"p90", timing.p90}};
}

}  // namespace fovea
