#include <algorithm>
#include <string>

#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/transformer/patch_embedding.h>
#include <fovea/models/transformer/transformer_block.h>
#include <fovea/nn/stochastic_depth.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

SelfAttentionOptions self_attention_options(const TransformerBlockOptions& options) {
  SelfAttentionOptions attention;
  attention.heads = options.heads;
  attention.qkv_bias = options.qkv_bias;
  attention.qk_norm = options.qk_norm;
  return attention;
}

const TransformerBlockOptions& expect_possible_block(const TransformerBlockOptions& options,
                                                     const TransformerBlockPlan& plan) {
  const std::int64_t channels = plan.grid.channels;
  expect_in_range(plan.drop_probability, kFractionBelowOne, "TransformerBlock: drop_probability");
  expect_positive(channels, "TransformerBlock: channels");
  expect_positive(options.heads, "TransformerBlock: heads");
  expect_divides(channels, options.heads, "TransformerBlock: heads");
  expect_in_range(options.mlp_ratio, kPositive, "TransformerBlock: mlp_ratio");
  if (options.layer_scale) expect_in_range(*options.layer_scale, {}, "TransformerBlock: layer_scale");
  expect_in_range(options.norm_epsilon, kNormEpsilon, "TransformerBlock: norm_epsilon");
  return options;
}

}  // namespace

torch::nn::LayerNorm transformer_norm(std::int64_t channels, double epsilon) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({channels}).eps(epsilon));
}

std::shared_ptr<FeedForwardImpl> transformer_mlp(std::int64_t channels, double mlp_ratio, Activation activation) {
  const auto hidden = static_cast<std::int64_t>(static_cast<double>(channels) * mlp_ratio);
  return std::make_shared<FeedForwardImpl>(channels, std::max<std::int64_t>(1, hidden), activation);
}

void visit_transformer_functions(FieldVisitor& fields, Activation& activation, double& norm_epsilon) {
  fields.choice("activation", activation,
                {{"gelu", Activation::gelu}, {"gelu_tanh", Activation::gelu_tanh}, {"quick_gelu", Activation::quick_gelu}},
                "activation of the MLPs: GELU, exact, approximated with tanh, or by x sigmoid(1.702 x) as in CLIP");
  fields.real("norm_epsilon", norm_epsilon, kNormEpsilon, "epsilon of layer norms; 1e-05 in CLIP's weights");
}

std::vector<ParameterFreeChoice> transformer_choices() {
  return {{.about = "activation",
           .option = "activation",
           .words = {{"gelu", "exact"}, {"gelu_tanh", "approximated with tanh"}, {"quick_gelu", "x sigmoid(1.702 x)"}}},
          {.about = "norm epsilon", .option = "norm_epsilon"},
          {.about = "norms", .value = "before attention and MLP"}};
}

void initialise_linear_layers(torch::nn::Module& module, const RandomStream& stream) {
  for (const auto& child : module.named_children()) initialise_linear_layers(*child.value(), stream.child(child.key()));
  const auto* linear = module.as<torch::nn::Linear>();
  if (linear == nullptr) return;
  const torch::NoGradGuard no_grad;
  fill_normal(linear->weight, stream.child("weight"), 0.02);
  torch::Tensor bias = linear->bias;
  if (bias.defined()) bias.zero_();
}

