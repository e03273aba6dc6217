#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <torch/torch.h>

#include <fovea/config/config_node.h>
#include <fovea/eval/scored_image.h>
#include <fovea/image/image.h>
#include <fovea/models/parameter_free_choice.h>
#include <fovea/nn/classifier.h>
#include <fovea/run/environment.h>
#include <fovea/run/evaluation_report.h>
#include <fovea/run/experiment_data.h>
#include <fovea/run/overlay.h>
#include <fovea/run/prediction.h>
#include <fovea/weights/model_file.h>
#include <fovea/weights/weights_file.h>

namespace fovea {

/// Options of load_model(). The program has options of the same names.
struct LoadOptions {
  std::string weights = {};  ///< a run directory, a safetensors file or one of torch.save, for a model without weights
  /// `KEY=VALUE` for a configuration or a registry name; for a trained model `data.*` alone, see Model::data().
  std::vector<std::string> settings = {};
  std::vector<Rename> renames = {};       ///< of the keys in `weights`
  std::string key = {};                   ///< of a dict within `weights`, see read_weights_file(); empty: the usual one
  std::vector<std::string> classes = {};  ///< class names of `weights`; empty: the data set's, the file's or ImageNet's
  std::string device = "auto";            ///< auto, cpu, cuda or cuda:<index>
  Warn warn = {};                         ///< called for what `weights` have beside the tensors that are read
  Warn note = {};                         ///< called for each section of which `settings` remove keys; see read_experiment()
};

struct PredictOptions {
  std::int64_t top_k = 5;  ///< number of classes, at least 1, or all when there are fewer
};

struct EvaluateOptions {
  int threads = available_threads();                  ///< each scores whole batches; never changes a score
  Warn warn = {};                                     ///< called for unreadable images and doubtful results
  std::function<void(const std::string&)> note = {};  ///< called with a line that says which data are scored
  ReceiveScoredImage scored = {};                     ///< called with every image that can be read, in the split's order
  std::function<bool()> stop_requested = {};          ///< polled between batches; true ends the evaluation with Interrupted
};

/// Origin of a model.
struct ModelSource {
  std::string name = {};                   ///< argument of load_model()
  ConfigNode config = {};                  ///< of a configuration or a registry name; null for a trained model
  std::string directory = {};              ///< the run directory; empty for other sources
  std::string config_file = {};            ///< config.yaml beside the model file, maybe of its run; empty without one
  std::vector<std::string> settings = {};  ///< of LoadOptions
  /// Choices that an external checkpoint does not determine and the network therefore assumes; empty for weights that fovea
  /// wrote.
  std::vector<AssumedChoice> assumed = {};
};

/// A network ready to classify photos. Copies share it, also in several threads, as long as nobody changes its mode, its
/// weights or its device.
class Model {
 public:
  /// A model of a network that the program built or trained itself. The network is shared, not copied: it is put in
  /// evaluation mode, and its parameters no longer require gradients; give clone() of one that trains on.
  /// @param device where the network is. @throws InputError without a network, or when the description has no model.name or
  /// another number of class names than input.num_classes.
  Model(std::shared_ptr<Classifier> network, ModelDescription description, torch::Device device, ModelSource source = {});

  /// The network in evaluation mode, on the device; its parameters require no gradients.
  Classifier& network() const { return *network_; }
  const ModelDescription& description() const { return *description_; }
  const std::shared_ptr<const ModelDescription>& shared_description() const { return description_; }
  const std::vector<std::string>& classes() const { return description_->classes; }
  /// Registry name, e.g. "resnet20".
  const std::string& name() const { return description_->model.find("name")->scalar; }
  torch::Device device() const { return device_; }
  const ModelSource& source() const { return source_; }
  /// True for a run directory or a model file, false for a configuration or a registry name with weights.
  bool is_trained() const { return source_.config.kind == ConfigNode::Kind::null; }

  /// The most probable classes of a photo of any size. May be called from several threads.
  /// @throws InputError when the photo has no pixels or is smaller than the network's crop, and when the network has another
  /// number of classes than the description.
  Prediction predict(const Image& photo, const PredictOptions& options = {}) const;

  /// Layers for which a method has a map, with the values of an image of zeros. Computed once for each method. May be called
  /// from several threads. @param method of method_registry(). @throws InputError for an unknown one.
  const std::vector<LayerMap>& layers(const std::string& method) const;

  /// Attention or explanation maps of a photo; see Overlayer for many photos. May be called from several threads.
  /// @throws InputError when the options do not fit the model or the photo.
  Overlay overlay(const Image& photo, const OverlayOptions& options = {}) const;

  /// The data set that the model was trained on, or that its settings name, with the model's preprocessing. Settings of a
  /// trained model may change `data.*`, as long as no training image of the model can be in `split`.
  /// @param warn is called for images that cannot be read. @param note is called for sections that lose keys because a
  /// setting renames them. @throws InputError when there is no data set, or the settings do not fit.
  ExperimentData data(Split split = Split::test, const Warn& warn = {}, const Warn& note = {}) const;

  /// Scores a split of data(). May be called from several threads, which share the network. @throws InputError; Interrupted.
  EvaluationReport evaluate(Split split, const EvaluateOptions& options = {}) const;
  /// Scores any split with the model's classes. @throws InputError when it has no readable images; Interrupted.
  EvaluationReport evaluate(const DataSplit& data, const EvaluateOptions& options = {}) const;

 private:
  /// Results of layers(), by the name of the method. The network and its device stay, so it is never outdated.
  struct LayersOfMethods {
    std::mutex mutex;
    std::map<std::string, std::vector<LayerMap>> by_method;
  };

  std::shared_ptr<Classifier> network_;
  std::shared_ptr<const ModelDescription> description_;
  torch::Device device_;
  ModelSource source_;
  std::shared_ptr<LayersOfMethods> layers_ = std::make_shared<LayersOfMethods>();
};

/// Opens a run directory, a model file, or (with weights) a configuration or a registry name.
/// @throws InputError when there is no such model, the weights do not fit it, or the options do not apply to it.
Model load_model(const std::string& model, const LoadOptions& options = {});

/// Parses texts `FROM=TO`. @throws InputError.
std::vector<Rename> parse_renames(const std::vector<std::string>& texts);

/// Class names of a file in UTF-8, one per line; empty for the path "". @throws InputError naming the line.
std::vector<std::string> read_class_names(const std::string& path);

/// `auto`, `cpu`, `cuda` or `cuda:<index>`. @throws InputError when LibTorch has no such device.
torch::Device parse_device(const std::string& name);

}  // namespace fovea
