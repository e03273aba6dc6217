#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include <fovea/models/backbone_attention.h>
#include <fovea/models/transformer/transformer_block.h>

namespace fovea {

struct TransformerTrunkOptions {
  TransformerBlockOptions block;
  std::vector<double> drop_probabilities;  ///< of each block's branches; as many as there are blocks
  std::int64_t prefix_tokens = 0;
  bool prefix_is_read = true;  ///< the logits come from the prefix; see AttentionMap
  /// The logits depend on the patches after the last block. Where they come from the class token alone, the last block has
  /// no gate and the last stage neither gate nor warp, which would have no effect.
  bool patches_are_read = true;
};

/// Stage, from 1, of block `index` (from 0): four stages of about equal depth, or, with fewer than four blocks, one for each
/// block. A transformer has no stages of its own; with these, `stages: [3, 4]` is the second half of the network, as in a
/// ResNet.
std::int64_t transformer_stage(std::int64_t index, std::int64_t depth);

/// Blocks of a transformer, registered as `blocks`, in stages. Insertion points: after a stage, a gate and a warp
/// (`stage1_gate`, `stage1_warp`) of the patches as a map; prefix tokens bypass them.
class TransformerTrunk {
 public:
  TransformerTrunk() = default;
  /// @param grid shape of the patches as a map; on return that after the last stage. @param around gets the stages.
  TransformerTrunk(torch::nn::Module& owner, const TransformerTrunkOptions& options, FeatureShape& grid,
                   BackboneAttention& around, AttentionFactory& attention);

  /// @param tokens [N, P + h w, C]. @param passing on return, the patches as a map after the last stage, and the stages.
  /// Hooks see `features` [N, C, h, w], the patches after each stage, of its last block (e.g. `blocks.2`).
  /// @param reads_patches false: the logits do not depend on the patches after the last block. Hooks then see the patches
  /// that its attention reads (e.g. `blocks.11.norm1`), and `passing` does not get the last stage.
  torch::Tensor forward(torch::Tensor tokens, PoolInput& passing, const BackboneAttention& around, ForwardContext& context,
                        bool reads_patches) const;

 private:
  bool ends_stage(std::int64_t index) const;

  torch::nn::ModuleList blocks_{nullptr};
};

}  // namespace fovea
