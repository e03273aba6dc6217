#include <fovea/attention/context/class_attention.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/head_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/nn/dropout.h>

namespace fovea {

void ClassAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 12}, "number of heads");
  fields.boolean("qkv_bias", qkv_bias, "biases of queries, keys and values");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature of the result, in training");
}

ClassAttentionImpl::ClassAttentionImpl(std::int64_t channels, const ClassAttentionOptions& options)
    : CloneableModule("ClassAttention"), channels_(channels), heads_(options.heads) {
  expect_divides(channels, heads_, "class_attention: heads");
  const auto projection = torch::nn::LinearOptions(channels, channels).bias(options.qkv_bias);
  q_ = register_module("q", torch::nn::Linear(projection));
  k_ = register_module("k", torch::nn::Linear(projection));
  v_ = register_module("v", torch::nn::Linear(projection));
  proj_ = register_module("proj", torch::nn::Linear(channels, channels));
}

torch::Tensor ClassAttentionImpl::forward(const torch::Tensor& tokens, const std::vector<std::int64_t>& grid,
                                          ForwardContext& context) {
  const auto all = positions_of(*this, tokens, channels_).values;
  const auto query = split_heads(q_(all.slice(1, 0, 1)), heads_);  // [N, heads, 1, d]
  const HookedTensor about{.key_grid = grid, .prefix_tokens = 1};
  return proj_(scaled_dot_product_attention(*this, query, split_heads(k_(all), heads_), split_heads(v_(all), heads_), about,
                                            context));
}

ClassAttentionPoolImpl::ClassAttentionPoolImpl(const InsertionPoint& point, const ClassAttentionOptions& options)
    : Pool("ClassAttentionPool"), channels_(point.in.channels), dropout_(options.dropout), path_(point.path) {
  expect_no_outer_query(point, "class_attention");
  cls_token_ = register_parameter("cls_token", torch::zeros({1, 1, channels_}));
  attn_ = register_module("attn", std::make_shared<ClassAttentionImpl>(channels_, options));
}

torch::Tensor ClassAttentionPoolImpl::attend(const PoolInput& input, ForwardContext& context) {
  const Positions positions = positions_of(*this, input.features, channels_);
  const auto tokens = torch::cat({cls_token_.expand({positions.values.size(0), 1, channels_}), positions.values}, 1);
  const auto gathered = attn_->forward(tokens, positions.grid, context).squeeze(1);
  if (!is_training()) return gathered;
  return dropout(gathered, dropout_, context.random.child(path_).child("dropout"));
}

void ClassAttentionPoolImpl::initialise(const RandomStream& stream) {
  fill_normal(cls_token_, stream.child("cls_token"), 0.02);
}

}  // namespace fovea
