#include <string>
#include <utility>

#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/internal/normed.h>
#include <fovea/models/internal/strided_side.h>
#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/models/residual/internal/python_source.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/stochastic_depth.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr std::int64_t kStages = 3;

torch::nn::Conv2d convolution3x3(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 3).stride(stride).padding(1).bias(false));
}

std::int64_t blocks_per_stage(std::int64_t depth) {
  if (depth < 8 || depth % 6 != 2) {
    throw InputError("model.depth", "6n + 2, e.g. 8, 14, 20, 32, 44, 56 or 110", std::to_string(depth));
  }
  return (depth - 2) / 6;
}

const CifarResnetBlockPlan& expect_possible_block(const CifarResnetBlockPlan& plan) {
  for (const auto& [name, value] :
       {std::pair{"in.channels", plan.in.channels}, {"out_channels", plan.out_channels}, {"stride", plan.stride}}) {
    expect_positive(value, std::string("CifarResnetBlock: ") + name);
  }
  expect_in_range(plan.drop_probability, kFractionBelowOne, "CifarResnetBlock: drop_probability");
  return plan;
}

}  // namespace

void CifarResnetOptions::visit_fields(FieldVisitor& fields) {
  fields.integer("depth", depth, {8, 1202}, "layers with weights: 6n + 2");
  fields.integer("width", width, {1, 1024}, "channels of the first stage; doubled in each of the next two");
  fields.choice(
      "shortcut", shortcut, {{"pad", Shortcut::pad}, {"pad_both", Shortcut::pad_both}, {"conv", Shortcut::conv}},
      "shortcut where shapes differ: zeros behind the channels (option A of the paper), half of them before and half "
      "behind, or a 1x1 convolution (option B)");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of dropping the last block's branch, in training; linearly lower for earlier blocks");
}

CifarResnetBlockImpl::CifarResnetBlockImpl(const CifarResnetBlockPlan& plan, AttentionFactory& attention)
    : ContextModule("CifarResnetBlock"), plan_(expect_possible_block(plan)) {
  const std::int64_t in = plan.in.channels, out = plan.out_channels;
  const FeatureShape inside{out, strided_side(plan.in.height, plan.stride), strided_side(plan.in.width, plan.stride)};
  conv1_ = register_module("conv1", convolution3x3(in, out, plan.stride));
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(out));
  mixer_ = attention.mixer({InsertionKind::conv, plan.stage, inside, out, 1, plan.path + ".conv2", {}});
  if (mixer_) {
    register_module("conv2", mixer_);
  } else {
    conv2_ = register_module("conv2", convolution3x3(out, out, 1));
  }
  bn2_ = register_module("bn2", torch::nn::BatchNorm2d(out));
  join_ = ResidualJoin(attention.gate({InsertionKind::block, plan.stage, inside, out, 1, plan.path + ".se", {}}));
  if (join_.gate()) register_module("se", join_.gate());
  if (plan.shortcut == Shortcut::conv && (plan.stride != 1 || in != out)) {
    const auto options = torch::nn::Conv2dOptions(in, out, 1).stride(plan.stride).bias(false);
    downsample_ =
        register_module("downsample", torch::nn::Sequential(torch::nn::Conv2d(options), torch::nn::BatchNorm2d(out)));
  }
}

std::shared_ptr<torch::nn::Module> CifarResnetBlockImpl::rebuilt() const {
  ClonedAttention attention(*this, plan_.path);
  return std::make_shared<CifarResnetBlockImpl>(plan_, attention);
}

torch::Tensor CifarResnetBlockImpl::shortcut(const torch::Tensor& features, ForwardContext& context) {
  using torch::indexing::None;
  using torch::indexing::Slice;
  if (downsample_) return context.hook_layer(*downsample_, downsample_->forward(features));
  if (plan_.stride == 1 && plan_.new_channels() == 0) return features;
  const auto kept = features.index({Slice(), Slice(), Slice(None, None, plan_.stride), Slice(None, None, plan_.stride)});
  const std::int64_t before = plan_.channels_before();
  return torch::constant_pad_nd(kept, {0, 0, 0, 0, before, plan_.new_channels() - before});
}

torch::Tensor CifarResnetBlockImpl::forward(const torch::Tensor& features, ContextArgument argument) {
  ForwardContext& context = argument.of(*this);
  const auto first = context.hook_layer(*conv1_, conv1_(features));
  const auto hidden = torch::relu(context.hook_layer(*bn1_, normed(*this, bn1_, first)));
  const auto mixed =
      mixer_ ? context.hook_layer(*mixer_, mixer_->forward(hidden, context)) : context.hook_layer(*conv2_, conv2_(hidden));
  const auto branch = context.hook_layer(*bn2_, normed(*this, bn2_, mixed));
  const auto mask = drop_path_mask(*this, branch, plan_.drop_probability, context.random.child(plan_.path));
  return join_.join(branch, shortcut(features, context), Activation::relu, context, mask);
}

