#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/data/preprocess.h>
#include <fovea/nn/classifier.h>
#include <fovea/weights/safetensors.h>

namespace fovea {

/// Everything needed to build a network again and to feed it, next to its weights.
struct ModelDescription {
  ConfigNode model;  ///< the resolved `model` section: name, options, attention
  InputSpec input;
  std::vector<std::string> classes;  ///< as many as input.num_classes
  PreprocessOptions preprocess;
};

/// A description as JSON. @param model the resolved `model` section.
Json describe_model(const Json& model, const InputSpec& input, const std::vector<std::string>& classes,
                    PreprocessOptions preprocess);

/// Reads what describe_model() wrote. @param source names the text in messages. @throws InputError.
ModelDescription parse_description(const std::string& json, const std::string& source);

/// Writes the weights with their description; no time and no path goes in, so equal weights give equal bytes.
void write_model_file(const std::string& path, const NamedTensors& weights, const Json& description);

/// Whether the file has a description: whether fovea wrote it.
bool has_description(const SafetensorsFile& file);

/// The description in a model file. @throws InputError when fovea did not write it or a later format did.
ModelDescription read_description(const SafetensorsFile& file);

}  // namespace fovea
