#include <fovea/train/objective.h>

namespace fovea {

torch::Tensor ClassificationObjective::loss(const ModelOutput& output, const Batch& batch,
                                            const ForwardContext& context) const {
  const auto options = torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(label_smoothing_);
  const auto cross_entropy = [&](const torch::Tensor& labels, const auto& reduction) {
    return torch::nn::functional::cross_entropy(
        output.logits, labels, torch::nn::functional::CrossEntropyFuncOptions(options).reduction(reduction));
  };
  torch::Tensor loss;
  if (batch.other_labels.defined()) {
    const auto own = cross_entropy(batch.labels, torch::kNone);          // [N]
    const auto other = cross_entropy(batch.other_labels, torch::kNone);  // [N]
    loss = (batch.own_share * own + (1 - batch.own_share) * other).mean();
  } else {
    loss = cross_entropy(batch.labels, torch::kMean);
  }
  for (const auto& [name, term] : context.losses) loss = loss + term;
  return loss;
}

}  // namespace fovea
