#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/train/objective.h>

namespace fovea {
namespace {

using CrossEntropyOptions = torch::nn::functional::CrossEntropyFuncOptions;

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, double label_smoothing,
                            const CrossEntropyOptions::reduction_t& reduction) {
  const auto options = CrossEntropyOptions().label_smoothing(label_smoothing).reduction(reduction);
  return torch::nn::functional::cross_entropy(logits, labels, options);
}

}  // namespace

ClassificationObjective::ClassificationObjective(double label_smoothing, std::vector<double> class_weights)
    : label_smoothing_(label_smoothing), class_weights_(std::move(class_weights)) {}

torch::Tensor ClassificationObjective::loss(const ModelOutput& output, const Batch& batch,
                                            const ForwardContext& context) const {
  auto loss = classification_loss(output.logits, batch);
  for (const auto& [name, logits] : context.branch_logits) loss = loss + classification_loss(logits, batch);
  for (const auto& [name, term] : context.losses) loss = loss + term;
  return loss;
}

torch::Tensor ClassificationObjective::classification_loss(const torch::Tensor& logits, const Batch& batch) const {
  if (batch.other_labels.defined()) {
    const auto own = image_losses(logits, batch.labels);
    const auto other = image_losses(logits, batch.other_labels);
    return (batch.own_share * own + (1 - batch.own_share) * other).mean();
  }
  if (!class_weights_.empty()) return image_losses(logits, batch.labels).mean();
  // One operator, which rounds otherwise than mean() does.
  return cross_entropy(logits, batch.labels, label_smoothing_, torch::kMean);
}

torch::Tensor ClassificationObjective::image_losses(const torch::Tensor& logits, const torch::Tensor& labels) const {
  const auto losses = cross_entropy(logits, labels, label_smoothing_, torch::kNone);
  if (class_weights_.empty()) return losses;
  const auto classes = static_cast<std::int64_t>(class_weights_.size());
  if (logits.size(1) != classes) {
    throw ShapeError("ClassificationObjective", "logits of " + std::to_string(classes) + " classes, one per weight",
                     std::to_string(logits.size(1)));
  }
  return torch::tensor(class_weights_, logits.options()).index_select(0, labels) * losses;
}

}  // namespace fovea
