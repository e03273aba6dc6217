#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/models/parameter_free_choice.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/internal/opened_experiment.h>
#include <fovea/train/run_directory.h>
#include <fovea/weights/external_checkpoint.h>
#include <fovea/weights/model_file.h>

namespace fovea {

/// The model file of a run directory. @throws InputError when there is none.
std::string model_file_of(const RunDirectory& run);

/// True for the path of a YAML file.
bool is_yaml(const std::string& path);

/// True for the name of a registered network.
bool is_model_name(const std::string& text);

/// The configuration of a YAML file or a model name, with every `KEY=VALUE` applied; see apply_settings(). @throws
/// InputError.
ConfigNode read_model_config(const std::string& model, const std::vector<std::string>& settings, const Warn& note);

/// Weights of a file, and its description of the network that they belong to.
struct DescribedWeights {
  WeightsFile file;
  std::optional<ModelDescription> description;  ///< in model files of fovea
  std::vector<std::string> classes = {};        ///< in other files that fovea wrote
};

/// Reads a run directory, a safetensors file or one of torch.save. @param key see read_weights_file(). @param warn called
/// for what the user should know of the file. @throws InputError.
DescribedWeights read_weights(const std::string& path, const std::string& key = "", const Warn& warn = {});

/// Shows every registered network, with its own options, for images and classes of `input`, to find whose weights a file
/// has.
/// @param model the network that they do not fit, whose row is shown without attention.
void visit_registered_networks(const ModelField& model, const InputSpec& input,
                               const std::function<void(const std::string&, const torch::nn::Module&)>& visit);

/// A network of a configuration for given weights, before its number of classes is known.
///
/// With a section `data` it is built for the data set's images. Without one, its input is that of the file's description, or
/// else that of `preprocess`, whose defaults are those of the architecture.
class NetworkPlan {
 public:
  /// @param root has `model`, and may have `preprocess` and `data`. @param weights of the network; must outlive this.
  /// @param classes class names; empty = none given. @throws InputError when the sections do not fit together.
  NetworkPlan(const ConfigNode& root, const DescribedWeights& weights, std::vector<std::string> classes,
              torch::Device device);

  /// The number of classes that the weights most likely have.
  std::int64_t likely_classes() const;
  /// A network whose weights the caller sets. @throws InputError when the options do not fit.
  std::shared_ptr<Classifier> build(std::int64_t num_classes) const;
  /// Other networks for the same images, see visit_registered_networks().
  VisitNetworks other_networks(std::int64_t num_classes) const;
  /// Description of the network for `num_classes` classes. Their names are the first as many of: those given, the data
  /// set's, the file's, ImageNet's; else numbers. @throws InputError when another number of names was given.
  ModelDescription description(std::int64_t num_classes) const;

  /// Choices that the file does not determine and the network therefore assumes; empty for a model file of fovea.
  std::vector<AssumedChoice> assumed(std::int64_t num_classes) const;
  /// Tensors that a network with this attention has and the same network without attention lacks, in the order of names.
  std::vector<std::string> attention_tensors(const Classifier& network, std::int64_t num_classes) const;

  const DescribedWeights& weights() const { return weights_; }
  const ModelRow& row() const { return *model_->row; }
  const std::string& model_name() const { return model_->row->name; }
  /// The resolved section `model`.
  Json model_json() const { return model_->write(); }

 private:
  struct NamedClasses {
    std::vector<std::string> names;
    std::string origin;  ///< empty: they were given
  };
  NamedClasses class_names(std::int64_t num_classes) const;
  /// Advice on a file with a description whose tensors are far fewer than those of this network.
  std::string advice_on_size() const;
  InputSpec input_for(std::int64_t num_classes) const;

  torch::Device device_;
  std::vector<std::string> classes_;
  const DescribedWeights& weights_;
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

/// Builds the network for the number of classes of the plan's weights.
NamedNetwork build_for(const NetworkPlan& plan, const std::vector<Rename>& renames);

}  // namespace fovea
