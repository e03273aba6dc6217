#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include <fovea/attention/positions.h>
#include <fovea/attention/self/multihead_attention.h>
#include <fovea/attention/token_heads.h>
#include <fovea/base/error.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// A mask as a term of the scores: 0 or minus infinity where it is not floating point.
torch::Tensor additive_mask(const torch::Tensor& mask, const torch::TensorOptions& options) {
  if (mask.is_floating_point()) return mask.to(options);
  return torch::zeros(mask.sizes(), options).masked_fill(mask.ne(0), -std::numeric_limits<double>::infinity());
}

void fill_glorot_uniform(const torch::Tensor& matrix, const RandomStream& stream) {
  const double bound = std::sqrt(6.0 / static_cast<double>(matrix.size(0) + matrix.size(1)));
  fill_uniform(matrix, stream, -bound, bound);
}

}  // namespace

void MultiheadAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 16}, "number of heads, a divisor of the channels");
  fields.integer("key_channels", key_channels, {0, 1 << 16}, "channels of the input keys; 0 = those of the queries");
  fields.integer("value_channels", value_channels, {0, 1 << 16}, "channels of the input values; 0 = those of the queries");
  fields.boolean("bias", bias, "biases in every projection");
  fields.boolean("extra_key", extra_key, "one more learned key and value for all images, as add_bias_kv of PyTorch");
}

MultiheadAttentionImpl::MultiheadAttentionImpl(std::int64_t channels, MultiheadAttentionOptions options)
    : CloneableModule("MultiheadAttention"),
      channels_(expect_positive(channels, "MultiheadAttention: channels")),
      options_(expect_in_range(options, "MultiheadAttention")) {
  expect_divides(channels, options.heads, "attention: heads");
  if (options_.key_channels == 0) options_.key_channels = channels;
  if (options_.value_channels == 0) options_.value_channels = channels;
  const auto parameter = [&](const char* name, torch::IntArrayRef shape) {
    return register_parameter(name, torch::zeros(shape));
  };
  if (options_.key_channels == channels && options_.value_channels == channels) {
    in_proj_weight_ = parameter("in_proj_weight", {3 * channels, channels});
  } else {
    q_proj_weight_ = parameter("q_proj_weight", {channels, channels});
    k_proj_weight_ = parameter("k_proj_weight", {channels, options_.key_channels});
    v_proj_weight_ = parameter("v_proj_weight", {channels, options_.value_channels});
  }
  if (options.bias) in_proj_bias_ = parameter("in_proj_bias", {3 * channels});
  if (options.extra_key) {
    bias_k_ = parameter("bias_k", {1, 1, channels});
    bias_v_ = parameter("bias_v", {1, 1, channels});
  }
  out_proj_ =
      register_module("out_proj", torch::nn::Linear(torch::nn::LinearOptions(channels, channels).bias(options.bias)));
  initialise(construction_stream());
}