TransformerBlockImpl::TransformerBlockImpl(const TransformerBlockPlan& plan, const TransformerBlockOptions& options,
                                           AttentionFactory& attention)
    : CloneableModule("TransformerBlock"),
      plan_(plan),
      options_(expect_possible_block(options, plan)),
      layout_{{plan.grid.height, plan.grid.width}, plan.prefix_tokens, plan.prefix_is_read} {
  const std::int64_t channels = plan.grid.channels;
  const auto factors = [&](const char* layer, const char* own) {
    const auto values = torch::full({channels}, *options.layer_scale);
    if (options.talking_heads) return register_parameter(own, values);
    return register_module(layer, std::make_shared<torch::nn::Module>("LayerScale"))->register_parameter("gamma", values);
  };
  norm1_ = register_module("norm1", transformer_norm(channels, options.norm_epsilon));
  if (plan.prefix_tokens == 0) {
    mixer_ = attention.mixer({InsertionKind::conv, plan.stage, plan.grid, channels, 1, plan.path + ".attn", {}});
  }
  if (mixer_) {
    register_module("attn", mixer_);
  } else if (options.talking_heads) {
    talking_ = register_module("attn", std::make_shared<TalkingHeadsImpl>(channels, options.heads, options.qkv_bias));
  } else {
    attn_ = register_module("attn", std::make_shared<SelfAttentionImpl>(channels, channels, self_attention_options(options),
                                                                        options.norm_epsilon));
  }
  if (options.layer_scale) scale1_ = factors("ls1", "gamma_1");
  norm2_ = register_module("norm2", transformer_norm(channels, options.norm_epsilon));
  mlp_ = register_module("mlp", transformer_mlp(channels, options.mlp_ratio, options.activation));
  gate_ = attention.gate({InsertionKind::block, plan.stage, plan.grid, channels, 1, plan.path + ".gate", {}});
  if (gate_) register_module("gate", gate_);
  if (options.layer_scale) scale2_ = factors("ls2", "gamma_2");
}

std::shared_ptr<torch::nn::Module> TransformerBlockImpl::rebuilt() const {
  ClonedAttention attention(*this, plan_.path);
  return std::make_shared<TransformerBlockImpl>(plan_, options_, attention);
}

torch::Tensor TransformerBlockImpl::attend(const torch::Tensor& tokens, ForwardContext& context) {
  if (attn_) return attn_->forward(tokens, context, layout_);
  if (talking_) return talking_->forward(tokens, context, layout_);
  return with_patches(tokens, mixer_->forward(patches_of(tokens, layout_), context), layout_.prefix_tokens);
}

torch::Tensor TransformerBlockImpl::gated(const torch::Tensor& tokens, ForwardContext& context) {
  if (!gate_) return tokens;
  return with_patches(tokens, gate_->forward(patches_of(tokens, layout_), context), layout_.prefix_tokens);
}

torch::Tensor TransformerBlockImpl::sum(const torch::Tensor& tokens, const torch::Tensor& branch, const torch::Tensor& scale,
                                        const char* name, const ForwardContext& context) const {
  const auto scaled = scale.defined() ? branch * scale : branch;
  const auto mask = drop_path_mask(*this, scaled, plan_.drop_probability, context.random.child(plan_.path).child(name));
  return tokens + (mask.defined() ? scaled * mask : scaled);
}

torch::Tensor TransformerBlockImpl::forward(const torch::Tensor& tokens, ContextArgument argument, bool hooks_input) {
  ForwardContext& context = argument.of(*this);
  auto read = norm1_(tokens);
  if (hooks_input) {
    const auto patches = context.hook(*norm1_, {MapKind::features}, patches_of(read, layout_));
    read = with_patches(read, patches, layout_.prefix_tokens);
  }
  const auto attended = sum(tokens, attend(read, context), scale1_, "attn", context);
  return sum(attended, gated(mlp_->forward(norm2_(attended)), context), scale2_, "mlp", context);
}

void TransformerBlockImpl::initialise(const RandomStream& stream) {
  if (attn_) initialise_linear_layers(*attn_, stream.child("attn"));
  if (talking_) initialise_linear_layers(*talking_, stream.child("attn"));
  initialise_linear_layers(*mlp_, stream.child("mlp"));
  if (!options_.layer_scale) return;
  const torch::NoGradGuard no_grad;
  scale1_.fill_(*options_.layer_scale);
  scale2_.fill_(*options_.layer_scale);
}

}  // namespace fovea
