#pragma once

#include <cstdint>
#include <memory>

#include <torch/torch.h>

#include <fovea/nn/classifier.h>
#include <fovea/nn/named_tensors.h>

namespace fovea {

/// Exponential moving average of a network's weights and running statistics over its updates: a <- d a + (1 - d) w. It
/// starts as a copy, and d is min(decay, (1 + n) / (10 + n)) after update n, so that the weights of the first updates have
/// little influence. "Mean teachers are better role models", arXiv:1703.01780, uses such an average; the ramp of d is that
/// of TensorFlow's ExponentialMovingAverage.
class WeightAverage {
 public:
  /// @param average a network like `network`, which becomes its copy. @param decay in [0, 1).
  WeightAverage(std::shared_ptr<Classifier> average, const Classifier& network, double decay);

  /// Adds the weights after an update. @param updates number of updates so far, this one included.
  void update(const Classifier& network, std::int64_t updates);

  Classifier& network() { return *average_; }

 private:
  std::shared_ptr<Classifier> average_;
  double decay_;
};

}  // namespace fovea
