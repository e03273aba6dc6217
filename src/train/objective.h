#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include <fovea/base/random.h>
#include <fovea/nn/classifier.h>
#include <fovea/train/class_loss.h>
#include <fovea/train/training_position.h>

namespace fovea {

/// Loss of a batch.
struct Loss {
  torch::Tensor total;   ///< scalar, mean over the batch's images; training minimises it
  torch::Tensor logits;  ///< [N, K]
  /// Metrics for the log by name, means over the batch's images; None where this batch has none.
  std::vector<std::pair<std::string, std::optional<double>>> parts;
};

/// Loss function that training minimises.
class Objective {
 public:
  virtual ~Objective() = default;

  /// Loss of the batch at `position` of training; runs the forward passes that it needs. @param random stream of the first
  /// pass; further passes draw from its children.
  virtual Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
                    const RandomStream& random) const = 0;
};

/// Class loss of the logits and of the auxiliary classifiers, plus the auxiliary losses in the context. Throws InputError
/// for a network with hard choices, which it cannot train.
class ClassificationObjective final : public Objective {
 public:
  explicit ClassificationObjective(ClassLoss class_loss) : class_loss_(std::move(class_loss)) {}

  Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
            const RandomStream& random) const override;

 private:
  ClassLoss class_loss_;
};

}  // namespace fovea
