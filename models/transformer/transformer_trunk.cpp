#include <fovea/models/transformer/patch_embedding.h>
#include <fovea/models/transformer/transformer_trunk.h>

namespace fovea {

std::int64_t transformer_stage(std::int64_t index, std::int64_t depth) {
  constexpr std::int64_t kStages = 4;
  return 1 + (depth < kStages ? index : index * kStages / depth);
}

TransformerTrunk::TransformerTrunk(torch::nn::Module& owner, const TransformerTrunkOptions& options, FeatureShape& grid,
                                   BackboneAttention& around, AttentionFactory& attention)
    : blocks_(owner.register_module("blocks", torch::nn::ModuleList())) {
  const auto depth = std::ssize(options.drop_probabilities);
  for (std::int64_t i = 0; i < depth; ++i) {
    const TransformerBlockPlan plan{"blocks." + std::to_string(i),
                                    transformer_stage(i, depth),
                                    grid,
                                    options.prefix_tokens,
                                    options.drop_probabilities[static_cast<std::size_t>(i)],
                                    options.prefix_is_read};
    const bool is_read = options.patches_are_read || i + 1 < depth;
    blocks_->push_back(std::make_shared<TransformerBlockImpl>(plan, options.block, is_read ? attention : no_attention()));
    if (i + 1 < depth && transformer_stage(i + 1, depth) == plan.stage) continue;
    around.add_stage(owner, "stage" + std::to_string(plan.stage), grid, is_read ? attention : no_attention());
  }
}

bool TransformerTrunk::ends_stage(std::int64_t index) const {
  const auto depth = static_cast<std::int64_t>(blocks_->size());
  return index + 1 == depth || transformer_stage(index + 1, depth) != transformer_stage(index, depth);
}

torch::Tensor TransformerTrunk::forward(torch::Tensor tokens, PoolInput& passing, const BackboneAttention& around,
                                        ForwardContext& context, bool reads_patches) const {
  const auto depth = static_cast<std::int64_t>(blocks_->size());
  for (std::int64_t i = 0; i < depth; ++i) {
    auto& block = *blocks_->ptr(static_cast<std::size_t>(i))->as<TransformerBlockImpl>();
    const bool is_read = reads_patches || i + 1 < depth;
    tokens = block.forward(tokens, context, /*hooks_input=*/!is_read);
    const bool is_stage = ends_stage(i);
    if (!is_read || (!is_stage && context.hooks == nullptr)) continue;
    passing.features = patches_of(tokens, block.layout());
    if (is_stage) {
      around.finish_stage(passing.stages.size(), block, passing, context);
    } else {
      passing.features = context.hook_layer(block, passing.features);
    }
    tokens = with_patches(tokens, passing.features, block.layout().prefix_tokens);
  }
  return tokens;
}

}  // namespace fovea