AttentionResult MultiheadAttentionImpl::forward(const torch::Tensor& query, const torch::Tensor& key,
                                                const torch::Tensor& value, ContextArgument context,
                                                const AttentionMasks& masks) {
  expect_shapes(query, key, value);
  expect_masks(masks, query, key);
  const std::int64_t images = query.size(0);
  const auto weights = in_proj_weight_.defined()
                           ? in_proj_weight_.chunk(3)
                           : std::vector<torch::Tensor>{q_proj_weight_, k_proj_weight_, v_proj_weight_};
  const auto biases = in_proj_bias_.defined() ? in_proj_bias_.chunk(3) : std::vector<torch::Tensor>(3);
  const std::array inputs{query, key, value};
  std::array<torch::Tensor, 3> projected;  // [N, L or S, C]
  for (std::size_t i = 0; i < 3; ++i) projected[i] = torch::linear(inputs[i], weights[i], biases[i]);
  if (bias_k_.defined()) {
    projected[1] = torch::cat({projected[1], bias_k_.expand({images, 1, -1})}, 1);
    projected[2] = torch::cat({projected[2], bias_v_.expand({images, 1, -1})}, 1);
  }
  const auto queries = split_heads(projected[0], options_.heads);  // [N, heads, L, D]
  const auto keys = split_heads(projected[1], options_.heads);     // [N, heads, S, D]
  auto scores = torch::matmul(queries / std::sqrt(static_cast<double>(queries.size(3))), keys.transpose(2, 3));
  const auto add = [&](const torch::Tensor& mask) {  // the extra key is never masked
    const auto term = additive_mask(mask, scores.options().requires_grad(false));
    scores = scores + torch::constant_pad_nd(term, {0, scores.size(3) - mask.size(-1)});
  };
  if (masks.scores.defined()) {
    add(masks.scores.dim() == 3 ? masks.scores.unflatten(0, {images, options_.heads}) : masks.scores);
  }
  if (masks.keys.defined()) add(masks.keys.unsqueeze(1).unsqueeze(1));
  const auto hooked = context.of(*this).hook(*this, {MapKind::pairwise, Meaning::weights}, scores.softmax(-1));
  const auto gathered = torch::matmul(hooked, split_heads(projected[2], options_.heads));
  return {out_proj_(merge_heads(gathered)), hooked};
}

void MultiheadAttentionImpl::expect_shapes(const torch::Tensor& query, const torch::Tensor& key,
                                           const torch::Tensor& value) const {
  const auto has = [&](const torch::Tensor& tokens, std::int64_t channels) {
    return tokens.dim() == 3 && tokens.size(0) == query.size(0) && tokens.size(2) == channels;
  };
  if (has(query, channels_) && has(key, options_.key_channels) && has(value, options_.value_channels) &&
      key.size(1) == value.size(1)) {
    return;
  }
  throw ShapeError(
      name(),
      c10::str("[N, L, ", channels_, "], [N, S, ", options_.key_channels, "] and [N, S, ", options_.value_channels, "]"),
      shape_text(query) + ", " + shape_text(key) + " and " + shape_text(value));
}

void MultiheadAttentionImpl::expect_masks(const AttentionMasks& masks, const torch::Tensor& query,
                                          const torch::Tensor& key) const {
  const std::int64_t images = query.size(0), queries = query.size(1), keys = key.size(1);
  const std::vector<std::int64_t> shared{queries, keys}, of_heads{images * options_.heads, queries, keys};
  if (masks.scores.defined() && masks.scores.sizes() != shared && masks.scores.sizes() != of_heads) {
    throw ShapeError(name(),
                     c10::str("a mask of the scores ", torch::IntArrayRef(shared), " or ", torch::IntArrayRef(of_heads)),
                     shape_text(masks.scores));
  }
  const std::vector<std::int64_t> of_keys{images, keys};
  if (masks.keys.defined() && masks.keys.sizes() != of_keys) {
    throw ShapeError(name(), c10::str("a mask of the keys ", torch::IntArrayRef(of_keys)), shape_text(masks.keys));
  }
}

void MultiheadAttentionImpl::initialise(const RandomStream& stream) {
  const torch::NoGradGuard no_grad;
  for (auto& item : named_parameters(/*recurse=*/false)) {
    if (item.value().dim() == 2) fill_glorot_uniform(item.value(), stream.child(item.key()));
    if (item.value().dim() == 3) {
      fill_normal(item.value(), stream.child(item.key()), 1 / std::sqrt(static_cast<double>(channels_)));
    }
  }
  if (!options_.bias) return;
  in_proj_bias_.zero_();
  out_proj_->bias.zero_();
}

std::shared_ptr<torch::nn::Module> MultiheadAttentionImpl::rebuilt() const {
  return std::make_shared<MultiheadAttentionImpl>(channels_, options_);
}

}  // namespace fovea
