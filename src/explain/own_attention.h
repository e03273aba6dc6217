#pragma once

#include <cstdint>
#include <optional>

#include <fovea/explain/method.h>
#include <fovea/nn/attention_map.h>

namespace fovea {

/// What a sample's attention map shows on the image plane, [H, W], or per channel, [C]; nothing when it shows neither.
/// Spatial and channel maps are taken as they are, dense ones as their mean over channels, pairwise ones as the attention
/// that each grid cell receives: the mean over heads and over those who ask. Where prefix tokens ask beside the cells, as a
/// vision transformer's class token does, only those count from whom the network's answer comes, the prefix or the cells: in
/// its last block nobody reads what the others gather.
std::optional<torch::Tensor> visible_values(const AttentionMap& map, std::int64_t sample);

/// The maps of the attention modules that are part of the network. See MethodRow::explain.
Explanation explain_by_attention(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                 std::optional<std::int64_t> target);

/// @throws InputError unless the batch holds one image.
void expect_one_image(const Batch& batch);

/// Probabilities and classes of one image's logits [1, K]; maps are left to the caller.
/// @throws InputError for a target that is no class, NumericError for scores that are not numbers.
Explanation explanation_of(const torch::Tensor& logits, std::optional<std::int64_t> target);

}  // namespace fovea
