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

/// What a batch cost.
struct Loss {
  torch::Tensor total;   ///< scalar, mean over the batch's images; training follows its gradient
  torch::Tensor logits;  ///< [N, K] what the network said
  /// Means over the batch's images, for the log, each with its name; nothing for what this batch does not tell.
  std::vector<std::pair<std::string, std::optional<double>>> parts;
};

/// What training makes small.
class Objective {
 public:
  virtual ~Objective() = default;

  /// Makes the passes of the network over the batch that training at `position` takes. @param random every draw of the
  /// first pass comes from this stream, of others from streams below it.
  virtual Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
                    const RandomStream& random) const = 0;
};

/// The class loss of the network's scores, and of those of its branches, plus the terms that modules left in the context.
class ClassificationObjective final : public Objective {
 public:
  explicit ClassificationObjective(ClassLoss class_loss) : class_loss_(std::move(class_loss)) {}

  Loss loss(Classifier& network, const Batch& batch, const TrainingPosition& position,
            const RandomStream& random) const override;

 private:
  ClassLoss class_loss_;
};

}  // namespace fovea
