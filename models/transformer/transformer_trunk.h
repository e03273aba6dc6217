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
  bool prefix_is_read = true;  ///< whether the logits come from the prefix; see AttentionMap
  /// Whether what lies behind the last block is read. Where it is not (the class token alone makes the logits), the last
  /// block has no gate and the last stage neither gate nor warp: they would change nothing.
  bool patches_are_read = true;
};

/// The stage, from 1, of block `index` (from 0): four stages as equal as they can be, or, with fewer than four blocks, one
/// for each block. A transformer has no stages of its own; these stand where a ResNet's stand in depth, and `stages: [3, 4]`
/// means the second half of either.
std::int64_t transformer_stage(std::int64_t index, std::int64_t depth);

/// The blocks of a transformer, registered as `blocks`, in stages. Slots: behind a stage the patches, as a map, go through
/// its gate and warp (`stage1_gate`, `stage1_warp`) and the prefix passes by.
class TransformerTrunk {
 public:
  TransformerTrunk() = default;
  /// @param grid the patches as a map; on return what the last stage gives. @param around where the stages are added.
  TransformerTrunk(torch::nn::Module& owner, const TransformerTrunkOptions& options, FeatureShape& grid,
                   BackboneAttention& around, AttentionFactory& attention);

  /// @param tokens [N, P + h w, C]. @param passing on return, the patches as a map behind the last stage, and the stages.
  /// Hooks see `features` [N, C, h, w], the patches behind each stage, of its last block (`blocks.2`). Unless
  /// `reads_patches`, nothing of them reaches the logits behind the last block; then the last stage's are those that its
  /// attention reads
  /// (`blocks.11.norm1`), and `passing` is left without them.
  torch::Tensor forward(torch::Tensor tokens, PoolInput& passing, const BackboneAttention& around, ForwardContext& context,
                        bool reads_patches) const;

 private:
  bool ends_stage(std::int64_t index) const;

  torch::nn::ModuleList blocks_{nullptr};
};

}  // namespace fovea
