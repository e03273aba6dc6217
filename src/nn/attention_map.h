#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/nn/forward_hooks.h>

namespace fovea {

/// One attention map of a forward pass, in its canonical shape:
///
/// | kind     | tensor         |                                                        |
/// |----------|----------------|--------------------------------------------------------|
/// | channel  | [N, C]         |                                                        |
/// | spatial  | [N, H, W]      |                                                        |
/// | dense    | [N, C, H, W]   |                                                        |
/// | branch   | [N, B, C]      |                                                        |
/// | pairwise | [N, heads, Q, K] | Q and K count grid cells row by row, behind `prefix_tokens` others |
/// | windows  | [N, T, S, 4]   | T steps, S scales; centre x, y, half width, half height in [-1, 1] of the input |
struct AttentionMap {
  std::string layer;  ///< name of the module that made it, as in the root's named_modules()
  MapKind kind = MapKind::spatial;
  Meaning meaning = Meaning::gate;
  torch::Tensor values;
  std::vector<std::int64_t> query_grid;  ///< pairwise: {height, width} of the queries; else empty
  std::vector<std::int64_t> key_grid;    ///< pairwise: {height, width} of the keys; else empty
  std::int64_t prefix_tokens = 0;        ///< pairwise: tokens before the grid, e.g. 1 class token
  /// pairwise, where a prefix asks beside the grid: whether the network's answer comes from the prefix; else it comes from
  /// the grid, as where a vision transformer averages its patches.
  bool prefix_is_read = true;
  /// [N, 2, 3]: from the map's (x, y, 1), x and y in [-1, 1] between the outer pixel edges, to the network input's.
  /// Undefined when the map lies on the input as it is.
  torch::Tensor theta;
};

/// Keeps every attention map of the forward passes it is given to; lets all tensors pass unchanged.
class AttentionRecorder final : public ForwardHooks {
 public:
  /// @param root the network whose module names the maps carry; must outlive the recorder.
  explicit AttentionRecorder(const torch::nn::Module& root);

  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override;

  std::vector<AttentionMap> maps;

 private:
  ModuleNames names_;
};

}  // namespace fovea
