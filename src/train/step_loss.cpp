#include <fovea/train/step_loss.h>

namespace fovea {

std::vector<double> step_weights(StepLoss loss, std::int64_t steps) {
  std::vector<double> weights(static_cast<std::size_t>(steps), 0.0);
  if (loss == StepLoss::last || steps == 1) {
    weights.back() = 1;
    return weights;
  }
  const auto sum = static_cast<double>(steps * (steps - 1)) / 2;  // of 0, 1, ..., steps - 1
  for (std::size_t step = 0; step < weights.size(); ++step) weights[step] = static_cast<double>(step) / sum;
  return weights;
}

}  // namespace fovea
