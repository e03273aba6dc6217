#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>
#include <fovea/nn/named_tensors.h>

namespace fovea {

/// A network whose weights and running statistics are an exponential moving average of another's over its updates:
/// a <- d a + (1 - d) w. It starts as a copy, and d is min(decay, (1 + n) / (10 + n)) after update n, so that the weights of
/// the first updates, which know nothing yet, are soon forgotten. "Mean teachers are better role models", arXiv:1703.01780,
/// uses such an average; the ramp of d is that of TensorFlow's ExponentialMovingAverage.
class WeightAverage {
 public:
  /// @param average a network like `network`, which becomes its copy. @param decay in [0, 1).
  WeightAverage(std::shared_ptr<Classifier> average, const Classifier& network, double decay);

  /// Takes in the weights after an update. @param updates done so far, this one counted.
  void update(const Classifier& network, std::int64_t updates);

  Classifier& network() { return *average_; }

 private:
  std::shared_ptr<Classifier> average_;
  double decay_;
};

}  // namespace fovea
