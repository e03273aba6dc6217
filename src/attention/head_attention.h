#pragma once

#include <torch/torch.h>

#include <fovea/attention/selection.h>
#include <fovea/attention/token_heads.h>
#include <fovea/nn/forward_context.h>

namespace fovea {

/// Scaled dot-product attention, "Attention Is All You Need", arXiv:1706.03762: softmax(q k^T / sqrt(d)) v in every head.
/// Hooks see the weights: [N, heads, Q, K], or [N, 1, H, W] for one head and one query over the positions of a grid alone.
/// @param query [N, heads, Q, d]. @param key, value [N, heads, K, d]. @param about grids and prefix tokens of the hooked
/// weights; their kind and meaning are filled in. @param selection soft by default. @return [N, Q, heads x d].
torch::Tensor scaled_dot_product_attention(const torch::nn::Module& module, const torch::Tensor& query,
                                           const torch::Tensor& key, const torch::Tensor& value, HookedTensor about,
                                           ForwardContext& context, const Selection& selection = {});

/// Attention by given scores: softmax(scores) v in every head, or the values of hard choices. @param scores [N, heads, Q,
/// K]. The rest is as for scaled_dot_product_attention().
torch::Tensor attend_by_scores(const torch::nn::Module& module, const torch::Tensor& scores, const torch::Tensor& value,
                               HookedTensor about, ForwardContext& context, const Selection& selection);

}  // namespace fovea
