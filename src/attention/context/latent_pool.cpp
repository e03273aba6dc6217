#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include <fovea/attention/context/grid_positions.h>
#include <fovea/attention/context/latent_pool.h>
#include <fovea/attention/context/pool_query.h>
#include <fovea/attention/head_attention.h>
#include <fovea/attention/internal/function_fields.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/nn/dropout.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// @throws InputError for options of layers that the pool does not have.
const LatentPoolOptions& expect_effect(const LatentPoolOptions& options) {
  if (options.projection) return options;
  const LatentPoolOptions defaults;
  for (const auto& [name, is_default] : {std::pair("out_features", options.out_features == defaults.out_features),
                                         {"mlp_ratio", options.mlp_ratio == defaults.mlp_ratio},
                                         {"activation", options.activation == defaults.activation},
                                         {"norm", options.norm == defaults.norm}}) {
    if (is_default) continue;
    throw InputError(std::string("LatentPool: ") + name, "its default without projection", "another value",
                     "set projection: true, or remove the option");
  }
  return options;
}

}  // namespace

void LatentPoolOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("heads", heads, {1, 1 << 12}, "number of heads");
  fields.integer("latents", latents, {1, 1 << 12}, "number of learned queries");
  fields.choice("pool_type", pool_type,
                {{"token", LatentPoolType::token}, {"mean", LatentPoolType::mean}, {"concat", LatentPoolType::concat}},
                "result of several latents: the first output, the mean of all, or all concatenated");
  fields.integer("out_features", out_features, {0, 1 << 16},
                 "features of each latent's output; 0 = the positions' channels");
  fields.boolean("projection", projection,
                 "linear layer and feed-forward layers behind the heads; without them the result has as many features as "
                 "the positions have channels");
  fields.real("mlp_ratio", mlp_ratio, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "width of the feed-forward layers' hidden layer / out_features");
  visit_activation(fields, "activation", activation, "activation of the feed-forward layers");
  fields.boolean("qkv_bias", qkv_bias, "biases of queries, keys and values");
  fields.boolean("qk_norm", qk_norm, "layer norm of queries and keys in every head");
  fields.boolean("norm", norm, "layer norm in front of the feed-forward layers");
  fields.boolean("positions", positions, "add learned position embeddings");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature of the heads' output, in training");
  selection.visit_fields(fields);
}

LatentPoolImpl::LatentPoolImpl(std::int64_t channels, LatentPoolOptions options)
    : LatentPoolImpl(FeatureShape{channels}, options) {}

LatentPoolImpl::LatentPoolImpl(const FeatureShape& in, LatentPoolOptions options)
    : LatentPoolImpl(InsertionPoint{.kind = InsertionKind::pool, .in = in}, options) {}

LatentPoolImpl::LatentPoolImpl(const InsertionPoint& point, LatentPoolOptions options, double norm_epsilon)
    : Pool("LatentPool"),
      point_(expect_channels(point, "LatentPool")),
      options_(expect_in_range(options, "LatentPool")),
      norm_epsilon_(expect_in_range(norm_epsilon, kNormEpsilon, "LatentPool: norm_epsilon")),
      grid_({point.in.height, point.in.width}),
      latent_features_(expect_effect(options).out_features > 0 ? options.out_features : point.in.channels) {
  expect_effect(options.selection, "latent_pool");
  expect_no_outer_query(point, "latent_pool");
  if (options.positions) expect_size(point, "LatentPool");
  const std::int64_t channels = point.in.channels;
  const std::int64_t head_features = channels_per_head(channels, options.heads, "latent_pool: heads");
  const auto layer_norm = [&](const char* called, std::int64_t features) {
    return register_module(called, torch::nn::LayerNorm(torch::nn::LayerNormOptions({features}).eps(norm_epsilon)));
  };
  latent_ = register_parameter("latent", torch::zeros({1, options.latents, channels}));
  if (options.positions) pos_embed_ = register_parameter("pos_embed", torch::zeros({grid_[0] * grid_[1], channels}));
  const auto projection = torch::nn::LinearOptions(channels, channels).bias(options.qkv_bias);
  q_ = register_module("q", torch::nn::Linear(projection));
  kv_ = register_module("kv", torch::nn::Linear(torch::nn::LinearOptions(projection).out_features(2 * channels)));
  if (options.qk_norm) {
    q_norm_ = layer_norm("q_norm", head_features);
    k_norm_ = layer_norm("k_norm", head_features);
  }
  if (options.projection) {
    proj_ = register_module("proj", torch::nn::Linear(channels, latent_features_));
    if (options.norm) norm_ = layer_norm("norm", latent_features_);
    const auto hidden = static_cast<std::int64_t>(static_cast<double>(latent_features_) * options.mlp_ratio);
    mlp_ = register_module(
        "mlp", std::make_shared<FeedForwardImpl>(latent_features_, std::max<std::int64_t>(1, hidden), options.activation));
  }
  initialise(construction_stream());
}

torch::Tensor LatentPoolImpl::attend(const PoolInput& input, ForwardContext& context) {
  Positions positions = positions_of(*this, input.features, point_.in.channels);
  if (pos_embed_.defined()) {
    expect_positions_fit(*this, positions, grid_);
    positions.values =
        positions.values + resample_positions(pos_embed_, grid_, positions.grid.empty() ? grid_ : positions.grid);
  }
  const std::int64_t heads = options_.heads;
  const auto halves = kv_(positions.values).chunk(2, 2);
  auto query = split_heads(q_(latent_), heads);  // [1, heads, latents, d]
  auto key = split_heads(halves[0], heads);      // [N, heads, L, d]
  if (q_norm_) {
    query = q_norm_(query);
    key = k_norm_(key);
  }
  query = query.expand({positions.values.size(0), -1, -1, -1});
  auto outputs = scaled_dot_product_attention(*this, query, key, split_heads(halves[1], heads), {.key_grid = positions.grid},
                                              context, options_.selection);
  if (proj_) outputs = proj_(outputs);
  if (is_training()) outputs = apply_dropout(outputs, options_.dropout, context.random.child(point_.path).child("dropout"));
  if (mlp_) outputs = outputs + mlp_->forward(norm_ ? norm_(outputs) : outputs);  // [N, latents, latent_features_]
  switch (options_.pool_type) {
    case LatentPoolType::mean:
      return outputs.mean(1);
    case LatentPoolType::concat:
      return outputs.flatten(1);
    case LatentPoolType::token:
      break;
  }
  return outputs.select(1, 0);
}

std::int64_t LatentPoolImpl::out_features() const {
  return options_.pool_type == LatentPoolType::concat ? options_.latents * latent_features_ : latent_features_;
}

void LatentPoolImpl::initialise(const RandomStream& stream) {
  const double standard_deviation = 1 / std::sqrt(static_cast<double>(point_.in.channels));
  fill_normal(latent_, stream.child("latent"), standard_deviation);
  if (pos_embed_.defined()) fill_normal(pos_embed_, stream.child("pos_embed"), standard_deviation);
}

std::shared_ptr<torch::nn::Module> LatentPoolImpl::rebuilt() const {
  return std::make_shared<LatentPoolImpl>(point_, options_, norm_epsilon_);
}

}  // namespace fovea
