#include <algorithm>
#include <numeric>

#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/internal/normed.h>
#include <fovea/models/internal/strided_side.h>
#include <fovea/models/residual/resnet.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/initialise.h>
#include <fovea/nn/shape_text.h>
#include <fovea/nn/stochastic_depth.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr std::size_t kResnetStages = 4;
constexpr std::int64_t kPlainStemWidth = 64;

torch::nn::Conv2d stem_convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride) {
  return torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, kernel).stride(stride).padding(kernel / 2).bias(false));
}

void expect_possible_stem(const ResnetOptions& options) {
  const std::string width = std::to_string(options.stem_width);
  if (options.stem == ResnetStem::plain && options.stem_width != kPlainStemWidth) {
    throw InputError("model.stem_width", "64, which a plain stem always has", width, "choose stem: deep or deep_tiered");
  }
  if (options.stem == ResnetStem::deep_tiered && options.stem_width < 4) {
    throw InputError("model.stem_width", "at least 4 with stem: deep_tiered", width);
  }
}

void expect_possible_blocks(const ResnetOptions& options) {
  const auto expect_default = [](const char* name, std::int64_t value, std::int64_t expected) {
    if (value == expected) return;
    throw InputError(std::string("model.") + name, std::to_string(expected) + " with block: basic", std::to_string(value),
                     "choose block: bottleneck");
  };
  if (options.block == ResnetBlockKind::basic) {
    expect_default("cardinality", options.cardinality, 1);
    expect_default("base_width", options.base_width, 64);
    if (options.bottleneck_stride != BottleneckStride::conv2) {
      throw InputError("model.bottleneck_stride", "conv2 with block: basic", "conv1", "choose block: bottleneck");
    }
  }
  for (const std::int64_t channels : options.channels) {
    if (channels * options.base_width >= 64) continue;
    throw InputError("model.base_width", "at least 64 / " + std::to_string(channels) + " with that many channels in a stage",
                     std::to_string(options.base_width));
  }
}

/// Length of a side after the stem.
std::int64_t stem_side(std::int64_t side, StemPool pool) {
  const std::int64_t before = strided_side(side, 2);
  return pool == StemPool::ceil ? before / 2 : strided_side(before, 2);
}

const ResnetOptions& expect_possible_resnet(const ResnetOptions& options) {
  expect_in_range(options, "Resnet");
  expect_possible_stem(options);
  expect_possible_blocks(options);
  const std::int64_t stride = options.output_stride;
  if (stride != 8 && stride != 16 && stride != 32) {
    throw InputError("model.output_stride", "8, 16 or 32", std::to_string(stride));
  }
  return options;
}

/// Hooks see each convolution and the whole stem.
torch::Tensor deep_stem(torch::nn::SequentialImpl& stem, torch::Tensor features, ForwardContext& context) {
  for (torch::nn::AnyModule& layer : stem) {
    features = layer.forward(features);
    if (layer.ptr()->as<torch::nn::Conv2d>() != nullptr) features = context.hook_layer(*layer.ptr(), features);
  }
  return context.hook_layer(stem, features);
}

}  // namespace

void ResnetOptions::visit_fields(FieldVisitor& fields) {
  const IntegerRange stages{kResnetStages, kResnetStages};
  fields.choice("block", block, {{"basic", ResnetBlockKind::basic}, {"bottleneck", ResnetBlockKind::bottleneck}},
                "two 3x3 convolutions, or 1x1, 3x3 and 1x1 of which the last has four times as many channels");
  fields.integers("layers", layers, {1, 1024}, stages, "blocks of each stage");
  fields.integers("channels", channels, {1, 65536}, stages,
                  "channels of each stage; a bottleneck returns four times as many");
  fields.integer("cardinality", cardinality, {1, 65536}, "groups of a bottleneck's 3x3 convolution (ResNeXt)");
  fields.integer(
      "base_width", base_width, {1, 65536},
      "sets the channels inside a bottleneck, floor(channels x base_width / 64) x cardinality (wide ResNet, ResNeXt)");
  fields.choice(
      "stem", stem, {{"plain", ResnetStem::plain}, {"deep", ResnetStem::deep}, {"deep_tiered", ResnetStem::deep_tiered}},
      "one 7x7 convolution, or three 3x3 convolutions with w, w and 2w channels, or with 3 floor(w / 4), w and 2w");
  fields.integer("stem_width", stem_width, {1, 65536}, "w, the width of a deep stem");
  fields.choice("stem_pool", stem_pool, {{"padded", StemPool::padded}, {"ceil", StemPool::ceil}},
                "max pool of the stem: a pixel of padding on every side, or none and the size rounded up (Caffe)");
  fields.choice("bottleneck_stride", bottleneck_stride,
                {{"conv2", BottleneckStride::conv2}, {"conv1", BottleneckStride::conv1}},
                "convolution of a bottleneck that downsamples: the 3x3 one, or the first (the paper, Caffe, Keras)");
  fields.real("norm_epsilon", norm_epsilon, kNormEpsilon, "epsilon of batch norms; 1.001e-05 in Keras' weights");
  fields.integer("output_stride", output_stride, {8, 32},
                 "pixels per position of the last stage: 32, 16 or 8; below 32, later stages dilate instead of striding");
  fields.boolean("avg_down", avg_down, "downsample shortcuts by 2x2 average pooling instead of a strided convolution");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of dropping the last block's branch, in training; linearly lower for earlier blocks");
}

