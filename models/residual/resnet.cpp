#include <algorithm>
#include <map>
#include <numeric>

#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/internal/normed.h>
#include <fovea/models/internal/strided_side.h>
#include <fovea/models/residual/internal/python_source.h>
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
  features = conv1_ ? context.hook_layer(*conv1_, conv1_(features))
                    : context.hook_layer(*deep_conv1_, deep_conv1_->forward(features));
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

namespace {

/// Networks of the paper by their number of layers.
ResnetOptions resnet_of_depth(std::int64_t depth) {
  static const std::map<std::int64_t, std::vector<std::int64_t>> kLayers{
      {18, {2, 2, 2, 2}}, {34, {3, 4, 6, 3}}, {50, {3, 4, 6, 3}}, {101, {3, 4, 23, 3}}, {152, {3, 8, 36, 3}}};
  ResnetOptions options;
  options.layers = kLayers.at(depth);
  options.block = depth < 50 ? ResnetBlockKind::basic : ResnetBlockKind::bottleneck;
  return options;
}

ResnetOptions with_groups(ResnetOptions options, std::int64_t cardinality, std::int64_t base_width) {
  options.cardinality = cardinality;
  options.base_width = base_width;
  return options;
}

/// ResNet-D.
ResnetOptions with_tricks(ResnetOptions options) {
  options.stem = ResnetStem::deep;
  options.stem_width = 32;
  options.avg_down = true;
  return options;
}

/// timm's ecaresnetlight: a ResNet-50 with most blocks in the third stage and the shortcuts of ResNet-D.
ResnetOptions light_resnet() {
  ResnetOptions options = resnet_of_depth(50);
  options.layers = {1, 1, 11, 3};
  options.avg_down = true;
  return options;
}

/// Paper of a network, with the network's own attention.
struct ResnetPaper {
  const char* title;
  const char* arxiv;
  const char* attention = "none";
  Traits traits = {};
};

std::vector<ParameterFreeChoice> resnet_choices(const ResnetOptions& options) {
  std::vector<ParameterFreeChoice> choices{
      {.about = "activation", .value = "relu"},
      {.about = "norm epsilon", .option = "norm_epsilon"},
      {.about = "stem pooling",
       .option = "stem_pool",
       .words = {{"padded", "max of 3x3 with a position of padding"}, {"ceil", "max of 3x3, the size rounded up"}}}};
  if (options.block == ResnetBlockKind::bottleneck) {
    choices.push_back({.about = "bottleneck stride",
                       .option = "bottleneck_stride",
                       .words = {{"conv2", "in the 3x3 convolution"}, {"conv1", "in the first convolution"}}});
  }
  if (options.avg_down) choices.push_back({.about = "shortcut pooling", .value = "mean of 2x2, rounded up"});
  return choices;
}

ModelRow resnet_row(const std::string& name, const ResnetPaper& paper, const ResnetOptions& options,
                    const PreprocessingDefaults& photos) {
  return {.name = name,
          .title = paper.title,
          .arxiv = paper.arxiv,
          .traits = paper.traits,
          .make_options = starting_from(options),
          .build = build_network<ResnetImpl, ResnetOptions>(),
          .attention = paper.attention,
          .photos = photos,
          .parameter_free = resnet_choices(options),
          .python = python_of(resnet_python)};
}

}  // namespace

std::vector<ModelRow> resnet_models() {
  const Traits channels{{Where::item}, {Selects::soft}, {Query::self}, {Axis::channel}};
  const Traits channels_and_positions{
      {Where::location, Where::item}, {Selects::soft}, {Query::self}, {Axis::channel, Axis::spatial}};
  const ResnetPaper resnet{"Deep Residual Learning for Image Recognition", "1512.03385"};
  const ResnetPaper resnext{"Aggregated Residual Transformations for Deep Neural Networks", "1611.05431"};
  const ResnetPaper wide{"Wide Residual Networks", "1605.07146"};
  const ResnetPaper tricks{"Bag of Tricks for Image Classification with Convolutional Neural Networks", "1812.01187"};
  const ResnetPaper se{"Squeeze-and-Excitation Networks", "1709.01507", "se", channels};
  const ResnetPaper eca{"ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks", "1910.03151", "eca",
                        channels};
  // The variant of the authors, who published the only weights.
  const ResnetPaper cbam{"CBAM: Convolutional Block Attention Module", "1807.06521", "{name: cbam, variant: official}",
                         channels_and_positions};

  // For torchvision's first weights of each network, and those of the authors of ECA-Net and CBAM. (torchvision's second
  // weights resize to 232 pixels, and timm's own weights of a plain ResNet use crop_pct 0.95 and bicubic interpolation.)
  const PreprocessingDefaults torchvision{224, 0.875, Interpolation::bilinear};
  // timm's defaults for the default weights of each name, and for names without weights.
  const PreprocessingDefaults timm{224, 0.875, Interpolation::bicubic};
  const PreprocessingDefaults timm_resnet101d{256, 0.95, Interpolation::bicubic};
  const PreprocessingDefaults timm_seresnet50{224, 0.95, Interpolation::bicubic};

  std::vector<ModelRow> rows;
  const auto add = [&](const std::string& name, const ResnetPaper& paper, const ResnetOptions& options,
                       const PreprocessingDefaults& photos) { rows.push_back(resnet_row(name, paper, options, photos)); };
  const auto of_depth = resnet_of_depth;
  for (const int depth : {18, 34, 50, 101, 152}) add("resnet" + std::to_string(depth), resnet, of_depth(depth), torchvision);
  add("resnext50_32x4d", resnext, with_groups(of_depth(50), 32, 4), torchvision);
  add("resnext101_32x8d", resnext, with_groups(of_depth(101), 32, 8), torchvision);
  add("wide_resnet50_2", wide, with_groups(of_depth(50), 1, 128), torchvision);
  add("wide_resnet101_2", wide, with_groups(of_depth(101), 1, 128), torchvision);
  for (const int depth : {18, 34, 50, 101}) {
    add("resnet" + std::to_string(depth) + "d", tricks, with_tricks(of_depth(depth)), depth == 101 ? timm_resnet101d : timm);
  }
  for (const int depth : {18, 34, 50, 101, 152}) {
    add("seresnet" + std::to_string(depth), se, of_depth(depth), depth == 50 ? timm_seresnet50 : timm);
  }
  for (const int depth : {18, 34, 50, 101}) add("ecaresnet" + std::to_string(depth), eca, of_depth(depth), torchvision);
  for (const int depth : {50, 101}) {
    add("ecaresnet" + std::to_string(depth) + "d", eca, with_tricks(of_depth(depth)), timm);
  }
  add("ecaresnetlight", eca, light_resnet(), timm);
  for (const int depth : {18, 50}) add("cbam_resnet" + std::to_string(depth), cbam, of_depth(depth), torchvision);
  return rows;
}

}  // namespace fovea
