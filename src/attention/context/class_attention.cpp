#include <fovea/attention/context/class_attention.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/head_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/nn/dropout.h>
#include <fovea/options/check.h>

namespace fovea {

void ClassAttentionOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 12}, "number of heads");
  fields.boolean("qkv_bias", qkv_bias, "biases of queries, keys and values");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature of the result, in training");
  selection.visit_fields(fields);
}

ClassAttentionImpl::ClassAttentionImpl(std::int64_t channels, ClassAttentionOptions options)
    : CloneableModule("ClassAttention"),
      channels_(expect_positive(channels, "ClassAttention: channels")),
      options_(expect_in_range(options, "ClassAttention")) {
  expect_effect(options.selection, "class_attention");
  expect_divides(channels, options.heads, "class_attention: heads");
  const auto projection = torch::nn::LinearOptions(channels, channels).bias(options.qkv_bias);
  q_ = register_module("q", torch::nn::Linear(projection));
  k_ = register_module("k", torch::nn::Linear(projection));
  v_ = register_module("v", torch::nn::Linear(projection));
  proj_ = register_module("proj", torch::nn::Linear(channels, channels));
}

torch::Tensor ClassAttentionImpl::forward(const torch::Tensor& tokens, const std::vector<std::int64_t>& grid,
                                          ContextArgument context) {
  const std::int64_t heads = options_.heads;
  const auto all = positions_of(*this, tokens, channels_).values;
  const auto query = split_heads(q_(all.slice(1, 0, 1)), heads);  // [N, heads, 1, d]
  const HookedTensor about{.key_grid = grid, .prefix_tokens = 1};
  return proj_(scaled_dot_product_attention(*this, query, split_heads(k_(all), heads), split_heads(v_(all), heads), about,
                                            context.of(*this), options_.selection));
}

std::shared_ptr<torch::nn::Module> ClassAttentionImpl::rebuilt() const {
  return std::make_shared<ClassAttentionImpl>(channels_, options_);
}

ClassAttentionPoolImpl::ClassAttentionPoolImpl(std::int64_t channels, ClassAttentionOptions options)
    : ClassAttentionPoolImpl(InsertionPoint{.kind = InsertionKind::pool, .in = {channels}}, options) {}

ClassAttentionPoolImpl::ClassAttentionPoolImpl(const InsertionPoint& point, ClassAttentionOptions options)
    : Pool("ClassAttentionPool"),
      point_(expect_channels(point, "ClassAttentionPool")),
      options_(expect_in_range(options, "ClassAttentionPool")) {
  const std::int64_t channels = point.in.channels;
  expect_no_outer_query(point, "class_attention");
  cls_token_ = register_parameter("cls_token", torch::zeros({1, 1, channels}));
  attn_ = register_module("attn", std::make_shared<ClassAttentionImpl>(channels, options));
  initialise(construction_stream());
}

torch::Tensor ClassAttentionPoolImpl::attend(const PoolInput& input, ForwardContext& context) {
  const std::int64_t channels = point_.in.channels;
  const Positions positions = positions_of(*this, input.features, channels);
  const auto tokens = torch::cat({cls_token_.expand({positions.values.size(0), 1, channels}), positions.values}, 1);
  const auto gathered = attn_->forward(tokens, positions.grid, context).squeeze(1);
  if (!is_training()) return gathered;
  return apply_dropout(gathered, options_.dropout, context.random.child(point_.path).child("dropout"));
}

void ClassAttentionPoolImpl::initialise(const RandomStream& stream) {
  fill_normal(cls_token_, stream.child("cls_token"), 0.02);
}

std::shared_ptr<torch::nn::Module> ClassAttentionPoolImpl::rebuilt() const {
  return std::make_shared<ClassAttentionPoolImpl>(point_, options_);
}

}  // namespace fovea
