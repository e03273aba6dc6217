#include <fovea/nn/attention_map.h>

namespace fovea {
namespace {

/// Drops the singleton dimensions that a map carries for broadcasting.
torch::Tensor canonical(MapKind kind, const torch::Tensor& tensor) {
  if (tensor.dim() != 4) return tensor;
  if (kind == MapKind::channel) return tensor.flatten(1);  // [N, C, 1, 1] -> [N, C]
  if (kind == MapKind::spatial) return tensor.squeeze(1);  // [N, 1, H, W] -> [N, H, W]
  return tensor;
}

}  // namespace

AttentionRecorder::AttentionRecorder(const torch::nn::Module& root) : names_(root) {}

torch::Tensor AttentionRecorder::on_tensor(const torch::nn::Module& module, const HookedTensor& about,
                                           const torch::Tensor& tensor) {
  if (!is_features(about.kind)) {
    maps.push_back({names_.of(module), about.kind, about.meaning, canonical(about.kind, tensor.detach()), about.query_grid,
                    about.key_grid, about.prefix_tokens, about.prefix_is_read, about.theta});
  }
  return tensor;
}

}  // namespace fovea
