#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/transformer/class_attention_transformer.h>
#include <fovea/models/transformer/internal/position_embedding.h>
#include <fovea/nn/dropout.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr double kClassMlpRatio = 4;  // of the blocks of class attention, whatever options.mlp_ratio is

const ClassAttentionTransformerOptions& expect_possible_cait(const ClassAttentionTransformerOptions& options) {
  expect_in_range(options, "ClassAttentionTransformer");
  expect_divides(options.embed_dim, options.heads, "model.heads");
  return options;
}

TransformerTrunkOptions cait_trunk_options(const ClassAttentionTransformerOptions& options) {
  TransformerTrunkOptions trunk;
  trunk.block.heads = options.heads;
  trunk.block.mlp_ratio = options.mlp_ratio;
  trunk.block.qkv_bias = options.qkv_bias;
  trunk.block.layer_scale = options.layer_scale;
  trunk.block.talking_heads = true;
  trunk.block.activation = options.activation;
  trunk.block.norm_epsilon = options.norm_epsilon;
  trunk.drop_probabilities.assign(static_cast<std::size_t>(options.depth), options.stochastic_depth);
  return trunk;
}

}  // namespace

void ClassAttentionTransformerOptions::visit_fields(FieldVisitor& fields) {
  visit_patch_size(fields, patch_size);
  fields.integer("embed_dim", embed_dim, {1, 1 << 14}, "channels of a token");
  fields.integer("depth", depth, {1, 256}, "number of blocks of self-attention between the patches");
  fields.integer("depth_token_only", depth_token_only, {1, 256},
                 "number of blocks of class attention, of the class token to the patches");
  fields.integer("heads", heads, {1, 1 << 12}, "attention heads of each block");
  fields.real("mlp_ratio", mlp_ratio, {.minimum = 0, .maximum = 64, .minimum_open = true},
              "hidden width of the MLP / channels; 4 in the blocks of class attention");
  fields.boolean("qkv_bias", qkv_bias, "biases in the projections to queries, keys and values");
  visit_transformer_functions(fields, activation, norm_epsilon);
  fields.real("layer_scale", layer_scale, {}, "initial value of layer scale");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of dropping a branch, in training; 0 in the blocks of class attention");
}

ClassAttentionBlockImpl::ClassAttentionBlockImpl(std::int64_t channels, const ClassAttentionTransformerOptions& options)
    : CloneableModule("ClassAttentionBlock"), options_(expect_in_range(options, "ClassAttentionBlock")) {
  expect_positive(channels, "ClassAttentionBlock: channels");
  expect_divides(channels, options.heads, "ClassAttentionBlock: heads");
  ClassAttentionOptions attention;
  attention.heads = options.heads;
  attention.qkv_bias = options.qkv_bias;
  gamma_1_ = register_parameter("gamma_1", torch::full({channels}, options.layer_scale));
  gamma_2_ = register_parameter("gamma_2", torch::full({channels}, options.layer_scale));
  norm1_ = register_module("norm1", transformer_norm(channels, options.norm_epsilon));
  attn_ = register_module("attn", std::make_shared<ClassAttentionImpl>(channels, attention));
  norm2_ = register_module("norm2", transformer_norm(channels, options.norm_epsilon));
  mlp_ = register_module("mlp", transformer_mlp(channels, kClassMlpRatio, options.activation));
}

std::shared_ptr<torch::nn::Module> ClassAttentionBlockImpl::rebuilt() const {
  return std::make_shared<ClassAttentionBlockImpl>(gamma_1_.size(0), options_);
}

torch::Tensor ClassAttentionBlockImpl::forward(const torch::Tensor& class_token, const torch::Tensor& patches,
                                               const std::vector<std::int64_t>& grid, ForwardContext& context) {
  const auto all = norm1_(torch::cat({class_token, patches}, 1));
  const auto attended = class_token + gamma_1_ * attn_->forward(all, grid, context);
  return attended + gamma_2_ * mlp_->forward(norm2_(attended));
}

void ClassAttentionBlockImpl::initialise(const RandomStream& stream) {
  initialise_linear_layers(*attn_, stream.child("attn"));
  initialise_linear_layers(*mlp_, stream.child("mlp"));
  const torch::NoGradGuard no_grad;
  gamma_1_.fill_(options_.layer_scale);
  gamma_2_.fill_(options_.layer_scale);
}

