#include <cmath>

#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/context/token_pool.h>
#include <fovea/attention/head_attention.h>
#include <fovea/base/error.h>
#include <fovea/nn/dropout.h>

namespace fovea {
namespace {

std::int64_t token_pool_heads(std::int64_t embed_channels, const TokenPoolOptions& options, const std::string& where) {
  if (options.heads > 0) {
    if (options.head_channels != TokenPoolOptions().head_channels) {
      throw InputError(where + ": heads", "no head_channels beside it", "both", "set one of them");
    }
    expect_divides(embed_channels, options.heads, where + ": heads");
    return options.heads;
  }
  if (embed_channels <= options.head_channels) return 1;
  expect_divides(embed_channels, options.head_channels, where + ": head_channels");
  return embed_channels / options.head_channels;
}

std::int64_t token_pool_size(std::int64_t value, std::int64_t otherwise) {
  return value > 0 ? value : otherwise;
}

}  // namespace

void TokenPoolOptions::visit_fields(FieldVisitor& fields) {
  visit_token_pool(fields, *this);
}

TokenPool::TokenPool(const char* name, const std::string& where, const InsertionPoint& point,
                     const TokenPoolOptions& options)
    : Pool(name),
      point_(expect_channels(point, name)),
      options_(options),
      embed_channels_(token_pool_size(options.embed_channels, channels())),
      heads_(token_pool_heads(embed_channels_, options, where)),
      out_features_(options.projection ? token_pool_size(options.out_features, channels()) : embed_channels_) {
  expect_effect(options.selection, where);
  expect_no_outer_query(point, where);
  if (!options.projection && options.out_features > 0) {
    throw InputError(where + ": out_features", "0 without projection", std::to_string(options.out_features));
  }
  if (options.class_token) cls_token_ = register_parameter("cls_token", torch::zeros({1, channels()}));
  const auto layer = [&](const char* called, std::int64_t features) {
    return register_module(called, torch::nn::Linear(torch::nn::LinearOptions(channels(), features).bias(options.qkv_bias)));
  };
  if (options.qkv_separate) {
    q_ = layer("q", embed_channels_);
    k_ = layer("k", embed_channels_);
    v_ = layer("v", embed_channels_);
  } else {
    qkv_ = layer("qkv", 3 * embed_channels_);
  }
  if (options.projection) proj_ = register_module("proj", torch::nn::Linear(embed_channels_, out_features_));
}

torch::Tensor TokenPool::attend(const PoolInput& input, ForwardContext& context) {
  return attended(input.features, /*all=*/false, context).squeeze(1);
}

torch::Tensor TokenPool::attend_all(const torch::Tensor& features, ForwardContext& context) {
  return attended(features, /*all=*/true, context);
}

torch::Tensor TokenPool::attended(const torch::Tensor& features, bool all, ForwardContext& context) {
  const Positions positions = input_positions(features);
  const auto first = cls_token_.defined() ? cls_token_.expand({features.size(0), 1, channels()})
                                          : positions.values.mean(1, /*keepdim=*/true);     // [N, 1, C]
  const auto tokens = with_positions(torch::cat({first, positions.values}, 1), positions);  // [N, 1 + L, C]
  const auto query = projected(all ? tokens : tokens.slice(1, 0, 1), 0);
  const HookedTensor about{
      .query_grid = all ? positions.grid : std::vector<std::int64_t>(), .key_grid = positions.grid, .prefix_tokens = 1};
  auto gathered =
      scaled_dot_product_attention(*this, all ? rotated(query, positions) : query, rotated(projected(tokens, 1), positions),
                                   projected(tokens, 2), about, context, options_.selection);
  if (is_training())
    gathered = apply_dropout(gathered, options_.dropout, context.random.child(point_.path).child("dropout"));
  return proj_ ? proj_(gathered) : gathered;
}

torch::Tensor TokenPool::projected(const torch::Tensor& tokens, std::int64_t part) {
  if (!qkv_) return split_heads((part == 0 ? q_ : part == 1 ? k_ : v_)(tokens), heads_);
  const auto rows = [&](const torch::Tensor& all) { return all.defined() ? all.chunk(3)[part] : torch::Tensor(); };
  return split_heads(torch::linear(tokens, rows(qkv_->weight), rows(qkv_->bias)), heads_);
}

void TokenPool::initialise(const RandomStream& stream) {
  const torch::NoGradGuard no_grad;
  if (cls_token_.defined()) cls_token_.zero_();
  for (const auto& [name, layer] : {std::pair{"qkv", qkv_}, {"q", q_}, {"k", k_}, {"v", v_}}) {
    if (!layer) continue;
    fill_normal(layer->weight, stream.child(name).child("weight"), 1 / std::sqrt(static_cast<double>(channels())));
    if (layer->bias.defined()) layer->bias.zero_();
  }
}

}  // namespace fovea
