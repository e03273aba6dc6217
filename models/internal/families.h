#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fovea/models/registry.h>

namespace fovea {

/// Rows of each family, in the order of `fovea list models`; each function is defined in its family's folder.
std::vector<ModelRow> cifar_resnet_models();
std::vector<ModelRow> resnet_models();
std::vector<ModelRow> vgg_models();
std::vector<ModelRow> mobilenet_v2_models();
std::vector<ModelRow> mobilenet_v3_models();
std::vector<ModelRow> vision_transformer_models();
std::vector<ModelRow> class_attention_transformer_models();
std::vector<ModelRow> ram_models();

/// ModelRow::build of a network with options of type NetworkOptions.
template <typename Network, typename NetworkOptions>
auto build_network() {
  return [](const Options& options, const InputSpec& input, AttentionFactory& attention) -> std::shared_ptr<Classifier> {
    return std::make_shared<Network>(options_cast<NetworkOptions>(options), input, attention);
  };
}

/// ModelRow::python of a network with options of type NetworkOptions.
template <typename NetworkOptions>
auto python_of(std::string (*source)(const NetworkOptions&, const InputSpec&)) {
  return [source](const Options& options, const InputSpec& input) {
    return source(options_cast<NetworkOptions>(options), input);
  };
}

/// ModelRow::make_options that gives a copy of `options`, for rows of one class with different defaults. @param fixed_fields
/// names of fields that are part of the row's name, not options.
template <typename NetworkOptions>
std::function<std::unique_ptr<Options>()> starting_from(const NetworkOptions& options,
                                                        const std::vector<std::string>& fixed_fields = {}) {
  return [options, fixed_fields] { return std::make_unique<OptionsOf<NetworkOptions>>(options, fixed_fields); };
}

}  // namespace fovea
