#include <fovea/train/objective.h>

namespace fovea {

torch::Tensor ClassificationObjective::loss(const ModelOutput& output, const torch::Tensor& labels,
                                            const ForwardContext& context) const {
  const auto options = torch::nn::functional::CrossEntropyFuncOptions().label_smoothing(label_smoothing_);
  auto loss = torch::nn::functional::cross_entropy(output.logits, labels, options);
  for (const auto& [name, term] : context.losses) loss = loss + term;
  return loss;
}

}  // namespace fovea