ResnetImpl::ResnetImpl(const ResnetOptions& options, const InputSpec& input, AttentionFactory& attention)
    : Classifier("Resnet"),
      options_(expect_possible_resnet(options)),
      input_(expect_possible(input, "Resnet")),
      attention_(*this, input, attention) {
  FeatureShape shape = attention_.input_shape();
  make_stem(shape);
  make_stages(shape, attention);
  attention_.add_pool(*this, shape, attention);
  fc_ = register_module("fc", torch::nn::Linear(attention_.pooled_features(shape), input.num_classes));
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> ResnetImpl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<ResnetImpl>(options_, input_, attention);
}

void ResnetImpl::make_stem(FeatureShape& shape) {
  const std::int64_t width = options_.stem_width;
  const auto norm = [&](std::int64_t channels) {
    return torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(channels).eps(options_.norm_epsilon));
  };
  const std::int64_t out = options_.stem == ResnetStem::plain ? kPlainStemWidth : 2 * width;
  if (options_.stem == ResnetStem::plain) {
    conv1_ = register_module("conv1", stem_convolution(shape.channels, out, 7, 2));
  } else {
    const std::int64_t first = options_.stem == ResnetStem::deep_tiered ? 3 * (width / 4) : width;
    deep_conv1_ =
        register_module("conv1", torch::nn::Sequential(stem_convolution(shape.channels, first, 3, 2), norm(first),
                                                       torch::nn::ReLU(), stem_convolution(first, width, 3, 1), norm(width),
                                                       torch::nn::ReLU(), stem_convolution(width, out, 3, 1)));
  }
  bn1_ = register_module("bn1", norm(out));
  shape = {out, stem_side(shape.height, options_.stem_pool), stem_side(shape.width, options_.stem_pool)};
}

void ResnetImpl::make_stages(FeatureShape& shape, AttentionFactory& attention) {
  const std::int64_t count = std::accumulate(options_.layers.begin(), options_.layers.end(), std::int64_t{0});
  std::int64_t number = 0, reached = 4;  // pixels per position so far
  ResnetBlockPlan plan{options_.block, shape, 0, options_.cardinality, options_.base_width};
  plan.avg_down = options_.avg_down;
  plan.bottleneck_stride = options_.bottleneck_stride;
  plan.norm_epsilon = options_.norm_epsilon;
  for (std::size_t i = 0; i < kResnetStages; ++i) {
    plan.stage = std::ssize(stages_) + 1;
    plan.channels = options_.channels[i];
    plan.stride = i == 0 ? 1 : 2;
    if (reached >= options_.output_stride) {
      plan.dilation *= plan.stride;
      plan.stride = 1;
    }
    reached *= plan.stride;
    const std::string name = "layer" + std::to_string(plan.stage);
    torch::nn::ModuleList blocks;
    for (std::int64_t j = 0; j < options_.layers[i]; ++j) {
      plan.in = shape;
      plan.path = name + "." + std::to_string(j);
      plan.drop_probability = stochastic_depth_probability(++number, count, options_.stochastic_depth);
      const auto block = std::make_shared<ResnetBlockImpl>(plan, attention);
      blocks->push_back(block);
      shape = block->output_shape();
      plan.stride = 1;
      plan.first_dilation = plan.dilation;
    }
    stages_.push_back(register_module(name, blocks));
    attention_.add_stage(*this, name, shape, attention);
  }
}

torch::Tensor ResnetImpl::pooled_stem(const torch::Tensor& features) const {
  const bool ceil = options_.stem_pool == StemPool::ceil;
  if (ceil && std::min(features.size(2), features.size(3)) < 2) {
    throw ShapeError(name(), "at least 2 x 2 positions before the stem's pool", shape_text(features), "take larger images");
  }
  return torch::max_pool2d(features, /*kernel_size=*/3, /*stride=*/2, /*padding=*/ceil ? 0 : 1, /*dilation=*/1, ceil);
}

ModelOutput ResnetImpl::classify(const Batch& batch, ForwardContext& context) {
  const auto images = batch.input();
  expect_features(*this, images, input_.channels);
  PoolInput passing{attention_.enter(images, context)};
  torch::Tensor& features = passing.features;
  features = conv1_ ? context.hook_layer(*conv1_, conv1_(features)) : deep_stem(*deep_conv1_, features, context);
  features = context.hook_layer(*bn1_, normed(*this, bn1_, features));
  features = pooled_stem(torch::relu(features));
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    for (const auto& block : *stages_[i]) {
      features = context.hook_layer(*block, block->as<ResnetBlockImpl>()->forward(features, context));
    }
    attention_.finish_stage(i, *stages_[i], passing, context);
  }
  auto pooled = attention_.pool(passing, context);  // [N, C]
  if (is_training()) pooled = apply_dropout(pooled, options_.dropout, context.random.child("dropout"));
  return {fc_(pooled)};
}

}  // namespace fovea
