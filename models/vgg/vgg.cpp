#include <algorithm>
#include <sstream>

#include <fovea/attention/cloned_attention.h>
#include <fovea/attention/positions.h>
#include <fovea/base/error.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/vgg/internal/python_source.h>
#include <fovea/models/vgg/vgg.h>
#include <fovea/nn/shape_text.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

constexpr std::int64_t kMaxPool = 0;  ///< in VggOptions::layers

/// Widths of the hidden layers; the first is rounded down, as in timm.
std::array<std::int64_t, 2> vgg_hidden_widths(const VggOptions& options) {
  const auto first = static_cast<std::int64_t>(static_cast<double>(options.hidden) * options.mlp_ratio);
  if (first >= 1) return {first, options.hidden};
  std::ostringstream got;
  got << options.mlp_ratio;
  throw InputError("model.mlp_ratio", "at least 1 / " + std::to_string(options.hidden) + " with that many hidden features",
                   got.str());
}

}  // namespace

void VggOptions::visit_fields(FieldVisitor& fields) {
  fields.choice("variant", variant, {{"torchvision", VggVariant::torchvision}, {"timm", VggVariant::timm}},
                "head: linear layers on 7 x 7 means, or convolutions and global average pooling");
  fields.integers("layers", layers, {kMaxPool, 65536}, {1, 1024},
                  "channels of each 3x3 convolution in order, and 0 for each 2x2 max pool, which ends a stage");
  fields.choice("norm", norm, {{"batch", VggNorm::batch}, {"none", VggNorm::none}}, "normalisation after each convolution");
  fields.integer("hidden", hidden, {1, 65536}, "width of the second hidden layer");
  fields.real("mlp_ratio", mlp_ratio, {.minimum = 0.0, .maximum = 16.0, .minimum_open = true},
              "width of the first hidden layer, as a multiple of the second's");
  fields.real("dropout", dropout, kFractionBelowOne,
              "probability of dropping a feature after each hidden layer, in training");
}

VggImpl::VggImpl(const VggOptions& options, const InputSpec& input, AttentionFactory& attention)
    : Classifier("Vgg"),
      options_(expect_in_range(options, "Vgg")),
      input_(expect_possible(input, "Vgg")),
      attention_(*this, input, attention) {
  FeatureShape shape = attention_.input_shape();
  make_features(shape, attention);
  attention_.add_pool(*this, shape, attention);
  if (attention_.has_pool()) {
    head_ = VggHead(*this, options.variant, attention_.pooled_features(shape), input.num_classes);
  } else {
    head_ = VggHead(*this, options.variant, shape.channels, vgg_hidden_widths(options), input.num_classes);
  }
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> VggImpl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<VggImpl>(options_, input_, attention);
}

void VggImpl::make_features(FeatureShape& shape, AttentionFactory& attention) {
  features_ = register_module("features", std::make_shared<torch::nn::Module>("features"));
  Stage stage;
  for (const std::int64_t channels : options_.layers) {
    if (channels != kMaxPool) {
      stage.blocks.push_back(make_block(channels, shape, attention));
      continue;
    }
    if (std::min(shape.height, shape.width) < 2) {
      throw InputError("model.layers", "at least 2 x 2 positions before each max pool",
                       std::to_string(shape.height) + " x " + std::to_string(shape.width) + " at the end of stage " +
                           std::to_string(stages_.size() + 1),
                       "take larger images or fewer pools");
    }
    stage.pool = add_layer(torch::nn::MaxPool2d(torch::nn::MaxPool2dOptions(2).stride(2)));
    shape = {shape.channels, shape.height / 2, shape.width / 2};
    finish_stage(stage, shape, attention);
  }
  if (!stage.blocks.empty()) finish_stage(stage, shape, attention);
  if (input_layer_.empty()) throw InputError("model.layers", "a convolution", "max pools only");
}

