#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/data/preprocess.h>
#include <fovea/image/decode.h>
#include <fovea/nn/classifier.h>
#include <fovea/weights/safetensors.h>

namespace fovea {

/// Description in a model file: architecture, input, classes and preprocessing.
struct ModelDescription {
  ConfigNode model;  ///< the resolved `model` section: name, options, attention
  InputSpec input;
  std::vector<std::string> classes;  ///< as many as input.num_classes
  PreprocessOptions preprocess;
  DecodeOptions decode;  ///< of image files
};

/// Names of the mechanisms of a resolved `model` section, "cbam" or "se + bahdanau"; empty without attention.
std::string attention_name(const ConfigNode& model);

/// The description as JSON. @param model the resolved `model` section. @throws InputError for sides of the input that
/// parse_description() would refuse.
Json describe_model(const Json& model, const InputSpec& input, const std::vector<std::string>& classes,
                    PreprocessOptions preprocess, const DecodeOptions& decode = {});

/// Inverse of describe_model(). @param source names the text in messages. @throws InputError.
ModelDescription parse_description(const std::string& json, const std::string& source);

/// Writes a model file, with a checksum. It has no time and no path in it, so equal weights give equal bytes.
void write_model_file(const std::string& path, const NamedTensors& weights, const Json& description);

/// Metadata of a file for other libraries: format, class names and preprocessing. @param description of the network.
Metadata export_metadata(const Json& description);

/// Class names in export_metadata(); empty in that of other files. @param path names the file in messages. @throws
/// InputError when they are damaged.
std::vector<std::string> exported_classes(const Metadata& metadata, const std::string& path);

/// True for the metadata of a file that has a description, i.e. was written by fovea.
bool has_description(const Metadata& metadata);

/// Reads the description of a model file. @param path names the file in messages. @throws InputError when there is none, or
/// one of a later format.
ModelDescription read_description(const Metadata& metadata, const std::string& path);

}  // namespace fovea
