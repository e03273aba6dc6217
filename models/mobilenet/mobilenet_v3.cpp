#include <utility>

#include <fovea/attention/cloned_attention.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/internal/register_at.h>
#include <fovea/models/mobilenet/mobilenet_v3.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Row of the paper's tables 1 and 2.
struct MobileNetV3Row {
  std::int64_t kernel;
  double expansion;       ///< timm: expanded channels as a multiple of the input's
  std::int64_t expanded;  ///< paper and torchvision: expanded channels
  std::int64_t channels;
  bool excited;
  Activation activation;
  std::int64_t stride;
};

/// Architecture of one size at width 1.
struct MobileNetV3Table {
  std::vector<std::vector<MobileNetV3Row>> stages;  ///< timm's
  std::int64_t last;                                ///< channels of the 1x1 convolution after the blocks
  std::int64_t hidden;
};

const MobileNetV3Table& mobilenet_v3_table(MobileNetV3Size size) {
  using enum Activation;
  static const MobileNetV3Table small{
      {{{3, 1, 16, 16, true, relu, 2}},
       {{3, 4.5, 72, 24, false, relu, 2}, {3, 3.67, 88, 24, false, relu, 1}},
       {{5, 4, 96, 40, true, hard_swish, 2}, {5, 6, 240, 40, true, hard_swish, 1}, {5, 6, 240, 40, true, hard_swish, 1}},
       {{5, 3, 120, 48, true, hard_swish, 1}, {5, 3, 144, 48, true, hard_swish, 1}},
       {{5, 6, 288, 96, true, hard_swish, 2}, {5, 6, 576, 96, true, hard_swish, 1}, {5, 6, 576, 96, true, hard_swish, 1}}},
      576,
      1024};
  static const MobileNetV3Table large{
      {{{3, 1, 16, 16, false, relu, 1}},
       {{3, 4, 64, 24, false, relu, 2}, {3, 3, 72, 24, false, relu, 1}},
       {{5, 3, 72, 40, true, relu, 2}, {5, 3, 120, 40, true, relu, 1}, {5, 3, 120, 40, true, relu, 1}},
       {{3, 6, 240, 80, false, hard_swish, 2},
        {3, 2.5, 200, 80, false, hard_swish, 1},
        {3, 2.3, 184, 80, false, hard_swish, 1},
        {3, 2.3, 184, 80, false, hard_swish, 1}},
       {{3, 6, 480, 112, true, hard_swish, 1}, {3, 6, 672, 112, true, hard_swish, 1}},
       {{5, 6, 672, 160, true, hard_swish, 2},
        {5, 6, 960, 160, true, hard_swish, 1},
        {5, 6, 960, 160, true, hard_swish, 1}}},
      960,
      1280};
  return size == MobileNetV3Size::small ? small : large;
}

/// Architecture of one variant: networks of equal shape and epsilon compute the same.
struct MobileNetV3Shape {
  MobileTrunkShape trunk;
  std::int64_t hidden = 0;
  double norm_epsilon = 0;

  bool operator==(const MobileNetV3Shape&) const = default;
};

InvertedResidualShape mobilenet_v3_block_shape(const MobileNetV3Options& options, const MobileNetV3Row& row,
                                               std::int64_t in_channels) {
  const auto scaled = [&](std::int64_t channels) { return mobile_width(static_cast<double>(channels) * options.width); };
  InvertedResidualShape block;
  if (options.variant == MobileNetV3Variant::torchvision) {
    block.expanded = scaled(row.expanded);
    block.expands = block.expanded != in_channels;
  } else {
    block.expands = row.expansion != 1;
    block.expanded = block.expands ? mobile_width(static_cast<double>(in_channels) * row.expansion) : in_channels;
  }
  block.out_channels = scaled(row.channels);
  block.kernel = options.minimal ? 3 : row.kernel;
  block.stride = row.stride;
  block.excited = row.excited && !options.minimal;
  block.activation = options.minimal ? Activation::relu : row.activation;
  return block;
}

MobileNetV3Shape mobilenet_v3_shape(const MobileNetV3Options& options) {
  const bool torchvision = options.variant == MobileNetV3Variant::torchvision;
  const MobileNetV3Table& table = mobilenet_v3_table(options.size);
  constexpr std::int64_t kStem = 16;
  MobileNetV3Shape shape;
  shape.trunk.activation = options.minimal ? Activation::relu : Activation::hard_swish;
  shape.trunk.stem = torchvision || options.width >= 0.75 ? mobile_width(kStem * options.width) : kStem;
  std::int64_t channels = shape.trunk.stem;
  for (const auto& rows : table.stages) {
    auto& stage = shape.trunk.stages.emplace_back();
    for (const MobileNetV3Row& row : rows) {
      stage.push_back(mobilenet_v3_block_shape(options, row, channels));
      channels = stage.back().out_channels;
    }
  }
  shape.trunk.last = torchvision ? 6 * channels : mobile_width(static_cast<double>(table.last) * options.width);
  shape.hidden = torchvision ? mobile_width(static_cast<double>(table.hidden) * options.width) : table.hidden;
  shape.norm_epsilon = options.norm_epsilon.value_or(torchvision ? 1e-3 : 1e-5);
  return shape;
}

