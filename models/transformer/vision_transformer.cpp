#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/transformer/internal/position_embedding.h>
#include <fovea/models/transformer/vision_transformer.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

bool has_fc_norm(TokenPooling pooling) {
  return pooling == TokenPooling::avg || pooling == TokenPooling::avgmax || pooling == TokenPooling::max;
}

const VisionTransformerOptions& expect_possible_vision_transformer(const VisionTransformerOptions& options) {
  expect_in_range(options, "VisionTransformer");
  expect_divides(options.embed_dim, options.heads, "model.heads");
  if (options.class_token || options.global_pool != TokenPooling::token) return options;
  throw InputError("model.global_pool", "avg, avgmax, max, map or prr without a class token", "token",
                   "set another, or class_token: true");
}

/// True when torchvision has such a network.
bool exists_in_torchvision(const VisionTransformerOptions& options) {
  return options.global_pool == TokenPooling::token && !options.qk_norm && options.layer_scale == 0;
}

TransformerTrunkOptions vision_trunk_options(const VisionTransformerOptions& options, bool has_pool) {
  TransformerTrunkOptions trunk;
  trunk.block.heads = options.heads;
  trunk.block.mlp_ratio = options.mlp_ratio;
  trunk.block.qkv_bias = options.qkv_bias;
  trunk.block.qk_norm = options.qk_norm;
  trunk.block.activation = options.activation;
  trunk.block.norm_epsilon = options.norm_epsilon;
  if (options.layer_scale != 0) trunk.block.layer_scale = options.layer_scale;
  for (std::int64_t number = 1; number <= options.depth; ++number) {
    trunk.drop_probabilities.push_back(stochastic_depth_probability(number, options.depth, options.stochastic_depth));
  }
  trunk.prefix_tokens = options.class_token ? 1 : 0;
  const bool token = options.global_pool == TokenPooling::token;
  trunk.prefix_is_read = !has_pool && (token || options.global_pool == TokenPooling::prr);
  trunk.patches_are_read = has_pool || !token;
  return trunk;
}

}  // namespace

void VisionTransformerOptions::visit_fields(FieldVisitor& fields) {
  visit_patch_size(fields, patch_size);
  fields.integer("embed_dim", embed_dim, {1, 1 << 14}, "channels of a token");
  fields.integer("depth", depth, {1, 256}, "number of blocks");
  fields.integer("heads", heads, {1, 1 << 12}, "attention heads of each block");
  fields.real("mlp_ratio", mlp_ratio, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "hidden width of the MLP / channels");
  fields.boolean("qkv_bias", qkv_bias, "biases in the projections to queries, keys and values");
  fields.boolean("qk_norm", qk_norm, "layer norm of each query and key");
  fields.real("layer_scale", layer_scale, {}, "initial value of layer scale; 0 = no layer scale");
  visit_transformer_functions(fields, activation, norm_epsilon);
  fields.boolean("class_token", class_token, "a learned token before the patches");
  fields.choice(
      "global_pool", global_pool,
      {{"token", TokenPooling::token},
       {"avg", TokenPooling::avg},
       {"avgmax", TokenPooling::avgmax},
       {"max", TokenPooling::max},
       {"map", TokenPooling::map},
       {"prr", TokenPooling::prr}},
      "pooling: class token, mean or maximum of the patches or both, attention pooling (map), or patch refinement (prr)");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of dropping a branch of the last block, in training; linearly lower for earlier blocks");
}

VisionTransformerImpl::VisionTransformerImpl(const VisionTransformerOptions& options, const InputSpec& input,
                                             AttentionFactory& attention)
    : Classifier("VisionTransformer"),
      options_(expect_possible_vision_transformer(options)),
      input_(expect_possible(input, "VisionTransformer")),
      attention_(*this, input, attention) {
  const std::int64_t channels = options.embed_dim;
  patch_embed_ = std::make_shared<PatchEmbeddingImpl>(attention_.input_shape(), options.patch_size, channels);
  FeatureShape grid = patch_embed_->grid();
  const std::int64_t prefix_tokens = options.class_token ? 1 : 0;
  if (options.class_token) cls_token_ = register_parameter("cls_token", torch::zeros({1, 1, channels}));
  pos_embed_ = register_parameter("pos_embed", torch::zeros({1, prefix_tokens + grid.height * grid.width, channels}));
  register_module("patch_embed", patch_embed_);
  trunk_ = TransformerTrunk(*this, vision_trunk_options(options, attention.has_pool()), grid, attention_, attention);
  attention_.add_pool(*this, grid, attention);
  add_pooling(grid);
  head_ = register_module("head", torch::nn::Linear(attention_.pooled_features(grid), input.num_classes));
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> VisionTransformerImpl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<VisionTransformerImpl>(options_, input_, attention);
}

