#include <algorithm>

#include <fovea/attention/cloned_attention.h>
#include <fovea/models/internal/families.h>
#include <fovea/models/internal/register_at.h>
#include <fovea/models/mobilenet/mobilenet_v2.h>
#include <fovea/nn/dropout.h>
#include <fovea/nn/initialise.h>
#include <fovea/options/check.h>

namespace fovea {
namespace {

/// Row of the paper's table 2: n blocks, the first of them with the stride.
struct MobileNetV2Row {
  std::int64_t expansion, channels, blocks, stride;
};

constexpr MobileNetV2Row kMobileNetV2Rows[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                               {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};

MobileTrunkShape mobilenet_v2_shape(const MobileNetV2Options& options) {
  MobileTrunkShape shape;
  shape.activation = options.activation;
  shape.stem = mobile_width(32 * options.width);
  std::int64_t channels = shape.stem;
  for (const MobileNetV2Row& row : kMobileNetV2Rows) {
    auto& stage = shape.stages.emplace_back();
    for (std::int64_t i = 0; i < row.blocks; ++i) {
      InvertedResidualShape block;
      block.expands = row.expansion != 1;
      block.expanded = channels * row.expansion;
      block.out_channels = mobile_width(static_cast<double>(row.channels) * options.width);
      block.stride = i == 0 ? row.stride : 1;
      block.activation = options.activation;
      channels = block.out_channels;
      stage.push_back(block);
    }
  }
  shape.last = mobile_width(1280 * std::max(1.0, options.width));
  return shape;
}

/// torchvision's names: each convolution but the last is a Sequential with its norm.
InvertedResidualNames mobilenet_v2_block(const InvertedResidualShape& block) {
  if (!block.expands) return {"", "", "conv.0.0", "conv.0.1", "se", ExcitationNames::fc, "conv.1", "conv.2"};
  return {"conv.0.0", "conv.0.1", "conv.1.0", "conv.1.1", "se", ExcitationNames::fc, "conv.2", "conv.3"};
}

}  // namespace

void MobileNetV2Options::visit_fields(FieldVisitor& fields) {
  fields.real("width", width, {.minimum = 0.01, .maximum = 16}, "channels of every layer, as a multiple of the paper's");
  fields.choice("activation", activation, {{"relu6", Activation::relu6}, {"relu", Activation::relu}},
                "activation: ReLU6, as in the paper, or ReLU");
  fields.real("norm_epsilon", norm_epsilon, kNormEpsilon, "epsilon of batch norms; 0.001 in TensorFlow's weights");
  fields.real("dropout", dropout, kFractionBelowOne, "probability of dropping a feature before the last layer, in training");
  fields.real("stochastic_depth", stochastic_depth, kFractionBelowOne,
              "probability of dropping the last block's branch, in training; linearly lower for earlier blocks");
}

MobileNetV2Impl::MobileNetV2Impl(const MobileNetV2Options& options, const InputSpec& input, AttentionFactory& attention)
    : Classifier("MobileNetV2"),
      options_(expect_in_range(options, "MobileNetV2")),
      input_(expect_possible(input, "MobileNetV2")),
      shape_(mobilenet_v2_shape(options)),
      trunk_(*this, shape_, torchvision_trunk(shape_, mobilenet_v2_block), {.norm_epsilon = options.norm_epsilon},
             options.stochastic_depth, input, attention) {
  classifier_ = register_at(*this, "classifier.1", torch::nn::Linear(trunk_.out_features(), input.num_classes));
  initialise_constructed(*this);
}

std::shared_ptr<torch::nn::Module> MobileNetV2Impl::rebuilt() const {
  ClonedAttention attention(*this);
  return std::make_shared<MobileNetV2Impl>(options_, input_, attention);
}

ModelOutput MobileNetV2Impl::classify(const Batch& batch, ForwardContext& context) {
  auto pooled = trunk_.forward(*this, batch.input(), context);  // [N, C]
  if (is_training()) pooled = apply_dropout(pooled, options_.dropout, context.random.child("dropout"));
  return {classifier_(pooled)};
}

std::vector<KeyMapping> MobileNetV2Impl::key_mappings() const {
  KeyMapping timm{.name = "timm"};
  timm.keys = renamed_layers(torchvision_trunk(shape_, mobilenet_v2_block), timm_trunk(shape_, "conv_head", "bn2", "bn2"));
  timm.keys.emplace("classifier.1", ExternalKey{"classifier"});
  return {timm, {.name = "torchvision"}};
}

// The rows differ in their preprocessing defaults: those of torchvision's weights (its second ones, IMAGENET1K_V2, resize to
// 232 pixels instead of 256), and those of timm's.
std::vector<ModelRow> mobilenet_v2_models() {
  const auto row = [](const std::string& name, Interpolation interpolation) {
    PreprocessingDefaults preprocessing;
    preprocessing.interpolation = interpolation;
    return ModelRow{.name = name,
                    .title = "MobileNetV2: Inverted Residuals and Linear Bottlenecks",
                    .arxiv = "1801.04381",
                    .traits = {},
                    .make_options = starting_from(MobileNetV2Options()),
                    .build = build_network<MobileNetV2Impl, MobileNetV2Options>(),
                    .preprocessing = preprocessing,
                    .parameter_free = {{.about = "activation",
                                        .option = "activation",
                                        .words = {{"relu6", "at most 6, as in the paper"}, {"relu", "without a limit"}}},
                                       {.about = "norm epsilon", .option = "norm_epsilon"},
                                       {.about = "padding", .value = "the same on both sides, unlike TensorFlow's"}}};
  };
  return {row("mobilenet_v2", Interpolation::bilinear), row("mobilenetv2_100", Interpolation::bicubic)};
}

}  // namespace fovea
