#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/traits.h>
#include <fovea/nn/classifier.h>
#include <fovea/options/fields.h>
#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {

/// One network that configurations can name. Several rows may share a class and differ in their options' starting values.
struct ModelRow {
  std::string name;
  std::string title = {};  ///< of the paper
  std::string arxiv = {};
  Traits traits = {};  ///< of attention that is part of the network itself; empty for plain backbones
  std::function<std::unique_ptr<Options>()> make_options = {};
  std::function<std::shared_ptr<Classifier>(const Options&, const InputSpec&, AttentionFactory&)> build = {};
  std::string attention = "none";                              ///< `model.attention` where the configuration says nothing
  std::optional<PreprocessingDefaults> photos = std::nullopt;  ///< how its published weights expect photos
};

/// Every network, in the order `fovea list models` prints: family by family, then those that were registered.
const std::deque<ModelRow>& model_registry();

/// Adds a network of the calling program, which configurations and create_model() then take by its name:
///
///     struct TinyOptions {
///       std::int64_t width = 8;
///       void visit_fields(fovea::FieldVisitor& fields) { fields.integer("width", width, {1, 64}, "channels"); }
///     };
///     class TinyImpl final : public fovea::Classifier { ... };
///
///     fovea::register_model({.name = "tiny",
///                            .make_options = fovea::make_options<TinyOptions>,
///                            .build = [](const auto& options, const auto& input, auto& attention) {
///                              return std::make_shared<TinyImpl>(fovea::options_cast<TinyOptions>(options), input,
///                                                                attention);
///                            }});
///
/// To be called before networks are built, and by one thread. References to rows stay valid; the result is the new one.
/// @throws InputError when the name is empty or taken, or when make_options or build is empty.
const ModelRow& register_model(ModelRow row);

/// @throws InputError with the nearest name. @param origin where the name was written.
const ModelRow& find_model(const std::string& name, const std::string& origin);

}  // namespace fovea