void VisionTransformerImpl::add_pooling(const FeatureShape& grid) {
  if (!attention_.has_pool() && has_fc_norm(options_.global_pool)) {
    fc_norm_ = register_module("fc_norm", transformer_norm(grid.channels, options_.norm_epsilon));
    return;
  }
  norm_ = register_module("norm", transformer_norm(grid.channels, options_.norm_epsilon));
  if (attention_.has_pool()) return;
  if (options_.global_pool == TokenPooling::map) {
    LatentPoolOptions pool;
    pool.heads = options_.heads;
    pool.mlp_ratio = options_.mlp_ratio;
    pool.norm = true;
    pool.activation = options_.activation;
    const InsertionPoint point{InsertionKind::pool, 0, grid, grid.channels, 1, "attn_pool", {}};
    latent_pool_ = register_module("attn_pool", std::make_shared<LatentPoolImpl>(point, pool, options_.norm_epsilon));
  } else if (options_.global_pool == TokenPooling::prr) {
    refinement_ = register_module("attn_pool", std::make_shared<PatchRefinementImpl>(options_.heads));
  }
}

torch::Tensor VisionTransformerImpl::embedded(const torch::Tensor& images, ForwardContext& context) {
  auto tokens = patch_embed_->forward(attention_.enter(images, context), context);
  if (cls_token_.defined()) tokens = torch::cat({cls_token_.expand({tokens.size(0), -1, -1}), tokens}, 1);
  return tokens + pos_embed_;
}

torch::Tensor VisionTransformerImpl::pooled(const torch::Tensor& tokens, PoolInput& passing, ForwardContext& context) {
  const std::int64_t prefix_tokens = cls_token_.defined() ? 1 : 0;
  if (!reads_patches()) return norm_(tokens.select(1, 0));
  if (fc_norm_) {
    const auto patches = tokens.slice(1, prefix_tokens);
    if (options_.global_pool == TokenPooling::avg) return fc_norm_(patches.mean(1));
    const auto largest = patches.amax(1);
    return fc_norm_(options_.global_pool == TokenPooling::max ? largest : 0.5 * (largest + patches.mean(1)));
  }
  const TokenLayout layout{{passing.features.size(2), passing.features.size(3)}, prefix_tokens};
  const auto normed = norm_(tokens);
  if (refinement_) return refinement_->forward(normed, context, layout);
  passing.features = patches_of(normed, layout);
  passing.stages.back().features = passing.features;
  return latent_pool_ ? latent_pool_->attend(passing, context) : attention_.pool(passing, context);
}

ModelOutput VisionTransformerImpl::classify(const Batch& batch, ForwardContext& context) {
  const auto images = batch.input();
  expect_images(*this, images, {input_.channels, input_.height, input_.width});
  PoolInput passing;
  const auto tokens = trunk_.forward(embedded(images, context), passing, attention_, context, reads_patches());
  auto features = pooled(tokens, passing, context);  // [N, C]
  if (is_training()) features = apply_dropout(features, options_.dropout, context.random.child("dropout"));
  return {head_(features)};
}

void VisionTransformerImpl::initialise(const RandomStream& stream) {
  fill_normal(pos_embed_, stream.child("pos_embed"), 0.02);
  if (cls_token_.defined()) fill_normal(cls_token_, stream.child("cls_token"), 1e-6);
  if (latent_pool_) initialise_linear_layers(*latent_pool_, stream.child("attn_pool"));
  initialise_linear_layers(*head_, stream.child("head"));
}

