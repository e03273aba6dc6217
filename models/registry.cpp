#include <iterator>
#include <utility>

#include <fovea/models/internal/families.h>
#include <fovea/models/registry.h>
#include <fovea/options/find_row.h>

namespace fovea {

namespace {

std::deque<ModelRow>& model_rows() {
  static std::deque<ModelRow> rows = [] {
    std::deque<ModelRow> all;
    for (const auto& family : {cifar_resnet_models, resnet_models, vgg_models, mobilenet_v2_models, mobilenet_v3_models,
                               vision_transformer_models, class_attention_transformer_models, ram_models}) {
      std::vector<ModelRow> some = family();
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
  }();
  return rows;
}

}  // namespace

const std::deque<ModelRow>& model_registry() {
  return model_rows();
}

const ModelRow& register_model(ModelRow row) {
  const std::string where = "register_model";
  expect_functions({row.make_options != nullptr, row.build != nullptr}, row.name, where);
  return add_row(model_rows(), std::move(row), where);
}

const ModelRow& find_model(const std::string& name, const std::string& origin) {
  return find_row(model_registry(), name, origin, "a model", "models");
}

}  // namespace fovea
