#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/value.h>
#include <fovea/nn/classifier.h>
#include <fovea/nn/model_file.h>

namespace fovea {

/// A network ready to classify, wherever it came from.
struct OpenedModel {
  std::shared_ptr<Classifier> classifier;  ///< in evaluation mode, on the device
  ModelDescription description;
  Value config;             ///< it was built from; null when it came with weights of its own
  std::string directory;    ///< the run directory; empty when it is none
  std::string config_file;  ///< that may be of the run it came from; empty when there is none
};

/// Opens MODEL: a run directory, a model file, or (with weights) a configuration or a registry name.
/// @param settings `KEY=VALUE` for a configuration or a registry name; the others have settled everything. @throws
/// InputError.
OpenedModel open_model(const std::string& model, const std::string& weights, const std::vector<std::string>& settings,
                       torch::Device device);

/// @throws InputError when there are settings and the model has no configuration that they could change.
void expect_settings_used(const OpenedModel& opened, const std::vector<std::string>& settings);

/// `auto`, `cpu`, `cuda` or `cuda:<index>`. @throws InputError when LibTorch has no such device.
torch::Device parse_device(const std::string& name);

}  // namespace fovea
