#include <sstream>

#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/families.h>
#include <fovea/models/normed.h>
#include <fovea/models/residual/cifar_resnet.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/stochastic_depth.h>

namespace fovea {
namespace {

constexpr std::int64_t kStages = 3;

torch::nn::Conv2d convolution3x3(std::int64_t in_channels, std::int64_t out_channels, std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in_channels, out_channels, 3).stride(stride).padding(1).bias(false));
}

/// Length of a side after a convolution with padding k / 2.
std::int64_t strided(std::int64_t side, std::int64_t stride) {
  return (side + stride - 1) / stride;
}

std::int64_t blocks_per_stage(std::int64_t depth) {
  if (depth % 6 != 2) {
    throw InputError("model.depth", "6n + 2, e.g. 8, 14, 20, 32, 44, 56 or 110", std::to_string(depth));
  }
  return (depth - 2) / 6;
}

}  // namespace

void CifarResnetOptions::visit_fields(FieldVisitor& fields) {
  if (!depth_is_name) fields.integer("depth", depth, {8, 1202}, "layers with weights: 6n + 2");
  fields.integer("width", width, {1, 1024}, "channels of the first stage; doubled at each of the two next");
  fields.choice("shortcut", shortcut, {{"pad", Shortcut::pad}, {"conv", Shortcut::conv}},
                "where shapes differ: zero padding (option A of the paper) or a 1x1 convolution (option B)");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of leaving out the last block's branch, in training; proportionally less before");
}

CifarResnetBlockImpl::CifarResnetBlockImpl(const FeatureShape& in, std::int64_t out_channels, std::int64_t stride,
                                           Shortcut shortcut, std::int64_t stage, const std::string& path,
                                           AttentionFactory& attention, double drop_probability)
    : CloneableModule("CifarResnetBlock"),
      stride_(stride),
      new_channels_(out_channels - in.channels),
      drop_probability_(drop_probability),
      path_(path) {
  const FeatureShape inside{out_channels, strided(in.height, stride), strided(in.width, stride)};
  conv1_ = register_module("conv1", convolution3x3(in.channels, out_channels, stride));
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(out_channels));
  mixer_ = attention.mixer({InsertionKind::conv, stage, inside, out_channels, 1, path + ".conv2", {}});
  if (mixer_) {
    register_module("conv2", mixer_);
  } else {
    conv2_ = register_module("conv2", convolution3x3(out_channels, out_channels, 1));
  }
  bn2_ = register_module("bn2", torch::nn::BatchNorm2d(out_channels));
  join_ = ResidualJoin(attention.gate({InsertionKind::block, stage, inside, out_channels, 1, path + ".se", {}}));
  if (join_.gate()) register_module("se", join_.gate());
  if (shortcut == Shortcut::conv && (stride != 1 || new_channels_ != 0)) {
    const auto options = torch::nn::Conv2dOptions(in.channels, out_channels, 1).stride(stride).bias(false);
    downsample_ = register_module("downsample",
                                  torch::nn::Sequential(torch::nn::Conv2d(options), torch::nn::BatchNorm2d(out_channels)));
  }
}

torch::Tensor CifarResnetBlockImpl::shortcut(const torch::Tensor& features) {
  using torch::indexing::None;
  using torch::indexing::Slice;
  if (downsample_) return downsample_->forward(features);
  if (stride_ == 1 && new_channels_ == 0) return features;
  const auto kept = features.index({Slice(), Slice(), Slice(None, None, stride_), Slice(None, None, stride_)});
  return torch::constant_pad_nd(kept, {0, 0, 0, 0, 0, new_channels_});  // new channels behind the old ones
}

torch::Tensor CifarResnetBlockImpl::forward(const torch::Tensor& features, ForwardContext& context) {
  const auto hidden = torch::relu(normed(*this, bn1_, conv1_(features)));
  const auto mixed = mixer_ ? mixer_->forward(hidden, context) : conv2_(hidden);
  const auto branch = normed(*this, bn2_, mixed);
  const auto keep = branch_keep_factors(*this, branch, drop_probability_, context.random.child(path_));
  return join_.join(branch, shortcut(features), Activation::relu, context, keep);
}

CifarResnetImpl::CifarResnetImpl(const CifarResnetOptions& options, const InputSpec& input, AttentionFactory& attention)
    : Classifier("CifarResnet"),
      in_channels_(input.channels),
      dropout_(options.dropout),
      attention_(*this, input, attention) {
  FeatureShape shape = attention_.input_shape();
  conv1_ = register_module("conv1", convolution3x3(input.channels, options.width, 1));
  bn1_ = register_module("bn1", torch::nn::BatchNorm2d(options.width));
  shape.channels = options.width;
  for (std::int64_t number = 1; number <= kStages; ++number)
    stages_.push_back(make_stage(options, number, shape, attention));
  attention_.add_pool(*this, shape, attention);
  fc_ = register_module("fc", torch::nn::Linear(attention_.pooled_features(shape), input.num_classes));
}

torch::nn::ModuleList CifarResnetImpl::make_stage(const CifarResnetOptions& options, std::int64_t number,
                                                  FeatureShape& shape, AttentionFactory& attention) {
  const std::string name = "layer" + std::to_string(number);
  const std::int64_t out_channels = options.width << (number - 1);
  torch::nn::ModuleList blocks;
  const std::int64_t count = blocks_per_stage(options.depth);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t stride = number > 1 && i == 0 ? 2 : 1;
    const std::string path = name + "." + std::to_string(i);
    const double drop_probability =
        stochastic_depth_probability((number - 1) * count + i + 1, kStages * count, options.stochastic_depth);
    blocks->push_back(std::make_shared<CifarResnetBlockImpl>(shape, out_channels, stride, options.shortcut, number, path,
                                                             attention, drop_probability));
    shape = {out_channels, strided(shape.height, stride), strided(shape.width, stride)};
  }
  register_module(name, blocks);
  attention_.add_stage(*this, name, shape, attention);
  return blocks;
}

ModelOutput CifarResnetImpl::forward(const Batch& batch, ForwardContext& context) {
  const auto images = batch.input();
  expect_features(*this, images, in_channels_);
  PoolInput passing{attention_.enter(images, context)};
  passing.features = torch::relu(normed(*this, bn1_, conv1_(passing.features)));
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const auto& block : *stages_[i])
      passing.features = block->as<CifarResnetBlockImpl>()->forward(passing.features, context);
    attention_.finish_stage(i, *stages_[i], passing, context);
  }
  auto pooled = attention_.pool(passing, context);  // [N, C]
  if (is_training()) pooled = dropout(pooled, dropout_, context.random.child("dropout"));
  return {fc_(pooled)};
}

std::vector<ModelRow> cifar_resnet_models() {
  const auto row = [](const std::string& name, std::int64_t depth, bool depth_is_name) {
    CifarResnetOptions options;
    options.depth = depth;
    options.depth_is_name = depth_is_name;
    return ModelRow{.name = name,
                    .title = "Deep Residual Learning for Image Recognition",
                    .arxiv = "1512.03385",
                    .traits = {},
                    .make_options = starting_from(options),
                    .build = build_network<CifarResnetImpl, CifarResnetOptions>()};
  };
  std::vector<ModelRow> rows;
  for (const std::int64_t depth : {8, 14, 20, 32, 44, 56, 110}) {
    rows.push_back(row("resnet" + std::to_string(depth), depth, true));
  }
  rows.push_back(row("cifar_resnet", CifarResnetOptions().depth, false));
  return rows;
}

}  // namespace fovea
