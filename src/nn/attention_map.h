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
/// | pairwise | [N, heads, Q, K] | Q and K count grid positions row by row, after `prefix_tokens` others |
/// | windows  | [N, T, S, 4]   | T steps, S scales; centre x, y, half width, half height in [-1, 1] of the input |
struct AttentionMap {
  std::string layer;  ///< name of the module, as in the root's named_modules()
  MapKind kind = MapKind::spatial;
  Meaning meaning = Meaning::gate;
  torch::Tensor values;
  std::vector<std::int64_t> query_grid;  ///< pairwise: {height, width} of the queries; else empty
  std::vector<std::int64_t> key_grid;    ///< pairwise: {height, width} of the keys; else empty
  std::int64_t prefix_tokens = 0;        ///< pairwise: tokens before the grid, e.g. 1 class token
  /// pairwise, with prefix queries beside those of the grid: true when the classifier reads the prefix (class token); false
  /// when it reads the grid, as in a vision transformer that averages its patches.
  bool prefix_is_read = true;
  /// Affine transform [N, 2, 3] from normalised coordinates (x, y, 1) of the map to those of the network input; see
  /// GlimpseTrajectory for the coordinates. Undefined for the identity.
  torch::Tensor theta;
};

/// Hooks that record every attention map and change no tensor.
class AttentionRecorder final : public ForwardHooks {
 public:
  /// @param root network whose module names the maps have; must outlive the recorder.
  explicit AttentionRecorder(const torch::nn::Module& root);

  torch::Tensor on_tensor(const torch::nn::Module& module, const HookedTensor& about, const torch::Tensor& tensor) override;

  std::vector<AttentionMap> maps;

 private:
  ModuleNames names_;
};

}  // namespace fovea
