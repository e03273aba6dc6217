#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <fovea/explain/method.h>
#include <fovea/nn/attention_map.h>

namespace fovea {

/// Values of a sample's attention map on the image plane, [H, W], or per channel, [C]; None for other maps. Spatial and
/// channel maps are unchanged, dense maps are averaged over channels. A pairwise map gives the attention that each grid
/// position receives, averaged over heads and queries. With prefix queries beside those of the grid, as the class token of a
/// vision transformer, only the queries that the classifier reads count, those of the prefix or those of the grid: in the
/// last block the others have no influence.
std::optional<torch::Tensor> visible_values(const AttentionMap& map, std::int64_t sample);

/// Attention maps of the network's own modules. See MethodRow::explain.
Explanation explain_by_attention(Classifier& classifier, const Batch& batch, const LayerFilter& wanted,
                                 const std::vector<std::int64_t>& targets);

/// @throws InputError unless the batch has one image.
void expect_one_image(const Batch& batch);

/// Explanation from the network's logits [1, K] for one image, without maps.
/// @throws InputError for a target that is not a class, NumericError for logits that are not finite.
Explanation explanation_of(const torch::nn::Module& network, const torch::Tensor& logits,
                           const std::vector<std::int64_t>& targets);

}  // namespace fovea