InvertedResidualSettings mobilenet_v3_settings(const MobileNetV3Options& options) {
  const bool torchvision = options.variant == MobileNetV3Variant::torchvision;
  return {.norm_epsilon = mobilenet_v3_shape(options).norm_epsilon,
          .norm_momentum = options.norm_momentum.value_or(torchvision ? 0.01 : 0.1),
          .squeeze_excitation = options.squeeze_excitation};
}

/// torchvision's names: `block.N` for each convolution with its norm and for squeeze-and-excitation.
InvertedResidualNames mobilenet_v3_block(const InvertedResidualShape& block) {
  int index = 0;
  const auto next = [&] { return "block." + std::to_string(index++); };
  InvertedResidualNames names;
  if (block.expands) {
    names.expand = next();
    names.expand_norm = names.expand + ".1";
    names.expand += ".0";
  }
  names.depthwise = next();
  names.depthwise_norm = names.depthwise + ".1";
  names.depthwise += ".0";
  names.gate = block.excited ? next() : "se";
  names.project = next();
  names.project_norm = names.project + ".1";
  names.project += ".0";
  return names;
}

/// Names of the layers in one variant.
struct MobileNetV3Names {
  MobileTrunkNames trunk;
  std::string hidden, classifier;
};

MobileNetV3Names mobilenet_v3_names(const MobileNetV3Shape& shape, MobileNetV3Variant variant) {
  if (variant == MobileNetV3Variant::torchvision) {
    return {torchvision_trunk(shape.trunk, mobilenet_v3_block), "classifier.0", "classifier.3"};
  }
  const std::string last = "blocks." + std::to_string(shape.trunk.stages.size());
  return {timm_trunk(shape.trunk, last + ".0.conv", last + ".0.bn1", last), "conv_head", "classifier"};
}

MobileNetV3Names mobilenet_v3_names(const MobileNetV3Options& options) {
  return mobilenet_v3_names(mobilenet_v3_shape(options), options.variant);
}

}  // namespace

void MobileNetV3Options::visit_fields(FieldVisitor& fields) {
  fields.choice("size", size, {{"small", MobileNetV3Size::small}, {"large", MobileNetV3Size::large}},
                "the small or the large network of the paper");
  fields.choice("variant", variant, {{"torchvision", MobileNetV3Variant::torchvision}, {"timm", MobileNetV3Variant::timm}},
                "library of the names, the widths and the batch-norm settings");
  fields.real("width", width, {.minimum = 0.01, .maximum = 16}, "channels of every layer, as a multiple of the paper's");
  fields.boolean("minimal", minimal, "3x3 convolutions, ReLU and no squeeze-and-excitation");
  fields.boolean("squeeze_excitation", squeeze_excitation,
                 "squeeze-and-excitation in the blocks of the paper that have it; an inserted gate replaces it");
  fields.optional_real("norm_epsilon", norm_epsilon, kNormEpsilon,
                       "epsilon of batch norms; none = the variant's: 0.001 in torchvision, 0.00001 in timm");
  fields.optional_real(
      "norm_momentum", norm_momentum, {.minimum = 0, .maximum = 1, .minimum_open = true},
      "momentum of batch norms, the weight of a new batch; none = the variant's: 0.01 in torchvision, 0.1 in timm");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of dropping the last block's branch, in training; linearly lower for earlier blocks");
}

MobileNetV3Impl::MobileNetV3Impl(const MobileNetV3Options& options, const InputSpec& input, AttentionFactory& attention)
    : Classifier("MobileNetV3"),
      options_(expect_in_range(options, "MobileNetV3")),
      input_(expect_possible(input, "MobileNetV3")),
      trunk_(*this, mobilenet_v3_shape(options).trunk, mobilenet_v3_names(options).trunk, mobilenet_v3_settings(options),
             options.stochastic_depth, input, attention) {
  const std::int64_t hidden = mobilenet_v3_shape(options).hidden;
  const MobileNetV3Names names = mobilenet_v3_names(options);
  if (options.variant == MobileNetV3Variant::torchvision) {
    hidden_ = register_at(*this, names.hidden, torch::nn::Linear(trunk_.out_features(), hidden));
  } else {
    const torch::nn::Conv2dOptions pointwise(trunk_.out_features(), hidden, 1);
    hidden_convolution_ = register_at(*this, names.hidden, torch::nn::Conv2d(pointwise));
  }
  classifier_ = register_at(*this, names.classifier, torch::nn::Linear(hidden, input.num_classes));
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> MobileNetV3Impl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<MobileNetV3Impl>(options_, input_, attention);
}

