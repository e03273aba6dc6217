#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/traits.h>
#include <fovea/nn/classifier.h>
#include <fovea/options/fields.h>
#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {

/// One network that configurations can name. Several rows may share a class and differ in their options' starting values.
struct ModelRow {
  std::string name;
  std::string title;  ///< of the paper
  std::string arxiv;
  Traits traits;  ///< of attention that is part of the network itself; empty for plain backbones
  std::function<std::unique_ptr<Options>()> make_options;
  std::function<std::shared_ptr<Classifier>(const Options&, const InputSpec&, AttentionFactory&)> build;
  std::string attention = "none";                              ///< `model.attention` where the configuration says nothing
  std::optional<PreprocessingDefaults> photos = std::nullopt;  ///< how its published weights expect photos
};

/// Every network, in the order `fovea list models` prints.
const std::vector<ModelRow>& model_registry();

/// @throws InputError with the nearest name. @param origin where the name was written.
const ModelRow& find_model(const std::string& name, const std::string& origin);

}  // namespace fovea
