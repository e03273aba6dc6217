#include <string>
#include <utility>

#include <fovea/base/error.h>
#include <fovea/train/class_loss.h>

namespace fovea {
namespace {

using CrossEntropyOptions = torch::nn::functional::CrossEntropyFuncOptions;

torch::Tensor cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels, double label_smoothing,
                            const CrossEntropyOptions::reduction_t& reduction) {
  const auto options = CrossEntropyOptions().label_smoothing(label_smoothing).reduction(reduction);
  return torch::nn::functional::cross_entropy(logits, labels, options);
}

/// [N] -> [N times].
torch::Tensor each_repeated(const torch::Tensor& values, std::int64_t times) {
  return values.unsqueeze(1).expand({-1, times}).flatten();
}

}  // namespace

Targets Targets::repeated(std::int64_t times) const {
  Targets many = *this;
  for (torch::Tensor* values : {&many.labels, &many.other_labels, &many.lambda}) {
    if (values->defined()) *values = each_repeated(*values, times);
  }
  return many;
}

ClassLoss::ClassLoss(double label_smoothing, std::vector<double> class_weights)
    : label_smoothing_(label_smoothing), class_weights_(std::move(class_weights)) {}

torch::Tensor ClassLoss::rows(const torch::Tensor& logits, const Targets& targets) const {
  const auto own = label_losses(logits, targets.labels);
  if (!targets.other_labels.defined()) return own;
  const auto other = label_losses(logits, targets.other_labels);
  return targets.lambda * own + (1 - targets.lambda) * other;
}

torch::Tensor ClassLoss::mean(const torch::Tensor& logits, const Targets& targets) const {
  if (targets.other_labels.defined() || !class_weights_.empty()) return rows(logits, targets).mean();
  // One operator; it rounds differently from mean().
  return cross_entropy(logits, targets.labels, label_smoothing_, torch::kMean);
}

torch::Tensor ClassLoss::with_terms_of(const ForwardContext& context, const Targets& targets, torch::Tensor loss) const {
  for (const auto& [name, logits] : context.branch_logits) loss = loss + mean(logits, targets);
  for (const auto& [name, term] : context.losses) loss = loss + term;
  return loss;
}

torch::Tensor ClassLoss::label_losses(const torch::Tensor& logits, const torch::Tensor& labels) const {
  const auto losses = cross_entropy(logits, labels, label_smoothing_, torch::kNone);
  if (class_weights_.empty()) return losses;
  const auto classes = static_cast<std::int64_t>(class_weights_.size());
  if (logits.size(1) != classes) {
    throw ShapeError("ClassLoss", "logits of " + std::to_string(classes) + " classes, one per weight",
                     std::to_string(logits.size(1)));
  }
  return torch::tensor(class_weights_, logits.options()).index_select(0, labels) * losses;
}

}  // namespace fovea
