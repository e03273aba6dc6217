#include <iterator>

#include <fovea/models/families.h>
#include <fovea/models/registry.h>
#include <fovea/options/find_row.h>

namespace fovea {

const std::vector<ModelRow>& model_registry() {
  static const std::vector<ModelRow> rows = [] {
    std::vector<ModelRow> all;
    for (const auto& family : {cifar_resnet_models, resnet_models, vgg_models, mobilenet_v2_models, mobilenet_v3_models,
                               vision_transformer_models, class_attention_transformer_models, ram_models}) {
      std::vector<ModelRow> some = family();
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  }();
  return rows;
}

const ModelRow& find_model(const std::string& name, const std::string& origin) {
  return find_row(model_registry(), name, origin, "a model", "models");
}

}  // namespace fovea
