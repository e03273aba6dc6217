#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <fovea/attention/insertion_point.h>
#include <fovea/base/random.h>
#include <fovea/config/fields.h>
#include <fovea/models/attention_field.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Options of a network or a mechanism: none, for its defaults; some of them by name, as in `fovea list`,
/// `{{"reduction_ratio", 8}, {"bias", false}}`; or as the plain struct, `SqueezeExcitationOptions{.bias = false}`. Fields of
/// a struct that have the struct's own default keep the value that the network or mechanism has by its name: `resnet50` with
/// `ResnetOptions{.stochastic_depth = 0.1}` keeps its bottlenecks. Options by name replace every value.
class OptionValues {
 public:
  OptionValues() = default;
  OptionValues(std::initializer_list<std::pair<const char*, Json>> values);  // NOLINT(google-explicit-constructor)
  template <PlainOptions T>
  OptionValues(T options)  // NOLINT(google-explicit-constructor)
      : values_(changed_fields<T>(options)), type_(&typeid(OptionsOf<T>)), all_fields_(write_all_fields<T>) {}

  /// Values by name, to be laid over those of the row `name`. @param defaults options of the row. @param where for messages.
  /// @throws InputError when these are plain options of another type than `defaults`, or when one has another value than the
  /// row fixes: the depth of resnet20 is part of its name.
  Json values_for(const std::string& name, Options& defaults, const std::string& where) const;

 private:
  template <PlainOptions T>
  static Json changed_fields(T& options) {
    T defaults;
    return changes_between(write_fields(defaults), write_fields(options));
  }
  /// All fields of the plain options in `options`, those with fixed values too.
  template <PlainOptions T>
  static Json write_all_fields(const Options& options) {
    T plain = options_cast<T>(options);
    return write_fields(plain);
  }
  /// Members of `to`, and of the groups inside it, that are not equal in `from`.
  static Json changes_between(const Json& from, const Json& to);

  Json values_ = Json::object();
  const std::type_info* type_ = nullptr;          ///< OptionsOf<> of plain options; nullptr for others
  Json (*all_fields_)(const Options&) = nullptr;  ///< of plain options
};

/// Insertion points of a mechanism in a network.
struct AttentionInsertion {
  std::optional<InsertionKind> at = std::nullopt;  ///< None: the default of the mechanism
  std::vector<std::int64_t> stages = {};           ///< numbers, from 1; empty = all
  GateStart init = GateStart::standard;            ///< of a gate
};

/// A mechanism for a network: its name, or with options, or with options and insertion points:
///
///     "cbam"
///     {"se", SqueezeExcitationOptions{.reduction_ratio = 8}}
///     {"se", {{"reduction_ratio", 8}}, {.stages = {3, 4}}}
///     {"spatial_transformer", {}, {.at = InsertionKind::input}}
struct AttentionChoice {
  AttentionChoice(const char* mechanism) : name(mechanism) {}             // NOLINT(google-explicit-constructor)
  AttentionChoice(std::string mechanism) : name(std::move(mechanism)) {}  // NOLINT(google-explicit-constructor)
  AttentionChoice(std::string mechanism, OptionValues its_options, AttentionInsertion points = {})
      : name(std::move(mechanism)), options(std::move(its_options)), insertion(std::move(points)) {}

  std::string name;
  OptionValues options;
  AttentionInsertion insertion;
};

struct ModelOptions {
  std::optional<std::int64_t> num_classes = std::nullopt;  ///< None: 1000 as in the published weights, else 10
  std::vector<AttentionChoice> attention = {};             ///< empty = the default of the network; {"none"} = no attention
  OptionValues options = {};                               ///< of the network
  std::int64_t in_channels = 3;
  std::optional<std::int64_t> height = std::nullopt;  ///< of the images; None: that of the published weights, else 32
  std::optional<std::int64_t> width = std::nullopt;   ///< likewise
  std::uint64_t seed = kDefaultSeed;                  ///< for initialise()
};

/// Network of the registry by its name, with the weights of initialise(), in training mode:
///
///     auto network = fovea::create_model("resnet50", {.num_classes = 3, .attention = {"cbam"}});
///     torch::Tensor logits = network->forward(images);  // [N, 3, 224, 224] -> [N, 3]
///
/// The section `model` of a configuration gives the same network, with the same weights for the same seed. @throws
/// InputError with the nearest name for an unknown network, mechanism or option, and when options, attention and images do
/// not fit.
std::shared_ptr<Classifier> create_model(const std::string& name, const ModelOptions& options = {});

}  // namespace fovea
