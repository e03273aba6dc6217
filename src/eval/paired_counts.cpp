#include <cmath>
#include <numbers>

#include <fovea/eval/paired_counts.h>

namespace fovea {

bool PairedCounts::first_is_better() const {
  constexpr double kLevel = 0.05;
  const auto images = static_cast<double>(first + second);
  double tail = 0;  // probability of `first` or more of them
  for (std::int64_t k = first; k <= first + second; ++k) {
    const auto count = static_cast<double>(k);
    tail += std::exp(std::lgamma(images + 1) - std::lgamma(count + 1) - std::lgamma(images - count + 1) -
                     images * std::numbers::ln2);
  }
  return tail < kLevel;
}

}  // namespace fovea
