#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/internal/opened_experiment.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/model_file.h>

namespace fovea {

/// Whether a path is one of a configuration.
bool is_yaml(const std::string& path);

/// The configuration that a YAML file or a model's name stands for, with every `KEY=VALUE` applied. @throws InputError.
ConfigNode read_model_config(const std::string& model, const std::vector<std::string>& settings);

/// Weights to give a network, and what their file says about the network it was written for.
struct ExternalCheckpoint {
  WeightsFile file;
  std::optional<ModelDescription> description;  ///< in files that fovea wrote
};

/// Reads a run directory, a safetensors file or one of torch.save. @throws InputError.
ExternalCheckpoint read_weights(const std::string& path);

/// A network that a configuration names and that weights are meant for, before its number of classes is known.
///
/// With a section `data` it is built for the data set's images. Without one, the file's own description says what it reads,
/// or else `preprocess`, whose defaults come with the architecture.
class NetworkPlan {
 public:
  /// @param root has `model`, and may have `preprocess` and `data`. @param weights meant for it; must outlive this.
  /// @param classes names that somebody gave; empty = none did. @throws InputError when the sections do not fit together.
  NetworkPlan(const ConfigNode& root, const ExternalCheckpoint& weights, std::vector<std::string> classes,
              torch::Device device);

  /// The number of classes that weights of it most likely have.
  std::int64_t likely_classes() const;
  /// With uninitialised weights. @throws InputError when the options do not fit.
  std::shared_ptr<Classifier> build(std::int64_t num_classes) const;
  /// Of the network for so many classes: their names are those that were given, the data set's, the description's or
  /// ImageNet's, whichever are as many; else numbers. @throws InputError when names were given and are not as many.
  ModelDescription description(std::int64_t num_classes) const;

  const ExternalCheckpoint& weights() const { return weights_; }
  const std::string& model_name() const { return model_->row->name; }
  /// The resolved section `model`.
  Json model_json() const { return model_->write(); }

 private:
  std::vector<std::string> class_names(std::int64_t num_classes) const;

  torch::Device device_;
  std::vector<std::string> classes_;
  const ExternalCheckpoint& weights_;
  std::unique_ptr<OpenedExperiment> experiment_;  ///< with a section `data`
  std::unique_ptr<ModelField> own_model_;         ///< without one
  ModelField* model_ = nullptr;
  InputSpec input_;
  PreprocessOptions preprocess_;
};

/// A network, and the tensors of a file under its names. They need not fit.
struct NamedNetwork {
  std::shared_ptr<Classifier> classifier;
  std::int64_t num_classes = 0;
  NamedForNetwork weights;
};

/// Builds the network for as many classes as the plan's weights tell apart.
NamedNetwork build_for(const NetworkPlan& plan, const std::vector<Rename>& renames);

}  // namespace fovea
