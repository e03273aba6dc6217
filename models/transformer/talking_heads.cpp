#include <cmath>

#include <fovea/attention/positions.h>
#include <fovea/attention/token_heads.h>
#include <fovea/models/transformer/talking_heads.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// A linear layer over the heads of [N, heads, Q, K].
torch::Tensor mixed_over_heads(const torch::nn::Linear& layer, const torch::Tensor& maps) {
  return torch::conv2d(maps, layer->weight.unflatten(1, {-1, 1, 1}), layer->bias);
}

}  // namespace

TalkingHeadsImpl::TalkingHeadsImpl(std::int64_t channels, std::int64_t heads, bool qkv_bias)
    : CloneableModule("TalkingHeads"),
      channels_(expect_positive(channels, "TalkingHeads: channels")),
      heads_(expect_positive(heads, "TalkingHeads: heads")),
      qkv_bias_(qkv_bias) {
  expect_divides(channels, heads, "TalkingHeads: heads");
  qkv_ = register_module("qkv", torch::nn::Linear(torch::nn::LinearOptions(channels, 3 * channels).bias(qkv_bias)));
  proj_l_ = register_module("proj_l", torch::nn::Linear(heads, heads));
  proj_w_ = register_module("proj_w", torch::nn::Linear(heads, heads));
  proj_ = register_module("proj", torch::nn::Linear(channels, channels));
}

std::shared_ptr<torch::nn::Module> TalkingHeadsImpl::rebuilt() const {
  return std::make_shared<TalkingHeadsImpl>(channels_, heads_, qkv_bias_);
}

torch::Tensor TalkingHeadsImpl::forward(const torch::Tensor& tokens, ContextArgument context, const TokenLayout& layout) {
  const auto projected = qkv_(tokens).chunk(3, 2);
  const auto queries = split_heads(projected[0], heads_);  // [N, heads, L, D]
  const auto keys = split_heads(projected[1], heads_);
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(3)));
  const auto scores = torch::matmul(queries * scale, keys.transpose(2, 3));  // [N, heads, L, L]
  const HookedTensor about{.kind = MapKind::pairwise,
                           .meaning = Meaning::weights,
                           .query_grid = layout.grid,
                           .key_grid = layout.grid,
                           .prefix_tokens = layout.prefix_tokens,
                           .prefix_is_read = layout.prefix_is_read};
  const auto weights = context.of(*this).hook(*this, about, torch::softmax(mixed_over_heads(proj_l_, scores), 3));
  return proj_(merge_heads(torch::matmul(mixed_over_heads(proj_w_, weights), split_heads(projected[2], heads_))));
}

}  // namespace fovea
