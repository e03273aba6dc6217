#include <fovea/nn/dropout.h>

namespace fovea {

torch::Tensor dropout_mask(torch::IntArrayRef shape, double probability, RandomStream stream,
                           const torch::TensorOptions& options) {
  const auto kept = torch::empty(shape, torch::kFloat32);
  float* factor = kept.data_ptr<float>();
  for (std::int64_t i = 0; i < kept.numel(); ++i) factor[i] = stream.chance(probability) ? 0.0F : 1.0F;
  return kept.to(options).div_(1 - probability);
}

torch::Tensor apply_dropout(const torch::Tensor& features, double probability, const RandomStream& stream) {
  if (probability == 0) return features;
  return features * dropout_mask(features.sizes(), probability, stream, features.options().requires_grad(false));
}

}  // namespace fovea