ClassAttentionTransformerImpl::ClassAttentionTransformerImpl(const ClassAttentionTransformerOptions& options,
                                                             const InputSpec& input, AttentionFactory& attention)
    : Classifier("ClassAttentionTransformer"),
      options_(expect_possible_cait(options)),
      input_(expect_possible(input, "ClassAttentionTransformer")),
      attention_(*this, input, attention) {
  const std::int64_t channels = options.embed_dim;
  patch_embed_ = std::make_shared<PatchEmbeddingImpl>(attention_.input_shape(), options.patch_size, channels);
  FeatureShape grid = patch_embed_->grid();
  pos_embed_ = register_parameter("pos_embed", torch::zeros({1, grid.height * grid.width, channels}));
  register_module("patch_embed", patch_embed_);
  trunk_ = TransformerTrunk(*this, cait_trunk_options(options), grid, attention_, attention);
  attention_.add_pool(*this, grid, attention);
  if (!attention_.has_pool()) {
    cls_token_ = register_parameter("cls_token", torch::zeros({1, 1, channels}));
    class_blocks_ = register_module("blocks_token_only", torch::nn::ModuleList());
    for (std::int64_t i = 0; i < options.depth_token_only; ++i) {
      class_blocks_->push_back(std::make_shared<ClassAttentionBlockImpl>(channels, options));
    }
  }
  norm_ = register_module("norm", transformer_norm(channels, options.norm_epsilon));
  head_ = register_module("head", torch::nn::Linear(attention_.pooled_features(grid), input.num_classes));
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> ClassAttentionTransformerImpl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<ClassAttentionTransformerImpl>(options_, input_, attention);
}

torch::Tensor ClassAttentionTransformerImpl::pooled(const torch::Tensor& tokens, PoolInput& passing,
                                                    ForwardContext& context) {
  const std::vector<std::int64_t> grid{passing.features.size(2), passing.features.size(3)};
  if (attention_.has_pool()) {
    passing.features = patches_of(norm_(tokens), {grid});
    passing.stages.back().features = passing.features;
    return attention_.pool(passing, context);
  }
  auto class_token = cls_token_.expand({tokens.size(0), -1, -1});
  for (const auto& block : *class_blocks_) {
    class_token = block->as<ClassAttentionBlockImpl>()->forward(class_token, tokens, grid, context);
  }
  return norm_(class_token).squeeze(1);
}

ModelOutput ClassAttentionTransformerImpl::classify(const Batch& batch, ForwardContext& context) {
  const auto images = batch.input();
  expect_images(*this, images, {input_.channels, input_.height, input_.width});
  PoolInput passing;
  const auto patches = patch_embed_->forward(attention_.enter(images, context), context) + pos_embed_;
  const auto tokens = trunk_.forward(patches, passing, attention_, context, /*reads_patches=*/true);
  auto features = pooled(tokens, passing, context);  // [N, C]
  if (is_training()) features = apply_dropout(features, options_.dropout, context.random.child("dropout"));
  return {head_(features)};
}

void ClassAttentionTransformerImpl::initialise(const RandomStream& stream) {
  fill_normal(pos_embed_, stream.child("pos_embed"), 0.02);
  if (cls_token_.defined()) fill_normal(cls_token_, stream.child("cls_token"), 0.02);
  initialise_linear_layers(*head_, stream.child("head"));
}

void ClassAttentionTransformerImpl::adapt_weights(NamedTensors& weights) const {
  const FeatureShape& grid = patch_embed_->grid();
  adapt_position_embedding(weights, "pos_embed", pos_embed_, {grid.height, grid.width});
}

std::vector<ModelRow> class_attention_transformer_models() {
  // The query of the class token is learned; the patches attend to each other.
  const Traits traits{
      {Where::location, Where::item}, {Selects::soft}, {Query::self, Query::context}, {Axis::spatial, Axis::token}};
  const auto row = [&](const std::string& name, std::int64_t embed_dim, std::int64_t depth, std::int64_t side) {
    constexpr std::int64_t kHeadChannels = 48;
    ClassAttentionTransformerOptions options;
    options.embed_dim = embed_dim;
    options.depth = depth;
    options.heads = embed_dim / kHeadChannels;
    ModelRow model{.name = name,
                   .title = "Going deeper with Image Transformers",
                   .arxiv = "2103.17239",
                   .traits = traits,
                   .make_options = starting_from(options),
                   .build = build_network<ClassAttentionTransformerImpl, ClassAttentionTransformerOptions>(),
                   .parameter_free = transformer_choices()};
    if (side > 0)
      model.preprocessing = PreprocessingDefaults{.side = side, .crop_pct = 1, .interpolation = Interpolation::bicubic};
    return model;
  };
  return {row("cait_xxs24_224", 192, 24, 224), row("cait_xxs36_224", 192, 36, 224), row("cait_xs24_384", 288, 24, 384),
          row("cait_s24_224", 384, 24, 224), row("cait", 192, 24, 0)};
}

}  // namespace fovea
