#include <algorithm>
#include <utility>

#include <fovea/train/weight_average.h>
#include <fovea/weights/state_dict.h>

namespace fovea {

WeightAverage::WeightAverage(std::shared_ptr<Classifier> average, const Classifier& network, double decay)
    : average_(std::move(average)), decay_(decay) {
  load_state_dict(*average_, state_dict(network), "weights to average");
}

void WeightAverage::update(const Classifier& network, std::int64_t updates) {
  const torch::NoGradGuard no_grad;
  const auto n = static_cast<double>(updates);
  const double decay = std::min(decay_, (1 + n) / (10 + n));
  const NamedTensors current = state_dict(network);
  for (auto& [name, average] : state_dict(*average_)) {
    if (average.is_floating_point()) {
      torch::Tensor(average).lerp_(current.at(name), 1 - decay);
    } else {
      torch::Tensor(average).copy_(current.at(name));  // counters
    }
  }
}

}  // namespace fovea
