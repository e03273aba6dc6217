// The rows of the registry for the ResNets of resnet.h.

#include <map>
#include <string>
#include <vector>

#include <fovea/models/internal/families.h>
#include <fovea/models/residual/internal/python_source.h>
#include <fovea/models/residual/resnet.h>

namespace fovea {
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

/// ResNet-D, arXiv:1812.01187: a deep stem, and average pooling in the shortcuts.
ResnetOptions as_resnet_d(ResnetOptions options) {
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
                    const PreprocessingDefaults& preprocessing) {
  return {.name = name,
          .title = paper.title,
          .arxiv = paper.arxiv,
          .traits = paper.traits,
          .make_options = starting_from(options),
          .build = build_network<ResnetImpl, ResnetOptions>(),
          .attention = paper.attention,
          .preprocessing = preprocessing,
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
                       const PreprocessingDefaults& preprocessing) {
    rows.push_back(resnet_row(name, paper, options, preprocessing));
  };
  const auto of_depth = resnet_of_depth;
  for (const int depth : {18, 34, 50, 101, 152}) add("resnet" + std::to_string(depth), resnet, of_depth(depth), torchvision);
  add("resnext50_32x4d", resnext, with_groups(of_depth(50), 32, 4), torchvision);
  add("resnext101_32x8d", resnext, with_groups(of_depth(101), 32, 8), torchvision);
  add("wide_resnet50_2", wide, with_groups(of_depth(50), 1, 128), torchvision);
  add("wide_resnet101_2", wide, with_groups(of_depth(101), 1, 128), torchvision);
  for (const int depth : {18, 34, 50, 101}) {
    add("resnet" + std::to_string(depth) + "d", tricks, as_resnet_d(of_depth(depth)), depth == 101 ? timm_resnet101d : timm);
  }
  for (const int depth : {18, 34, 50, 101, 152}) {
    add("seresnet" + std::to_string(depth), se, of_depth(depth), depth == 50 ? timm_seresnet50 : timm);
  }
  for (const int depth : {18, 34, 50, 101}) add("ecaresnet" + std::to_string(depth), eca, of_depth(depth), torchvision);
  for (const int depth : {50, 101}) {
    add("ecaresnet" + std::to_string(depth) + "d", eca, as_resnet_d(of_depth(depth)), timm);
  }
  add("ecaresnetlight", eca, light_resnet(), timm);
  for (const int depth : {18, 50}) add("cbam_resnet" + std::to_string(depth), cbam, of_depth(depth), torchvision);
  return rows;
}

}  // namespace fovea
