#include <fovea/policy/returns.h>

namespace fovea {

torch::Tensor choice_returns(Reward reward, const torch::Tensor& logits, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  const std::int64_t choices = logits.size(1) - 1;
  if (reward == Reward::correct) {
    const auto correct = logits.select(1, choices).argmax(1).eq(labels).to(logits.scalar_type());
    return correct.unsqueeze(1).expand({-1, choices});
  }
  const auto of_label = labels.view({-1, 1, 1}).expand({-1, choices + 1, 1});
  const auto probability = logits.softmax(2).gather(2, of_label).squeeze(2);
  return probability.slice(1, choices) - probability.slice(1, 0, choices);
}

torch::Tensor final_returns(Reward reward, const torch::Tensor& logits, const torch::Tensor& labels) {
  const torch::NoGradGuard no_grad;
  if (reward == Reward::correct) return logits.argmax(1).eq(labels).to(logits.scalar_type()).unsqueeze(1);
  return logits.softmax(1).gather(1, labels.unsqueeze(1));
}

}  // namespace fovea
