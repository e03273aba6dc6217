#include <fovea/nn/attention_map.h>

namespace fovea {
namespace {

/// Drops the singleton dimensions that a map carries for broadcasting.
torch::Tensor canonical(TapKind kind, const torch::Tensor& tensor) {
  if (tensor.dim() != 4) return tensor;
  if (kind == TapKind::channel) return tensor.flatten(1);  // [N, C, 1, 1] -> [N, C]
  if (kind == TapKind::spatial) return tensor.squeeze(1);  // [N, 1, H, W] -> [N, H, W]
  return tensor;
}

}  // namespace

AttentionRecorder::AttentionRecorder(const torch::nn::Module& root) : names_(root) {}

torch::Tensor AttentionRecorder::tap(const torch::nn::Module& module, const Tap& tap, const torch::Tensor& tensor) {
  if (tap.kind != TapKind::features) {
    maps.push_back({names_.of(module), tap.kind, tap.meaning, canonical(tap.kind, tensor.detach()), tap.query_grid,
                    tap.key_grid, tap.prefix_tokens, tap.prefix_is_read, tap.frame});
  }
  return tensor;
}

}  // namespace fovea
