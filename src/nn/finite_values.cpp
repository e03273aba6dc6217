#include <cmath>

#include <fovea/base/error.h>
#include <fovea/nn/finite_values.h>

namespace fovea {

bool is_finite(const torch::Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return true;
  const auto [least, most] = torch::aminmax(tensor.to(torch::kFloat32));  // NaN propagates; no copies, unlike isfinite()
  return std::isfinite(least.item<float>()) && std::isfinite(most.item<float>());
}

std::string first_not_finite(const torch::nn::Module& network) {
  const torch::NoGradGuard no_grad;
  for (const auto& item : network.named_parameters()) {
    if (!is_finite(item.value())) return item.key();
  }
  for (const auto& item : network.named_buffers()) {
    if (!is_finite(item.value())) return item.key();
  }
  return "";
}

void expect_class_scores(const torch::Tensor& logits, const torch::nn::Module& network) {
  if (is_finite(logits.detach().amax(1))) return;
  const std::string tensor = first_not_finite(network);
  throw NumericError("class scores: expected finite numbers, got NaN or infinity; " +
                     (tensor.empty() ? "the network's tensors are finite, so its activations overflow"
                                     : "the network's tensor '" + tensor + "' is not finite"));
}

}  // namespace fovea