CifarResnetImpl::CifarResnetImpl(const CifarResnetOptions& options, const InputSpec& input, AttentionFactory& attention)
    : Classifier("CifarResnet"),
      options_(expect_in_range(options, "CifarResnet")),
      input_(expect_possible(input, "CifarResnet")),
      attention_(*this, input, attention) {
  FeatureShape shape = attention_.input_shape();
  conv1_ = register_module("conv1", convolution3x3(shape.channels, options.width, 1));
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(options.width));
  shape.channels = options.width;
  for (std::int64_t number = 1; number <= kStages; ++number) stages_.push_back(make_stage(number, shape, attention));
  attention_.add_pool(*this, shape, attention);
  fc_ = register_module("fc", torch::nn::Linear(attention_.pooled_features(shape), input.num_classes));
  initialise_constructed(*this);
}

torch::nn::ModuleList CifarResnetImpl::make_stage(std::int64_t number, FeatureShape& shape, AttentionFactory& attention) {
  const std::string name = "layer" + std::to_string(number);
  torch::nn::ModuleList blocks;
  const std::int64_t count = blocks_per_stage(options_.depth);
  for (std::int64_t i = 0; i < count; ++i) {
    const CifarResnetBlockPlan plan{.in = shape,
                                    .out_channels = options_.width << (number - 1),
                                    .stride = number > 1 && i == 0 ? 2 : 1,
                                    .shortcut = options_.shortcut,
                                    .stage = number,
                                    .path = name + "." + std::to_string(i),
                                    .drop_probability = stochastic_depth_probability(
                                        (number - 1) * count + i + 1, kStages * count, options_.stochastic_depth)};
    blocks->push_back(std::make_shared<CifarResnetBlockImpl>(plan, attention));
    shape = {plan.out_channels, strided_side(shape.height, plan.stride), strided_side(shape.width, plan.stride)};
  }
  register_module(name, blocks);
  attention_.add_stage(*this, name, shape, attention);
  return blocks;
}

std::vector<KeyMapping> CifarResnetImpl::key_mappings() const {
  KeyMapping akamaster{.name = "pytorch_resnet_cifar10", .keys = {{"fc", {"linear"}}}};
  if (options_.shortcut == Shortcut::conv) {
    for (const auto& item : named_modules("", /*include_self=*/false)) {
      const std::string own = "downsample";
      if (!item.key().ends_with("." + own)) continue;
      akamaster.keys[item.key()] = {item.key().substr(0, item.key().size() - own.size()) + "shortcut"};
    }
  }
  return {akamaster};
}

std::shared_ptr<torch::nn::Module> CifarResnetImpl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<CifarResnetImpl>(options_, input_, attention);
}

ModelOutput CifarResnetImpl::classify(const Batch& batch, ForwardContext& context) {
  const auto images = batch.input();
  expect_features(*this, images, input_.channels);
  PoolInput passing{attention_.enter(images, context)};
  const auto stem = context.hook_layer(*conv1_, conv1_(passing.features));
  passing.features = torch::relu(context.hook_layer(*bn1_, normed(*this, bn1_, stem)));
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const auto& block : *stages_[i]) {
      const auto features = block->as<CifarResnetBlockImpl>()->forward(passing.features, context);
      passing.features = context.hook_layer(*block, features);
    }
    attention_.finish_stage(i, *stages_[i], passing, context);
  }
  auto pooled = attention_.pool(passing, context);  // [N, C]
  if (is_training()) pooled = apply_dropout(pooled, options_.dropout, context.random.child("dropout"));
  return {fc_(pooled)};
}

std::vector<ModelRow> cifar_resnet_models() {
  const auto row = [](const std::string& name, std::int64_t depth, const std::vector<std::string>& fixed_fields) {
    CifarResnetOptions options;
    options.depth = depth;
    return ModelRow{.name = name,
                    .title = "Deep Residual Learning for Image Recognition",
                    .arxiv = "1512.03385",
                    .traits = {},
                    .make_options = starting_from(options, fixed_fields),
                    .build = build_network<CifarResnetImpl, CifarResnetOptions>(),
                    .parameter_free = {{.about = "shortcut",
                                        .option = "shortcut",
                                        .words = {{"pad", "zeros behind the channels"},
                                                  {"pad_both", "half of the zeros before the channels, half behind"}}},
                                       {.about = "activation", .value = "relu"},
                                       {.about = "norm epsilon", .value = "1e-05"}},
                    .python = python_of(cifar_resnet_python)};
  };
  std::vector<ModelRow> rows;
  for (const std::int64_t depth : {8, 14, 20, 32, 44, 56, 110}) {
    rows.push_back(row("resnet" + std::to_string(depth), depth, {"depth"}));
  }
  rows.push_back(row("cifar_resnet", CifarResnetOptions().depth, {}));
  return rows;
}

}  // namespace fovea