ModelOutput MobileNetV3Impl::classify(const Batch& batch, ForwardContext& context) {
  const auto pooled = trunk_.forward(*this, batch.input(), context);  // [N, C]
  const auto scores = hidden_ ? hidden_(pooled) : hidden_convolution_(pooled.unsqueeze(-1).unsqueeze(-1)).flatten(1);
  auto hidden = apply_activation(scores, options_.minimal ? Activation::relu : Activation::hard_swish);
  if (is_training()) hidden = apply_dropout(hidden, options_.dropout, context.random.child("dropout"));
  return {classifier_(hidden)};
}

std::string MobileNetV3Impl::head() const {
  return mobilenet_v3_names(options_).classifier;
}

std::string MobileNetV3Impl::input_layer() const {
  return mobilenet_v3_names(options_).trunk.stem;
}

std::vector<KeyMapping> MobileNetV3Impl::key_mappings() const {
  const bool torchvision = options_.variant == MobileNetV3Variant::torchvision;
  MobileNetV3Options published = options_;
  published.variant = torchvision ? MobileNetV3Variant::timm : MobileNetV3Variant::torchvision;
  published.norm_epsilon.reset();
  const MobileNetV3Shape shape = mobilenet_v3_shape(options_);
  MobileNetV3Shape theirs = mobilenet_v3_shape(published);
  const double added_variance = theirs.norm_epsilon - shape.norm_epsilon;
  theirs.norm_epsilon = shape.norm_epsilon;
  const KeyMapping own_mapping{.name = torchvision ? "torchvision" : "timm"};
  if (theirs != shape) return {own_mapping};

  const MobileNetV3Names own = mobilenet_v3_names(options_);
  const MobileNetV3Names external = mobilenet_v3_names(published);
  KeyMapping mapping{.name = torchvision ? "timm" : "torchvision"};
  mapping.keys = renamed_layers(own.trunk, external.trunk);
  mapping.keys.emplace(own.classifier, ExternalKey{external.classifier});
  ExternalKey weight{external.hidden + ".weight", {shape.hidden, trunk_.out_features()}};
  if (torchvision) weight.shape.insert(weight.shape.end(), {1, 1});
  mapping.keys.emplace(own.hidden, ExternalKey{external.hidden});
  mapping.keys.emplace(own.hidden + ".weight", weight);
  for (const auto& [layer, key] : renamed_layers(own.trunk, external.trunk)) {
    const std::string variance = ".running_var";
    if (!named_buffers().contains(layer + variance)) continue;
    mapping.keys.emplace(layer + variance, ExternalKey{.name = key.name + variance, .added = added_variance});
  }
  return {mapping, own_mapping};
}

// Preprocessing defaults of timm's ra_in1k and lamb_in1k weights, and of torchvision's. (torchvision's second weights of the
// large network, IMAGENET1K_V2, resize to 232 pixels instead of 256.)
std::vector<ModelRow> mobilenet_v3_models() {
  const auto row = [](const std::string& name, MobileNetV3Size size, MobileNetV3Variant variant, double width = 1) {
    MobileNetV3Options options;
    options.size = size;
    options.variant = variant;
    options.width = width;
    PreprocessingDefaults preprocessing;
    if (variant == MobileNetV3Variant::timm) preprocessing.interpolation = Interpolation::bicubic;
    return ModelRow{
        .name = name,
        .title = "Searching for MobileNetV3",
        .arxiv = "1905.02244",
        .traits = {{Where::item}, {Selects::soft}, {Query::self}, {Axis::channel}},
        .make_options = starting_from(options, {"size"}),
        .build = build_network<MobileNetV3Impl, MobileNetV3Options>(),
        .preprocessing = preprocessing,
        .parameter_free = {
            {.about = "activation", .value = "hard_swish, relu in the first stages"},
            {.about = "gate", .value = "hard_sigmoid"},
            {.about = "norm epsilon",
             .option = "norm_epsilon",
             .words = {{"none", variant == MobileNetV3Variant::timm ? "timm's, 1e-05" : "torchvision's, 0.001"}}},
            {.about = "padding", .value = "the same on both sides, unlike TensorFlow's"}}};
  };
  using enum MobileNetV3Size;
  using enum MobileNetV3Variant;
  return {row("mobilenet_v3_small", small, torchvision),  row("mobilenet_v3_large", large, torchvision),
          row("mobilenetv3_small_050", small, timm, 0.5), row("mobilenetv3_small_075", small, timm, 0.75),
          row("mobilenetv3_small_100", small, timm),      row("mobilenetv3_large_100", large, timm)};
}

}  // namespace fovea
