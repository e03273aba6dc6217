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
#include <fovea/config/fields.h>
#include <fovea/models/attention_field.h>
#include <fovea/nn/classifier.h>

namespace fovea {

/// Options of a network or a mechanism: none, for its defaults; some of them by name, as in `fovea list`,
/// `{{"reduction_ratio", 8}, {"bias", false}}`; or all of them, as the plain struct: `SqueezeExcitationOptions{.bias =
/// false}`.
class OptionValues {
 public:
  OptionValues() = default;
  OptionValues(std::initializer_list<std::pair<const char*, Json>> values);  // NOLINT(google-explicit-constructor)
  template <PlainOptions T>
  OptionValues(T options)  // NOLINT(google-explicit-constructor)
      : values_(write_fields(options)), type_(&typeid(OptionsOf<T>)) {}

  const Json& values() const { return values_; }

  /// @throws InputError when these are plain options of another type than those of `row`. @param where for the message.
  template <typename Row>
  void expect_options_of(const Row& row, const std::string& where) const {
    const auto own = row.make_options();
    const Options& options = *own;
    if (type_ != nullptr && typeid(options) != *type_) throw_other_type(row.name, where);
  }

 private:
  [[noreturn]] static void throw_other_type(const std::string& name, const std::string& where);

  Json values_ = Json::object();
  const std::type_info* type_ = nullptr;  ///< OptionsOf<> of plain options; nullptr for others
};

/// Insertion points of a mechanism in a network.
struct AttentionPlace {
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
  AttentionChoice(std::string mechanism, OptionValues its_options, AttentionPlace its_place = {})
      : name(std::move(mechanism)), options(std::move(its_options)), place(std::move(its_place)) {}

  std::string name;
  OptionValues options;
  AttentionPlace place;
};

struct ModelOptions {
  std::optional<std::int64_t> num_classes = std::nullopt;  ///< None: 1000 as in the published weights, else 10
  std::vector<AttentionChoice> attention = {};             ///< empty = the default of the network; {"none"} = no attention
  OptionValues options = {};                               ///< of the network
  std::int64_t in_channels = 3;
  std::optional<std::int64_t> height = std::nullopt;  ///< of the images; None: that of the published weights, else 32
  std::optional<std::int64_t> width = std::nullopt;   ///< likewise
  std::uint64_t seed = 0;                             ///< for initialise()
};

/// Network of the registry by its name, with the weights of initialise(), in training mode:
///
///     auto network = fovea::create_model("resnet50", {.num_classes = 3, .attention = {"cbam"}});
///     torch::Tensor logits = network->forward(images);  // [N, 3, 224, 224] -> [N, 3]
///
/// The section `model` of a configuration gives the same network. @throws InputError with the nearest name for an unknown
/// network, mechanism or option, and when options, attention and images do not fit.
std::shared_ptr<Classifier> create_model(const std::string& name, const ModelOptions& options = {});

}  // namespace fovea
