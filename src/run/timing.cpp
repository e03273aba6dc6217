#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <fovea/run/timing.h>

namespace fovea {

namespace {

Quantiles summary(std::vector<double> milliseconds) {
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto quantile = [&](double fraction) {
    return milliseconds[static_cast<std::size_t>(std::lround(fraction * static_cast<double>(milliseconds.size() - 1)))];
  };
  return {quantile(0.5), quantile(0.1), quantile(0.9)};
}

}  // namespace

std::vector<Quantiles> time_alternately(const std::vector<std::function<void()>>& computations, double seconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kWarmUp = 3;
  constexpr std::size_t kLeast = 10;
  std::vector<std::vector<double>> milliseconds(computations.size());
  auto start = Clock::now();
  for (int round = -kWarmUp;
       round < static_cast<int>(kLeast) || std::chrono::duration<double>(Clock::now() - start).count() < seconds; ++round) {
    if (round == 0) start = Clock::now();
    for (std::size_t i = 0; i < computations.size(); ++i) {
      const auto before = Clock::now();
      computations[i]();
      const std::chrono::duration<double, std::milli> elapsed = Clock::now() - before;
      if (round >= 0) milliseconds[i].push_back(elapsed.count());
    }
  }
  std::vector<Quantiles> timings;
  for (auto& runs : milliseconds) timings.push_back(summary(std::move(runs)));
  return timings;
}

Quantiles time_repeatedly(const std::function<void()>& compute, double seconds) {
  return time_alternately({compute}, seconds).front();
}

Json to_json(const Quantiles& quantiles) {
  return {{"median", quantiles.median}, {"p10", quantiles.p10}, {"p90", quantiles.p90}};
}

}  // namespace fovea
