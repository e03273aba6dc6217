#include <utility>

#include <fovea/attention/head_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/attention/self/grid_heads.h>
#include <fovea/attention/self/self_attention.h>
#include <fovea/attention/token_heads.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {

void SelfAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 16}, "number of heads");
  fields.integer("head_channels", head_channels, {0, 1 << 16}, "channels of one head; 0 is channels / heads");
  fields.boolean("qkv_bias", qkv_bias, "biases in the projections to queries, keys and values");
  fields.boolean("qk_norm", qk_norm, "layer norm of each query and key");
  fields.boolean("scale_norm", scale_norm, "layer norm of the concatenated heads");
  fields.boolean("gated", gated, "multiply the concatenated heads by a sigmoid gate of the token");
  fields.boolean("proj_bias", proj_bias, "bias in the projection behind the heads");
}

SelfAttentionImpl::SelfAttentionImpl(std::int64_t channels, std::int64_t out_channels, SelfAttentionOptions options,
                                     double norm_epsilon, std::string mechanism)
    : CloneableModule("SelfAttention"),
      channels_(expect_positive(channels, "SelfAttention: channels")),
      out_channels_(expect_positive(out_channels, "SelfAttention: out_channels")),
      options_(expect_in_range(options, "SelfAttention")),
      norm_epsilon_(expect_in_range(norm_epsilon, kNormEpsilon, "SelfAttention: norm_epsilon")),
      mechanism_(std::move(mechanism)) {
  const std::int64_t head_channels =
      options.head_channels > 0 ? options.head_channels : channels_per_head(channels, options.heads, mechanism_ + ": heads");
  const std::int64_t width = options.heads * head_channels;
  const auto linear = [](std::int64_t in, std::int64_t out, bool bias) {
    return torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(bias));
  };
  const auto norm = [&](std::int64_t features) {
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({features}).eps(norm_epsilon));
  };
  qkv_ = register_module("qkv", linear(channels, 3 * width, options.qkv_bias));
  if (options.qk_norm) {
    q_norm_ = register_module("q_norm", norm(head_channels));
    k_norm_ = register_module("k_norm", norm(head_channels));
  }
  if (options.scale_norm) norm_ = register_module("norm", norm(width));
  if (options.gated) gate_ = register_module("gate", linear(channels, width, options.qkv_bias));
  proj_ = register_module("proj", linear(width, out_channels, options.proj_bias));
}

torch::Tensor SelfAttentionImpl::forward(const torch::Tensor& tokens, ContextArgument context, const TokenLayout& layout) {
  if (tokens.dim() != 3 || tokens.size(2) != channels_ || tokens.numel() == 0) {
    throw ShapeError(name(), "tokens [N, L, " + std::to_string(channels_) + "]", shape_text(tokens));
  }
  const std::int64_t heads = options_.heads;
  const auto projected = qkv_(tokens).chunk(3, 2);
  auto queries = split_heads(projected[0], heads);  // [N, heads, L, D]
  auto keys = split_heads(projected[1], heads);
  if (q_norm_) {
    queries = q_norm_(queries);
    keys = k_norm_(keys);
  }
  const HookedTensor about{.query_grid = layout.grid,
                           .key_grid = layout.grid,
                           .prefix_tokens = layout.prefix_tokens,
                           .prefix_is_read = layout.prefix_is_read};
  auto merged =
      scaled_dot_product_attention(*this, queries, keys, split_heads(projected[2], heads), about, context.of(*this));
  if (norm_) merged = norm_(merged);
  if (gate_) merged = merged * torch::sigmoid(gate_(tokens));
  return proj_(merged);
}

std::shared_ptr<torch::nn::Module> SelfAttentionImpl::rebuilt() const {
  return std::make_shared<SelfAttentionImpl>(channels_, out_channels_, options_, norm_epsilon_, mechanism_);
}

GridSelfAttentionImpl::GridSelfAttentionImpl(std::int64_t in_channels, std::int64_t out_channels,
                                             SelfAttentionOptions options)
    : GridSelfAttentionImpl(InsertionPoint{.kind = InsertionKind::conv, .in = {in_channels}, .out_channels = out_channels},
                            options) {}

GridSelfAttentionImpl::GridSelfAttentionImpl(const InsertionPoint& point, SelfAttentionOptions options)
    : Mixer("GridSelfAttention"),
      point_(expect_mixer_channels(point, "GridSelfAttention")),
      options_(expect_in_range(options, "GridSelfAttention")) {
  attn_ = register_module("attn", std::make_shared<SelfAttentionImpl>(point.in.channels, point.out_channels, options,
                                                                      kLayerNormEpsilon, "mhsa"));
}

torch::Tensor GridSelfAttentionImpl::attend(const torch::Tensor& features, ForwardContext& context) {
  expect_features(*this, features, point_.in.channels);
  const auto positions = positions_of(*this, features, point_.in.channels);
  const auto attended = attn_->forward(positions.values, context, {positions.grid});
  return average_strided(to_grid(attended, positions.grid[0], positions.grid[1]), point_.stride);
}

std::shared_ptr<torch::nn::Module> GridSelfAttentionImpl::rebuilt() const {
  return std::make_shared<GridSelfAttentionImpl>(point_, options_);
}

}  // namespace fovea
