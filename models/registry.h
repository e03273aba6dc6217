#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fovea/attention/attention_factory.h>
#include <fovea/attention/traits.h>
#include <fovea/models/parameter_free_choice.h>
#include <fovea/nn/classifier.h>
#include <fovea/options/fields.h>
#include <fovea/weights/preprocessing_defaults.h>

namespace fovea {

/// A network of the registry. Rows may share a class and differ in the defaults of its options.
struct ModelRow {
  std::string name;
  std::string title = {};  ///< of the paper
  std::string arxiv = {};
  Traits traits = {};  ///< of the network's own attention; empty for plain backbones
  std::function<std::unique_ptr<Options>()> make_options = {};
  std::function<std::shared_ptr<Classifier>(const Options&, const InputSpec&, AttentionFactory&)> build = {};
  std::string attention = "none";                                     ///< default of `model.attention`, in YAML
  std::optional<PreprocessingDefaults> preprocessing = std::nullopt;  ///< of its published weights; None without any
  std::vector<ParameterFreeChoice> parameter_free = {};               ///< what an external checkpoint cannot tell
  /// Python source of a class `Network` of torch.nn: the network without attention, with the same names of tensors. Empty:
  /// none. @throws InputError for options that the source does not have.
  std::function<std::string(const Options&, const InputSpec&)> python = {};
};

/// Every network, in the order of `fovea list models`: by family, then those of register_model().
const std::deque<ModelRow>& model_registry();

/// Adds a network of the calling program; configurations and create_model() then accept its name:
///
///     struct TinyOptions {
///       std::int64_t width = 8;
///       void visit_fields(fovea::FieldVisitor& fields) { fields.integer("width", width, {1, 64}, "channels"); }
///     };
///     class TinyImpl final : public fovea::Classifier { ... };  // its constructor ends with initialise_constructed(*this)
///
///     fovea::register_model({.name = "tiny",
///                            .make_options = fovea::make_options<TinyOptions>,
///                            .build = [](const auto& options, const auto& input, auto& attention) {
///                              return std::make_shared<TinyImpl>(fovea::options_cast<TinyOptions>(options), input,
///                                                                attention);
///                            }});
///
/// Call it before networks are built, from one thread. References to rows stay valid. @return the new row.
/// @throws InputError when the name is empty or taken, or when make_options or build is empty.
const ModelRow& register_model(ModelRow row);

/// @throws InputError with the nearest name for an unknown one. @param origin of the name, for the message.
const ModelRow& find_model(const std::string& name, const std::string& origin);

}  // namespace fovea