std::vector<KeyMapping> VisionTransformerImpl::key_mappings() const {
  const KeyMapping timm{.name = "timm"};
  if (!exists_in_torchvision(options_)) return {timm};
  const auto parameters = named_parameters();
  const auto mapping = [&](const std::string& name, const std::string& fc1, const std::string& fc2) {
    KeyMapping torchvision{name,
                           {{"cls_token", {"class_token"}},
                            {"pos_embed", {"encoder.pos_embedding"}},
                            {"patch_embed.proj", {"conv_proj"}},
                            {"norm", {"encoder.ln"}},
                            {"head", {"heads.head"}}}};
    for (std::int64_t i = 0; i < options_.depth; ++i) {
      const std::string own = "blocks." + std::to_string(i);
      const std::string there = "encoder.layers.encoder_layer_" + std::to_string(i);
      for (const auto& [ours, theirs] : {std::pair{"", ""},
                                         {".norm1", ".ln_1"},
                                         {".attn.qkv.weight", ".self_attention.in_proj_weight"},
                                         {".attn.qkv.bias", ".self_attention.in_proj_bias"},
                                         {".attn.proj", ".self_attention.out_proj"},
                                         {".norm2", ".ln_2"}}) {
        torchvision.keys[own + ours] = {there + theirs};
      }
      torchvision.keys[own + ".mlp.fc1"] = {there + ".mlp." + fc1};
      torchvision.keys[own + ".mlp.fc2"] = {there + ".mlp." + fc2};
      if (parameters.contains(own + ".attn.qkv.bias")) continue;
      torchvision.zeros[there + ".self_attention.in_proj_bias"] = {3 * pos_embed_.size(2)};
    }
    return torchvision;
  };
  return {mapping("torchvision", "0", "3"), mapping("torchvision_0.13", "linear_1", "linear_2"), timm};
}

void VisionTransformerImpl::adapt_weights(NamedTensors& weights) const {
  const FeatureShape& grid = patch_embed_->grid();
  adapt_position_embedding(weights, "pos_embed", pos_embed_, {grid.height, grid.width});
}

std::vector<ModelRow> vision_transformer_models() {
  struct Size {
    std::int64_t embed_dim, heads;
  };
  constexpr Size kTiny{192, 3}, kSmall{384, 6}, kBase{768, 12};
  const PreprocessingDefaults augreg{.crop_pct = 0.9,
                                     .interpolation = Interpolation::bicubic,
                                     .mean = {0.5, 0.5, 0.5},
                                     .standard_deviation = {0.5, 0.5, 0.5}};
  const PreprocessingDefaults deit{.crop_pct = 0.9, .interpolation = Interpolation::bicubic};
  const PreprocessingDefaults torchvision{};
  // The query of the class token is learned; the patches attend to each other.
  const Traits traits{
      {Where::location, Where::item}, {Selects::soft}, {Query::self, Query::context}, {Axis::spatial, Axis::token}};
  const auto row = [&](const std::string& name, const Size& size, std::int64_t patch_size,
                       const std::optional<PreprocessingDefaults>& preprocessing) {
    VisionTransformerOptions options;
    options.embed_dim = size.embed_dim;
    options.heads = size.heads;
    options.patch_size = {patch_size};
    const bool is_deit = name.starts_with("deit");
    return ModelRow{.name = name,
                    .title = is_deit ? "Training data-efficient image transformers & distillation through attention"
                                     : "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale",
                    .arxiv = is_deit ? "2012.12877" : "2010.11929",
                    .traits = traits,
                    .make_options = starting_from(options),
                    .build = build_network<VisionTransformerImpl, VisionTransformerOptions>(),
                    .preprocessing = preprocessing,
                    .parameter_free = transformer_choices()};
  };
  return {row("vit_tiny_patch16_224", kTiny, 16, augreg),
          row("vit_small_patch16_224", kSmall, 16, augreg),
          row("vit_base_patch16_224", kBase, 16, augreg),
          row("vit_small_patch32_224", kSmall, 32, augreg),
          row("vit_base_patch32_224", kBase, 32, augreg),
          row("deit_tiny_patch16_224", kTiny, 16, deit),
          row("deit_small_patch16_224", kSmall, 16, deit),
          row("deit_base_patch16_224", kBase, 16, deit),
          row("vit_b_16", kBase, 16, torchvision),
          row("vit_b_32", kBase, 32, torchvision),
          row("vit", kTiny, 16, std::nullopt)};
}

}  // namespace fovea
