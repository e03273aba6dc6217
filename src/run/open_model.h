#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/nn/classifier.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/weights_file.h>

namespace fovea {

/// A network ready to classify, wherever it came from.
struct OpenedModel {
  std::shared_ptr<Classifier> classifier;  ///< in evaluation mode, on the device
  ModelDescription description;
  ConfigNode config;        ///< it was built from; null when it came with weights of its own
  std::string directory;    ///< the run directory; empty when it is none
  std::string config_file;  ///< that may be of the run it came from; empty when there is none
};

/// How a command line names a network.
struct ModelArguments {
  std::string model;    ///< a run directory, a model file, or (with weights) a configuration or a registry name
  std::string weights;  ///< a run directory, a safetensors file or one of torch.save; empty when the model brings its own
  std::vector<std::string> settings;  ///< `KEY=VALUE` for a configuration or a registry name
  std::vector<std::string> renames;   ///< `FROM=TO` for the names in `weights`
  std::string classes;                ///< a file of class names for `weights`; empty = those that are known
};

/// The configuration that a YAML file or a model's name stands for, with every `KEY=VALUE` applied. @throws InputError.
ConfigNode read_model_config(const std::string& model, const std::vector<std::string>& settings);

/// Reads `--rename`s. @throws InputError.
std::vector<Rename> parse_renames(const std::vector<std::string>& texts);

/// The names in a file, one in each line; none for "". @throws InputError.
std::vector<std::string> read_class_names(const std::string& path);

/// Opens MODEL. @throws InputError.
OpenedModel open_model(const ModelArguments& arguments, torch::Device device);

/// Of commands that set nothing but the network. @throws InputError when there are settings and the model has no
/// configuration that they could change.
void expect_settings_used(const OpenedModel& opened, const std::vector<std::string>& settings);

/// `auto`, `cpu`, `cuda` or `cuda:<index>`. @throws InputError when LibTorch has no such device.
torch::Device parse_device(const std::string& name);

}  // namespace fovea