VggImpl::Block VggImpl::make_block(std::int64_t channels, FeatureShape& shape, AttentionFactory& attention) {
  const std::int64_t stage = std::ssize(stages_) + 1;
  const std::string path = "features." + std::to_string(layer_count_);
  const bool reads_image = input_layer_.empty();
  Block block;
  if (reads_image) input_layer_ = path;
  if (!reads_image) block.mixer = attention.mixer({InsertionKind::conv, stage, shape, channels, 1, path});
  if (block.mixer) {
    add_layer(block.mixer);
  } else {
    block.convolution = add_layer(torch::nn::Conv2d(torch::nn::Conv2dOptions(shape.channels, channels, 3).padding(1)));
  }
  shape.channels = channels;
  if (options_.norm == VggNorm::batch) block.norm = add_layer(torch::nn::BatchNorm2d(channels));
  const std::string gate = std::to_string(layer_count_) + "_gate";
  block.relu = add_layer(torch::nn::ReLU());
  block.gate = attention.gate({InsertionKind::block, stage, shape, channels, 1, "features." + gate});
  if (block.gate) features_->register_module(gate, block.gate);
  return block;
}

void VggImpl::finish_stage(Stage& stage, FeatureShape& shape, AttentionFactory& attention) {
  if (!stage.pool) stage.blocks.back().ends_stage = true;
  stages_.push_back(std::move(stage));
  stage = {};
  attention_.add_stage(*this, "stage" + std::to_string(stages_.size()), shape, attention);
}

const torch::nn::Module& VggImpl::Stage::last_layer() const {
  if (pool) return *pool;
  return *blocks.back().relu;
}

torch::Tensor VggImpl::pass(Block& block, const torch::Tensor& features, ForwardContext& context) {
  auto hidden = block.mixer ? context.hook_layer(*block.mixer, block.mixer->forward(features, context))
                            : context.hook_layer(*block.convolution, block.convolution(features));
  if (block.norm) {
    expect_norm_fits(*this, *block.norm, hidden);
    hidden = context.hook_layer(*block.norm, block.norm(hidden));
  }
  hidden = block.relu(hidden);
  if (!block.ends_stage) hidden = context.hook_layer(*block.relu, hidden);  // else the stage passes it on under that name
  return block.gate ? block.gate->forward(hidden, context) : hidden;
}

torch::Tensor VggImpl::pass(Stage& stage, torch::Tensor features, ForwardContext& context) {
  for (Block& block : stage.blocks) features = pass(block, features, context);
  if (!stage.pool) return features;
  if (std::min(features.size(2), features.size(3)) < 2) {
    throw ShapeError(name(), "at least 2 x 2 positions before each max pool", shape_text(features), "take larger images");
  }
  return stage.pool(features);
}

ModelOutput VggImpl::classify(const Batch& batch, ForwardContext& context) {
  const auto images = batch.input();
  expect_features(*this, images, input_.channels);
  PoolInput passing{attention_.enter(images, context)};
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    passing.features = pass(stages_[i], passing.features, context);
    attention_.finish_stage(i, stages_[i].last_layer(), passing, context);
  }
  const auto gathered = attention_.has_pool() ? attention_.pool(passing, context) : passing.features;
  return {head_.forward(gathered, is_training() ? options_.dropout : 0.0, context)};
}

std::vector<ModelRow> vgg_models() {
  // The paper's configurations A, B, D and E: five stages of as many convolutions.
  const std::vector<std::pair<const char*, std::vector<std::int64_t>>> depths{{"vgg11_bn", {1, 1, 2, 2, 2}},
                                                                              {"vgg13_bn", {2, 2, 2, 2, 2}},
                                                                              {"vgg16_bn", {2, 2, 3, 3, 3}},
                                                                              {"vgg19_bn", {2, 2, 4, 4, 4}}};
  std::vector<ModelRow> rows;
  for (const auto& [name, convolutions] : depths) {
    VggOptions options;
    options.layers.clear();
    for (std::size_t stage = 0; stage < convolutions.size(); ++stage) {
      options.layers.insert(options.layers.end(), convolutions[stage],
                            std::min(std::int64_t{64} << stage, std::int64_t{512}));
      options.layers.push_back(kMaxPool);
    }
    rows.push_back(
        {.name = name,
         .title = "Very Deep Convolutional Networks for Large-Scale Image Recognition",
         .arxiv = "1409.1556",
         .traits = {},
         .make_options = starting_from(options),
         .build = build_network<VggImpl, VggOptions>(),
         .preprocessing = PreprocessingDefaults{},  // torchvision's and timm's: resize to 256, crop to 224, bilinear
         .parameter_free = {{.about = "activation", .value = "relu"},
                            {.about = "norm epsilon", .value = "1e-05"},
                            {.about = "pooling", .value = "max of 2x2, an odd last row or column ignored"}},
         .python = python_of(vgg_python)});
  }
  return rows;
}

}  // namespace fovea
