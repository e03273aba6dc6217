#include <fovea/config/find_row.h>
#include <fovea/models/cifar_resnet.h>
#include <fovea/models/registry.h>

namespace fovea {
namespace {

/// The CIFAR ResNet of any depth, or of one that its name says.
ModelRow cifar_resnet(const std::string& name, std::int64_t depth, bool depth_is_name = true) {
  return {name,
          "Deep Residual Learning for Image Recognition",
          "1512.03385",
          {},
          [depth, depth_is_name] {
            auto options = std::make_unique<CifarResnetOptions>();
            options->depth = depth;
            options->depth_is_name = depth_is_name;
            return options;
          },
          [](const Options& options, const InputSpec& input, SlotFactory& slots) {
            return std::make_shared<CifarResnet>(dynamic_cast<const CifarResnetOptions&>(options), input, slots);
          }};
}

}  // namespace

const std::vector<ModelRow>& model_registry() {
  static const std::vector<ModelRow> rows{
      cifar_resnet("resnet8", 8),     cifar_resnet("resnet14", 14),
      cifar_resnet("resnet20", 20),   cifar_resnet("resnet32", 32),
      cifar_resnet("resnet44", 44),   cifar_resnet("resnet56", 56),
      cifar_resnet("resnet110", 110), cifar_resnet("cifar_resnet", 20, false),
  };
  return rows;
}

const ModelRow& find_model(const std::string& name, const std::string& origin) {
  return find_row(model_registry(), name, origin, "a model", "models");
}

}  // namespace fovea
